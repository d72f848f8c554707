#include "documents/embedded_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "documents/internal/range_plan.h"
#include "documents/key_codec.h"
#include "documents/table_codec.h"

namespace securebase::documents {
namespace {

constexpr std::size_t kItemBytesMax = 400u << 10;
constexpr std::size_t kTableNameMax = 255;
/// Items of dropped tables that one checkpoint removes: it should not take long.
constexpr std::size_t kSweepMax = 50'000;

Error UnknownTable(std::string message) {
  return Error(ErrorCode::kNotFound, std::move(message), "TableName", "ResourceNotFoundException");
}

Error Validation(std::string message, std::string field = {}) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

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

std::string ItemPrefix(const Account& account, std::uint64_t number) {
  std::string key = StoreKey('I');
  AppendOrdered(key, account.id);
  AppendOrdered(key, account.region);
  AppendOrdered(key, number);
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

Result<> CheckDescription(const TableDescription& table) {
  if (table.name.empty() || table.name.size() > kTableNameMax) {
    return Validation("TableName must be at least 1 and at most 255 characters long", "TableName");
  }
  if (table.partition_key.name.empty() || (table.sort_key && table.sort_key->name.empty())) {
    return Validation("a key attribute has no name", "KeySchema");
  }
  if (table.sort_key && table.sort_key->name == table.partition_key.name) {
    return Validation(
        "Both the Hash Key and the Range Key element in the KeySchema have the same "
        "name",
        "KeySchema");
  }
  return {};
}

}  // namespace

struct EmbeddedDocumentStore::Table {
  StoredTable stored;
  std::uint64_t number = 0;
  std::string prefix;
  // Written by the applying thread alone.
  std::atomic<std::int64_t> item_count = 0;
  std::atomic<std::int64_t> size_bytes = 0;
};

struct EmbeddedDocumentStore::PlannedWrite {
  std::shared_ptr<Table> table;
  std::string key;  // in the store
  Write* write = nullptr;
  std::optional<VersionedItem> before;
  Change change;
};

/// Locks of items by hash: many items share one, which only makes them wait.
class EmbeddedDocumentStore::ItemLocks {
 public:
  using Held = std::vector<std::unique_lock<std::mutex>>;

  /// In ascending order, so that two transactions never wait for each other.
  Held Lock(const std::vector<PlannedWrite>& writes) {
    std::vector<std::size_t> stripes;
    for (const PlannedWrite& write : writes) stripes.push_back(Checksum(write.key) % kStripes);
    std::sort(stripes.begin(), stripes.end());
    stripes.erase(std::unique(stripes.begin(), stripes.end()), stripes.end());
    Held held;
    for (std::size_t stripe : stripes) held.emplace_back(mutexes_[stripe]);
    return held;
  }

