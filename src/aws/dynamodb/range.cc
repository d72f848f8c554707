// Query and Scan: many items of a table or an index, in pages.

#include <algorithm>
#include <utility>

#include "aws/dynamodb/common.h"
#include "aws/dynamodb/legacy.h"
#include "aws/dynamodb/meter.h"
#include "aws/dynamodb/operations.h"
#include "documents/encoded_item.h"

namespace securebase::aws::dynamodb {
namespace {

/// What Query and Scan have in common once their expressions are parsed.
struct RangeCall {
  TableView table;
  const documents::SecondaryIndex* index = nullptr;  // of the table's description
  documents::TableDescription keyed;                 // the table, with the keys of the index
  documents::RangeRequest range;
  std::optional<documents::Condition> filter;
  std::optional<documents::Projection> projection;
  bool count_only = false;
  bool whole_items = false;  // of a local index that does not hold them
};

Result<> CheckSelect(const Value& request, RangeCall& call) {
  const std::string select = request.TextOr("Select", "");
  const bool attributes = request.Has("AttributesToGet");
  const bool projects = request.Has("ProjectionExpression") || attributes;
  const std::string named = attributes ? "AttributesToGet" : "ProjectionExpression";
  call.count_only = select == "COUNT";
  if (projects && select == "COUNT") {
    return Validation("Cannot specify the " + named + " when choosing to get only the Count",
                      "Select");
  }
  if (projects && (select == "ALL_ATTRIBUTES" || select == "ALL_PROJECTED_ATTRIBUTES")) {
    return Validation("Cannot specify the " + named + " when choosing to get " + select, "Select");
  }
  if (!projects && select == "SPECIFIC_ATTRIBUTES") {
    return Validation(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
        "SPECIFIC_ATTRIBUTES",
        "Select");
  }
  if (select == "ALL_PROJECTED_ATTRIBUTES" && !request.Has("IndexName")) {
    return Validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
                      "Select");
  }
  return {};
}

Result<> OpenIndex(const Value& request, RangeCall& call) {
  const documents::TableDescription& table = call.table.description;
  call.keyed = table;
  const std::string* name = request.Text("IndexName");
  if (name == nullptr) return {};
  call.index = table.FindIndex(*name);
  if (call.index == nullptr) {
    return Validation("The table does not have the specified index: " + *name, "IndexName");
  }
  if (call.index->global && request.Bool("ConsistentRead", false)) {
    return Validation("Consistent reads are not supported on global secondary indexes",
                      "ConsistentRead");
  }
  call.range.index = *name;
  call.keyed.partition_key = call.index->partition_key;
  call.keyed.sort_key = call.index->sort_key;
  return {};
}

/// Opens the table and reads the members that both operations have.
Result<RangeCall> StartCall(const Value& request, const CallContext& context) {
  RangeCall call;
  SB_TRY_OK(CheckSelect(request, call));
  SB_TRY(call.table, OpenTable(context, *request.Text("TableName")));
  SB_TRY_OK(OpenIndex(request, call));
  call.range.table = call.table.name();
  call.range.encoded = true;
  if (const auto limit = request.Int("Limit")) {
    call.range.items_max = static_cast<std::uint64_t>(*limit);
  }
  if (request.Has("ExclusiveStartKey")) {
    SB_TRY(call.range.exclusive_start_key, ItemOf(request, "ExclusiveStartKey"));
  }
  return call;
}

/// The attributes that a call wants and its index does not hold.
std::vector<std::string> NotProjected(const RangeCall& call, bool with_filter) {
  const documents::SecondaryIndex& index = *call.index;
  std::vector<std::string> missing;
  if (index.projection == documents::ProjectionKind::kAll) return missing;
  std::vector<std::string> held = index.included;
  for (const documents::TableDescription* keys :
       {&call.keyed, static_cast<const documents::TableDescription*>(&call.table.description)}) {
    held.push_back(keys->partition_key.name);
    if (keys->sort_key) held.push_back(keys->sort_key->name);
  }
  auto want = [&](const std::string& name) {
    if (std::find(held.begin(), held.end(), name) == held.end()) missing.push_back(name);
  };
  if (call.projection) {
    for (const documents::Path& path : call.projection->paths) {
      want(std::get<std::string>(path.front()));
    }
  }
  if (with_filter && call.filter) {
    for (const std::string& name : call.filter->attributes()) want(name);
  }
  return missing;
}

/// A global index gives what it holds; a local one fetches the rest from its table.
Result<> CheckProjected(const Value& request, RangeCall& call) {
  if (call.index == nullptr) return {};
  const bool all = request.TextOr("Select", "") == "ALL_ATTRIBUTES" &&
                   call.index->projection != documents::ProjectionKind::kAll;
  const std::vector<std::string> missing = NotProjected(call, !call.index->global);
  if (!call.index->global) {
    call.whole_items = all || !missing.empty();
    return {};
  }
  if (all) {
    return Validation(
        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported "
        "for global secondary index " +
            call.index->name + " because its projection type is not ALL",
        "Select");
  }
  if (missing.empty()) return {};
  std::string names;
  for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
  return Validation("One or more parameter values were invalid: Global secondary index " +
                        call.index->name + " does not project [" + names + "]",
                    "ProjectionExpression");
}

/// One page, item by item.
class PageBuilder {
 public:
  PageBuilder(const RangeCall& call, const CallContext& context) : call_(call), context_(context) {}

