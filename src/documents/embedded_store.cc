#include "documents/embedded_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "documents/encoded_item.h"
#include "documents/internal/range_plan.h"
#include "documents/internal/store_table.h"

namespace securebase::documents {
namespace {

using internal::DecodeStored;
using internal::UnknownTable;
using internal::Validation;

constexpr std::size_t kItemBytesMax = 400u << 10;
constexpr std::size_t kTableNameMax = 255;
/// Expired items that one transaction removes.
constexpr std::size_t kExpireBatch = 200;

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

struct EmbeddedDocumentStore::PlannedWrite {
  std::shared_ptr<Table> table;
  std::string key;  // in the store
  Write* write = nullptr;
  std::optional<VersionedItem> before;
  bool expired = false;  // `before` is on the disk still, but nobody sees it
  Change change;

  const Item* visible() const { return before && !expired ? &before->item : nullptr; }
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
                                             Random& random, const Clock& clock)
    : engine_(engine),
      key_values_(engine.key_values()),
      product_tables_(tables),
      random_(random),
      clock_(clock),
      locks_(std::make_unique<ItemLocks>()) {}

EmbeddedDocumentStore::~EmbeddedDocumentStore() = default;

Result<std::unique_ptr<EmbeddedDocumentStore>> EmbeddedDocumentStore::Open(
    storage::Engine& engine, const ProductTables& tables, Random& random, const Clock& clock) {
  std::unique_ptr<EmbeddedDocumentStore> store(
      new EmbeddedDocumentStore(engine, tables, random, clock));
  SB_TRY_OK(store->Load());
  engine.Register(*store);
  return store;
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
  for (SecondaryIndex& index : table.indexes) index.number = ++table.index_numbers;
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
  if (description.deletion_protected) {
    return Validation(
        "Resource cannot be deleted as it is currently protected against deletion. Disable "
        "deletion protection first.",
        "TableName");
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
    for (const auto& [name, table] : found->second) tables.push_back(table->description());
  }
  return tables;
}

Result<TableStatistics> EmbeddedDocumentStore::Statistics(const Account& account,
                                                          const std::string& name) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  auto count = [](const std::atomic<std::int64_t>& value) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.load()));
  };
  TableStatistics statistics{count(table->counts->items), count(table->counts->bytes), {}};
  for (const SecondaryIndex& index : table->description().indexes) {
    const Table::Counts& counts = *table->index_counts.at(index.number);
    statistics.indexes[index.name] = {count(counts.items), count(counts.bytes)};
  }
  return statistics;
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
  SB_TRY_OK(CheckKey(table->description(), key));
  SB_TRY(std::optional<VersionedItem> found,
         Read(table->prefix + KeyBytes(table->description(), key)));
  if (found && HasExpired(table->description(), found->item, clock_.Now())) found.reset();
  return found;
}

Result<std::optional<std::string>> EmbeddedDocumentStore::GetEncoded(const Account& account,
                                                                     const std::string& name,
                                                                     const Item& key) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  const TableDescription& description = table->description();
  SB_TRY_OK(CheckKey(description, key));
  SB_TRY(std::optional<std::string> bytes,
         key_values_.Get(table->prefix + KeyBytes(description, key)));
  if (!bytes) return bytes;
  ByteReader reader(*bytes);
  reader.Varint();  // the version
  bytes->erase(0, bytes->size() - reader.remaining());
  if (description.ttl_attribute.empty()) return bytes;
  SB_TRY(Item item, DecodeItem(*bytes));
  if (HasExpired(description, item, clock_.Now())) bytes.reset();
  return bytes;
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
  const TableDescription& description = write.table->description();
  SB_TRY(write.before, Read(write.key));
  write.expired = write.before && HasExpired(description, write.before->item, clock_.Now());
  SB_TRY(write.change, write.write->mutation(write.visible()));
  if (write.change.kind == Change::Kind::kDelete && !write.before) {
    write.change.kind = Change::Kind::kNone;
  }
  if (write.change.kind != Change::Kind::kPut) return {};
  SB_TRY(Item key, KeyOf(description, write.change.item));
  if (key != write.write->key) {
    return Validation(
        "One or more parameter values were invalid: Cannot update an attribute that "
        "is part of the key");
  }
  SB_TRY_OK(CheckIndexKeys(description, write.change.item));
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
  std::optional<Error> refused;
  for (PlannedWrite& write : planned) {
    Result<> mutated = Mutate(write);
    if (mutated.ok()) continue;
    if (write.write->refused) write.write->refused(mutated.error());
    if (!refused) refused = std::move(mutated).error();
  }
  if (refused) return *refused;
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
    } else if (write.change.kind == Change::Kind::kNone && write.visible()) {
      result.after = write.before->item;
      result.version = write.before->version;
    }
    if (write.visible()) result.before = std::move(write.before->item);
    results.push_back(std::move(result));
  }
  return results;
}

Result<RangePage> EmbeddedDocumentStore::Range(const Account& account,
                                               const RangeRequest& request) const {
  SB_TRY(std::shared_ptr<Table> table, Find(account, request.table));
  const TableDescription& description = table->description();
  const SecondaryIndex* index = nullptr;
  if (!request.index.empty()) {
    index = description.FindIndex(request.index);
    if (index == nullptr) {
      return Validation("The table does not have the specified index: " + request.index,
                        "IndexName");
    }
    if (!index->active) {
      return Validation("Cannot read from backfilling global secondary index: " + request.index,
                        "IndexName");
    }
  }
  SB_TRY(KeyRange range, internal::PlanRange(description, index, request));
  if (!range.end.empty() && range.first >= range.end) return RangePage();
  const std::string prefix = index == nullptr ? table->prefix : table->IndexPrefix(*index);
  return ReadRange(*table, index, request, prefix + range.first,
                   range.end.empty() ? storage::PrefixEnd(prefix) : prefix + range.end,
                   prefix.size());
}

