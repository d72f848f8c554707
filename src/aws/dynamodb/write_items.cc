// PutItem, UpdateItem and DeleteItem: one item, perhaps on a condition.

#include <utility>

#include "aws/dynamodb/legacy.h"
#include "aws/dynamodb/meter.h"
#include "aws/dynamodb/operations.h"
#include "aws/dynamodb/writes.h"

namespace securebase::aws::dynamodb {
namespace {

using documents::Change;
using documents::Item;

/// Runs the mutation under its condition. A failed condition leaves the present item in the
/// answer where the request wants it.
Result<documents::WriteResult> Execute(const Value& request, CallContext& context,
                                       const WriteCall& call, const documents::Mutation& mutation,
                                       Meter& meter) {
  SB_TRY_OK(CheckOwner(call.table, call.key));
  SB_TRY_OK(meter.Admit(call.table, documents::Access::kWrite));
  std::optional<Item> refused;
  auto guarded = [&](const Item* present) -> Result<Change> {
    if (!call.Holds(present)) {
      if (present != nullptr) refused = *present;
      return ConditionFailed();
    }
    return mutation(present);
  };
  std::vector<documents::Write> writes;
  writes.push_back({call.table.name(), call.key, guarded});
  auto results = context.stores.documents.Transact(context.account, std::move(writes));
  if (results.ok()) return std::move(results->front());
  if (refused && request.TextOr("ReturnValuesOnConditionCheckFailure", "") == "ALL_OLD") {
    context.error_members.Set("Item", documents::ToWire(*refused));
  }
  return std::move(results).error();
}

Value AnswerOf(const Value& request, const WriteCall& call, const documents::WriteResult& result,
               const std::optional<Item>& attributes, Meter& meter) {
  meter.Write(call.table, result.before ? &*result.before : nullptr,
              result.after ? &*result.after : nullptr);
  Value answer = Value::MakeStruct({});
  if (attributes && !attributes->empty()) answer.Set("Attributes", documents::ToWire(*attributes));
  answer.Set("ConsumedCapacity", meter.Capacity(request));
  answer.Set("ItemCollectionMetrics", CollectionMetrics(request, call.table, call.key));
  return answer;
}

std::optional<Item> OldWhereAsked(const Value& request, const documents::WriteResult& result) {
  return request.TextOr("ReturnValues", "") == "ALL_OLD" ? result.before : std::nullopt;
}

/// The condition of a write, by an expression or by Expected, and its table.
Result<WriteCall> StartCall(const Value& request, const CallContext& context, WriteKind kind,
                            documents::ExpressionContext& expressions) {
  WriteCall call;
  SB_TRY(call.condition, ConditionOf(request, "ConditionExpression", expressions,
                                     documents::ExpressionKind::kCondition));
  SB_TRY_OK(expressions.CheckAllUsed(kind == WriteKind::kUpdate ? "UpdateExpression"
                                                                : "ConditionExpression"));
  if (!call.condition) {
    SB_TRY(call.condition, ExpectedOf(request));
  }
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(CheckWritable(context, call.table, kind));
  return call;
}

Result<Value> DoPut(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY_OK(CheckNotMixed(request, {"Expected", "ConditionalOperator"}, {"ConditionExpression"}));
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(WriteCall call, StartCall(request, context, WriteKind::kPut, expressions));
  SB_TRY(const Item item, ItemOf(request, "Item"));
  SB_TRY(call.key, documents::KeyOf(call.table.description, item));
  SB_TRY(const auto result, Execute(
                                request, context, call,
                                [&item](const Item*) -> Result<Change> {
                                  return Change{Change::Kind::kPut, item};
                                },
                                meter));
  return AnswerOf(request, call, result, OldWhereAsked(request, result), meter);
}

Result<Value> DoDelete(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY_OK(CheckNotMixed(request, {"Expected", "ConditionalOperator"}, {"ConditionExpression"}));
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(WriteCall call, StartCall(request, context, WriteKind::kDelete, expressions));
  SB_TRY(call.key, ItemOf(request, "Key"));
  SB_TRY(const auto result,
         Execute(
             request, context, call,
             [](const Item* present) -> Result<Change> {
               return Change{present == nullptr ? Change::Kind::kNone : Change::Kind::kDelete, {}};
             },
             meter));
  return AnswerOf(request, call, result, OldWhereAsked(request, result), meter);
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

Result<Value> DoUpdate(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY_OK(CheckNotMixed(request, {"AttributeUpdates", "Expected", "ConditionalOperator"},
                          {"UpdateExpression", "ConditionExpression"}));
  SB_TRY(auto expressions, ExpressionsOf(request));
  std::optional<documents::UpdatePlan> plan;
  if (const std::string* text = request.Text("UpdateExpression")) {
    SB_TRY(plan, documents::ParseUpdate(*text, expressions));
  } else {
    SB_TRY(plan, AttributeUpdatesOf(request));
  }
  SB_TRY(WriteCall call, StartCall(request, context, WriteKind::kUpdate, expressions));
  if (plan) {
    SB_TRY_OK(documents::CheckUpdateAttributes(*plan, call.table.description));
  }
  SB_TRY(Item key, ItemOf(request, "Key"));
  SB_TRY(call.key, KeyOf(context, call.table, std::move(key)));
  SB_TRY(const auto result,
         Execute(
             request, context, call,
             [&](const Item* present) { return Updated(plan, present, call.key); }, meter));
  return AnswerOf(request, call, result, UpdatedAttributes(request, plan, result), meter);
}

Result<Value> RunPut(const Value& request, CallContext& context) {
  Meter meter(context, "PutItem");
  return WithPrefix(meter.Finish(DoPut(request, context, meter)));
}
Result<Value> RunDelete(const Value& request, CallContext& context) {
  Meter meter(context, "DeleteItem");
  return WithPrefix(meter.Finish(DoDelete(request, context, meter)));
}
Result<Value> RunUpdate(const Value& request, CallContext& context) {
  Meter meter(context, "UpdateItem");
  return WithPrefix(meter.Finish(DoUpdate(request, context, meter)));
}

std::vector<Member> CommonMembers() {
  return {
      TableNameMember(),
      ExpectedMember(),
      ConditionalOperatorMember(),
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
  members.push_back(AttributeUpdatesMember());
  members.push_back(Optional("ReturnValues",
                             OneOf({"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"})));
  return {.name = "UpdateItem",
          .role = api::Role::kAnalyst,
          .input = Struct(std::move(members)),
          .run = RunUpdate};
}

}  // namespace securebase::aws::dynamodb
