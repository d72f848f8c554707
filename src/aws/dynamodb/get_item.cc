// GetItem and BatchGetItem: items by their whole keys.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/legacy.h"
#include "aws/dynamodb/meter.h"
#include "aws/dynamodb/operations.h"
#include "documents/encoded_item.h"

namespace securebase::aws::dynamodb {
namespace {

constexpr std::size_t kBatchMax = 100;
constexpr std::uint64_t kBatchBytesMax = 16u << 20;

/// What a request reads of each of its items.
struct ReadCall {
  TableView table;
  std::optional<documents::Projection> projection;
};

Result<ReadCall> StartCall(const Value& request, const CallContext& context,
                           std::string_view table_name) {
  ReadCall call;
  SB_TRY_OK(CheckNotMixed(request, {"AttributesToGet"}, {"ProjectionExpression"}));
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(call.projection, ProjectionOrAttributes(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("ProjectionExpression"));
  SB_TRY(call.table, OpenTable(context, table_name));
  return call;
}

/// An item as an answer shows it, and its size; null: there is none, or not for this caller.
struct Found {
  Value shown;
  std::uint64_t bytes = 0;
};

Result<Found> Fetch(const CallContext& context, const ReadCall& call, const documents::Item& key) {
  const TableView& table = call.table;
  Found found;
  SB_TRY(const auto encoded,
         context.stores.documents.GetEncoded(context.account, table.name(), key));
  if (!encoded) return found;
  SB_TRY(found.bytes, documents::EncodedItemSize(*encoded));
  if (!call.projection && !table.only_customer) {
    SB_TRY(found.shown, ShownEncoded(*encoded));
    return found;
  }
  SB_TRY(const documents::Item item, documents::DecodeItem(*encoded));
  if (table.Shows(item)) found.shown = Shown(table, item, call.projection);
  return found;
}

Result<Value> DoGetItem(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY(const ReadCall call, StartCall(request, context, *request.Text("TableName")));
  SB_TRY_OK(meter.Admit(call.table, documents::Access::kRead));
  SB_TRY(documents::Item key, ItemOf(request, "Key"));
  SB_TRY(key, KeyOf(context, call.table, std::move(key)));
  SB_TRY(Found found, Fetch(context, call, key));
  meter.Read(call.table, ReadUnitsOf(request, found.bytes));
  Value answer = Value::MakeStruct({});
  if (!found.shown.IsNull()) answer.Set("Item", std::move(found.shown));
  answer.Set("ConsumedCapacity", meter.Capacity(request));
  return answer;
}

Result<Value> RunGetItem(const Value& request, CallContext& context) {
  Meter meter(context, "GetItem");
  return meter.Finish(DoGetItem(request, context, meter));
}

/// A table's part of a batch: the items found, and the keys there was no room for.
struct BatchRead {
  Value::List items;
  Value::List left;
};

Result<std::vector<documents::Item>> KeysOf(const CallContext& context, const TableView& table,
                                            const Value& request) {
  std::vector<documents::Item> keys;
  for (const Value& element : request.Elements("Keys")) {
    SB_TRY(documents::Item key, documents::ItemFromWire(*element.As<json::Value>()));
    SB_TRY(key, KeyOf(context, table, std::move(key)));
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) {
      return Validation("Provided list of item keys contains duplicates", "RequestItems");
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<BatchRead> ReadTable(const CallContext& context, const ReadCall& call, const Value& request,
                            std::uint64_t& room, Meter& meter) {
  SB_TRY(const std::vector<documents::Item> keys, KeysOf(context, call.table, request));
  BatchRead read;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (room == 0) {
      read.left.push_back(request.Elements("Keys")[i]);
      continue;
    }
    SB_TRY(Found found, Fetch(context, call, keys[i]));
    room -= std::min(room, found.bytes);
    meter.Read(call.table, ReadUnitsOf(request, found.bytes));
    if (!found.shown.IsNull()) read.items.push_back(std::move(found.shown));
  }
  meter.Returned(call.table, read.items.size());
  return read;
}

Result<> CheckBatchSize(const Value::Fields& tables) {
  std::size_t count = 0;
  for (const auto& [name, one] : tables) count += one.Elements("Keys").size();
  if (count > kBatchMax) {
    return Validation("Too many items requested for the BatchGetItem call", "RequestItems");
  }
  if (count > 0) return {};
  return Validation(
      "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
      "Member must have length greater than or equal to 1",
      "RequestItems");
}

/// The request of a table with the keys that were left.
Value LeftOf(const Value& request, Value::List left) {
  Value rest = Value::MakeStruct({{"Keys", std::move(left)}});
  for (const char* member :
       {"ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames", "AttributesToGet"}) {
    if (const Value* present = request.Find(member)) rest.Set(member, *present);
  }
  return rest;
}

Result<Value> DoBatchGetItem(const Value& request, CallContext& context, Meter& meter) {
  const Value::Fields& tables = request.Entries("RequestItems");
  SB_TRY_OK(CheckBatchSize(tables));
  Value::Map responses, left;
  std::uint64_t room = kBatchBytesMax;
  for (const auto& [name, one] : tables) {
    SB_TRY(const ReadCall call, StartCall(one, context, name));
    SB_TRY_OK(meter.Admit(call.table, documents::Access::kRead));
    SB_TRY(BatchRead read, ReadTable(context, call, one, room, meter));
    responses.entries.emplace_back(name, std::move(read.items));
    if (!read.left.empty()) left.entries.emplace_back(name, LeftOf(one, std::move(read.left)));
  }
  Value answer = Value::MakeStruct(
      {{"Responses", std::move(responses)}, {"UnprocessedKeys", std::move(left)}});
  answer.Set("ConsumedCapacity", meter.Capacities(request));
  return answer;
}

Result<Value> RunBatchGetItem(const Value& request, CallContext& context) {
  Meter meter(context, "BatchGetItem");
  return meter.Finish(DoBatchGetItem(request, context, meter));
}

}  // namespace

Operation GetItem() {
  return {.name = "GetItem",
          .input = Struct({
              TableNameMember(),
              Required("Key", Document()),
              AttributesToGetMember(),
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
      AttributesToGetMember(),
      Optional("ConsistentRead", Bool()),
      Optional("ProjectionExpression", Text()),
      NamesMember(),
  });
  return {.name = "BatchGetItem",
          .input = Struct({Required("RequestItems", MapOf(one)), CapacityMember()}),
          .run = RunBatchGetItem};
}

}  // namespace securebase::aws::dynamodb
