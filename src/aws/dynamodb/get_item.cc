// GetItem and BatchGetItem: items by their whole keys.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/operations.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::size_t kBatchMax = 100;

/// The item of a key as the caller sees it, or none.
Result<std::optional<documents::Item>> Fetch(const CallContext& context, const TableView& table,
                                             const documents::Item& key) {
  SB_TRY(auto found, context.stores.documents.Get(context.account, table.name(), key));
  if (!found || !table.Shows(found->item)) return std::optional<documents::Item>();
  return std::optional(std::move(found->item));
}

Result<Value> RunGetItem(const Value& request, CallContext& context) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(const auto projection, ProjectionOf(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("ProjectionExpression"));
  SB_TRY(const TableView table, OpenTable(context, *request.Text("TableName")));
  SB_TRY(documents::Item key, ItemOf(request, "Key"));
  SB_TRY(key, KeyOf(context, table, std::move(key)));
  SB_TRY(const auto item, Fetch(context, table, key));
  Value answer = Value::MakeStruct({});
  if (item) answer.Set("Item", Shown(table, *item, projection));
  const std::uint64_t bytes = item ? documents::ItemSize(*item) : 0;
  answer.Set("ConsumedCapacity", CapacityOf(request, table.name(), ReadUnitsOf(request, bytes)));
  return answer;
}

struct BatchRead {
  Value::List items;
  double units = 0;
};

Result<BatchRead> ReadTable(const CallContext& context, const TableView& table,
                            const Value& request) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(const auto projection, ProjectionOf(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("ProjectionExpression"));
  std::vector<documents::Item> keys;
  for (const Value& element : request.Elements("Keys")) {
    SB_TRY(documents::Item key, documents::ItemFromWire(*element.As<json::Value>()));
    SB_TRY(key, KeyOf(context, table, std::move(key)));
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return Validation("Provided list of item keys contains duplicates", "RequestItems");
    }
    keys.push_back(std::move(key));
  }
  BatchRead read;
  for (const documents::Item& key : keys) {
    SB_TRY(const auto item, Fetch(context, table, key));
    read.units += ReadUnitsOf(request, item ? documents::ItemSize(*item) : 0);
    if (item) read.items.push_back(Shown(table, *item, projection));
  }
  return read;
}

Result<Value> RunBatchGetItem(const Value& request, CallContext& context) {
  const Value::Fields& tables = request.Entries("RequestItems");
  std::size_t count = 0;
  for (const auto& [name, one] : tables) count += one.Elements("Keys").size();
  if (count > kBatchMax) {
    return Validation("Too many items requested for the BatchGetItem call", "RequestItems");
  }
  if (count == 0) {
    return Validation(
        "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
        "RequestItems");
  }
  Value::Map responses;
  Value::List capacities;
  for (const auto& [name, one] : tables) {
    SB_TRY(const TableView table, OpenTable(context, name));
    SB_TRY(BatchRead read, ReadTable(context, table, one));
    responses.entries.emplace_back(name, std::move(read.items));
    Value capacity = CapacityOf(request, table.name(), read.units);
    if (!capacity.IsNull()) capacities.push_back(std::move(capacity));
  }
  Value answer =
      Value::MakeStruct({{"Responses", std::move(responses)}, {"UnprocessedKeys", Value::Map()}});
  if (!capacities.empty()) answer.Set("ConsumedCapacity", std::move(capacities));
  return answer;
}

}  // namespace

Operation GetItem() {
  return {.name = "GetItem",
          .input = Struct({
              TableNameMember(),
              Required("Key", Document()),
              Refused("AttributesToGet"),
              Optional("ConsistentRead", Bool()),
              CapacityMember(),
              Optional("ProjectionExpression", Text()),
              NamesMember(),
          }),
          .run = RunGetItem};
}

Operation BatchGetItem() {
  const ShapePtr one = Struct({
      Required("Keys", ListOf(Document(), 1, kBatchMax)),
      Refused("AttributesToGet"),
      Optional("ConsistentRead", Bool()),
      Optional("ProjectionExpression", Text()),
      NamesMember(),
  });
  return {.name = "BatchGetItem",
          .input = Struct({Required("RequestItems", MapOf(one)), CapacityMember()}),
          .run = RunBatchGetItem};
}

}  // namespace securebase::aws::dynamodb