 private:
  static constexpr std::size_t kStripes = 4096;
  std::array<std::mutex, kStripes> mutexes_;
};

EmbeddedDocumentStore::EmbeddedDocumentStore(storage::Engine& engine, const ProductTables& tables,
                                             Random& random)
    : engine_(engine),
      key_values_(engine.key_values()),
      product_tables_(tables),
      random_(random),
      locks_(std::make_unique<ItemLocks>()) {}

EmbeddedDocumentStore::~EmbeddedDocumentStore() = default;

Result<std::unique_ptr<EmbeddedDocumentStore>> EmbeddedDocumentStore::Open(
    storage::Engine& engine, const ProductTables& tables, Random& random) {
  std::unique_ptr<EmbeddedDocumentStore> store(new EmbeddedDocumentStore(engine, tables, random));
  SB_TRY_OK(store->Load());
  engine.Register(*store);
  return store;
}

Result<> EmbeddedDocumentStore::Load() {
  // What Apply wrote, and what a checkpoint found to be covered: records of other stores count.
  for (char kind : {'A', 'C'}) {
    SB_TRY(std::optional<std::string> bytes, key_values_.Get(StoreKey(kind)));
    if (bytes) applied_ = std::max(applied_, ByteReader(*bytes).Fixed<std::uint64_t>());
  }
  std::optional<Error> error;
  std::string tables = StoreKey('T');
  SB_TRY_OK(key_values_.Visit(
      tables, storage::PrefixEnd(tables), false, [&](std::string_view key, std::string_view value) {
        auto stored = DecodeTable(value);
        auto table = std::make_shared<Table>();
        for (char byte : key.substr(tables.size())) {
          table->number = table->number << 8 | static_cast<unsigned char>(byte);
        }
        if (!stored.ok()) {
          error = stored.error().Within(fmt::format("table {}", table->number));
          return false;
        }
        table->stored = *std::move(stored);
        table->prefix = ItemPrefix(table->stored.account, table->number);
        tables_by_number_[table->number] = table;
        tables_[table->stored.account][table->stored.description.name] = table;
        return true;
      }));
  if (error) return *error;
  for (auto& [number, table] : tables_by_number_) {
    SB_TRY(std::optional<std::string> bytes, key_values_.Get(NumberedKey('S', number)));
    if (!bytes) continue;
    ByteReader reader(*bytes);
    table->item_count = reader.Fixed<std::int64_t>();
    table->size_bytes = reader.Fixed<std::int64_t>();
  }
  return {};
}

Result<std::shared_ptr<EmbeddedDocumentStore::Table>> EmbeddedDocumentStore::Find(
    const Account& account, const std::string& name) const {
  std::shared_lock lock(tables_mutex_);
  auto of_account = tables_.find(account);
  if (of_account == tables_.end()) return UnknownTable("Requested resource not found");
  auto found = of_account->second.find(name);
  if (found == of_account->second.end()) return UnknownTable("Requested resource not found");
  return found->second;
}

Result<TableDescription> EmbeddedDocumentStore::CreateTable(const Account& account,
                                                            TableDescription table) {
  SB_TRY_OK(CheckDescription(table));
  std::lock_guard lock(schema_mutex_);
  if (auto present = Find(account, table.name); present.ok()) {
    const TableDescription& existing = (*present)->stored.description;
    bool alike = existing.partition_key == table.partition_key &&
                 existing.sort_key == table.sort_key && existing.product == table.product &&
                 existing.internal == table.internal;
    if (alike && (table.product || table.internal)) return existing;
    return Error(ErrorCode::kConflict, fmt::format("Table already exists: {}", table.name),
                 "TableName", "ResourceInUseException");
  }
  if (table.id.empty()) table.id = random_.Uuid();
  std::string payload = "C";
  PutBytes(payload, EncodeTable({.account = account, .description = table}));
  SB_TRY_OK(engine_.Commit({{.store = store_id(), .payload = std::move(payload)}}));
  return table;
}

Result<> EmbeddedDocumentStore::DeleteTable(const Account& account, const std::string& name) {
  std::lock_guard lock(schema_mutex_);
  auto table = Find(account, name);
  if (!table.ok()) {
    return UnknownTable(fmt::format("Requested resource not found: Table: {} not found", name));
  }
  const TableDescription& description = (*table)->stored.description;
  if (description.product || description.internal) {
    return Error(ErrorCode::kForbidden, fmt::format("Table {} cannot be deleted", name),
                 "TableName", "AccessDeniedException");
  }
  std::string payload = "X";
  PutVarint(payload, (*table)->number);
  SB_TRY_OK(engine_.Commit({{.store = store_id(), .payload = std::move(payload)}}));
  return {};
}

Result<TableDescription> EmbeddedDocumentStore::DescribeTable(const Account& account,
                                                              const std::string& name) const {
  auto table = Find(account, name);
  if (!table.ok()) {
    return UnknownTable(fmt::format("Requested resource not found: Table: {} not found", name));
  }
  return (*table)->stored.description;
}

std::vector<TableDescription> EmbeddedDocumentStore::ListTables(const Account& account) const {
  std::shared_lock lock(tables_mutex_);
  std::vector<TableDescription> tables;
  if (auto found = tables_.find(account); found != tables_.end()) {
    for (const auto& [name, table] : found->second) tables.push_back(table->stored.description);
  }
  return tables;
}

Result<TableStatistics> EmbeddedDocumentStore::Statistics(const Account& account,
                                                          const std::string& name) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  return TableStatistics{.item_count = static_cast<std::uint64_t>(table->item_count.load()),
                         .size_bytes = static_cast<std::uint64_t>(table->size_bytes.load())};
}

Result<std::optional<VersionedItem>> EmbeddedDocumentStore::Read(const std::string& key) const {
  SB_TRY(std::optional<std::string> bytes, key_values_.Get(key));
  if (!bytes) return std::optional<VersionedItem>();
  SB_TRY(VersionedItem item, DecodeStored(*bytes));
  return std::optional<VersionedItem>(std::move(item));
}

Result<std::optional<VersionedItem>> EmbeddedDocumentStore::Get(const Account& account,
                                                                const std::string& name,
                                                                const Item& key) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  SB_TRY_OK(CheckKey(table->stored.description, key));
  return Read(table->prefix + KeyBytes(table->stored.description, key));
}

