#include "api/internal/report_store.h"

#include <algorithm>
#include <utility>

namespace securebase::api {
namespace {

using documents::Change;
using documents::Item;
using documents::StringAttribute;

// customer_id, name -> id of the report that has the name. Written in one transaction with the
// report, so that two requests cannot both take a name.
constexpr std::string_view kNamesTable = "securebase.internal.report-names";

constexpr std::size_t kIdBytesMax = 128;

Item ReportKey(const Customer& customer, std::string_view id) {
  return {{"customer_id", customer.id}, {"id", id}};
}

Error NoReport() { return NotFound("no such report"); }

// No report was ever made with an id outside of these; the tables would refuse it as a key.
bool IsPossibleId(std::string_view id) { return !id.empty() && id.size() <= kIdBytesMax; }

void Apply(const ReportDraft& draft, Item& item) {
  if (draft.name) item["name"] = *draft.name;
  if (draft.description) item["description"] = *draft.description;
  if (draft.config) item["config"] = documents::FromJson(*draft.config);
}

}  // namespace

ReportStore::ReportStore(documents::DocumentStore& documents,
                         const documents::ProductTables& tables, Random& random, const Clock& clock)
    : documents_(documents), tables_(tables), random_(random), clock_(clock) {}

Result<> ReportStore::EnsureTables(const Account& account) {
  std::lock_guard lock(mutex_);
  if (ready_.contains(account)) return {};
  SB_TRY_OK(documents::CreateProductTables(documents_, account, tables_, clock_.Now()));
  documents::TableDescription names{.name = std::string(kNamesTable),
                                    .id = random_.Uuid(),
                                    .partition_key = {.name = "customer_id"},
                                    .sort_key = documents::KeyAttribute{.name = "name"},
                                    .created_at = clock_.Now(),
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(documents_.CreateTable(account, std::move(names)));
  ready_.insert(account);
  return {};
}

documents::Write ReportStore::ClaimName(const Customer& customer, const std::string& name,
                                        const std::string& id) const {
  Item entry{{"customer_id", customer.id}, {"name", name}};
  Item key = entry;
  entry["report_id"] = id;
  return {.table = std::string(kNamesTable),
          .key = std::move(key),
          .mutation = [entry = std::move(entry), id](const Item* present) -> Result<Change> {
            if (present != nullptr && StringAttribute(*present, "report_id") != id) {
              return Error(ErrorCode::kConflict, "another report has this name", "name");
            }
            return Change{.kind = Change::Kind::kPut, .item = entry};
          }};
}

documents::Write ReportStore::ReleaseName(const Customer& customer, const std::string& name) const {
  return {.table = std::string(kNamesTable),
          .key = {{"customer_id", customer.id}, {"name", name}},
          .mutation = [](const Item*) -> Result<Change> {
            return Change{.kind = Change::Kind::kDelete};
          }};
}

Result<Item> ReportStore::Create(const Customer& customer, const ReportDraft& draft) {
  SB_TRY_OK(EnsureTables(customer.account));
  const std::string id = "rpt-" + random_.Hex(8);
  const std::string now = FormatIsoMillis(clock_.Now());
  Item item = ReportKey(customer, id);
  item["description"] = "";
  item["config"] = Item{};
  item["created_at"] = now;
  item["updated_at"] = now;
  Apply(draft, item);

  std::vector<documents::Write> writes;
  writes.push_back(ClaimName(customer, *draft.name, id));
  writes.push_back({.table = tables_.reports,
                    .key = ReportKey(customer, id),
                    .mutation = [&item](const Item*) -> Result<Change> {
                      return Change{.kind = Change::Kind::kPut, .item = item};
                    }});
  SB_TRY_OK(documents_.Transact(customer.account, std::move(writes)));
  return item;
}

Result<Item> ReportStore::Get(const Customer& customer, std::string_view id) const {
  if (!IsPossibleId(id)) return NoReport();
  auto found = documents_.Get(customer.account, tables_.reports, ReportKey(customer, id));
  // An account without tables has no reports.
  if (!found.ok() && found.error().code() == ErrorCode::kNotFound) return NoReport();
  if (!found.ok()) return found.error();
  if (!found->has_value()) return NoReport();
  return (*found)->item;
}

Result<std::vector<Item>> ReportStore::List(const Customer& customer) const {
  auto items = documents_.All(customer.account, tables_.reports, documents::Value(customer.id));
  if (!items.ok() && items.error().code() == ErrorCode::kNotFound) return std::vector<Item>();
  if (!items.ok()) return items.error();
  const auto order = [](const Item& item) {
    return std::pair(StringAttribute(item, "created_at"), StringAttribute(item, "id"));
  };
  std::sort(items->begin(), items->end(),
            [&](const Item& a, const Item& b) { return order(a) > order(b); });
  return *std::move(items);
}

Result<Item> ReportStore::Update(const Customer& customer, std::string_view id,
                                 const ReportDraft& draft) {
  SB_TRY(const Item before, Get(customer, id));
  const std::string old_name = StringAttribute(before, "name");
  Item after;
  std::vector<documents::Write> writes;
  if (draft.name && *draft.name != old_name) {
    writes.push_back(ClaimName(customer, *draft.name, std::string(id)));
    writes.push_back(ReleaseName(customer, old_name));
  }
  writes.push_back({.table = tables_.reports,
                    .key = ReportKey(customer, id),
                    .mutation = [&](const Item* present) -> Result<Change> {
                      if (present == nullptr) return NoReport();
                      if (StringAttribute(*present, "name") != old_name) {
                        return Conflict("the report was renamed at the same time; try again");
                      }
                      after = *present;
                      Apply(draft, after);
                      after["updated_at"] = FormatIsoMillis(clock_.Now());
                      return Change{.kind = Change::Kind::kPut, .item = after};
                    }});
  SB_TRY_OK(documents_.Transact(customer.account, std::move(writes)));
  return after;
}

Result<> ReportStore::Delete(const Customer& customer, std::string_view id) {
  SB_TRY(const Item before, Get(customer, id));
  const std::string name = StringAttribute(before, "name");
  std::vector<documents::Write> writes;
  writes.push_back(ReleaseName(customer, name));
  writes.push_back({.table = tables_.reports,
                    .key = ReportKey(customer, id),
                    .mutation = [&](const Item* present) -> Result<Change> {
                      if (present == nullptr) return NoReport();
                      if (StringAttribute(*present, "name") != name) {
                        return Conflict("the report was renamed at the same time; try again");
                      }
                      return Change{.kind = Change::Kind::kDelete};
                    }});
  SB_TRY_OK(documents_.Transact(customer.account, std::move(writes)));
  return {};
}

Result<> ReportStore::MarkRun(const Customer& customer, std::string_view id) {
  std::vector<documents::Write> writes;
  writes.push_back({.table = tables_.reports,
                    .key = ReportKey(customer, id),
                    .mutation = [&](const Item* present) -> Result<Change> {
                      if (present == nullptr) return NoReport();
                      Item item = *present;
                      item["lastRun"] = FormatIsoMillis(clock_.Now());
                      return Change{.kind = Change::Kind::kPut, .item = std::move(item)};
                    }});
  SB_TRY_OK(documents_.Transact(customer.account, std::move(writes)));
  return {};
}

}  // namespace securebase::api
