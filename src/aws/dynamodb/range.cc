// Query and Scan: many items of a table, in pages.

#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/operations.h"

namespace securebase::aws::dynamodb {
namespace {

/// What Query and Scan have in common once their expressions are parsed.
struct RangeCall {
  TableView table;
  documents::RangeRequest range;
  std::optional<documents::Condition> filter;
  std::optional<documents::Projection> projection;
  bool count_only = false;
};

Result<> CheckSelect(const Value& request, RangeCall& call) {
  const std::string select = request.TextOr("Select", "");
  const bool projects = request.Has("ProjectionExpression");
  call.count_only = select == "COUNT";
  if (projects && select == "COUNT") {
    return Validation("Cannot specify the ProjectionExpression when choosing to get only the Count",
                      "Select");
  }
  if (projects && select == "ALL_ATTRIBUTES") {
    return Validation("Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
                      "Select");
  }
  if (!projects && select == "SPECIFIC_ATTRIBUTES") {
    return Validation(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES",
        "Select");
  }
  if (select == "ALL_PROJECTED_ATTRIBUTES") {
    return Validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
                      "Select");
  }
  return {};
}

/// Opens the table and reads the members that both operations have.
Result<RangeCall> StartCall(const Value& request, const CallContext& context) {
  RangeCall call;
  SB_TRY_OK(CheckSelect(request, call));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  if (const std::string* index = request.Text("IndexName")) {
    return Validation("The table does not have the specified index: " + *index, "IndexName");
  }
  call.range.table = call.table.name();
  if (const auto limit = request.Int("Limit")) {
    call.range.items_max = static_cast<std::uint64_t>(*limit);
  }
  if (request.Has("ExclusiveStartKey")) {
    SB_TRY(call.range.exclusive_start_key, ItemOf(request, "ExclusiveStartKey"));
  }
  return call;
}

Result<Value> Finish(const RangeCall& call, const Value& request, const CallContext& context) {
  SB_TRY(documents::RangePage page, context.stores.documents.Range(context.account, call.range));
  std::int64_t scanned = 0, count = 0;
  Value::List items;
  for (const documents::Item& item : page.items) {
    if (!call.table.Shows(item)) continue;
    ++scanned;
    const bool fits =
        !call.filter ||
        documents::Evaluate(*call.filter,
                            call.table.id_is_alias ? call.table.ForExpressions(item) : item);
    if (!fits) continue;
    ++count;
    if (!call.count_only) items.push_back(Shown(call.table, item, call.projection));
  }
  Value answer = Value::MakeStruct({});
  if (!call.count_only) answer.Set("Items", std::move(items));
  answer.Set("Count", count);
  answer.Set("ScannedCount", scanned);
  if (page.last_key) answer.Set("LastEvaluatedKey", documents::ToWire(*page.last_key));
  answer.Set("ConsumedCapacity",
             CapacityOf(request, call.table.name(), ReadUnitsOf(request, page.bytes)));
  return answer;
}

Result<Value> RunScan(const Value& request, CallContext& context) {
  const auto segment = request.Int("Segment"), segments = request.Int("TotalSegments");
  if (segment && !segments) {
    return Validation(
        "The TotalSegments parameter is required but was not present in the request when Segment "
        "parameter is present",
        "TotalSegments");
  }
  if (segments && !segment) {
    return Validation(
        "The Segment parameter is required but was not present in the request when parameter "
        "TotalSegments is present",
        "Segment");
  }
  if (segment && *segment >= *segments) {
    return Validation(
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
        "Segment: " +
            std::to_string(*segment) +
            " is not less than TotalSegments: " + std::to_string(*segments),
        "Segment");
  }
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(RangeCall call, StartCall(request, context));
  SB_TRY(call.filter,
         ConditionOf(request, "FilterExpression", expressions, documents::ExpressionKind::kFilter));
  SB_TRY(call.projection, ProjectionOf(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("FilterExpression"));
  call.range.segment = static_cast<std::uint32_t>(segment.value_or(0));
  call.range.segments = static_cast<std::uint32_t>(segments.value_or(1));
  return Finish(call, request, context);
}

Result<Value> RunQueryCall(const Value& request, CallContext& context) {
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(RangeCall call, StartCall(request, context));
  const std::string* key = request.Text("KeyConditionExpression");
  if (key == nullptr) {
    return Validation(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
        "request.",
        "KeyConditionExpression");
  }
  SB_TRY(documents::KeyCondition condition,
         documents::ParseKeyCondition(*key, expressions, call.table.description));
  call.range.partition = std::move(condition.partition);
  call.range.sort = std::move(condition.sort);
  SB_TRY(call.filter,
         ConditionOf(request, "FilterExpression", expressions, documents::ExpressionKind::kFilter));
  if (call.filter) {
    SB_TRY_OK(documents::CheckFilterAttributes(*call.filter, call.table.description));
  }
  SB_TRY(call.projection, ProjectionOf(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("KeyConditionExpression"));
  call.range.descending = !request.Bool("ScanIndexForward", true);
  return Finish(call, request, context);
}

Result<Value> RunQuery(const Value& request, CallContext& context) {
  Result<Value> result = RunQueryCall(request, context);
  // The one text of Query that comes without the prefix.
  if (!result.ok() && result.error().message().starts_with("Value provided in ")) return result;
  return WithPrefix(std::move(result));
}

std::vector<Member> CommonMembers() {
  return {
      TableNameMember(),
      Optional("IndexName", Text(3, 255)),
      Optional("Select", OneOf({"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES",
                                "ALL_PROJECTED_ATTRIBUTES"})),
      Refused("AttributesToGet"),
      Refused("ConditionalOperator"),
      Optional("Limit", Int(1)),
      Optional("ConsistentRead", Bool()),
      Optional("ExclusiveStartKey", Document()),
      CapacityMember(),
      Optional("ProjectionExpression", Text()),
      Optional("FilterExpression", Text()),
      NamesMember(),
      ValuesMember(),
  };
}

}  // namespace

Operation Query() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Optional("KeyConditionExpression", Text()));
  members.push_back(Optional("ScanIndexForward", Bool()));
  members.push_back(Refused("KeyConditions"));
  members.push_back(Refused("QueryFilter"));
  return {.name = "Query", .input = Struct(std::move(members)), .run = RunQuery};
}

Operation Scan() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Optional("Segment", Int(0, 999'999)));
  members.push_back(Optional("TotalSegments", Int(1, 1'000'000)));
  members.push_back(Refused("ScanFilter"));
  return {.name = "Scan", .input = Struct(std::move(members)), .run = RunScan};
}

}  // namespace securebase::aws::dynamodb
