#include "dashboards/dashboard_store.h"

#include <set>
#include <utility>

#include "base/compression.h"

namespace securebase::dashboards {
namespace {

// Entries: kind = "entry", at = the name. Bodies: kind = the name and version, at = the part.
constexpr std::string_view kTable = "securebase.internal.dashboards";
constexpr std::string_view kEntry = "entry";
// An item holds at most 400 kB.
constexpr std::size_t kPartBytes = 300u << 10;
constexpr std::size_t kBodyMax = 64u << 20;

// Dashboards belong to the account: one place for all its regions.
Account PlaceOf(const std::string& account_id) { return {account_id, "global"}; }

Result<> EnsureTable(documents::DocumentStore& documents, const Account& account, Instant now) {
  documents::TableDescription table{.name = std::string(kTable),
                                    .partition_key = {.name = "kind"},
                                    .sort_key = documents::KeyAttribute{.name = "at"},
                                    .created_at = now,
                                    .product = true,
                                    .internal = true};
  SB_TRY_OK(documents.CreateTable(account, std::move(table)));
  return {};
}

bool IsNoTable(const Error& error) { return error.code() == ErrorCode::kNotFound; }

documents::Item EntryKey(const std::string& name) { return {{"kind", kEntry}, {"at", name}}; }

std::string BodyKind(const std::string& name, std::uint64_t version) {
  return "body/" + name + "/" + std::to_string(version);
}

std::string PartName(std::size_t part) { return std::to_string(1'000 + part); }

std::int64_t IntOf(const documents::Item& item, std::string_view name) {
  const auto found = item.find(name);
  const documents::Number* number = found == item.end() ? nullptr : found->second.number();
  return number == nullptr ? 0 : static_cast<std::int64_t>(number->ToDouble());
}

DashboardEntry EntryOf(const documents::Item& item) {
  return {.name = documents::StringAttribute(item, "at"),
          .last_modified = FromUnixMillis(IntOf(item, "modified")),
          .size_bytes = static_cast<std::uint64_t>(IntOf(item, "size")),
          .version = static_cast<std::uint64_t>(IntOf(item, "version"))};
}

documents::Write PutItem(documents::Item key, documents::Item item) {
  return {std::string(kTable), std::move(key),
          [item = std::move(item)](const documents::Item*) -> Result<documents::Change> {
            return documents::Change{documents::Change::Kind::kPut, item};
          }};
}

documents::Write DeleteItem(documents::Item key) {
  return {std::string(kTable), std::move(key),
          [](const documents::Item*) -> Result<documents::Change> {
            return documents::Change{documents::Change::Kind::kDelete, {}};
          }};
}

void AppendBody(const std::string& name, std::uint64_t version, std::string_view body,
                std::vector<documents::Write>& writes) {
  const std::string packed = Zstd(body);
  for (std::size_t part = 0; part * kPartBytes < packed.size(); ++part) {
    documents::Item key{{"kind", BodyKind(name, version)}, {"at", PartName(part)}};
    documents::Item item = key;
    item["bytes"] = documents::Value(
        documents::Value::Data(documents::Binary{packed.substr(part * kPartBytes, kPartBytes)}));
    writes.push_back(PutItem(std::move(key), std::move(item)));
  }
}

/// The entry's write: refused where somebody else saved since it was read.
documents::Write PutEntry(const DashboardEntry& entry, std::uint64_t version_before) {
  documents::Item item = EntryKey(entry.name);
  item["modified"] = documents::Value(ToUnixMillis(entry.last_modified));
  item["size"] = documents::Value(static_cast<std::int64_t>(entry.size_bytes));
  item["version"] = documents::Value(static_cast<std::int64_t>(entry.version));
  return {std::string(kTable), EntryKey(entry.name),
          [item = std::move(item),
           version_before](const documents::Item* present) -> Result<documents::Change> {
            const std::uint64_t version = present == nullptr ? 0 : EntryOf(*present).version;
            if (version != version_before) return Conflict("the dashboard was saved meanwhile");
            return documents::Change{documents::Change::Kind::kPut, item};
          }};
}

}  // namespace

Result<std::optional<DashboardEntry>> DashboardStore::FindEntry(const Account& account,
                                                                const std::string& name) const {
  const auto found = documents_.Get(account, std::string(kTable), EntryKey(name));
  if (!found.ok()) {
    if (IsNoTable(found.error())) return std::optional<DashboardEntry>();
    return found.error();
  }
  if (!found->has_value()) return std::optional<DashboardEntry>();
  return std::optional(EntryOf((*found)->item));
}

Result<> DashboardStore::AppendDeletion(const Account& account, const std::string& name,
                                        std::uint64_t version,
                                        std::vector<documents::Write>& writes) const {
  const std::string kind = BodyKind(name, version);
  SB_TRY(const std::vector<documents::Item> parts,
         documents_.All(account, std::string(kTable), documents::Value(kind)));
  for (const documents::Item& part : parts) {
    writes.push_back(DeleteItem({{"kind", kind}, {"at", documents::StringAttribute(part, "at")}}));
  }
  return {};
}

Result<DashboardEntry> DashboardStore::Save(const std::string& account_id, const std::string& name,
                                            std::string_view body, Instant now,
                                            std::optional<std::uint64_t> expected_version) {
  const Account account = PlaceOf(account_id);
  SB_TRY_OK(EnsureTable(documents_, account, now));
  constexpr int kAttempts = 10;
  for (int attempt = 0;; ++attempt) {
    SB_TRY(const std::optional<DashboardEntry> before, FindEntry(account, name));
    const std::uint64_t version = before ? before->version : 0;
    if (expected_version && *expected_version != version) {
      return Conflict("the dashboard has version " + std::to_string(version) + ", not " +
                      std::to_string(*expected_version));
    }
    const DashboardEntry entry{name, now, body.size(), version + 1};
    std::vector<documents::Write> writes;
    writes.push_back(PutEntry(entry, version));
    AppendBody(name, entry.version, body, writes);
    if (entry.version > kVersionsKept) {
      SB_TRY_OK(AppendDeletion(account, name, entry.version - kVersionsKept, writes));
    }
    const auto written = documents_.Transact(account, std::move(writes));
    if (written.ok()) return entry;
    if (written.error().code() != ErrorCode::kConflict || attempt == kAttempts) {
      return written.error();
    }
  }
}

Result<std::optional<std::string>> DashboardStore::FindVersion(const std::string& account_id,
                                                               const std::string& name,
                                                               std::uint64_t version) const {
  auto parts = documents_.All(PlaceOf(account_id), std::string(kTable),
                              documents::Value(BodyKind(name, version)));
  if (!parts.ok()) {
    if (IsNoTable(parts.error())) return std::optional<std::string>();
    return parts.error();
  }
  std::string packed;
  for (const documents::Item& part : *parts) {
    const auto bytes = part.find("bytes");
    const auto* binary =
        bytes == part.end() ? nullptr : std::get_if<documents::Binary>(&bytes->second.data());
    if (binary == nullptr) return Internal("a part of the dashboard " + name + " is damaged");
    packed += binary->bytes;
  }
  if (packed.empty()) return std::optional<std::string>();
  Result<std::string> body = UnzstdAll(packed, kBodyMax);
  if (!body.ok()) return Internal("the body of the dashboard " + name + " is damaged");
  return std::optional(*std::move(body));
}

Result<std::optional<StoredDashboard>> DashboardStore::Find(const std::string& account_id,
                                                            const std::string& name) const {
  // Saved between the two reads more often than versions are kept: not in this world.
  SB_TRY(std::optional<DashboardEntry> entry, FindEntry(PlaceOf(account_id), name));
  if (!entry) return std::optional<StoredDashboard>();
  SB_TRY(std::optional<std::string> body, FindVersion(account_id, name, entry->version));
  if (!body) return std::optional<StoredDashboard>();  // deleted meanwhile
  return std::optional(StoredDashboard{*std::move(entry), *std::move(body)});
}

Result<DashboardPage> DashboardStore::List(const std::string& account_id, std::string_view prefix,
                                           const std::optional<std::string>& after,
                                           std::size_t max) const {
  documents::RangeRequest range{
      .table = std::string(kTable), .partition = documents::Value(kEntry), .items_max = max};
  if (!prefix.empty()) {
    range.sort = documents::SortCondition{documents::SortCondition::Op::kBeginsWith,
                                          documents::Value(prefix), documents::Value()};
  }
  if (after) range.exclusive_start_key = EntryKey(*after);
  const auto page = documents_.Range(PlaceOf(account_id), range);
  DashboardPage out;
  if (!page.ok()) {
    if (IsNoTable(page.error())) return out;
    return page.error();
  }
  for (const documents::Item& item : page->items) out.entries.push_back(EntryOf(item));
  out.more = page->last_key.has_value();
  return out;
}

Result<std::vector<std::string>> DashboardStore::Delete(const std::string& account_id,
                                                        const std::vector<std::string>& names) {
  const Account account = PlaceOf(account_id);
  std::vector<std::string> missing;
  std::vector<documents::Write> writes;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) continue;
    SB_TRY(const std::optional<DashboardEntry> entry, FindEntry(account, name));
    if (!entry) {
      missing.push_back(name);
      continue;
    }
    writes.push_back(DeleteItem(EntryKey(name)));
    for (std::uint64_t kept = 0; kept < kVersionsKept && kept < entry->version; ++kept) {
      SB_TRY_OK(AppendDeletion(account, name, entry->version - kept, writes));
    }
  }
  if (!missing.empty() || writes.empty()) return missing;
  SB_TRY_OK(documents_.Transact(account, std::move(writes)));
  return missing;
}

}  // namespace securebase::dashboards
