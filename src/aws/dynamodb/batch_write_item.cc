// BatchWriteItem. Ours writes the whole batch or nothing, in one step.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/operations.h"
#include "documents/measured_store.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Change;
using documents::Item;

constexpr std::size_t kBatchMax = 25;

struct Batch {
  std::vector<documents::Write> writes;
  double units = 0;  // of the table that was added last
};

Result<> AddPut(const CallContext& context, const TableView& table, const Value& request,
                Batch& batch) {
  SB_TRY_OK(CheckWritable(context, table, WriteKind::kPut));
  SB_TRY(Item item, ItemOf(request, "Item"));
  SB_TRY(Item key, documents::KeyOf(table.description, item));
  SB_TRY_OK(CheckOwner(table, key));
  batch.units += documents::WriteUnits(documents::ItemSize(item));
  batch.writes.push_back(
      {table.name(), std::move(key), [item = std::move(item)](const Item*) -> Result<Change> {
         return Change{Change::Kind::kPut, item};
       }});
  return {};
}

Result<> AddDelete(const CallContext& context, const TableView& table, const Value& request,
                   Batch& batch) {
  SB_TRY_OK(CheckWritable(context, table, WriteKind::kDelete));
  SB_TRY(Item key, ItemOf(request, "Key"));
  SB_TRY_OK(CheckOwner(table, key));
  batch.units += 1;
  batch.writes.push_back(
      {table.name(), std::move(key), [](const Item* present) -> Result<Change> {
         return Change{present == nullptr ? Change::Kind::kNone : Change::Kind::kDelete, {}};
       }});
  return {};
}

Result<> AddTable(const CallContext& context, const TableView& table, const Value::List& requests,
                  Batch& batch) {
  const std::size_t first = batch.writes.size();
  for (const Value& request : requests) {
    const Value* put = request.Find("PutRequest");
    const Value* removal = request.Find("DeleteRequest");
    if ((put != nullptr) == (removal != nullptr)) {
      return Validation(
          "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
          "PutRequest and DeleteRequest",
          "RequestItems");
    }
    SB_TRY_OK(put != nullptr ? AddPut(context, table, *put, batch)
                             : AddDelete(context, table, *removal, batch));
    const Item& key = batch.writes.back().key;
    const auto twice = std::find_if(batch.writes.begin() + static_cast<std::ptrdiff_t>(first),
                                    batch.writes.end() - 1,
                                    [&](const documents::Write& w) { return w.key == key; });
    if (twice != batch.writes.end() - 1) {
      return Validation("Provided list of item keys contains duplicates", "RequestItems");
    }
  }
  return {};
}

Result<Value> Run(const Value& request, CallContext& context) {
  const Value::Fields& tables = request.Entries("RequestItems");
  std::size_t count = 0;
  for (const auto& [name, requests] : tables) count += requests.As<Value::List>()->size();
  if (count == 0) {
    return Validation(
        "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1",
        "RequestItems");
  }
  if (count > kBatchMax) {
    return Validation("Too many items requested for the BatchWriteItem call", "RequestItems");
  }
  Batch batch;
  Value::List capacities;
  for (const auto& [name, requests] : tables) {
    SB_TRY(const TableView table, OpenTable(context, name));
    batch.units = 0;
    SB_TRY_OK(AddTable(context, table, *requests.As<Value::List>(), batch));
    Value capacity = CapacityOf(request, table.name(), batch.units);
    if (!capacity.IsNull()) capacities.push_back(std::move(capacity));
  }
  SB_TRY_OK(context.stores.documents.Transact(context.account, std::move(batch.writes)));
  Value answer = Value::MakeStruct({{"UnprocessedItems", Value::Map()}});
  if (!capacities.empty()) answer.Set("ConsumedCapacity", std::move(capacities));
  return answer;
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
