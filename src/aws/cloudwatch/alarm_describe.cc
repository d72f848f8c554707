// DescribeAlarms, DescribeAlarmsForMetric, DescribeAlarmContributors (spec: cloudwatch-api 6.7).

#include <algorithm>
#include <utility>

#include "aws/cloudwatch/alarm_common.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/bytes.h"

namespace securebase::aws::cloudwatch {
namespace {

constexpr std::int64_t kPageDefault = 50;

bool HasType(const Value& request, std::string_view type) {
  const Value::List& types = request.Elements("AlarmTypes");
  if (types.empty()) return type == "MetricAlarm";
  return std::any_of(types.begin(), types.end(),
                     [&](const Value& one) { return *one.As<std::string>() == type; });
}

bool StartsAnAction(const alarms::Definition& definition, const std::string& prefix) {
  for (const auto* list :
       {&definition.ok_actions, &definition.alarm_actions, &definition.insufficient_actions}) {
    for (const std::string& arn : *list) {
      if (arn.starts_with(prefix)) return true;
    }
  }
  return false;
}

/// The alarms of the whole answer, in order.
std::vector<alarms::AlarmPtr> Select(const Value& request, const CallContext& context) {
  const alarms::AlarmStore& store = context.stores.alarms.store();
  std::vector<alarms::AlarmPtr> found;
  if (request.Has("AlarmNames") && !request.Elements("AlarmNames").empty()) {
    std::vector<std::string> names = TextsOf(request, "AlarmNames");
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (const std::string& name : names) {
      if (alarms::AlarmPtr alarm = store.Find(context.account, name)) found.push_back(alarm);
    }
  } else {
    found = store.All(context.account);
  }
  const std::string prefix = request.TextOr("AlarmNamePrefix", "");
  const std::string* state = request.Text("StateValue");
  const std::string* action = request.Text("ActionPrefix");
  std::erase_if(found, [&](const alarms::AlarmPtr& alarm) {
    return !HasType(request, alarms::AlarmTypeOf(*alarm)) || !alarm->name().starts_with(prefix) ||
           (state != nullptr && alarms::ToText(alarm->state.value) != *state) ||
           (action != nullptr && !StartsAnAction(*alarm->definition, *action));
  });
  return found;
}

/// What must stay the same from page to page.
std::string QuestionOf(std::string_view operation, const Value& request,
                       const CallContext& context) {
  std::string out(operation);
  PutBytes(out, context.account.id);
  PutBytes(out, context.account.region);
  json::Value asked = ToJson(request);
  asked.Set("NextToken", json::Value());
  asked.Set("MaxRecords", json::Value());
  PutBytes(out, json::Write(asked));
  return out;
}

Result<std::string> AfterOf(const Value& request, const std::string& question,
                            const CallContext& context) {
  const std::string* token = request.Text("NextToken");
  if (token == nullptr || token->empty()) return std::string();
  const auto position = context.tokens.Open(question, *token, context.now);
  if (!position.ok()) {
    return Error(ErrorCode::kInvalidArgument, "Request parameter NextToken is invalid",
                 "NextToken", "InvalidNextToken");
  }
  return position;
}

Value ChildValue(const alarms::Alarm& alarm) {
  Value out;
  out.Set("AlarmName", alarm.name());
  out.Set("AlarmArn", alarm.definition->arn);
  out.Set("StateValue", alarms::ToText(alarm.state.value));
  out.Set("StateUpdatedTimestamp", alarm.state.updated);
  return out;
}

Value ParentValue(const alarms::Alarm& alarm) {
  Value out;
  out.Set("AlarmName", alarm.name());
  out.Set("AlarmArn", alarm.definition->arn);
  return out;
}

/// ChildrenOfAlarmName and ParentsOfAlarmName.
Result<std::vector<alarms::AlarmPtr>> Relatives(const Value& request, const CallContext& context) {
  for (const char* name : {"AlarmNames", "AlarmNamePrefix", "AlarmTypes", "StateValue",
                           "ActionPrefix"}) {
    if (!request.Has(name)) continue;
    return InvalidCombination(name, std::string(name) +
                                        " cannot be combined with ChildrenOfAlarmName or "
                                        "ParentsOfAlarmName");
  }
  const std::string* children = request.Text("ChildrenOfAlarmName");
  const std::string* parents = request.Text("ParentsOfAlarmName");
  if (children != nullptr && parents != nullptr) {
    return InvalidCombination("ParentsOfAlarmName",
                              "ChildrenOfAlarmName and ParentsOfAlarmName are mutually exclusive");
  }
  const alarms::AlarmStore& store = context.stores.alarms.store();
  if (parents != nullptr) {
    std::vector<alarms::AlarmPtr> found = store.ParentsOf(context.account, *parents);
    std::erase_if(found, [&](const alarms::AlarmPtr& alarm) {
      return !alarm->definition->composite->rule.Names(*parents);
    });
    return found;
  }
  std::vector<alarms::AlarmPtr> found;
  const alarms::AlarmPtr composite = store.Find(context.account, *children);
  if (composite == nullptr || !composite->composite()) return found;
  std::vector<std::string> names = composite->definition->composite->rule.children();
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (alarms::AlarmPtr alarm = store.Find(context.account, name)) found.push_back(alarm);
  }
  return found;
}

Result<Value> RunDescribeAlarms(const Value& request, CallContext& context) {
  if (request.Has("AlarmNames") && request.Has("AlarmNamePrefix")) {
    return InvalidCombination("AlarmNamePrefix",
                              "AlarmNamePrefix and AlarmNames.member are mutually exclusive");
  }
  const std::string question = QuestionOf("DescribeAlarms", request, context);
  SB_TRY(const std::string after, AfterOf(request, question, context));
  const bool children = request.Has("ChildrenOfAlarmName");
  const bool parents = request.Has("ParentsOfAlarmName");
  std::vector<alarms::AlarmPtr> found;
  if (children || parents) {
    SB_TRY(found, Relatives(request, context));
  } else {
    found = Select(request, context);
  }
  const auto records_max =
      static_cast<std::size_t>(request.Int("MaxRecords").value_or(kPageDefault));
  Value::List metric_alarms, composite_alarms;
  std::string last;
  std::size_t count = 0;
  bool more = false;
  for (const alarms::AlarmPtr& alarm : found) {
    if (!after.empty() && alarm->name() <= after) continue;
    if (count == records_max) {
      more = true;
      break;
    }
    ++count;
    last = alarm->name();
    Value shown = children  ? ChildValue(*alarm)
                  : parents ? ParentValue(*alarm)
                            : AlarmValue(*alarm, context.stores.alarms.store());
    (alarm->composite() ? composite_alarms : metric_alarms).push_back(std::move(shown));
  }
  Value answer = Value::MakeStruct({{"MetricAlarms", std::move(metric_alarms)},
                                    {"CompositeAlarms", std::move(composite_alarms)},
                                    {"LogAlarms", Value::List()}});
  if (more) answer.Set("NextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

Result<Value> RunDescribeAlarmsForMetric(const Value& request, CallContext& context) {
  metrics::Metric metric;
  metric.name = *request.Text("MetricName");
  metric.namespace_name = *request.Text("Namespace");
  SB_TRY(metric.dimensions, DimensionsOf(request.Elements("Dimensions"), "Dimensions"));
  const std::string* statistic = request.Text("Statistic");
  if (statistic == nullptr) statistic = request.Text("ExtendedStatistic");
  const std::optional<std::int64_t> period = request.Int("Period");
  const std::string* unit = request.Text("Unit");
  Value::List found;
  for (const alarms::AlarmPtr& alarm : context.stores.alarms.store().All(context.account)) {
    if (alarm->composite() || !alarm->definition->metric->single) continue;
    const metrics::math::MetricStat& stat = *alarm->definition->metric->single;
    if (!(stat.metric == metric)) continue;
    if (statistic != nullptr && stat.statistic.text != *statistic) continue;
    if (period && stat.period != std::chrono::seconds(*period)) continue;
    if (unit != nullptr && stat.unit != *unit) continue;
    found.push_back(AlarmValue(*alarm, context.stores.alarms.store()));
  }
  return Value::MakeStruct({{"MetricAlarms", std::move(found)}});
}

Result<Value> RunDescribeAlarmContributors(const Value& request, CallContext& context) {
  const std::string question = QuestionOf("DescribeAlarmContributors", request, context);
  SB_TRY(const std::string after, AfterOf(request, question, context));
  const alarms::AlarmPtr alarm =
      context.stores.alarms.store().Find(context.account, *request.Text("AlarmName"));
  if (alarm == nullptr) {
    return Error(ErrorCode::kNotFound, "Unknown alarm " + *request.Text("AlarmName"), "AlarmName",
                 "ResourceNotFoundException");
  }
  constexpr std::size_t kContributorsMax = 100;
  Value::List list;
  std::string last;
  bool more = false;
  for (const auto& [label, contributor] : alarm->contributors) {
    if (contributor.state != alarms::StateValue::kAlarm) continue;
    if (!after.empty() && label <= after) continue;
    if (list.size() == kContributorsMax) {
      more = true;
      break;
    }
    last = label;
    Value one;
    one.Set("ContributorId", label);
    Value::Map attributes;
    attributes.entries.emplace_back("Label", label);
    one.Set("ContributorAttributes", std::move(attributes));
    one.Set("StateReason", contributor.reason);
    one.Set("StateTransitionedTimestamp", contributor.transitioned);
    list.push_back(std::move(one));
  }
  Value answer = Value::MakeStruct({{"AlarmContributors", std::move(list)}});
  if (more) answer.Set("NextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

}  // namespace

Operation DescribeAlarms() {
  return {.name = "DescribeAlarms",
          .input = Struct({
              Optional("AlarmNames", AlarmNamesShape()),
              Optional("AlarmNamePrefix", Text(1, 255)),
              Optional("AlarmTypes", AlarmTypesShape()),
              Optional("ChildrenOfAlarmName", Text(1, 255)),
              Optional("ParentsOfAlarmName", Text(1, 255)),
              Optional("StateValue", StateValueShape()),
              Optional("ActionPrefix", Text(1, 1024)),
              Optional("MaxRecords", Int(1, 100)),
              Optional("NextToken", Text()),
          }),
          .run = RunDescribeAlarms};
}

Operation DescribeAlarmsForMetric() {
  return {.name = "DescribeAlarmsForMetric",
          .input = Struct({
              Required("MetricName", Text(1, 255)),
              Required("Namespace", Text(1, 255)),
              Optional("Statistic", Text()),
              Optional("ExtendedStatistic", Text()),
              Optional("Dimensions", DimensionsShape()),
              Optional("Period", Int(1)),
              Optional("Unit", UnitShape()),
          }),
          .run = RunDescribeAlarmsForMetric};
}

Operation DescribeAlarmContributors() {
  return {.name = "DescribeAlarmContributors",
          .input = Struct({Required("AlarmName", Text(1, 255)), Optional("NextToken", Text())}),
          .run = RunDescribeAlarmContributors};
}

}  // namespace securebase::aws::cloudwatch
