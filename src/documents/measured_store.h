#pragma once

// A DocumentStore that publishes what DynamoDB publishes of a table, namespace AWS/DynamoDB, for
// the accesses that do not come through its API (which measures its own operations):
// SuccessfulRequestLatency, ConsumedReadCapacityUnits, ConsumedWriteCapacityUnits,
// ReturnedItemCount, UserErrors, SystemErrors and ConditionalCheckFailedRequests; by TableName
// and Operation, by TableName, and without dimensions.

#include "base/clock.h"
#include "base/telemetry.h"
#include "documents/document_store.h"

namespace securebase::documents {

/// As thread-safe as the store it stands before; all three must outlive it. Internal tables and
/// the schema calls pass through unmeasured.
class MeasuredDocumentStore final : public DocumentStore {
 public:
  MeasuredDocumentStore(DocumentStore& store, Telemetry& telemetry, const Clock& clock)
      : store_(store), telemetry_(telemetry), clock_(clock) {}

  Result<TableDescription> CreateTable(const Account& account, TableDescription table) override {
    return store_.CreateTable(account, std::move(table));
  }
  Result<> DeleteTable(const Account& account, const std::string& name) override {
    return store_.DeleteTable(account, name);
  }
  Result<TableDescription> DescribeTable(const Account& account,
                                         const std::string& name) const override {
    return store_.DescribeTable(account, name);
  }
  std::vector<TableDescription> ListTables(const Account& account) const override {
    return store_.ListTables(account);
  }
  Result<TableStatistics> Statistics(const Account& account,
                                     const std::string& name) const override {
    return store_.Statistics(account, name);
  }
  Result<TableDescription> UpdateTable(const Account& account, const std::string& name,
                                       const TableChange& change) override {
    return store_.UpdateTable(account, name, change);
  }
  Result<> FillIndexes(const Account& account, const std::string& name) override {
    return store_.FillIndexes(account, name);
  }
  Result<> Admit(const Account& account, const std::string& table, const std::string& index,
                 Access access) override {
    return store_.Admit(account, table, index, access);
  }
  void Charge(const Account& account, const std::string& table, const std::string& index,
              Access access, double units) override {
    store_.Charge(account, table, index, access, units);
  }
  Result<std::optional<VersionedItem>> Get(const Account& account, const std::string& table,
                                           const Item& key) const override;
  /// One write is PutItem or DeleteItem, by what it did; several are TransactWriteItems,
  /// published for each of their tables.
  Result<std::vector<WriteResult>> Transact(const Account& account,
                                            std::vector<Write> writes) override;
  Result<RangePage> Range(const Account& account, const RangeRequest& request) const override;

 private:
  struct Call;
  bool Measures(const Account& account, const std::string& table) const;
  void Publish(const Call& call, std::string_view name, std::string_view unit, double value) const;
  void PublishEnd(Call& call, const Error* error) const;

  DocumentStore& store_;
  Telemetry& telemetry_;
  const Clock& clock_;
};

/// Capacity that DynamoDB charges: a read unit per started 4 KB, a write unit per started KB.
double ReadUnits(std::uint64_t bytes);
double WriteUnits(std::uint64_t bytes);

}  // namespace securebase::documents
