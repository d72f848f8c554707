// The embedded store as the engine's participant: what a record changes in RocksDB. Apply runs
// alone and in order, live as in replay, so that what an item was before a record can be read
// back: an index's entries follow from that, whatever the writer knew of the table.
#include <fmt/format.h>

#include "base/check.h"
#include "documents/internal/store_table.h"

namespace securebase::documents {
namespace {

/// Items of dropped tables and indexes that one checkpoint removes: it should not take long.
constexpr std::size_t kSweepMax = 50'000;

}  // namespace

using internal::FixedText;
using internal::NumberedKey;
using internal::StoreKey;

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
    // A table that was dropped between the write's plan and its record: the write came first.
    auto found = tables_by_number_.find(number);
    std::shared_ptr<Table> table = found == tables_by_number_.end() ? nullptr : found->second;
    switch (op) {
      case 'X':
        if (table) ApplyDrop(table, batch);
        break;
      case 'U':
        ApplyUpdate(table, reader.Bytes(), batch);
        break;
      case 'B':
        ApplyFill(sequence, table.get(), reader, batch);
        break;
      case 'S': {
        std::int64_t items = UnZigZag(reader.Varint());
        std::int64_t bytes = UnZigZag(reader.Varint());
        if (!table) break;
        AddCounts(NumberedKey('S', number), *table->counts, items, bytes, batch);
        break;
      }
      default: {
        SB_CHECK(op == 'P' || op == 'R');
        std::string_view key = reader.Bytes();
        std::optional<std::string_view> item;
        if (op == 'P') item = reader.Bytes();
        if (table) ApplyItem(sequence, *table, key, item, batch);
      }
    }
  }
  SB_CHECK(reader.ok());
  applied_ = sequence;
  batch.Put(StoreKey('A'), FixedText(sequence));
  key_values_.Project(batch);
}

void EmbeddedDocumentStore::AddCounts(const std::string& key, TableCounts& counts,
                                      std::int64_t items, std::int64_t bytes,
                                      storage::WriteBatch& batch) {
  counts.items += items;
  counts.bytes += bytes;
  batch.Put(key, FixedText(static_cast<std::uint64_t>(counts.items.load())) +
                     FixedText(static_cast<std::uint64_t>(counts.bytes.load())));
}

void EmbeddedDocumentStore::ApplyItem(storage::Sequence sequence, const Table& table,
                                      std::string_view key, std::optional<std::string_view> item,
                                      storage::WriteBatch& batch) {
  std::string stored_key = table.prefix + std::string(key);
  if (!table.description().indexes.empty()) {
    auto before = Read(stored_key);
    SB_CHECK(before.ok());  // an index that misses a change would lie from then on
    std::optional<Item> after;
    if (item) {
      auto decoded = DecodeItem(*item);
      SB_CHECK(decoded.ok());
      after = *std::move(decoded);
    }
    for (const SecondaryIndex& index : table.description().indexes) {
      ApplyEntry(sequence, table, index, *before ? &(*before)->item : nullptr,
                 after ? &*after : nullptr, batch);
    }
  }
  if (!item) {
    batch.Delete(stored_key);
    return;
  }
  std::string value;
  PutVarint(value, sequence);
  value.append(*item);
  batch.Put(stored_key, value);
}

void EmbeddedDocumentStore::ApplyEntry(storage::Sequence sequence, const Table& table,
                                       const SecondaryIndex& index, const Item* before,
                                       const Item* after, storage::WriteBatch& batch) {
  const TableDescription& description = table.description();
  const std::string prefix = table.IndexPrefix(index);
  std::optional<std::string> old_key, new_key;
  if (before != nullptr) old_key = IndexEntryKey(description, index, *before);
  if (after != nullptr) new_key = IndexEntryKey(description, index, *after);
  if (old_key && !index.active) {
    // The fill may not have come by yet: what is not there was not counted either.
    auto present = key_values_.Get(prefix + *old_key);
    SB_CHECK(present.ok());
    if (!*present) old_key.reset();
  }
  std::int64_t items = 0, bytes = 0;
  if (old_key) {
    --items;
    bytes -= static_cast<std::int64_t>(ItemSize(ProjectedItem(description, index, *before)));
    if (old_key != new_key) batch.Delete(prefix + *old_key);
  }
  if (new_key) {
    Item projected = ProjectedItem(description, index, *after);
    ++items;
    bytes += static_cast<std::int64_t>(ItemSize(projected));
    std::string value;
    PutVarint(value, sequence);
    value += EncodeItem(projected);
    batch.Put(prefix + *new_key, value);
  }
  if (items == 0 && bytes == 0) return;
  AddCounts(NumberedKey('S', table.number, index.number), *table.index_counts.at(index.number),
            items, bytes, batch);
}

