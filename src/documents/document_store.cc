#include "documents/document_store.h"

namespace securebase::documents {

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
