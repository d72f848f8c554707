// DescribeAlarmHistory (spec: cloudwatch-api 6.7).

#include <utility>

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {
namespace {

Value ItemValue(const alarms::HistoryItem& item) {
  Value out;
  out.Set("AlarmName", item.alarm_name);
  if (!item.contributor.empty()) out.Set("AlarmContributorId", item.contributor);
  out.Set("AlarmType", item.alarm_type);
  out.Set("Timestamp", item.time);
  out.Set("HistoryItemType", item.type);
  out.Set("HistorySummary", item.summary);
  out.Set("HistoryData", item.data);
  return out;
}

Result<Value> Run(const Value& request, CallContext& context) {
  alarms::HistoryQuery query;
  if (const std::string* name = request.Text("AlarmName")) query.alarm_name = *name;
  query.alarm_types = TextsOf(request, "AlarmTypes");
  if (query.alarm_types.empty()) query.alarm_types = {"MetricAlarm"};
  if (const std::string* type = request.Text("HistoryItemType")) query.item_type = *type;
  if (const std::string* id = request.Text("AlarmContributorId")) query.contributor = *id;
  query.start = request.Time("StartDate");
  query.end = request.Time("EndDate");
  query.ascending = request.TextOr("ScanBy", "") == "TimestampAscending";
  query.items_max = static_cast<std::size_t>(request.Int("MaxRecords").value_or(100));
  json::Value asked = ToJson(request);
  asked.Set("NextToken", json::Value());
  asked.Set("MaxRecords", json::Value());
  const std::string question = "DescribeAlarmHistory" + context.account.id + "/" +
                               context.account.region + json::Write(asked);
  if (const std::string* token = request.Text("NextToken"); token != nullptr && !token->empty()) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return Error(ErrorCode::kInvalidArgument, "Request parameter NextToken is invalid",
                   "NextToken", "InvalidNextToken");
    }
    query.after = *position;
  }
  SB_TRY(const alarms::HistoryPage page,
         context.stores.alarms.store().History(context.account, query));
  Value::List items;
  for (const alarms::HistoryItem& item : page.items) items.push_back(ItemValue(item));
  Value answer = Value::MakeStruct({{"AlarmHistoryItems", std::move(items)}});
  if (page.more) {
    answer.Set("NextToken", context.tokens.Seal(question, page.items.back().id, context.now));
  }
  return answer;
}

}  // namespace

Operation DescribeAlarmHistory() {
  return {.name = "DescribeAlarmHistory",
          .input = Struct({
              Optional("AlarmName", Text(1, 255)),
              Optional("AlarmContributorId", Text(1, 255)),
              Optional("AlarmTypes", AlarmTypesShape()),
              Optional("HistoryItemType",
                       OneOf({"ConfigurationUpdate", "StateUpdate", "Action",
                              "AlarmContributorStateUpdate", "AlarmContributorAction"})),
              Optional("StartDate", Time()),
              Optional("EndDate", Time()),
              Optional("MaxRecords", Int(1, 100)),
              Optional("NextToken", Text()),
              Optional("ScanBy", OneOf({"TimestampDescending", "TimestampAscending"})),
          }),
          .run = Run};
}

}  // namespace securebase::aws::cloudwatch