  Result<> Add(std::string_view encoded) {
    const bool look =
        call_.filter || call_.projection || call_.table.only_customer || call_.whole_items;
    if (!look) {
      ++scanned_;
      return Append(encoded, nullptr);
    }
    SB_TRY(documents::Item item, documents::DecodeItem(encoded));
    std::string whole;
    if (call_.whole_items) {
      const documents::TableDescription& table = call_.table.description;
      SB_TRY(const documents::Item key, documents::KeyOf(table, item));
      SB_TRY(auto found, context_.stores.documents.GetEncoded(context_.account, table.name, key));
      if (!found) return {};  // deleted since
      whole = *std::move(found);
      encoded = whole;
      SB_TRY(const std::size_t size, documents::EncodedItemSize(encoded));
      fetched_bytes_.push_back(size);
      SB_TRY(item, documents::DecodeItem(encoded));
    }
    if (!call_.table.Shows(item)) return {};
    ++scanned_;
    const bool fits =
        !call_.filter ||
        documents::Evaluate(*call_.filter,
                            call_.table.id_is_alias ? call_.table.ForExpressions(item) : item);
    if (!fits) return {};
    return Append(encoded, &item);
  }

  Value Take() {
    Value answer = Value::MakeStruct({});
    if (!call_.count_only) answer.Set("Items", Value::Raw{"[" + std::move(items_) + "]"});
    answer.Set("Count", count_);
    answer.Set("ScannedCount", scanned_);
    return answer;
  }
  std::int64_t count() const { return count_; }
  /// Sizes of the items that were fetched from the table.
  const std::vector<std::size_t>& fetched_bytes() const { return fetched_bytes_; }

 private:
  Result<> Append(std::string_view encoded, const documents::Item* item) {
    ++count_;
    if (call_.count_only) return {};
    if (count_ > 1) items_ += ',';
    if (!call_.projection) return documents::AppendWire(items_, encoded);
    items_ += json::Write(Shown(call_.table, *item, call_.projection));
    return {};
  }

