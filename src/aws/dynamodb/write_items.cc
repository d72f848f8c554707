// PutItem, UpdateItem and DeleteItem: one item, perhaps on a condition.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/operations.h"
#include "documents/measured_store.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Change;
using documents::Condition;
using documents::Item;

Error ConditionFailed() {
  return Error(ErrorCode::kConflict, "The conditional request failed", {},
               "ConditionalCheckFailedException");
}

/// One write on its way: what it needs to know of its table and condition.
struct WriteCall {
  TableView table;
  std::optional<Condition> condition;
  Item key;
};

Result<> CheckCondition(const WriteCall& call, const Item* present) {
  static const Item kNone;
  if (!call.condition) return {};
  const Item& seen = present == nullptr ? kNone : *present;
  if (documents::Evaluate(*call.condition, call.table.ForExpressions(seen))) return {};
  return ConditionFailed();
}

/// Runs the mutation under its condition. A failed condition leaves the present item in the
/// answer where the request wants it.
Result<documents::WriteResult> Execute(const Value& request, CallContext& context, WriteCall call,
                                       documents::Mutation mutation) {
  SB_TRY_OK(CheckOwner(call.table, call.key));
  std::optional<Item> refused;
  const std::string name = call.table.name();
  const Item key = call.key;
  auto guarded = [&](const Item* present) -> Result<Change> {
    if (Result<> met = CheckCondition(call, present); !met.ok()) {
      if (present != nullptr) refused = *present;
      return std::move(met).error();
    }
    return mutation(present);
  };
  std::vector<documents::Write> writes;
  writes.push_back({name, key, guarded});
  auto results = context.stores.documents.Transact(context.account, std::move(writes));
  if (results.ok()) return std::move(results->front());
  if (refused && request.TextOr("ReturnValuesOnConditionCheckFailure", "") == "ALL_OLD") {
    context.error_members.Set("Item", documents::ToWire(*refused));
  }
  return std::move(results).error();
}

Value AnswerOf(const Value& request, const TableView& table, const documents::WriteResult& result,
               const std::optional<Item>& attributes) {
  Value answer = Value::MakeStruct({});
  if (attributes && !attributes->empty()) answer.Set("Attributes", documents::ToWire(*attributes));
  std::uint64_t bytes = 1;
  if (result.before) bytes = std::max<std::uint64_t>(bytes, documents::ItemSize(*result.before));
  if (result.after) bytes = std::max<std::uint64_t>(bytes, documents::ItemSize(*result.after));
  answer.Set("ConsumedCapacity", CapacityOf(request, table.name(), documents::WriteUnits(bytes)));
  return answer;
}

std::optional<Item> OldWhereAsked(const Value& request, const documents::WriteResult& result) {
  return request.TextOr("ReturnValues", "") == "ALL_OLD" ? result.before : std::nullopt;
}

Result<Value> DoPut(const Value& request, CallContext& context) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  WriteCall call;
  SB_TRY(call.condition, ConditionOf(request, "ConditionExpression", expressions,
                                     documents::ExpressionKind::kCondition));
  SB_TRY_OK(expressions.CheckAllUsed("ConditionExpression"));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(CheckWritable(context, call.table, WriteKind::kPut));
  SB_TRY(const Item item, ItemOf(request, "Item"));
  SB_TRY(call.key, documents::KeyOf(call.table.description, item));
  const TableView table = call.table;
  SB_TRY(const auto result,
         Execute(request, context, std::move(call), [&item](const Item*) -> Result<Change> {
           return Change{Change::Kind::kPut, item};
         }));
  return AnswerOf(request, table, result, OldWhereAsked(request, result));
}

Result<Value> DoDelete(const Value& request, CallContext& context) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  WriteCall call;
  SB_TRY(call.condition, ConditionOf(request, "ConditionExpression", expressions,
                                     documents::ExpressionKind::kCondition));
  SB_TRY_OK(expressions.CheckAllUsed("ConditionExpression"));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(CheckWritable(context, call.table, WriteKind::kDelete));
  SB_TRY(call.key, ItemOf(request, "Key"));
  const TableView table = call.table;
  SB_TRY(const auto result,
         Execute(request, context, std::move(call), [](const Item* present) -> Result<Change> {
           return Change{present == nullptr ? Change::Kind::kNone : Change::Kind::kDelete, {}};
         }));
  return AnswerOf(request, table, result, OldWhereAsked(request, result));
}