Result<bool> EmbeddedDocumentStore::IsExpired(const Table& table, const SecondaryIndex* index,
                                              const Item& item) const {
  const TableDescription& description = table.description();
  if (description.ttl_attribute.empty()) return false;
  if (index == nullptr || index->projection == ProjectionKind::kAll) {
    return HasExpired(description, item, clock_.Now());
  }
  // The entry may not have the attribute: the table's item does.
  SB_TRY(auto whole, Read(table.prefix + KeyBytes(description, item)));
  return !whole || HasExpired(description, whole->item, clock_.Now());
}

Result<RangePage> EmbeddedDocumentStore::ReadRange(const Table& table, const SecondaryIndex* index,
                                                   const RangeRequest& request,
                                                   const std::string& first, const std::string& end,
                                                   std::size_t prefix_size) const {
  const TableDescription& description = table.description();
  // Encoded items are passed on as they are, unless one has to be looked into.
  const bool decode = !request.encoded || !description.ttl_attribute.empty();
  RangePage page;
  std::string last;  // the encoding of the last item
  auto add = [&](std::string_view bytes) -> Result<> {
    Item item;
    if (decode) {
      SB_TRY(item, DecodeItem(bytes));
      SB_TRY(bool expired, IsExpired(table, index, item));
      if (expired) return {};
    }
    if (request.encoded) {
      SB_TRY(std::size_t size, EncodedItemSize(bytes));
      page.bytes += size;
      page.encoded.emplace_back(bytes);
    } else {
      page.bytes += ItemSize(item);
      page.items.push_back(std::move(item));
    }
    return {};
  };
  Result<> read;
  auto limited = [&] {
    return page.count() >= request.items_max || page.bytes >= request.bytes_max;
  };
  SB_TRY_OK(key_values_.Visit(first, end, request.descending,
                              [&](std::string_view key, std::string_view value) {
                                if (!internal::InSegment(request, key.substr(prefix_size)))
                                  return true;
                                ByteReader reader(value);
                                reader.Varint();  // the version
                                read = add(reader.Take(reader.remaining()));
                                return read.ok() && !limited();
                              }));
  if (!read.ok()) return read.error().Within(fmt::format("table {}", description.name));
  if (!limited() || page.count() == 0) return page;
  if (request.encoded) {
    SB_TRY(Item item, DecodeItem(page.encoded.back()));
    page.last_key = LastKey(description, index, item);
  } else {
    page.last_key = LastKey(description, index, page.items.back());
  }
  return page;
}

Item EmbeddedDocumentStore::LastKey(const TableDescription& table, const SecondaryIndex* index,
                                    const Item& item) {
  if (index != nullptr) return IndexKeyOf(table, *index, item);
  Item key = {{table.partition_key.name, item.at(table.partition_key.name)}};
  if (table.sort_key) key.emplace(table.sort_key->name, item.at(table.sort_key->name));
  return key;
}

Result<> EmbeddedDocumentStore::Admit(const Account& account, const std::string& name,
                                      const std::string& index, Access access) {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  if (table->limits->Admits(index, access, clock_.Monotonic())) return {};
  return Error(ErrorCode::kThrottled,
               fmt::format("The level of configured provisioned throughput for {} was exceeded. "
                           "Consider increasing your provisioning level with the UpdateTable API.",
                           index.empty() ? "the table"
                                         : "one or more global secondary indexes of the table"),
               "TableName", "ProvisionedThroughputExceededException");
}

void EmbeddedDocumentStore::Charge(const Account& account, const std::string& name,
                                   const std::string& index, Access access, double units) {
  auto table = Find(account, name);
  if (table.ok()) (*table)->limits->Take(index, access, units, clock_.Monotonic());
}

Result<std::uint64_t> EmbeddedDocumentStore::ExpireItems(const Account& account,
                                                         const std::string& name,
                                                         std::uint64_t items_max) {
  SB_TRY(std::shared_ptr<Table> table, Find(account, name));
  const TableDescription& description = table->description();
  if (description.ttl_attribute.empty()) return 0;
  const Instant now = clock_.Now();
  std::lock_guard lock(expiry_mutex_);
  std::string& cursor = expiry_cursors_[table->number];
  std::vector<Write> writes;
  std::uint64_t seen = 0;
  std::string at = cursor.empty() ? table->prefix : cursor;
  cursor.clear();
  Result<> read;
  SB_TRY_OK(key_values_.Visit(at, storage::PrefixEnd(table->prefix), false,
                              [&](std::string_view key, std::string_view value) {
                                if (seen == items_max || writes.size() == kExpireBatch) {
                                  cursor = key;
                                  return false;
                                }
                                ++seen;
                                auto stored = DecodeStored(value);
                                if (!stored.ok()) {
                                  read = stored.error();
                                  return false;
                                }
                                if (!HasExpired(description, stored->item, now)) return true;
                                writes.push_back(
                                    {.table = name,
                                     .key = LastKey(description, nullptr, stored->item),
                                     .mutation = [](const Item* present) -> Result<Change> {
                                       // Written anew since, with a later time.
                                       if (present != nullptr) return Change{};
                                       return Change{.kind = Change::Kind::kDelete};
                                     }});
                                return true;
                              }));
  if (!read.ok()) return read.error();
  if (writes.empty()) return 0;
  const std::size_t count = writes.size();
  SB_TRY_OK(Transact(account, std::move(writes)));
  return count;
}

}  // namespace securebase::documents
