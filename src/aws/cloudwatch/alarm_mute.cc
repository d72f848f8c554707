// PutAlarmMuteRule, GetAlarmMuteRule, ListAlarmMuteRules, DeleteAlarmMuteRule
// (spec: cloudwatch-api 6.10).

#include <algorithm>
#include <utility>

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {
namespace {

constexpr std::int64_t kPageDefault = 50;

Result<Value> RunPut(const Value& request, CallContext& context) {
  SB_TRY(const documents::Tags tags, TagsOf(request));
  SB_TRY(alarms::MuteRule rule,
         alarms::ParseMuteRule(ToJson(request), context.account, context.now));
  alarms::AlarmStore& store = context.stores.alarms.store();
  const bool created = !store.FindMuteRule(context.account, rule.name).has_value();
  const std::string arn = rule.arn;
  SB_TRY_OK(store.PutMuteRule(context.account, std::move(rule)));
  if (created && !tags.empty()) {
    SB_TRY_OK(documents::TagStore(context.stores.documents).Add(context.account, arn, tags));
  }
  context.stores.alarms.Wake();
  return Value();
}

std::string_view MuteTypeOf(const alarms::MuteRule& rule) {
  return rule.schedule.one_time() ? "ONE_TIME" : "RECURRING";
}

Result<Value> RunGet(const Value& request, CallContext& context) {
  const std::string& name = *request.Text("AlarmMuteRuleName");
  const auto rule = context.stores.alarms.store().FindMuteRule(context.account, name);
  if (!rule) {
    return Error(ErrorCode::kNotFound, "The alarm mute rule " + name + " does not exist",
                 "AlarmMuteRuleName", "ResourceNotFoundException");
  }
  Value out = FromJson(json::Parse(rule->body).value_or(json::Value(json::Object())));
  out.Set("AlarmMuteRuleArn", rule->arn);
  if (rule->start) out.Set("StartDate", *rule->start);
  if (rule->expire) out.Set("ExpireDate", *rule->expire);
  out.Set("Status", rule->StatusAt(context.now));
  out.Set("LastUpdatedTimestamp", rule->updated);
  out.Set("MuteType", MuteTypeOf(*rule));
  return out;
}

Result<Value> RunList(const Value& request, CallContext& context) {
  const std::vector<std::string> statuses = TextsOf(request, "Statuses");
  const std::string* alarm = request.Text("AlarmName");
  const std::string question = "ListAlarmMuteRules" + context.account.id + "/" +
                               context.account.region + (alarm == nullptr ? "" : *alarm);
  std::string after;
  if (const std::string* token = request.Text("NextToken"); token != nullptr && !token->empty()) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return Error(ErrorCode::kInvalidArgument, "Request parameter NextToken is invalid",
                   "NextToken", "InvalidNextToken");
    }
    after = *position;
  }
  const auto records_max =
      static_cast<std::size_t>(request.Int("MaxRecords").value_or(kPageDefault));
  Value::List list;
  std::string last;
  bool more = false;
  for (const alarms::MuteRule& rule : context.stores.alarms.store().MuteRules(context.account)) {
    if (!after.empty() && rule.name <= after) continue;
    if (alarm != nullptr && std::find(rule.alarm_names.begin(), rule.alarm_names.end(), *alarm) ==
                                rule.alarm_names.end()) {
      continue;
    }
    const std::string status(rule.StatusAt(context.now));
    if (!statuses.empty() && std::find(statuses.begin(), statuses.end(), status) == statuses.end()) {
      continue;
    }
    if (list.size() == records_max) {
      more = true;
      break;
    }
    last = rule.name;
    Value one;
    one.Set("AlarmMuteRuleArn", rule.arn);
    if (rule.expire) one.Set("ExpireDate", *rule.expire);
    one.Set("Status", status);
    one.Set("MuteType", MuteTypeOf(rule));
    one.Set("LastUpdatedTimestamp", rule.updated);
    list.push_back(std::move(one));
  }
  Value answer = Value::MakeStruct({{"AlarmMuteRuleSummaries", std::move(list)}});
  if (more) answer.Set("NextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

Result<Value> RunDelete(const Value& request, CallContext& context) {
  SB_TRY_OK(context.stores.alarms.store().DeleteMuteRule(context.account,
                                                         *request.Text("AlarmMuteRuleName")));
  context.stores.alarms.Wake();
  return Value();
}

}  // namespace

Operation PutAlarmMuteRule() {
  const ShapePtr schedule = Struct({Required("Expression", Text(1)), Required("Duration", Text(1)),
                                    Optional("Timezone", Text(1))});
  return {.name = "PutAlarmMuteRule",
          .role = api::Role::kManager,
          .input = Struct({
              Required("Name", Text(1, 255)),
              Optional("Description", Text(0, 1024)),
              Required("Rule", Struct({Required("Schedule", schedule)})),
              Optional("MuteTargets", Struct({Required("AlarmNames", AlarmNamesShape())})),
              Optional("Tags", TagsShape()),
              Optional("StartDate", Time()),
              Optional("ExpireDate", Time()),
          }),
          .run = RunPut};
}

Operation GetAlarmMuteRule() {
  return {.name = "GetAlarmMuteRule",
          .input = Struct({Required("AlarmMuteRuleName", Text(1, 255))}),
          .run = RunGet};
}

Operation ListAlarmMuteRules() {
  return {.name = "ListAlarmMuteRules",
          .input = Struct({
              Optional("AlarmName", Text(1, 255)),
              Optional("Statuses", ListOf(OneOf({"SCHEDULED", "ACTIVE", "EXPIRED"}))),
              Optional("MaxRecords", Int(1, 100)),
              Optional("NextToken", Text()),
          }),
          .run = RunList};
}

Operation DeleteAlarmMuteRule() {
  return {.name = "DeleteAlarmMuteRule",
          .role = api::Role::kManager,
          .input = Struct({Required("AlarmMuteRuleName", Text(1, 255))}),
          .run = RunDelete};
}

}  // namespace securebase::aws::cloudwatch