/// What ReturnValues asks for after an update.
std::optional<Item> UpdatedAttributes(const Value& request,
                                      const std::optional<documents::UpdatePlan>& plan,
                                      const documents::WriteResult& result) {
  const std::string asked = request.TextOr("ReturnValues", "NONE");
  if (asked == "ALL_OLD") return result.before;
  if (asked == "ALL_NEW") return result.after;
  if (asked == "NONE" || !plan) return std::nullopt;
  const std::optional<Item>& from = asked == "UPDATED_OLD" ? result.before : result.after;
  if (!from) return std::nullopt;
  return documents::Project({plan->paths()}, *from);
}

Result<Value> DoUpdate(const Value& request, CallContext& context) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  WriteCall call;
  std::optional<documents::UpdatePlan> plan;
  if (const std::string* text = request.Text("UpdateExpression")) {
    SB_TRY(plan, documents::ParseUpdate(*text, expressions));
  }
  SB_TRY(call.condition, ConditionOf(request, "ConditionExpression", expressions,
                                     documents::ExpressionKind::kCondition));
  SB_TRY_OK(expressions.CheckAllUsed("UpdateExpression"));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(CheckWritable(context, call.table, WriteKind::kUpdate));
  if (plan) {
    SB_TRY_OK(documents::CheckUpdateAttributes(*plan, call.table.description));
  }
  SB_TRY(Item key, ItemOf(request, "Key"));
  SB_TRY(call.key, KeyOf(context, call.table, std::move(key)));
  const TableView table = call.table;
  const Item whole_key = call.key;
  SB_TRY(const auto result,
         Execute(request, context, std::move(call), [&](const Item* present) -> Result<Change> {
           const Item& before = present ? *present : whole_key;
           if (!plan) return Change{Change::Kind::kPut, before};
           SB_TRY(Item after, documents::ApplyUpdate(*plan, before));
           return Change{Change::Kind::kPut, std::move(after)};
         }));
  return AnswerOf(request, table, result, UpdatedAttributes(request, plan, result));
}

Result<Value> RunPut(const Value& request, CallContext& context) {
  return WithPrefix(DoPut(request, context));
}
Result<Value> RunDelete(const Value& request, CallContext& context) {
  return WithPrefix(DoDelete(request, context));
}
Result<Value> RunUpdate(const Value& request, CallContext& context) {
  return WithPrefix(DoUpdate(request, context));
}

std::vector<Member> CommonMembers() {
  return {
      TableNameMember(),
      Refused("Expected"),
      Refused("ConditionalOperator"),
      CapacityMember(),
      CollectionMetricsMember(),
      Optional("ConditionExpression", Text()),
      NamesMember(),
      ValuesMember(),
      OnConditionFailureMember(),
  };
}

}  // namespace

Operation PutItem() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Required("Item", Document()));
  members.push_back(Optional("ReturnValues", OneOf({"NONE", "ALL_OLD"})));
  return {.name = "PutItem",
          .role = api::Role::kAnalyst,
          .input = Struct(std::move(members)),
          .run = RunPut};
}

Operation DeleteItem() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Required("Key", Document()));
  members.push_back(Optional("ReturnValues", OneOf({"NONE", "ALL_OLD"})));
  return {.name = "DeleteItem",
          .role = api::Role::kAnalyst,
          .input = Struct(std::move(members)),
          .run = RunDelete};
}

Operation UpdateItem() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Required("Key", Document()));
  members.push_back(Optional("UpdateExpression", Text()));
  members.push_back(Refused("AttributeUpdates"));
  members.push_back(Optional("ReturnValues",
                             OneOf({"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"})));
  return {.name = "UpdateItem",
          .role = api::Role::kAnalyst,
          .input = Struct(std::move(members)),
          .run = RunUpdate};
}

}  // namespace securebase::aws::dynamodb