Result<std::vector<EmbeddedDocumentStore::PlannedWrite>> EmbeddedDocumentStore::Plan(
    const Account& account, std::vector<Write>& writes) const {
  std::vector<PlannedWrite> planned;
  std::vector<std::string_view> keys;
  planned.reserve(writes.size());
  for (Write& write : writes) {
    SB_TRY(std::shared_ptr<Table> table, Find(account, write.table));
    SB_TRY_OK(CheckKey(table->stored.description, write.key));
    std::string key = table->prefix + KeyBytes(table->stored.description, write.key);
    planned.push_back({.table = std::move(table), .key = std::move(key), .write = &write});
    keys.push_back(planned.back().key);
  }
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) {
    return Validation("Transaction request cannot include multiple operations on one item");
  }
  return planned;
}

Result<> EmbeddedDocumentStore::Mutate(PlannedWrite& write) const {
  SB_TRY(write.before, Read(write.key));
  SB_TRY(write.change, write.write->mutation(write.before ? &write.before->item : nullptr));
  if (write.change.kind == Change::Kind::kDelete && !write.before) {
    write.change.kind = Change::Kind::kNone;
  }
  if (write.change.kind != Change::Kind::kPut) return {};
  const TableDescription& description = write.table->stored.description;
  SB_TRY(Item key, KeyOf(description, write.change.item));
  if (key != write.write->key) {
    return Validation(
        "One or more parameter values were invalid: Cannot update an attribute that "
        "is part of the key");
  }
  if (ItemSize(write.change.item) > kItemBytesMax) {
    return Validation("Item size has exceeded the maximum allowed size");
  }
  if (description.product) {
    return CheckShape(product_tables_, description.name, write.change.item);
  }
  return {};
}

std::string EmbeddedDocumentStore::EncodeWrites(const std::vector<PlannedWrite>& writes) const {
  struct Delta {
    std::int64_t items = 0;
    std::int64_t bytes = 0;
  };
  std::string payload;
  std::map<std::uint64_t, Delta> deltas;
  for (const PlannedWrite& write : writes) {
    if (write.change.kind == Change::Kind::kNone) continue;
    bool put = write.change.kind == Change::Kind::kPut;
    payload.push_back(put ? 'P' : 'R');
    PutVarint(payload, write.table->number);
    PutBytes(payload, std::string_view(write.key).substr(write.table->prefix.size()));
    Delta& delta = deltas[write.table->number];
    if (put) {
      PutBytes(payload, EncodeItem(write.change.item));
      ++delta.items;
      delta.bytes += static_cast<std::int64_t>(ItemSize(write.change.item));
    }
    if (write.before) {
      --delta.items;
      delta.bytes -= static_cast<std::int64_t>(ItemSize(write.before->item));
    }
  }
  for (const auto& [number, delta] : deltas) {
    payload.push_back('S');
    PutVarint(payload, number);
    PutVarint(payload, ZigZag(delta.items));
    PutVarint(payload, ZigZag(delta.bytes));
  }
  return payload;
}

Result<std::vector<WriteResult>> EmbeddedDocumentStore::Transact(const Account& account,
                                                                 std::vector<Write> writes) {
  SB_TRY(std::vector<PlannedWrite> planned, Plan(account, writes));
  // Held until the record is applied: the next writer of an item sees this one's result.
  ItemLocks::Held locks = locks_->Lock(planned);
  for (PlannedWrite& write : planned) SB_TRY_OK(Mutate(write));
  std::string payload = EncodeWrites(planned);
  storage::Sequence sequence = 0;
  if (!payload.empty()) {
    SB_TRY(sequence, engine_.Commit({{.store = store_id(), .payload = std::move(payload)}}));
  }
  std::vector<WriteResult> results;
  for (PlannedWrite& write : planned) {
    WriteResult result;
    if (write.change.kind == Change::Kind::kPut) {
      result.after = std::move(write.change.item);
      result.version = sequence;
    } else if (write.change.kind == Change::Kind::kNone && write.before) {
      result.after = write.before->item;
      result.version = write.before->version;
    }
    if (write.before) result.before = std::move(write.before->item);
    results.push_back(std::move(result));
  }
  return results;
}

Result<RangePage> EmbeddedDocumentStore::Range(const Account& account,
                                               const RangeRequest& request) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, request.table));
  const TableDescription& description = table->stored.description;
  SB_TRY(KeyRange range, internal::PlanRange(description, request));
  RangePage page;
  if (!range.end.empty() && range.first >= range.end) return page;
  std::string first = table->prefix + range.first;
  std::string end =
      range.end.empty() ? storage::PrefixEnd(table->prefix) : table->prefix + range.end;
  std::optional<Error> error;
  SB_TRY_OK(key_values_.Visit(
      first, end, request.descending, [&](std::string_view key, std::string_view value) {
        if (!internal::InSegment(request, key.substr(table->prefix.size()))) return true;
        auto stored = DecodeStored(value);
        if (!stored.ok()) {
          error = stored.error().Within(fmt::format("table {}", description.name));
          return false;
        }
        page.bytes += ItemSize(stored->item);
        page.items.push_back(std::move(stored->item));
        return page.items.size() < request.items_max && page.bytes < request.bytes_max;
      }));
  if (error) return *error;
  bool limited = page.items.size() >= request.items_max || page.bytes >= request.bytes_max;
  if (limited && !page.items.empty()) {
    SB_TRY(page.last_key, KeyOf(description, page.items.back()));
  }
  return page;
}