  const RangeCall& call_;
  const CallContext& context_;
  std::string items_;
  std::int64_t scanned_ = 0;
  std::int64_t count_ = 0;
  std::vector<std::size_t> fetched_bytes_;
};

Result<Value> Finish(RangeCall& call, const Value& request, const CallContext& context,
                     Meter& meter) {
  SB_TRY_OK(CheckProjected(request, call));
  const std::string index = call.index == nullptr ? "" : call.index->name;
  SB_TRY_OK(meter.Admit(call.table, documents::Access::kRead, index));
  SB_TRY(documents::RangePage page, context.stores.documents.Range(context.account, call.range));
  PageBuilder builder(call, context);
  for (const std::string& encoded : page.encoded) SB_TRY_OK(builder.Add(encoded));
  meter.Read(call.table, ReadUnitsOf(request, page.bytes), index);
  for (std::size_t bytes : builder.fetched_bytes()) {
    meter.Read(call.table, ReadUnitsOf(request, bytes));
  }
  meter.Returned(call.table, static_cast<std::uint64_t>(builder.count()));
  Value answer = builder.Take();
  if (page.last_key) answer.Set("LastEvaluatedKey", documents::ToWire(*page.last_key));
  answer.Set("ConsumedCapacity", meter.Capacity(request));
  return answer;
}

Result<> ReadSegments(const Value& request, documents::RangeRequest& range) {
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
  range.segment = static_cast<std::uint32_t>(segment.value_or(0));
  range.segments = static_cast<std::uint32_t>(segments.value_or(1));
  return {};
}

Result<Value> DoScan(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY_OK(CheckNotMixed(request, {"ScanFilter", "AttributesToGet", "ConditionalOperator"},
                          {"FilterExpression", "ProjectionExpression"}));
  documents::RangeRequest segments;
  SB_TRY_OK(ReadSegments(request, segments));
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(RangeCall call, StartCall(request, context));
  call.range.segment = segments.segment;
  call.range.segments = segments.segments;
  SB_TRY(call.filter,
         ConditionOf(request, "FilterExpression", expressions, documents::ExpressionKind::kFilter));
  SB_TRY(call.projection, ProjectionOrAttributes(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("FilterExpression"));
  if (!call.filter) {
    SB_TRY(call.filter, LegacyFilterOf(request, "ScanFilter"));
  }
  return Finish(call, request, context, meter);
}

Result<documents::KeyCondition> KeyConditionOf(const Value& request, const RangeCall& call,
                                               documents::ExpressionContext& expressions) {
  if (const std::string* text = request.Text("KeyConditionExpression")) {
    return documents::ParseKeyCondition(*text, expressions, call.keyed);
  }
  SB_TRY(const auto conditions, LegacyConditionsOf(request, "KeyConditions"));
  if (!conditions.empty()) return documents::KeyConditionFromLegacy(conditions, call.keyed);
  return Validation(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the "
      "request.",
      "KeyConditionExpression");
}

Result<Value> DoQuery(const Value& request, CallContext& context, Meter& meter) {
  SB_TRY_OK(CheckNotMixed(
      request, {"KeyConditions", "QueryFilter", "AttributesToGet", "ConditionalOperator"},
      {"KeyConditionExpression", "FilterExpression", "ProjectionExpression"}));
  SB_TRY(auto expressions, ExpressionsOf(request));
  SB_TRY(RangeCall call, StartCall(request, context));
  SB_TRY(documents::KeyCondition condition, KeyConditionOf(request, call, expressions));
  call.range.partition = std::move(condition.partition);
  call.range.sort = std::move(condition.sort);
  SB_TRY(call.filter,
         ConditionOf(request, "FilterExpression", expressions, documents::ExpressionKind::kFilter));
  SB_TRY(call.projection, ProjectionOrAttributes(request, expressions));
  SB_TRY_OK(expressions.CheckAllUsed("KeyConditionExpression"));
  if (!call.filter) {
    SB_TRY(call.filter, LegacyFilterOf(request, "QueryFilter"));
  }
  if (call.filter) SB_TRY_OK(documents::CheckFilterAttributes(*call.filter, call.keyed));
  call.range.descending = !request.Bool("ScanIndexForward", true);
  return Finish(call, request, context, meter);
}

Result<Value> RunScan(const Value& request, CallContext& context) {
  Meter meter(context, "Scan");
  return meter.Finish(DoScan(request, context, meter));
}

Result<Value> RunQuery(const Value& request, CallContext& context) {
  Meter meter(context, "Query");
  Result<Value> result = meter.Finish(DoQuery(request, context, meter));
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
      AttributesToGetMember(),
      ConditionalOperatorMember(),
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
  members.push_back(LegacyConditionsMember("KeyConditions"));
  members.push_back(LegacyConditionsMember("QueryFilter"));
  return {.name = "Query", .input = Struct(std::move(members)), .run = RunQuery};
}

Operation Scan() {
  std::vector<Member> members = CommonMembers();
  members.push_back(Optional("Segment", Int(0, 999'999)));
  members.push_back(Optional("TotalSegments", Int(1, 1'000'000)));
  members.push_back(LegacyConditionsMember("ScanFilter"));
  return {.name = "Scan", .input = Struct(std::move(members)), .run = RunScan};
}

}  // namespace securebase::aws::dynamodb
