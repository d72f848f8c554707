// BatchWriteItem. Ours writes the whole batch or nothing, in one step.

#include <algorithm>
#include <list>
#include <utility>

#include "aws/dynamodb/meter.h"
#include "aws/dynamodb/operations.h"
#include "aws/dynamodb/writes.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Change;
using documents::Item;

constexpr std::size_t kBatchMax = 25;

struct Batch {
  std::vector<documents::Write> writes;
  std::vector<const TableView*> tables;  // of each write
  std::map<std::string, Value::List> collections;
};

Result<documents::Write> PutOf(const CallContext& context, const TableView& table,
                               const Value& request) {
  SB_TRY_OK(CheckWritable(context, table, WriteKind::kPut));
  SB_TRY(Item item, ItemOf(request, "Item"));
  SB_TRY(Item key, documents::KeyOf(table.description, item));
  return documents::Write{table.name(), std::move(key),
                          [item = std::move(item)](const Item*) -> Result<Change> {
                            return Change{Change::Kind::kPut, item};
                          }};
}

Result<documents::Write> DeleteOf(const CallContext& context, const TableView& table,
                                  const Value& request) {
  SB_TRY_OK(CheckWritable(context, table, WriteKind::kDelete));
  SB_TRY(Item key, ItemOf(request, "Key"));
  return documents::Write{
      table.name(), std::move(key), [](const Item* present) -> Result<Change> {
        return Change{present == nullptr ? Change::Kind::kNone : Change::Kind::kDelete, {}};
      }};
}

Result<> AddTable(const CallContext& context, const TableView& table, const Value& batch_request,
                  const Value::List& requests, Batch& batch) {
  std::vector<Item> keys;
  for (const Value& request : requests) {
    const Value* put = request.Find("PutRequest");
    const Value* removal = request.Find("DeleteRequest");
    if ((put != nullptr) == (removal != nullptr)) {
      return Validation(
          "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
          "PutRequest and DeleteRequest",
          "RequestItems");
    }
    SB_TRY(documents::Write write,
           put != nullptr ? PutOf(context, table, *put) : DeleteOf(context, table, *removal));
    SB_TRY_OK(CheckOwner(table, write.key));
    if (std::find(keys.begin(), keys.end(), write.key) != keys.end()) {
      return Validation("Provided list of item keys contains duplicates", "RequestItems");
    }
    keys.push_back(write.key);
    Value metrics = CollectionMetrics(batch_request, table, write.key);
    if (!metrics.IsNull()) batch.collections[table.name()].push_back(std::move(metrics));
    batch.writes.push_back(std::move(write));
    batch.tables.push_back(&table);
  }
  return {};
}

Result<> CheckBatchSize(const Value::Fields& tables) {
  std::size_t count = 0;
  for (const auto& [name, requests] : tables) count += requests.As<Value::List>()->size();
  if (count > kBatchMax) {
    return Validation("Too many items requested for the BatchWriteItem call", "RequestItems");
  }
  if (count > 0) return {};
  return Validation(
      "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
      "Member must have length greater than or equal to 1",
      "RequestItems");
}

Result<Value> Write(const Value& request, CallContext& context, Meter& meter) {
  const Value::Fields& tables = request.Entries("RequestItems");
  SB_TRY_OK(CheckBatchSize(tables));
  std::list<TableView> views;
  Batch batch;
  for (const auto& [name, requests] : tables) {
    SB_TRY(TableView table, OpenTable(context, name));
    views.push_back(std::move(table));
    SB_TRY_OK(meter.Admit(views.back(), documents::Access::kWrite));
    SB_TRY_OK(AddTable(context, views.back(), request, *requests.As<Value::List>(), batch));
  }
  SB_TRY(const auto results,
         context.stores.documents.Transact(context.account, std::move(batch.writes)));
  for (std::size_t i = 0; i < results.size(); ++i) {
    meter.Write(*batch.tables[i], results[i].before ? &*results[i].before : nullptr,
                results[i].after ? &*results[i].after : nullptr);
  }
  Value answer = Value::MakeStruct({{"UnprocessedItems", Value::Map()}});
  answer.Set("ConsumedCapacity", meter.Capacities(request));
  if (!batch.collections.empty()) {
    Value::Map collections;
    for (auto& [name, list] : batch.collections) collections.entries.emplace_back(name, list);
    answer.Set("ItemCollectionMetrics", std::move(collections));
  }
  return answer;
}

Result<Value> Run(const Value& request, CallContext& context) {
  Meter meter(context, "BatchWriteItem");
  return meter.Finish(Write(request, context, meter));
}

}  // namespace

Operation BatchWriteItem() {
  const ShapePtr one = Struct({Optional("PutRequest", Struct({Required("Item", Document())})),
                               Optional("DeleteRequest", Struct({Required("Key", Document())}))});
  return {.name = "BatchWriteItem",
          .role = api::Role::kAnalyst,
          .input = Struct({Required("RequestItems", MapOf(ListOf(one))), CapacityMember(),
                           CollectionMetricsMember()}),
          .run = Run};
}

}  // namespace securebase::aws::dynamodb
