#include "documents/document_store.h"

#include <algorithm>

namespace securebase::documents {

const SecondaryIndex* TableDescription::FindIndex(std::string_view index_name) const {
  auto found = std::find_if(indexes.begin(), indexes.end(),
                            [&](const SecondaryIndex& index) { return index.name == index_name; });
  return found == indexes.end() ? nullptr : &*found;
}

bool HasExpired(const TableDescription& table, const Item& item, Instant now) {
  constexpr double kOldestSeconds = 5 * 365.25 * 86400;
  if (table.ttl_attribute.empty()) return false;
  auto found = item.find(table.ttl_attribute);
  if (found == item.end() || !found->second.number()) return false;
  double at = found->second.number()->ToDouble();
  double seconds = static_cast<double>(ToUnixMillis(now)) / 1000;
  return at <= seconds && at > seconds - kOldestSeconds;
}

Result<std::optional<std::string>> DocumentStore::GetEncoded(const Account& account,
                                                             const std::string& table,
                                                             const Item& key) const {
  SB_TRY(std::optional<VersionedItem> found, Get(account, table, key));
  if (!found) return std::optional<std::string>();
  return std::optional(EncodeItem(found->item));
}

Result<TableDescription> DocumentStore::UpdateTable(const Account&, const std::string&,
                                                    const TableChange&) {
  return Unimplemented("this store cannot change tables");
}

Result<> DocumentStore::FillIndexes(const Account&, const std::string&) { return {}; }

Result<> DocumentStore::Admit(const Account&, const std::string&, const std::string&, Access) {
  return {};
}

void DocumentStore::Charge(const Account&, const std::string&, const std::string&, Access, double) {
}

Result<> DocumentStore::Put(const Account& account, const std::string& table, Item item) {
  SB_TRY(TableDescription description, DescribeTable(account, table));
  SB_TRY(Item key, KeyOf(description, item));
  std::vector<Write> writes;
  writes.push_back({.table = table,
                    .key = std::move(key),
                    .mutation = [item = std::move(item)](const Item*) -> Result<Change> {
                      return Change{.kind = Change::Kind::kPut, .item = item};
                    }});
  return Transact(account, std::move(writes)).map([](const auto&) {});
}

Result<> DocumentStore::Delete(const Account& account, const std::string& table, Item key) {
  std::vector<Write> writes;
  writes.push_back(
      {.table = table, .key = std::move(key), .mutation = [](const Item*) -> Result<Change> {
         return Change{.kind = Change::Kind::kDelete};
       }});
  return Transact(account, std::move(writes)).map([](const auto&) {});
}

Result<std::vector<Item>> DocumentStore::All(const Account& account, const std::string& table,
                                             std::optional<Value> partition) const {
  RangeRequest request{.table = table, .partition = std::move(partition)};
  std::vector<Item> items;
  do {
    SB_TRY(RangePage page, Range(account, request));
    for (Item& item : page.items) items.push_back(std::move(item));
    request.exclusive_start_key = std::move(page.last_key);
  } while (request.exclusive_start_key);
  return items;
}

}  // namespace securebase::documents