void EmbeddedDocumentStore::Apply(storage::Sequence sequence, std::string_view payload) {
  storage::WriteBatch batch;
  ByteReader reader(payload);
  while (reader.ok() && !reader.empty()) {
    auto op = reader.Fixed<char>();
    if (op == 'C') {
      ApplyCreate(sequence, reader.Bytes(), batch);
      continue;
    }
    std::uint64_t number = reader.Varint();
    if (op == 'X') {
      ApplyDrop(number, batch);
      continue;
    }
    // A table that was dropped between the write's plan and its record: the write came first.
    auto found = tables_by_number_.find(number);
    Table* table = found == tables_by_number_.end() ? nullptr : found->second.get();
    if (op == 'S') {
      std::int64_t items = UnZigZag(reader.Varint());
      std::int64_t bytes = UnZigZag(reader.Varint());
      if (table == nullptr) continue;
      table->item_count += items;
      table->size_bytes += bytes;
      batch.Put(NumberedKey('S', number),
                FixedText(static_cast<std::uint64_t>(table->item_count.load())) +
                    FixedText(static_cast<std::uint64_t>(table->size_bytes.load())));
      continue;
    }
    SB_CHECK(op == 'P' || op == 'R');
    std::string_view key = reader.Bytes();
    std::string_view item = op == 'P' ? reader.Bytes() : std::string_view();
    if (table == nullptr) continue;
    if (op == 'R') {
      batch.Delete(table->prefix + std::string(key));
      continue;
    }
    std::string value;
    PutVarint(value, sequence);
    value.append(item);
    batch.Put(table->prefix + std::string(key), value);
  }
  SB_CHECK(reader.ok());
  applied_ = sequence;
  batch.Put(StoreKey('A'), FixedText(sequence));
  key_values_.Project(batch);
}

void EmbeddedDocumentStore::ApplyCreate(storage::Sequence sequence, std::string_view description,
                                        storage::WriteBatch& batch) {
  auto stored = DecodeTable(description);
  SB_CHECK(stored.ok());
  auto table = std::make_shared<Table>();
  table->stored = *std::move(stored);
  table->number = sequence;
  table->prefix = ItemPrefix(table->stored.account, sequence);
  batch.Put(NumberedKey('T', sequence), description);
  std::unique_lock lock(tables_mutex_);
  tables_by_number_[sequence] = table;
  tables_[table->stored.account][table->stored.description.name] = table;
}

void EmbeddedDocumentStore::ApplyDrop(std::uint64_t number, storage::WriteBatch& batch) {
  std::unique_lock lock(tables_mutex_);
  auto found = tables_by_number_.find(number);
  if (found == tables_by_number_.end()) return;
  std::shared_ptr<Table> table = found->second;
  tables_by_number_.erase(found);
  tables_[table->stored.account].erase(table->stored.description.name);
  batch.Delete(NumberedKey('T', number));
  batch.Delete(NumberedKey('S', number));
  batch.Put(NumberedKey('D', number), table->prefix);
}

void EmbeddedDocumentStore::Seal(storage::Sequence sequence) { sealed_ = sequence; }

// The items are in RocksDB already: the engine's Flush makes them durable. What is left to do is
// to say so, and to sweep up behind dropped tables.
Result<> EmbeddedDocumentStore::WriteSealed(storage::WriteBatch& batch) {
  batch.Put(StoreKey('C'), FixedText(sealed_));
  std::string dropped = StoreKey('D');
  std::vector<std::pair<std::string, std::string>> markers;
  SB_TRY_OK(key_values_.Visit(dropped, storage::PrefixEnd(dropped), false,
                              [&](std::string_view key, std::string_view prefix) {
                                markers.emplace_back(key, prefix);
                                return true;
                              }));
  std::size_t swept = 0;
  for (const auto& [marker, prefix] : markers) {
    SB_TRY_OK(key_values_.Visit(prefix, storage::PrefixEnd(prefix), false,
                                [&](std::string_view key, std::string_view) {
                                  batch.Delete(key);
                                  return ++swept < kSweepMax;
                                }));
    if (swept >= kSweepMax) break;
    batch.Delete(marker);
  }
  return {};
}

}  // namespace securebase::documents
