#include "documents/measured_store.h"

#include <algorithm>
#include <map>

namespace securebase::documents {
namespace {

constexpr std::uint64_t kReadUnitBytes = 4096;
constexpr std::uint64_t kWriteUnitBytes = 1024;

double StartedUnits(std::uint64_t bytes, std::uint64_t unit) {
  return static_cast<double>(std::max<std::uint64_t>(1, (bytes + unit - 1) / unit));
}

bool IsConditionFailure(const Error& error) {
  return error.wire_code() == "ConditionalCheckFailedException" ||
         error.wire_code() == "TransactionCanceledException";
}

bool IsUsersFault(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInternal:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
    case ErrorCode::kUnimplemented:
      return false;
    default:
      return true;
  }
}

/// Larger of an item's size before and after, which is what a write is charged for.
std::uint64_t WrittenBytes(const WriteResult& result) {
  std::uint64_t before = result.before ? ItemSize(*result.before) : 0;
  std::uint64_t after = result.after ? ItemSize(*result.after) : 0;
  return std::max(before, after);
}

std::string_view OperationOf(const WriteResult& result) {
  return result.after ? "PutItem" : "DeleteItem";
}

}  // namespace

struct MeasuredDocumentStore::Call {
  std::string_view table;
  std::string_view operation;
  std::chrono::nanoseconds start;
  bool known = true;  // there is such a table
};

double ReadUnits(std::uint64_t bytes) { return StartedUnits(bytes, kReadUnitBytes); }
double WriteUnits(std::uint64_t bytes) { return StartedUnits(bytes, kWriteUnitBytes); }

bool MeasuredDocumentStore::Measures(const Account& account, const std::string& table) const {
  // Our own tables would drown the users'.
  auto description = store_.DescribeTable(account, table);
  return !description.ok() || !description->internal;
}

void MeasuredDocumentStore::Publish(const Call& call, std::string_view name, std::string_view unit,
                                    double value) const {
  // A name that no table has is the caller's text: as a dimension it would make series without end.
  if (!call.known) {
    telemetry_.Publish(
        {.namespace_name = "AWS/DynamoDB", .name = name, .unit = unit, .value = value});
    return;
  }
  Measurement m{.namespace_name = "AWS/DynamoDB",
                .name = name,
                .unit = unit,
                .value = value,
                .dimensions = {{"TableName", call.table}, {"Operation", call.operation}}};
  telemetry_.PublishTwice(m);
  m.dimensions.pop_back();
  telemetry_.Publish(m);
}

void MeasuredDocumentStore::PublishEnd(Call& call, const Error* error) const {
  if (error != nullptr) call.known = error->wire_code() != "ResourceNotFoundException";
  if (error == nullptr) {
    std::chrono::duration<double, std::milli> taken = clock_.Monotonic() - call.start;
    Publish(call, "SuccessfulRequestLatency", "Milliseconds", taken.count());
    return;
  }
  if (IsConditionFailure(*error)) {
    Publish(call, "ConditionalCheckFailedRequests", "Count", 1);
  } else {
    Publish(call, IsUsersFault(*error) ? "UserErrors" : "SystemErrors", "Count", 1);
  }
}

Result<std::optional<VersionedItem>> MeasuredDocumentStore::Get(const Account& account,
                                                                const std::string& table,
                                                                const Item& key) const {
  if (!Measures(account, table)) return store_.Get(account, table, key);
  Call call{.table = table, .operation = "GetItem", .start = clock_.Monotonic()};
  auto found = store_.Get(account, table, key);
  PublishEnd(call, found.ok() ? nullptr : &found.error());
  if (found.ok()) {
    Publish(call, "ConsumedReadCapacityUnits", "Count",
            ReadUnits(*found ? ItemSize((*found)->item) : 0));
  }
  return found;
}

Result<std::vector<WriteResult>> MeasuredDocumentStore::Transact(const Account& account,
                                                                 std::vector<Write> writes) {
  std::vector<std::string> tables;
  for (const Write& write : writes) {
    tables.push_back(Measures(account, write.table) ? write.table : std::string());
  }
  std::chrono::nanoseconds start = clock_.Monotonic();
  auto results = store_.Transact(account, std::move(writes));
  const bool transaction = tables.size() > 1;
  std::map<std::string_view, std::uint64_t> units;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].empty()) continue;
    // A transaction prepares and commits: twice the units.
    double charged = results.ok() ? WriteUnits(WrittenBytes((*results)[i])) : 0;
    units[tables[i]] += static_cast<std::uint64_t>(charged) * (transaction ? 2 : 1);
  }
  for (const auto& [table, sum] : units) {
    std::string_view operation = transaction    ? "TransactWriteItems"
                                 : results.ok() ? OperationOf(results->front())
                                                : "PutItem";
    Call call{.table = table, .operation = operation, .start = start};
    PublishEnd(call, results.ok() ? nullptr : &results.error());
    if (results.ok()) {
      Publish(call, "ConsumedWriteCapacityUnits", "Count", static_cast<double>(sum));
    }
  }
  return results;
}

Result<RangePage> MeasuredDocumentStore::Range(const Account& account,
                                               const RangeRequest& request) const {
  if (!Measures(account, request.table)) return store_.Range(account, request);
  Call call{.table = request.table,
            .operation = request.partition ? "Query" : "Scan",
            .start = clock_.Monotonic()};
  auto page = store_.Range(account, request);
  PublishEnd(call, page.ok() ? nullptr : &page.error());
  if (page.ok()) {
    Publish(call, "ConsumedReadCapacityUnits", "Count", ReadUnits(page->bytes));
    Publish(call, "ReturnedItemCount", "Count", static_cast<double>(page->count()));
  }
  return page;
}

}  // namespace securebase::documents
