#pragma once

// What one call uses: its capacity, as ConsumedCapacity tells it and as the table's limits count
// it, and the metrics of AWS/DynamoDB (spec: cloudwatch-api 8.2).

#include <map>
#include <string>
#include <string_view>

#include "aws/dynamodb/common.h"

namespace securebase::aws::dynamodb {

/// One a call. Not thread-safe.
class Meter {
 public:
  Meter(CallContext& context, std::string_view operation);

  /// Refuses a call that its table's provisioned throughput does not allow now. Also makes the
  /// table known to the metrics.
  Result<> Admit(const TableView& table, documents::Access access, const std::string& index = {});

  void Read(const TableView& table, double units, const std::string& index = {});
  /// A write of one item: the table's units, and those of each index whose entry changes. `times`
  /// is 2 in a transaction, which prepares and commits.
  void Write(const TableView& table, const documents::Item* before, const documents::Item* after,
             double times = 1);
  /// Items that a call returned from a table.
  void Returned(const TableView& table, std::uint64_t count);

  /// ConsumedCapacity, where the request asks for it; else null. Of the one table, and of all.
  Value Capacity(const Value& request) const;
  Value Capacities(const Value& request) const;

  /// Publishes what happened and charges the limits; passes the result on.
  Result<Value> Finish(Result<Value> result);

 private:
  struct Units {
    double read = 0;
    double write = 0;
    double sum() const { return read + write; }
  };
  struct Use {
    documents::TableDescription table;
    Units units;
    std::map<std::string, Units> indexes;
    std::optional<std::uint64_t> returned;
  };
  Use& UseOf(const TableView& table);
  Value CapacityOf(const Use& use, bool with_indexes) const;
  void Publish(const std::string& table, std::string_view name, std::string_view unit,
               double value) const;
  void PublishError(const Error& error) const;

  CallContext& context_;
  const std::string operation_;
  const std::chrono::nanoseconds start_;
  std::vector<Use> uses_;  // in the order of the request
  documents::Access access_ = documents::Access::kRead;
};

/// UserErrors, for a request that no table could be found in.
void PublishUserError(const Error& error, CallContext& context);

}  // namespace securebase::aws::dynamodb
