#include "aws/dynamodb/meter.h"

#include <algorithm>
#include <utility>

#include "documents/key_codec.h"
#include "documents/measured_store.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Access;
using documents::Item;
using documents::SecondaryIndex;
using documents::TableDescription;

bool IsConditionFailure(const CallContext& context, const Error& error) {
  if (error.wire_code() == "ConditionalCheckFailedException") return true;
  if (error.wire_code() != "TransactionCanceledException") return false;
  for (const Value& reason : context.error_members.Elements("CancellationReasons")) {
    if (reason.TextOr("Code", "") == "ConditionalCheckFailed") return true;
  }
  return false;
}

bool IsServersFault(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kInternal:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
      return true;
    default:
      return false;
  }
}

/// Units of an index's entries that a write of an item changes: a changed key removes one entry and
/// adds another.
double IndexUnits(const TableDescription& table, const SecondaryIndex& index, const Item* before,
                  const Item* after) {
  std::optional<std::string> old_key, new_key;
  if (before != nullptr) old_key = documents::IndexEntryKey(table, index, *before);
  if (after != nullptr) new_key = documents::IndexEntryKey(table, index, *after);
  auto size = [&](const Item* item) {
    return documents::ItemSize(documents::ProjectedItem(table, index, *item));
  };
  if (old_key && old_key == new_key) {
    if (documents::ProjectedItem(table, index, *before) ==
        documents::ProjectedItem(table, index, *after)) {
      return 0;
    }
    return documents::WriteUnits(std::max(size(before), size(after)));
  }
  double units = 0;
  if (old_key) units += documents::WriteUnits(size(before));
  if (new_key) units += documents::WriteUnits(size(after));
  return units;
}

void PublishAlone(const CallContext& context, std::string_view name) {
  context.stores.telemetry.Publish({.namespace_name = "AWS/DynamoDB",
                                    .name = name,
                                    .unit = "Count",
                                    .value = 1,
                                    .dimensions = {}});
}

}  // namespace

void PublishUserError(const Error&, CallContext& context) { PublishAlone(context, "UserErrors"); }

Meter::Meter(CallContext& context, std::string_view operation)
    : context_(context), operation_(operation), start_(context.stores.clock.Monotonic()) {}

Meter::Use& Meter::UseOf(const TableView& table) {
  for (Use& use : uses_) {
    if (use.table.name == table.name()) return use;
  }
  return uses_.emplace_back(
      Use{.table = table.description, .units = {}, .indexes = {}, .returned = {}});
}

Result<> Meter::Admit(const TableView& table, Access access, const std::string& index) {
  UseOf(table);
  access_ = access;
  if (!table.description.provisioned) return {};
  return context_.stores.documents.Admit(context_.account, table.name(), index, access);
}

void Meter::Read(const TableView& table, double units, const std::string& index) {
  Use& use = UseOf(table);
  (index.empty() ? use.units : use.indexes[index]).read += units;
}

void Meter::Write(const TableView& table, const Item* before, const Item* after, double times) {
  Use& use = UseOf(table);
  std::uint64_t bytes = 1;
  if (before != nullptr) bytes = std::max<std::uint64_t>(bytes, documents::ItemSize(*before));
  if (after != nullptr) bytes = std::max<std::uint64_t>(bytes, documents::ItemSize(*after));
  use.units.write += documents::WriteUnits(bytes) * times;
  for (const SecondaryIndex& index : table.description.indexes) {
    const double units = IndexUnits(table.description, index, before, after);
    if (units > 0) use.indexes[index.name].write += units * times;
  }
}

void Meter::Returned(const TableView& table, std::uint64_t count) {
  Use& use = UseOf(table);
  use.returned = use.returned.value_or(0) + count;
}

