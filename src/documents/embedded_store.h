#pragma once

// The DocumentStore on the journal and RocksDB. A write is one record of changed keys; applying
// it is one RocksDB batch that also carries the number of the record, so that recovery knows
// where to go on.
//
//   1 'A'                                         number of the last record it applied
//   1 'C'                                         number of the last record a checkpoint covered
//   1 'T' table number                            description of a table
//   1 'S' table number                            its item count and bytes
//   1 'D' table number account region             a dropped table whose items are still to remove
//   1 'I' account region table number key         version and item

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "base/random.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"
#include "storage/engine.h"

namespace securebase::documents {

class EmbeddedDocumentStore final : public DocumentStore, public storage::Participant {
 public:
  /// Registers itself with the engine: before its Recover. `tables` name the product tables,
  /// whose items must have their shape; `random` makes the tables' ids.
  static Result<std::unique_ptr<EmbeddedDocumentStore>> Open(storage::Engine& engine,
                                                             const ProductTables& tables,
                                                             Random& random);
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
  Result<std::vector<WriteResult>> Transact(const Account& account,
                                            std::vector<Write> writes) override;
  Result<RangePage> Range(const Account& account, const RangeRequest& request) const override;

  storage::StoreId store_id() const override { return storage::StoreId::kDocuments; }
  storage::Sequence durable_sequence() const override { return applied_; }
  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal(storage::Sequence sequence) override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override {}

 private:
  struct Table;
  struct PlannedWrite;
  class ItemLocks;

  EmbeddedDocumentStore(storage::Engine& engine, const ProductTables& tables, Random& random);

  Result<> Load();
  Result<std::shared_ptr<Table>> Find(const Account& account, const std::string& name) const;
  Result<std::optional<VersionedItem>> Read(const std::string& key) const;
  Result<std::vector<PlannedWrite>> Plan(const Account& account, std::vector<Write>& writes) const;
  Result<> Mutate(PlannedWrite& write) const;
  std::string EncodeWrites(const std::vector<PlannedWrite>& writes) const;
  void ApplyCreate(storage::Sequence sequence, std::string_view description,
                   storage::WriteBatch& batch);
  void ApplyDrop(std::uint64_t number, storage::WriteBatch& batch);

  storage::Engine& engine_;
  storage::KeyValue& key_values_;
  const ProductTables product_tables_;
  Random& random_;
  std::unique_ptr<ItemLocks> locks_;

  std::mutex schema_mutex_;  // one creation or deletion at a time
  mutable std::shared_mutex tables_mutex_;
  std::map<Account, std::map<std::string, std::shared_ptr<Table>>> tables_;  // by tables_mutex_
  std::map<std::uint64_t, std::shared_ptr<Table>> tables_by_number_;         // by tables_mutex_
  storage::Sequence applied_ = 0;              // the applying thread's
  std::atomic<storage::Sequence> sealed_ = 0;  // written by the commit thread
};

}  // namespace securebase::documents