void EmbeddedDocumentStore::ApplyFill(storage::Sequence sequence, const Table* table,
                                      ByteReader& reader, storage::WriteBatch& batch) {
  std::uint64_t index_number = reader.Varint();
  std::uint64_t count = reader.Varint();
  const SecondaryIndex* index = nullptr;
  if (table != nullptr) {
    for (const SecondaryIndex& one : table->description().indexes) {
      if (one.number == index_number) index = &one;
    }
  }
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string_view key = reader.Bytes();
    if (index == nullptr) continue;  // dropped meanwhile
    auto item = Read(table->prefix + std::string(key));
    SB_CHECK(item.ok());
    if (!*item) continue;
    auto entry = IndexEntryKey(table->description(), *index, (*item)->item);
    if (!entry) continue;
    auto present = key_values_.Get(table->IndexPrefix(*index) + *entry);
    SB_CHECK(present.ok());
    if (*present) continue;  // by a write, or by a fill that was interrupted
    ApplyEntry(sequence, *table, *index, nullptr, &(*item)->item, batch);
  }
}

void EmbeddedDocumentStore::ApplyCreate(storage::Sequence sequence, std::string_view description,
                                        storage::WriteBatch& batch) {
  auto stored = DecodeTable(description);
  SB_CHECK(stored.ok());
  auto table = MakeTable(sequence, *std::move(stored));
  batch.Put(NumberedKey('T', sequence), description);
  std::unique_lock lock(tables_mutex_);
  tables_by_number_[sequence] = table;
  tables_[table->stored.account][table->description().name] = table;
}

void EmbeddedDocumentStore::ApplyUpdate(const std::shared_ptr<Table>& present,
                                        std::string_view description, storage::WriteBatch& batch) {
  if (!present) return;
  auto stored = DecodeTable(description);
  SB_CHECK(stored.ok());
  auto table = MakeTable(present->number, *std::move(stored));
  table->counts = present->counts;
  for (const SecondaryIndex& index : present->description().indexes) {
    auto kept = table->index_counts.find(index.number);
    if (kept != table->index_counts.end()) {
      kept->second = present->index_counts.at(index.number);
    } else {
      DropIndex(*present, index, batch);
    }
  }
  // A change of something else does not fill the buckets anew.
  const TableDescription& before = present->description();
  const TableDescription& after = table->description();
  if (before.provisioned == after.provisioned && before.throughput == after.throughput &&
      before.indexes == after.indexes) {
    table->limits = present->limits;
  }
  batch.Put(NumberedKey('T', table->number), description);
  std::unique_lock lock(tables_mutex_);
  tables_by_number_[table->number] = table;
  tables_[table->stored.account][after.name] = table;
}

void EmbeddedDocumentStore::DropIndex(const Table& table, const SecondaryIndex& index,
                                      storage::WriteBatch& batch) {
  batch.Delete(NumberedKey('S', table.number, index.number));
  batch.Put(NumberedKey('D', table.number, index.number), table.IndexPrefix(index));
}

void EmbeddedDocumentStore::ApplyDrop(const std::shared_ptr<Table>& table,
                                      storage::WriteBatch& batch) {
  std::unique_lock lock(tables_mutex_);
  tables_by_number_.erase(table->number);
  tables_[table->stored.account].erase(table->description().name);
  batch.Delete(NumberedKey('T', table->number));
  batch.Delete(NumberedKey('S', table->number));
  batch.Put(NumberedKey('D', table->number), table->prefix);
  for (const SecondaryIndex& index : table->description().indexes) DropIndex(*table, index, batch);
}

void EmbeddedDocumentStore::Seal(storage::Sequence sequence) { sealed_ = sequence; }

// The items are in RocksDB already: the engine's Flush makes them durable. What is left to do is
// to say so, and to sweep up behind dropped tables and indexes.
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