Value Meter::CapacityOf(const Use& use, bool with_indexes) const {
  double sum = use.units.sum();
  for (const auto& [name, units] : use.indexes) sum += units.sum();
  Value capacity = Value::MakeStruct({{"TableName", use.table.name}, {"CapacityUnits", sum}});
  if (!with_indexes) return capacity;
  capacity.Set("Table", Value::MakeStruct({{"CapacityUnits", use.units.sum()}}));
  for (bool global : {false, true}) {
    Value::Map indexes;
    for (const auto& [name, units] : use.indexes) {
      const SecondaryIndex* index = use.table.FindIndex(name);
      if (index == nullptr || index->global != global) continue;
      indexes.entries.emplace_back(name, Value::MakeStruct({{"CapacityUnits", units.sum()}}));
    }
    if (indexes.entries.empty()) continue;
    capacity.Set(global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes", std::move(indexes));
  }
  return capacity;
}

Value Meter::Capacity(const Value& request) const {
  const std::string asked = request.TextOr("ReturnConsumedCapacity", "NONE");
  if (asked == "NONE" || uses_.empty()) return Value();
  return CapacityOf(uses_.front(), asked == "INDEXES");
}

Value Meter::Capacities(const Value& request) const {
  const std::string asked = request.TextOr("ReturnConsumedCapacity", "NONE");
  if (asked == "NONE") return Value();
  Value::List capacities;
  for (const Use& use : uses_) capacities.push_back(CapacityOf(use, asked == "INDEXES"));
  return capacities;
}

void Meter::Publish(const std::string& table, std::string_view name, std::string_view unit,
                    double value) const {
  Measurement m{.namespace_name = "AWS/DynamoDB",
                .name = name,
                .unit = unit,
                .value = value,
                .dimensions = {{"TableName", table}, {"Operation", operation_}}};
  context_.stores.telemetry.PublishTwice(m);
  m.dimensions.pop_back();
  context_.stores.telemetry.Publish(m);
}

void Meter::PublishError(const Error& error) const {
  std::string_view name = "UserErrors";
  if (IsConditionFailure(context_, error)) {
    name = "ConditionalCheckFailedRequests";
  } else if (error.code() == ErrorCode::kThrottled) {
    name = "ThrottledRequests";
  } else if (IsServersFault(error)) {
    name = "SystemErrors";
  }
  if (uses_.empty()) {
    // The caller's text is no table's name: as a dimension it would make series without end.
    PublishAlone(context_, name);
    return;
  }
  const std::string& table = uses_.front().table.name;
  Publish(table, name, "Count", 1);
  if (name == "ThrottledRequests") {
    Publish(table, access_ == Access::kRead ? "ReadThrottleEvents" : "WriteThrottleEvents", "Count",
            1);
  }
}

Result<Value> Meter::Finish(Result<Value> result) {
  if (!result.ok()) {
    PublishError(result.error());
    return result;
  }
  documents::DocumentStore& store = context_.stores.documents;
  const std::chrono::duration<double, std::milli> taken =
      context_.stores.clock.Monotonic() - start_;
  for (const Use& use : uses_) {
    const std::string& name = use.table.name;
    Publish(name, "SuccessfulRequestLatency", "Milliseconds", taken.count());
    double read = use.units.read, write = use.units.write;
    for (const auto& [index, units] : use.indexes) {
      read += units.read;
      write += units.write;
      if (!use.table.provisioned) continue;
      if (units.read > 0) store.Charge(context_.account, name, index, Access::kRead, units.read);
      if (units.write > 0) {
        store.Charge(context_.account, name, index, Access::kWrite, units.write);
      }
    }
    if (read > 0) Publish(name, "ConsumedReadCapacityUnits", "Count", read);
    if (write > 0) Publish(name, "ConsumedWriteCapacityUnits", "Count", write);
    if (use.returned) {
      Publish(name, "ReturnedItemCount", "Count", static_cast<double>(*use.returned));
    }
    if (!use.table.provisioned) continue;
    store.Charge(context_.account, name, "", Access::kRead, use.units.read);
    store.Charge(context_.account, name, "", Access::kWrite, use.units.write);
  }
  return result;
}

}  // namespace securebase::aws::dynamodb
