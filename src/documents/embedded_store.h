#pragma once

// The DocumentStore on the journal and RocksDB. A write is one record of changed keys; applying
// it is one RocksDB batch that also carries the number of the record, so that recovery knows
// where to go on.
//
//   1 'A'                                              number of the last record it applied
//   1 'C'                                              number of the last record that a
//                                                      checkpoint covered
//   1 'T' table number                                 description of a table
//   1 'S' table number [index number]                  its item count and bytes
//   1 'D' table number [index number]                  prefix of a dropped table or index, whose
//                                                      items are still to remove
//   1 'I' account region table number key              version and item
//   1 'X' account region table number index number key version and projected item
//
// Format of the records: docs/formats/documents.md.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"
#include "documents/table_codec.h"
#include "storage/engine.h"

namespace securebase::documents {

class EmbeddedDocumentStore final : public DocumentStore, public storage::Participant {
 public:
  /// Registers itself with the engine: before its Recover. `tables` name the product tables,
  /// whose items must have their shape; `random` makes the tables' ids; `clock` decides what has
  /// expired.
  static Result<std::unique_ptr<EmbeddedDocumentStore>> Open(storage::Engine& engine,
                                                             const ProductTables& tables,
                                                             Random& random,
                                                             const Clock& clock = DefaultClock());
  ~EmbeddedDocumentStore() override;

  Result<TableDescription> CreateTable(const Account& account, TableDescription table) override;
  Result<> DeleteTable(const Account& account, const std::string& name) override;
  Result<TableDescription> DescribeTable(const Account& account,
                                         const std::string& name) const override;
  std::vector<TableDescription> ListTables(const Account& account) const override;
  Result<TableStatistics> Statistics(const Account& account,
                                     const std::string& name) const override;
  Result<std::optional<VersionedItem>> Get(const Account& account, const std::string& table,
                                           const Item& key) const override;
  Result<std::optional<std::string>> GetEncoded(const Account& account, const std::string& table,
                                                const Item& key) const override;
  Result<std::vector<WriteResult>> Transact(const Account& account,
                                            std::vector<Write> writes) override;
  Result<RangePage> Range(const Account& account, const RangeRequest& request) const override;
  Result<TableDescription> UpdateTable(const Account& account, const std::string& name,
                                       const TableChange& change) override;
  Result<> FillIndexes(const Account& account, const std::string& name) override;
  Result<> Admit(const Account& account, const std::string& table, const std::string& index,
                 Access access) override;
  void Charge(const Account& account, const std::string& table, const std::string& index,
              Access access, double units) override;

  /// Removes expired items of a table from the disk, after looking at up to `items_max`; the next
  /// call goes on from there. How many were removed.
  Result<std::uint64_t> ExpireItems(const Account& account, const std::string& name,
                                    std::uint64_t items_max = 20'000);
  /// What is to be done now and then: fills that were interrupted, a step of each table's expiry.
  /// How many items expired. From one thread.
  Result<std::uint64_t> Maintain();
  /// Makes a running FillIndexes end early; the next start takes it up.
  void Stop() { stopping_ = true; }

  storage::StoreId store_id() const override { return storage::StoreId::kDocuments; }
  storage::Sequence durable_sequence() const override { return applied_; }
  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal(storage::Sequence sequence) override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override {}

 private:
  struct Table;
  struct TableCounts;
  struct PlannedWrite;
  class ItemLocks;

  EmbeddedDocumentStore(storage::Engine& engine, const ProductTables& tables, Random& random,
                        const Clock& clock);
  static const Clock& DefaultClock();

  // Tables: embedded_tables.cc.
  Result<> Load();
  Result<> LoadCounts(const std::string& key, TableCounts& counts) const;
  std::shared_ptr<Table> MakeTable(std::uint64_t number, StoredTable stored) const;
  Result<> FillIndex(const Table& table, std::uint64_t index);
  std::vector<std::pair<Account, TableDescription>> AllTables() const;

  // Items: embedded_store.cc.
  Result<std::shared_ptr<Table>> Find(const Account& account, const std::string& name) const;
  Result<std::optional<VersionedItem>> Read(const std::string& key) const;
  Result<std::vector<PlannedWrite>> Plan(const Account& account, std::vector<Write>& writes) const;
  Result<> Mutate(PlannedWrite& write) const;
  std::string EncodeWrites(const std::vector<PlannedWrite>& writes) const;
  Result<bool> IsExpired(const Table& table, const SecondaryIndex* index, const Item& item) const;
  Result<RangePage> ReadRange(const Table& table, const SecondaryIndex* index,
                              const RangeRequest& request, const std::string& first,
                              const std::string& end, std::size_t prefix_size) const;
  static Item LastKey(const TableDescription& table, const SecondaryIndex* index, const Item& item);

  // Records: embedded_apply.cc.
  void ApplyItem(storage::Sequence sequence, const Table& table, std::string_view key,
                 std::optional<std::string_view> item, storage::WriteBatch& batch);
  void ApplyEntry(storage::Sequence sequence, const Table& table, const SecondaryIndex& index,
                  const Item* before, const Item* after, storage::WriteBatch& batch);
  void ApplyFill(storage::Sequence sequence, const Table* table, ByteReader& reader,
                 storage::WriteBatch& batch);
  void ApplyCreate(storage::Sequence sequence, std::string_view description,
                   storage::WriteBatch& batch);
  void ApplyUpdate(const std::shared_ptr<Table>& present, std::string_view description,
                   storage::WriteBatch& batch);
  void ApplyDrop(const std::shared_ptr<Table>& table, storage::WriteBatch& batch);
  static void DropIndex(const Table& table, const SecondaryIndex& index,
                        storage::WriteBatch& batch);
  static void AddCounts(const std::string& key, TableCounts& counts, std::int64_t items,
                        std::int64_t bytes, storage::WriteBatch& batch);

  storage::Engine& engine_;
  storage::KeyValue& key_values_;
  const ProductTables product_tables_;
  Random& random_;
  const Clock& clock_;
  std::unique_ptr<ItemLocks> locks_;

  std::mutex schema_mutex_;  // one creation, change or deletion at a time
  std::mutex fill_mutex_;    // one fill at a time
  std::atomic<bool> stopping_ = false;
  std::mutex expiry_mutex_;
  std::map<std::uint64_t, std::string> expiry_cursors_;  // by table number, by expiry_mutex_
  mutable std::shared_mutex tables_mutex_;
  std::map<Account, std::map<std::string, std::shared_ptr<Table>>> tables_;  // by tables_mutex_
  std::map<std::uint64_t, std::shared_ptr<Table>> tables_by_number_;         // by tables_mutex_
  storage::Sequence applied_ = 0;              // the applying thread's
  std::atomic<storage::Sequence> sealed_ = 0;  // written by the commit thread
};

}  // namespace securebase::documents
