// Schema and recovery of the embedded store: the tables, their changes, filling indexes.
#include <fmt/format.h>

#include <algorithm>

#include "documents/internal/store_table.h"

namespace securebase::documents {
namespace {

/// Items that one record of a fill names: the commit thread reads each.
constexpr std::size_t kFillBatch = 256;

std::string Prefix(char kind, const Account& account, std::uint64_t number) {
  std::string key = internal::StoreKey(kind);
  AppendOrdered(key, account.id);
  AppendOrdered(key, account.region);
  AppendOrdered(key, number);
  return key;
}

}  // namespace

namespace internal {

std::string StoreKey(char kind) {
  std::string key(1, static_cast<char>(storage::StoreId::kDocuments));
  key.push_back(kind);
  return key;
}

std::string NumberedKey(char kind, std::uint64_t number) {
  std::string key = StoreKey(kind);
  AppendOrdered(key, number);
  return key;
}

std::string NumberedKey(char kind, std::uint64_t number, std::uint64_t index) {
  std::string key = NumberedKey(kind, number);
  AppendOrdered(key, index);
  return key;
}

std::string FixedText(std::uint64_t value) {
  std::string bytes;
  PutFixed(bytes, value);
  return bytes;
}

Result<VersionedItem> DecodeStored(std::string_view bytes) {
  ByteReader reader(bytes);
  Version version = reader.Varint();
  SB_TRY(Item item, DecodeItem(reader.Take(reader.remaining())));
  return VersionedItem{.item = std::move(item), .version = version};
}

Error UnknownTable(std::string message) {
  return Error(ErrorCode::kNotFound, std::move(message), "TableName", "ResourceNotFoundException");
}

Error Validation(std::string message, std::string field) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

}  // namespace internal

std::string EmbeddedDocumentStore::Table::IndexPrefix(const SecondaryIndex& index) const {
  std::string key = Prefix('X', stored.account, number);
  AppendOrdered(key, index.number);
  return key;
}

const Clock& EmbeddedDocumentStore::DefaultClock() {
  static const SystemClock clock;
  return clock;
}

std::shared_ptr<EmbeddedDocumentStore::Table> EmbeddedDocumentStore::MakeTable(
    std::uint64_t number, StoredTable stored) const {
  auto table = std::make_shared<Table>();
  table->number = number;
  table->stored = std::move(stored);
  TableDescription& description = table->stored.description;
  // The product's cache expires by its ttl, whatever an older version stored.
  if (description.product && description.name == product_tables_.report_cache) {
    description.ttl_attribute = "ttl";
  }
  table->prefix = Prefix('I', table->stored.account, number);
  for (const SecondaryIndex& index : description.indexes) {
    table->index_counts[index.number] = std::make_shared<Table::Counts>();
  }
  table->limits = std::make_shared<internal::ThroughputLimits>(description, clock_.Monotonic());
  return table;
}

Result<> EmbeddedDocumentStore::Load() {
  // What Apply wrote, and what a checkpoint found to be covered: records of other stores count.
  for (char kind : {'A', 'C'}) {
    SB_TRY(std::optional<std::string> bytes, key_values_.Get(internal::StoreKey(kind)));
    if (bytes) applied_ = std::max(applied_, ByteReader(*bytes).Fixed<std::uint64_t>());
  }
  std::optional<Error> error;
  std::string tables = internal::StoreKey('T');
  SB_TRY_OK(key_values_.Visit(tables, storage::PrefixEnd(tables), false,
                              [&](std::string_view key, std::string_view value) {
                                std::uint64_t number = 0;
                                for (char byte : key.substr(tables.size())) {
                                  number = number << 8 | static_cast<unsigned char>(byte);
                                }
                                auto stored = DecodeTable(value);
                                if (!stored.ok()) {
                                  error = stored.error().Within(fmt::format("table {}", number));
                                  return false;
                                }
                                auto table = MakeTable(number, *std::move(stored));
                                tables_by_number_[number] = table;
                                tables_[table->stored.account][table->description().name] = table;
                                return true;
                              }));
  if (error) return *error;
  for (auto& [number, table] : tables_by_number_) {
    SB_TRY_OK(LoadCounts(internal::NumberedKey('S', number), *table->counts));
    for (auto& [index, counts] : table->index_counts) {
      SB_TRY_OK(LoadCounts(internal::NumberedKey('S', number, index), *counts));
    }
  }
  return {};
}

Result<> EmbeddedDocumentStore::LoadCounts(const std::string& key, TableCounts& counts) const {
  SB_TRY(std::optional<std::string> bytes, key_values_.Get(key));
  if (!bytes) return {};
  ByteReader reader(*bytes);
  counts.items = reader.Fixed<std::int64_t>();
  counts.bytes = reader.Fixed<std::int64_t>();
  return {};
}

Result<TableDescription> EmbeddedDocumentStore::UpdateTable(const Account& account,
                                                            const std::string& name,
                                                            const TableChange& change) {
  std::lock_guard lock(schema_mutex_);
  auto table = Find(account, name);
  if (!table.ok()) {
    return internal::UnknownTable(
        fmt::format("Requested resource not found: Table: {} not found", name));
  }
  StoredTable stored = (*table)->stored;
  const std::string present = EncodeTable(stored);
  TableDescription changed = stored.description;
  SB_TRY_OK(change(changed));
  const TableDescription& before = stored.description;
  changed.name = before.name;
  changed.id = before.id;
  changed.partition_key = before.partition_key;
  changed.sort_key = before.sort_key;
  changed.product = before.product;
  changed.internal = before.internal;
  for (SecondaryIndex& index : changed.indexes) {
    if (index.number != 0) continue;
    index.number = ++changed.index_numbers;
    index.active = false;
  }
  stored.description = changed;
  std::string bytes = EncodeTable(stored);
  if (bytes == present) return changed;
  std::string payload = "U";
  PutVarint(payload, (*table)->number);
  PutBytes(payload, bytes);
  SB_TRY_OK(engine_.Commit({{.store = store_id(), .payload = std::move(payload)}}));
  return changed;
}

Result<> EmbeddedDocumentStore::FillIndexes(const Account& account, const std::string& name) {
  std::lock_guard lock(fill_mutex_);
  while (true) {
    SB_TRY(std::shared_ptr<Table> table, Find(account, name));
    const auto& indexes = table->description().indexes;
    auto index = std::find_if(indexes.begin(), indexes.end(),
                              [](const SecondaryIndex& i) { return !i.active; });
    if (index == indexes.end()) return {};
    SB_TRY_OK(FillIndex(*table, index->number));
    auto activate = [&](TableDescription& description) -> Result<> {
      for (SecondaryIndex& one : description.indexes) {
        if (one.number == index->number) one.active = true;
      }
      return {};
    };
    SB_TRY_OK(UpdateTable(account, name, activate));
  }
}

// An item that is written meanwhile gets its entry with the write: the records' order decides, and
// each looks at the item as its record found it.
Result<> EmbeddedDocumentStore::FillIndex(const Table& table, std::uint64_t index) {
  const std::string end = storage::PrefixEnd(table.prefix);
  std::string first = table.prefix;
  while (!stopping_) {
    std::string keys;
    std::size_t count = 0;
    SB_TRY_OK(key_values_.Visit(first, end, false, [&](std::string_view key, std::string_view) {
      PutBytes(keys, key.substr(table.prefix.size()));
      first = key;
      return ++count < kFillBatch;
    }));
    if (count == 0) return {};
    first.push_back('\0');
    std::string payload = "B";
    PutVarint(payload, table.number);
    PutVarint(payload, index);
    PutVarint(payload, count);
    payload += keys;
    SB_TRY_OK(engine_.Commit({{.store = store_id(), .payload = std::move(payload)}}));
  }
  return Error(ErrorCode::kCancelled, "the store stops", {});
}

std::vector<std::pair<Account, TableDescription>> EmbeddedDocumentStore::AllTables() const {
  std::shared_lock lock(tables_mutex_);
  std::vector<std::pair<Account, TableDescription>> tables;
  for (const auto& [number, table] : tables_by_number_) {
    tables.emplace_back(table->stored.account, table->description());
  }
  return tables;
}

Result<std::uint64_t> EmbeddedDocumentStore::Maintain() {
  std::uint64_t expired = 0;
  for (const auto& [account, table] : AllTables()) {
    const bool filled = std::all_of(table.indexes.begin(), table.indexes.end(),
                                    [](const SecondaryIndex& index) { return index.active; });
    if (!filled) SB_TRY_OK(FillIndexes(account, table.name));
    if (stopping_) break;
    auto removed = ExpireItems(account, table.name);
    // Dropped since the list was made.
    if (!removed.ok() && removed.error().code() == ErrorCode::kNotFound) continue;
    if (!removed.ok()) return removed.error();
    expired += *removed;
  }
  return expired;
}

}  // namespace securebase::documents
