#include "alarms/testing/memory_documents.h"

#include <algorithm>

namespace securebase::alarms {

using documents::Item;

Result<documents::TableDescription> MemoryDocumentStore::CreateTable(
    const Account&, documents::TableDescription table) {
  std::lock_guard lock(mutex_);
  return tables_.try_emplace(table.name, Table{table, {}}).first->second.description;
}

Result<documents::TableDescription> MemoryDocumentStore::DescribeTable(
    const Account&, const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = tables_.find(name);
  if (found == tables_.end()) return NotFound("no table " + name);
  return found->second.description;
}

MemoryDocumentStore::Key MemoryDocumentStore::KeyIn(const Table& table, const Item& item) const {
  return {documents::StringAttribute(item, table.description.partition_key.name),
          documents::StringAttribute(item, table.description.sort_key->name)};
}

Result<std::optional<documents::VersionedItem>> MemoryDocumentStore::Get(const Account&,
                                                                         const std::string& table,
                                                                         const Item& key) const {
  std::lock_guard lock(mutex_);
  const Table& in = tables_.at(table);
  const auto found = in.items.find(KeyIn(in, key));
  if (found == in.items.end()) return std::optional<documents::VersionedItem>();
  return std::optional(documents::VersionedItem{found->second, 1});
}

Result<std::vector<documents::WriteResult>> MemoryDocumentStore::Transact(
    const Account&, std::vector<documents::Write> writes) {
  const Fault fault = next_fault_ ? next_fault_() : Fault::kNone;
  if (fault == Fault::kRefused) return Unavailable("the disk is full");
  std::lock_guard lock(mutex_);
  ++transactions_;
  for (documents::Write& write : writes) {
    Table& table = tables_.at(write.table);
    const Key key = KeyIn(table, write.key);
    const auto present = table.items.find(key);
    SB_TRY(documents::Change change,
           write.mutation(present == table.items.end() ? nullptr : &present->second));
    if (change.kind == documents::Change::Kind::kPut) {
      table.items[key] = std::move(change.item);
    } else if (change.kind == documents::Change::Kind::kDelete) {
      table.items.erase(key);
    }
  }
  if (fault == Fault::kAppliedButLost) return Unavailable("the process died");
  return std::vector<documents::WriteResult>(writes.size());
}

Result<documents::RangePage> MemoryDocumentStore::Range(
    const Account&, const documents::RangeRequest& request) const {
  using Op = documents::SortCondition::Op;
  std::lock_guard lock(mutex_);
  const Table& table = tables_.at(request.table);
  documents::RangePage page;
  const std::string* partition = request.partition ? request.partition->string() : nullptr;
  for (const auto& [key, item] : table.items) {
    if (partition != nullptr && key.first != *partition) continue;
    if (request.sort) {
      const std::string& low = *request.sort->low.string();
      if (request.sort->op == Op::kLess && !(key.second < low)) continue;
      if (request.sort->op == Op::kBetween &&
          (key.second < low || key.second > *request.sort->high.string())) {
        continue;
      }
    }
    page.items.push_back(item);
  }
  if (request.descending) std::reverse(page.items.begin(), page.items.end());
  if (page.items.size() > request.items_max && request.items_max == 1) page.items.resize(1);
  return page;
}

}  // namespace securebase::alarms
