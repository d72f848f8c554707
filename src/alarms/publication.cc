#include "alarms/publication.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr std::pair<std::string_view, std::string_view> kRegions[] = {
    {"us-east-1", "US East (N. Virginia)"},
    {"us-east-2", "US East (Ohio)"},
    {"us-west-1", "US West (N. California)"},
    {"us-west-2", "US West (Oregon)"},
    {"eu-west-1", "EU (Ireland)"},
    {"eu-central-1", "EU (Frankfurt)"},
    {"ap-southeast-1", "Asia Pacific (Singapore)"},
    {"ap-southeast-2", "Asia Pacific (Sydney)"},
    {"ap-northeast-1", "Asia Pacific (Tokyo)"},
    {"ap-northeast-2", "Asia Pacific (Seoul)"},
};
constexpr std::size_t kSubjectMax = 100;

json::Value Texts(const std::vector<std::string>& texts) {
  json::Array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

json::Value TextOrNull(const std::optional<std::string>& text) {
  return text ? json::Value(*text) : json::Value();
}

std::string_view StatisticWord(metrics::Statistic::Kind kind) {
  switch (kind) {
    case metrics::Statistic::Kind::kSampleCount:
      return "SAMPLE_COUNT";
    case metrics::Statistic::Kind::kSum:
      return "SUM";
    case metrics::Statistic::Kind::kMinimum:
      return "MINIMUM";
    case metrics::Statistic::Kind::kMaximum:
      return "MAXIMUM";
    default:
      return "AVERAGE";
  }
}

json::Value LowerDimensions(const metrics::Metric& metric) {
  json::Array out;
  for (const metrics::Dimension& one : metric.dimensions) {
    out.emplace_back(json::Object{{"value", one.value}, {"name", one.name}});
  }
  return out;
}

json::Value MetricsOf(const metrics::math::Plan& plan) {
  json::Array out;
  for (const metrics::math::MetricDataQuery& query : plan.queries()) {
    json::Value one;
    one.Set("Id", query.id);
    if (query.metric_stat) {
      const metrics::Metric& metric = query.metric_stat->metric;
      json::Value named;
      named.Set("Dimensions", LowerDimensions(metric));
      named.Set("MetricName", metric.name);
      named.Set("Namespace", metric.namespace_name);
      json::Value stat;
      stat.Set("Metric", std::move(named));
      stat.Set("Period", query.metric_stat->period / std::chrono::seconds(1));
      stat.Set("Stat", query.metric_stat->statistic.text);
      if (query.metric_stat->unit) stat.Set("Unit", *query.metric_stat->unit);
      one.Set("MetricStat", std::move(stat));
    } else {
      one.Set("Expression", query.expression);
    }
    if (query.label) one.Set("Label", *query.label);
    one.Set("ReturnData", query.return_data);
    out.push_back(std::move(one));
  }
  return out;
}

json::Value TriggerOf(const Definition& definition) {
  const MetricCondition& condition = *definition.metric;
  json::Value body = json::Parse(definition.body).value_or(json::Value());
  auto put_text = [&](std::string_view name) {
    const json::Value* found = body.Find(name);
    return found != nullptr && found->IsString() ? found->AsString() : std::string();
  };
  json::Value out;
  if (condition.single) {
    const metrics::math::MetricStat& stat = *condition.single;
    out.Set("MetricName", stat.metric.name);
    out.Set("Namespace", stat.metric.namespace_name);
    out.Set("StatisticType", stat.statistic.simple() ? "Statistic" : "ExtendedStatistic");
    if (stat.statistic.simple()) {
      out.Set("Statistic", StatisticWord(stat.statistic.kind));
    } else {
      out.Set("ExtendedStatistic", stat.statistic.text);
    }
    out.Set("Unit", TextOrNull(stat.unit));
    out.Set("Dimensions", LowerDimensions(stat.metric));
  }
  out.Set("Period", condition.period_s);
  out.Set("EvaluationPeriods", condition.evaluation_periods);
  if (condition.datapoints_given) out.Set("DatapointsToAlarm", condition.datapoints_to_alarm);
  out.Set("ComparisonOperator", ToText(condition.comparison));
  if (condition.threshold_id.empty()) {
    out.Set("Threshold", condition.threshold);
  } else {
    out.Set("ThresholdMetricId", condition.threshold_id);
  }
  out.Set("TreatMissingData", put_text("TreatMissingData"));
  out.Set("EvaluateLowSampleCountPercentile", put_text("EvaluateLowSampleCountPercentile"));
  if (condition.plan) out.Set("Metrics", MetricsOf(*condition.plan));
  return out;
}

json::Value TriggeringChildren(const Alarm& alarm) {
  json::Array out;
  const json::Value data = json::Parse(alarm.state.reason_data).value_or(json::Value());
  const json::Value* list = data.Find("triggeringAlarms");
  if (list == nullptr || !list->IsArray()) return out;
  for (const json::Value& one : list->AsArray()) {
    const json::Value *arn = one.Find("arn"), *state = one.Find("state");
    if (arn == nullptr || state == nullptr) continue;
    json::Value shown;
    if (const json::Value* value = state->Find("value")) shown.Set("Value", *value);
    if (const json::Value* time = state->Find("timestamp")) shown.Set("Timestamp", *time);
    out.emplace_back(json::Object{{"Arn", *arn}, {"State", std::move(shown)}});
  }
  return out;
}

std::string MessageOf(const Alarm& alarm, bool after_mute) {
  const Definition& definition = *alarm.definition;
  json::Value out;
  out.Set("AlarmName", definition.name);
  out.Set("AlarmDescription", TextOrNull(definition.description));
  out.Set("AWSAccountId", AccountNumber(alarm.account));
  if (!alarm.composite()) {
    out.Set("AlarmConfigurationUpdatedTimestamp", FormatZoned(alarm.configured_at));
  }
  out.Set("NewStateValue", ToText(alarm.state.value));
  out.Set("NewStateReason", alarm.state.reason);
  out.Set("StateChangeTime", FormatZoned(alarm.state.transitioned));
  out.Set("Region", RegionName(alarm.account.region));
  out.Set("AlarmArn", definition.arn);
  if (!alarm.composite()) out.Set("OldStateValue", ToText(alarm.previous));
  out.Set("OKActions", Texts(definition.ok_actions));
  out.Set("AlarmActions", Texts(definition.alarm_actions));
  out.Set("InsufficientDataActions", Texts(definition.insufficient_actions));
  if (alarm.composite()) {
    out.Set("OldStateValue", ToText(alarm.previous));
    out.Set("AlarmRule", definition.composite->rule_text);
    out.Set("TriggeringChildren", TriggeringChildren(alarm));
  } else {
    out.Set("Trigger", TriggerOf(definition));
  }
  out.Set("ActionExecutedAfterMuteWindow", after_mute);
  return json::Write(out);
}

json::Value EventMetrics(const MetricCondition& condition) {
  json::Array out;
  auto stat_json = [](const metrics::math::MetricStat& stat) {
    json::Value dimensions = json::Object();
    for (const metrics::Dimension& one : stat.metric.dimensions) dimensions.Set(one.name, one.value);
    json::Value metric;
    metric.Set("namespace", stat.metric.namespace_name);
    metric.Set("name", stat.metric.name);
    metric.Set("dimensions", std::move(dimensions));
    json::Value shown;
    shown.Set("metric", std::move(metric));
    shown.Set("period", stat.period / std::chrono::seconds(1));
    shown.Set("stat", stat.statistic.text);
    return shown;
  };
  if (condition.single) {
    json::Value one;
    one.Set("id", "m1");
    one.Set("metricStat", stat_json(*condition.single));
    one.Set("returnData", true);
    out.push_back(std::move(one));
    return out;
  }
  for (const metrics::math::MetricDataQuery& query : condition.plan->queries()) {
    json::Value one;
    one.Set("id", query.id);
    if (query.metric_stat) {
      one.Set("metricStat", stat_json(*query.metric_stat));
    } else {
      one.Set("expression", query.expression);
    }
    if (query.label) one.Set("label", *query.label);
    one.Set("returnData", query.return_data);
    if (query.period) one.Set("period", *query.period / std::chrono::seconds(1));
    out.push_back(std::move(one));
  }
  return out;
}

std::string EventOf(const Alarm& alarm, std::string_view event_id) {
  const Definition& definition = *alarm.definition;
  json::Value state;
  state.Set("value", ToText(alarm.state.value));
  state.Set("reason", alarm.state.reason);
  if (!alarm.state.reason_data.empty()) state.Set("reasonData", alarm.state.reason_data);
  state.Set("timestamp", FormatZoned(alarm.state.transitioned));
  json::Value previous;
  previous.Set("value", ToText(alarm.previous));
  json::Value configuration;
  if (definition.description) configuration.Set("description", *definition.description);
  if (definition.composite) {
    const CompositeCondition& composite = *definition.composite;
    configuration.Set("alarmRule", composite.rule_text);
    if (!composite.suppressor.empty()) {
      configuration.Set("actionsSuppressor", composite.suppressor_text);
      configuration.Set("actionsSuppressorWaitPeriod", composite.wait / std::chrono::seconds(1));
      configuration.Set("actionsSuppressorExtensionPeriod",
                        composite.extension / std::chrono::seconds(1));
    }
  } else {
    configuration.Set("metrics", EventMetrics(*definition.metric));
  }
  json::Value detail;
  detail.Set("alarmName", definition.name);
  detail.Set("state", std::move(state));
  detail.Set("previousState", std::move(previous));
  detail.Set("configuration", std::move(configuration));
  json::Value out;
  out.Set("version", "0");
  out.Set("id", event_id);
  out.Set("detail-type", "CloudWatch Alarm State Change");
  out.Set("source", "aws.cloudwatch");
  out.Set("account", AccountNumber(alarm.account));
  out.Set("time", FormatIso(alarm.state.transitioned));
  out.Set("region", alarm.account.region);
  out.Set("resources", json::Array{definition.arn});
  out.Set("detail", std::move(detail));
  return json::Write(out);
}

}  // namespace

std::string RegionName(std::string_view region) {
  for (const auto& [code, name] : kRegions) {
    if (code == region) return std::string(name);
  }
  return std::string(region);
}

Publication PublicationOf(const Alarm& alarm, bool after_mute, std::string_view event_id) {
  Publication out;
  out.subject = std::string(ToText(alarm.state.value)) + ": \"" + alarm.name() + "\" in " +
                RegionName(alarm.account.region);
  if (out.subject.size() > kSubjectMax) {
    out.subject.resize(ValidUtf8Prefix(std::string_view(out.subject).substr(0, kSubjectMax)));
  }
  out.message = MessageOf(alarm, after_mute);
  out.event = EventOf(alarm, event_id);
  return out;
}

}  // namespace securebase::alarms
