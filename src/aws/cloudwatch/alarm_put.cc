// PutMetricAlarm, PutCompositeAlarm, DeleteAlarms (spec: cloudwatch-api 6.1, 6.8, 6.9).

#include <utility>

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"

namespace securebase::aws::cloudwatch {
namespace {

/// Puts the alarm; tags count at its creation only.
Result<Value> Put(alarms::Definition definition, const Value& request, CallContext& context) {
  SB_TRY(const documents::Tags tags, TagsOf(request));
  alarms::AlarmService& service = context.stores.alarms;
  const std::string arn = definition.arn;
  const bool created = service.store().Find(context.account, definition.name) == nullptr;
  SB_TRY_OK(service.store().Put(context.account, std::move(definition)));
  if (created && !tags.empty()) {
    SB_TRY_OK(documents::TagStore(context.stores.documents).Add(context.account, arn, tags));
  }
  service.Wake();
  return Value();
}

Result<Value> RunPutMetricAlarm(const Value& request, CallContext& context) {
  SB_TRY(alarms::Definition definition,
         alarms::ParseMetricAlarm(ToJson(request), context.account));
  return Put(std::move(definition), request, context);
}

Result<Value> RunPutCompositeAlarm(const Value& request, CallContext& context) {
  SB_TRY(alarms::Definition definition,
         alarms::ParseCompositeAlarm(ToJson(request), context.account));
  return Put(std::move(definition), request, context);
}

Result<Value> RunDeleteAlarms(const Value& request, CallContext& context) {
  alarms::AlarmStore& store = context.stores.alarms.store();
  const std::vector<std::string> names = TextsOf(request, "AlarmNames");
  std::size_t composites = 0;
  std::vector<std::string> arns;
  for (const std::string& name : names) {
    const alarms::AlarmPtr alarm = store.Find(context.account, name);
    if (alarm == nullptr) continue;
    if (alarm->composite()) ++composites;
    arns.push_back(alarm->definition->arn);
  }
  if (composites > 1) {
    return ValidationFault("AlarmNames",
                           "At most one composite alarm can be deleted in one request.");
  }
  SB_TRY_OK(store.Delete(context.account, names));
  documents::TagStore tags(context.stores.documents);
  for (const std::string& arn : arns) {
    SB_TRY(const documents::Tags present, tags.List(context.account, arn));
    if (present.empty()) continue;
    std::vector<std::string> keys;
    for (const auto& [key, value] : present) keys.push_back(key);
    SB_TRY_OK(tags.Remove(context.account, arn, keys));
  }
  context.stores.alarms.Wake();
  return Value();
}

std::vector<Member> CommonMembers() {
  return {
      Required("AlarmName", Text(1, 255)),
      Optional("AlarmDescription", Text(0, 1024)),
      Optional("ActionsEnabled", Bool()),
      Optional("OKActions", ListOf(Text(1, 1024))),
      Optional("AlarmActions", ListOf(Text(1, 1024))),
      Optional("InsufficientDataActions", ListOf(Text(1, 1024))),
      Optional("Tags", TagsShape()),
      Refused("ActionConfiguration"),
  };
}

}  // namespace

Operation PutMetricAlarm() {
  std::vector<Member> members = CommonMembers();
  for (Member& member : std::vector<Member>{
           Optional("MetricName", Text(1, 255)),
           Optional("Namespace", Text(1, 255)),
           // Not the model's enumeration: the users' commands send p95 here.
           Optional("Statistic", Text()),
           Optional("ExtendedStatistic", Text()),
           Optional("Dimensions", DimensionsShape()),
           Optional("Period", Int(1)),
           Optional("Unit", UnitShape()),
           Required("EvaluationPeriods", Int(1)),
           Optional("DatapointsToAlarm", Int(1)),
           Optional("Threshold", Double()),
           Required("ComparisonOperator",
                    OneOf({"GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
                           "LessThanThreshold", "LessThanOrEqualToThreshold",
                           "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold",
                           "GreaterThanUpperThreshold"})),
           Optional("TreatMissingData", Text(1, 255)),
           Optional("EvaluateLowSampleCountPercentile", Text(1, 255)),
           Optional("Metrics", AlarmMetricsShape()),
           Optional("ThresholdMetricId", Text(1, 255)),
           Optional("EvaluationWindow",
                    Struct({Optional("SlidingWindow", Struct({})),
                            Optional("WallClockWindow", Struct({Optional("Timezone", Text())}))})),
           Optional("WarmUpConfiguration",
                    Struct({Optional("WarmUpPeriodDurationInMinutes", Int()),
                            Optional("OnlyStartEvaluatingAfterWarmUpPeriodEnds", Bool())})),
           Refused("EvaluationCriteria"),
           Refused("EvaluationInterval"),
       }) {
    members.push_back(std::move(member));
  }
  return {.name = "PutMetricAlarm",
          .role = api::Role::kManager,
          .input = Struct(std::move(members)),
          .run = RunPutMetricAlarm};
}

Operation PutCompositeAlarm() {
  std::vector<Member> members = CommonMembers();
  for (Member& member : std::vector<Member>{
           Required("AlarmRule", Text()),
           Optional("ActionsSuppressor", Text(1, 1600)),
           Optional("ActionsSuppressorWaitPeriod", Int()),
           Optional("ActionsSuppressorExtensionPeriod", Int()),
       }) {
    members.push_back(std::move(member));
  }
  return {.name = "PutCompositeAlarm",
          .role = api::Role::kManager,
          .input = Struct(std::move(members)),
          .run = RunPutCompositeAlarm};
}

Operation DeleteAlarms() {
  return {.name = "DeleteAlarms",
          .role = api::Role::kManager,
          .input = Struct({Required("AlarmNames", AlarmNamesShape())}),
          .run = RunDeleteAlarms};
}

}  // namespace securebase::aws::cloudwatch
