#include "alarms/internal/metric_condition.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "alarms/window.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

bool LegalPeriod(std::int64_t period) {
  return period == 10 || period == 20 || period == 30 || (period >= 60 && period % 60 == 0);
}

Result<> CheckPeriod(std::int64_t period, const std::string& path) {
  if (LegalPeriod(period) && period <= 604'800) return {};
  return ValidationFault(path, "Period must be 10, 20, 30 or a multiple of 60");
}

Result<metrics::Metric> ParseMetric(const Input& input) {
  metrics::Metric metric;
  SB_TRY(const auto name, input.Text("MetricName"));
  if (!name || name->empty()) {
    return ValidationFault(input.PathOf("MetricName"), "MetricName must not be null");
  }
  SB_TRY(const auto space, input.Text("Namespace"));
  if (!space || space->empty()) {
    return ValidationFault(input.PathOf("Namespace"), "Namespace must not be null");
  }
  metric.name = *name;
  metric.namespace_name = *space;
  SB_TRY(const json::Array* dimensions, input.Objects("Dimensions"));
  if (dimensions->size() > 30) {
    return ValidationFault(input.PathOf("Dimensions"),
                           "The collection Dimensions must not have a size greater than 30.");
  }
  for (const json::Value& one : *dimensions) {
    const Input dimension(one, input.PathOf("Dimensions"));
    SB_TRY(const auto key, dimension.Text("Name"));
    SB_TRY(const auto value, dimension.Text("Value"));
    if (!key || key->empty() || !value || value->empty()) {
      return ValidationFault(input.PathOf("Dimensions"), "Dimensions need a Name and a Value");
    }
    metric.dimensions.push_back({*key, *value});
  }
  std::sort(metric.dimensions.begin(), metric.dimensions.end());
  for (std::size_t i = 1; i < metric.dimensions.size(); ++i) {
    if (metric.dimensions[i].name == metric.dimensions[i - 1].name) {
      return ValidationFault(input.PathOf("Dimensions"),
                             "Dimensions name " + metric.dimensions[i].name + " more than once");
    }
  }
  return metric;
}

/// `moved`: set to the text where a percentile stands in Statistic.
Result<metrics::Statistic> ParseStatisticOf(const Input& input, std::string& moved) {
  SB_TRY(const auto simple, input.Text("Statistic"));
  SB_TRY(const auto extended, input.Text("ExtendedStatistic"));
  if (simple && extended) {
    return ValidationFault("Statistic", "Statistic and ExtendedStatistic cannot both be set");
  }
  if (!simple && !extended) {
    return ValidationFault("Statistic", "Either Statistic or ExtendedStatistic must be specified");
  }
  const std::string& text = simple ? *simple : *extended;
  Result<metrics::Statistic> statistic = metrics::ParseStatistic(text);
  if (simple) {
    if (!statistic.ok()) {
      return ConstraintFault(Quoted(text), "statistic",
                             "Member must satisfy enum value set: [SampleCount, Average, Sum, "
                             "Minimum, Maximum]");
    }
    if (!statistic->simple()) moved = text;
    return statistic;
  }
  if (!statistic.ok() || statistic->simple()) {
    return Error(ErrorCode::kInvalidArgument,
                 "The value " + text + " for parameter ExtendedStatistic is not supported.",
                 "ExtendedStatistic", "InvalidParameterValue");
  }
  return statistic;
}

Result<metrics::math::MetricDataQuery> ParseQuery(const Input& input, const Account& account) {
  metrics::math::MetricDataQuery query;
  SB_TRY(const auto id, input.Text("Id"));
  query.id = id.value_or("");
  if (!metrics::math::IsQueryId(query.id)) {
    return ValidationFault(input.PathOf("Id"),
                           "The value '" + query.id +
                               "' for parameter Id is invalid: a lower-case letter, then letters, "
                               "digits and underscores");
  }
  SB_TRY(const auto owner, input.Text("AccountId"));
  if (owner && *owner != AccountNumber(account)) {
    return ValidationFault(input.PathOf("AccountId"),
                           "AccountId " + *owner + " is not the account of this alarm");
  }
  SB_TRY(const auto label, input.Text("Label"));
  query.label = label;
  SB_TRY(const auto return_data, input.Bool("ReturnData"));
  query.return_data = return_data.value_or(true);
  SB_TRY(const auto period, input.Int("Period"));
  if (period) {
    SB_TRY_OK(CheckPeriod(*period, input.PathOf("Period")));
    query.period = std::chrono::seconds(*period);
  }
  SB_TRY(const auto expression, input.Text("Expression"));
  const json::Value* stat = input.Find("MetricStat");
  if (expression.has_value() == (stat != nullptr)) {
    return ValidationFault(input.PathOf("Expression"),
                           "Exactly one of MetricStat and Expression must be set in the metrics "
                           "list element '" +
                               query.id + "'");
  }
  if (expression) {
    query.expression = *expression;
    return query;
  }
  const Input inner(*stat, input.PathOf("MetricStat"));
  const json::Value* metric = inner.Find("Metric");
  if (metric == nullptr) {
    return ValidationFault(inner.PathOf("Metric"), "MetricStat.Metric must not be null");
  }
  metrics::math::MetricStat read;
  SB_TRY(read.metric, ParseMetric(Input(*metric, inner.PathOf("Metric"))));
  SB_TRY(const auto seconds, inner.Int("Period"));
  if (!seconds) return ValidationFault(inner.PathOf("Period"), "Period must not be null");
  SB_TRY_OK(CheckPeriod(*seconds, inner.PathOf("Period")));
  read.period = std::chrono::seconds(*seconds);
  SB_TRY(const auto text, inner.Text("Stat"));
  if (!text) return ValidationFault(inner.PathOf("Stat"), "Stat must not be null");
  Result<metrics::Statistic> statistic = metrics::ParseStatistic(*text);
  if (!statistic.ok()) {
    return Error(ErrorCode::kInvalidArgument,
                 "The value " + *text + " for parameter Stat is not supported.",
                 inner.PathOf("Stat"), "InvalidParameterValue");
  }
  read.statistic = *std::move(statistic);
  SB_TRY(read.unit, inner.Text("Unit"));
  query.metric_stat = std::move(read);
  return query;
}

Result<> ParseSingle(const Input& input, MetricCondition& condition, std::string& moved) {
  metrics::math::MetricStat read;
  SB_TRY(read.metric, ParseMetric(input));
  SB_TRY(read.statistic, ParseStatisticOf(input, moved));
  SB_TRY(const auto period, input.Int("Period"));
  if (!period) return ValidationFault("Period", "Period must not be null");
  SB_TRY_OK(CheckPeriod(*period, "Period"));
  condition.period_s = static_cast<int>(*period);
  read.period = std::chrono::seconds(*period);
  SB_TRY(read.unit, input.Text("Unit"));
  condition.single = std::move(read);
  return {};
}

Result<> CheckPlan(const metrics::math::Plan& plan, MetricCondition& condition) {
  const auto& queries = plan.queries();
  const std::size_t wanted = condition.threshold_id.empty() ? 1 : 2;
  std::vector<std::size_t> returned;
  std::optional<Duration> period;
  std::size_t metric_count = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].return_data) returned.push_back(i);
    if (!queries[i].metric_stat) continue;
    ++metric_count;
    if (period.value_or(queries[i].metric_stat->period) != queries[i].metric_stat->period) {
      return ValidationFault("Metrics", "Metrics list must use one period");
    }
    period = queries[i].metric_stat->period;
  }
  if (metric_count > 10) {
    return ValidationFault("Metrics", "Metrics list must not have more than 10 metrics");
  }
  if (returned.size() != wanted) {
    return ValidationFault(
        "Metrics", wanted == 1 ? "Exactly one element of the metrics list should return data."
                               : "Exactly two elements of the metrics list should return data.");
  }
  condition.watched = returned[0];
  if (wanted == 2) {
    if (queries[returned[0]].id == condition.threshold_id) std::swap(returned[0], returned[1]);
    if (queries[returned[1]].id != condition.threshold_id) {
      return ValidationFault("ThresholdMetricId", "ThresholdMetricId " + condition.threshold_id +
                                                      " names no element of the metrics list that "
                                                      "returns data");
    }
    condition.watched = returned[0];
    condition.band = returned[1];
    if (plan.reads(condition.band).bands == 0) {
      return ValidationFault("ThresholdMetricId",
                             "ThresholdMetricId must name an ANOMALY_DETECTION_BAND expression");
    }
  }
  const auto& watched = queries[condition.watched];
  const metrics::math::Reads& reads = plan.reads(condition.watched);
  if (!watched.metric_stat && !watched.period && reads.metrics.empty()) {
    return ValidationFault("Metrics", "Period must not be null");
  }
  condition.period_s = static_cast<int>(plan.period(condition.watched) / std::chrono::seconds(1));
  if (plan.type(condition.watched) == metrics::math::Type::kArray) {
    if (!reads.insights_grouped || !reads.insights_ordered || wanted == 2) {
      return ValidationFault("Metrics",
                             "Metrics expression that return multi time series are only allowed "
                             "for MetricsInsights expression with an ORDER BY clause");
    }
    condition.contributors = true;
  }
  return {};
}

Result<> ParseMetrics(const Input& input, const Account& account, MetricCondition& condition) {
  for (std::string_view name : {"MetricName", "Namespace", "Dimensions", "Period", "Statistic",
                                "ExtendedStatistic", "Unit"}) {
    // An empty list of dimensions is how some clients say none.
    const json::Value* found = input.Find(name);
    if (found == nullptr || (found->IsArray() && found->AsArray().empty())) continue;
    return ValidationFault(std::string(name),
                           std::string(name) + " should not be set if list of Metrics is set.");
  }
  SB_TRY(const json::Array* list, input.Objects("Metrics"));
  std::vector<metrics::math::MetricDataQuery> queries;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Input element((*list)[i], "Metrics.member." + std::to_string(i + 1));
    SB_TRY(auto query, ParseQuery(element, account));
    queries.push_back(std::move(query));
  }
  SB_TRY(condition.plan, metrics::math::Plan::Make(std::move(queries)));
  return CheckPlan(*condition.plan, condition);
}

Result<> ParseThreshold(const Input& input, MetricCondition& condition) {
  SB_TRY(const auto comparison, input.Text("ComparisonOperator"));
  if (!comparison) {
    return ConstraintFault("null", "comparisonOperator", "Member must not be null");
  }
  const auto parsed = ParseComparison(*comparison);
  if (!parsed) {
    std::string set;
    for (const auto& [name, value] : kComparisons) {
      set.append(set.empty() ? "" : ", ").append(name);
    }
    return ConstraintFault(Quoted(*comparison), "comparisonOperator",
                           "Member must satisfy enum value set: [" + set + "]");
  }
  condition.comparison = *parsed;
  SB_TRY(const auto threshold, input.Number("Threshold"));
  SB_TRY(const auto threshold_id, input.Text("ThresholdMetricId"));
  if (threshold && threshold_id) {
    return ValidationFault("ThresholdMetricId",
                           "Threshold and ThresholdMetricId cannot both be set");
  }
  if (IsBand(condition.comparison) != threshold_id.has_value()) {
    return ValidationFault("ComparisonOperator",
                           IsBand(condition.comparison)
                               ? "ComparisonOperator " + *comparison + " needs a ThresholdMetricId"
                               : (threshold_id ? "ComparisonOperator " + *comparison +
                                                     " cannot be used with ThresholdMetricId"
                                               : std::string("Threshold must not be null")));
  }
  if (!threshold && !threshold_id)
    return ValidationFault("Threshold", "Threshold must not be null");
  if (!std::isfinite(threshold.value_or(0))) {
    return ValidationFault("Threshold", "Threshold must be a finite number");
  }
  condition.threshold = threshold.value_or(0);
  condition.threshold_id = threshold_id.value_or("");
  return {};
}

Result<> ParseTreatments(const Input& input, MetricCondition& condition) {
  SB_TRY(const auto missing, input.Text("TreatMissingData"));
  if (missing) {
    std::optional<MissingData> treatment;
    for (MissingData one : {MissingData::kMissing, MissingData::kIgnore, MissingData::kBreaching,
                            MissingData::kNotBreaching}) {
      if (*missing == ToText(one)) treatment = one;
    }
    if (!treatment) {
      return ValidationFault("TreatMissingData",
                             "Option " + *missing +
                                 " is not supported. Supported options for parameter "
                                 "TreatMissingData are breaching, notBreaching, ignore, missing.");
    }
    condition.missing = *treatment;
  } else if (condition.single && condition.single->metric.namespace_name == "AWS/DynamoDB") {
    condition.missing = MissingData::kIgnore;
  }
  SB_TRY(const auto low, input.Text("EvaluateLowSampleCountPercentile"));
  if (low && *low != "evaluate" && *low != "ignore") {
    return ValidationFault("EvaluateLowSampleCountPercentile",
                           "Option " + *low +
                               " is not supported. Supported options for parameter "
                               "EvaluateLowSampleCountPercentile are evaluate and ignore.");
  }
  condition.ignore_low_samples = low && *low == "ignore";
  return {};
}

Result<> ParsePeriods(const Input& input, MetricCondition& condition) {
  SB_TRY(const auto periods, input.Int("EvaluationPeriods"));
  if (!periods) return ConstraintFault("null", "evaluationPeriods", "Member must not be null");
  if (*periods < 1) {
    return ConstraintFault(Quoted(std::to_string(*periods)), "evaluationPeriods",
                           "Member must have value greater than or equal to 1");
  }
  SB_TRY(const auto datapoints, input.Int("DatapointsToAlarm"));
  if (datapoints && *datapoints < 1) {
    return ConstraintFault(Quoted(std::to_string(*datapoints)), "datapointsToAlarm",
                           "Member must have value greater than or equal to 1");
  }
  if (datapoints && *datapoints > *periods) {
    return ValidationFault("DatapointsToAlarm",
                           "DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  }
  const bool day = condition.period_s < 3600;
  if (*periods > (day ? 86'400 : 604'800) / condition.period_s) {
    return ValidationFault(
        "EvaluationPeriods",
        day ? "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must "
              "be <= 86400)."
            : "Metrics cannot be checked across more than seven days (EvaluationPeriods * Period "
              "must be <= 604800).");
  }
  condition.evaluation_periods = static_cast<int>(*periods);
  condition.datapoints_given = datapoints.has_value();
  condition.datapoints_to_alarm = static_cast<int>(datapoints.value_or(*periods));
  return {};
}

/// EvaluationWindow and WarmUpConfiguration.
Result<> ParseTiming(const Input& input, MetricCondition& condition) {
  if (const json::Value* window = input.Find("EvaluationWindow")) {
    const Input inner(*window, "EvaluationWindow");
    if (inner.Has("SlidingWindow") == inner.Has("WallClockWindow")) {
      return ValidationFault("EvaluationWindow",
                             "EvaluationWindow must have exactly one of SlidingWindow and "
                             "WallClockWindow");
    }
    if (const json::Value* clock = inner.Find("WallClockWindow")) {
      SB_TRY(const auto zone, Input(*clock, "EvaluationWindow.WallClockWindow").Text("Timezone"));
      condition.wall_clock_zone = zone.value_or("UTC");
      SB_TRY_OK(ParseWallClockZone(*condition.wall_clock_zone));
      constexpr std::array<int, 5> kLegal = {60, 300, 3600, 86'400, 604'800};
      if (std::find(kLegal.begin(), kLegal.end(), condition.period_s) == kLegal.end()) {
        return ValidationFault("Period",
                               "Period must be 60, 300, 3600, 86400 or 604800 with a "
                               "WallClockWindow");
      }
    }
  }
  if (const json::Value* warm = input.Find("WarmUpConfiguration")) {
    const Input inner(*warm, "WarmUpConfiguration");
    SB_TRY(const auto minutes, inner.Int("WarmUpPeriodDurationInMinutes"));
    if (!minutes || *minutes < 1 || *minutes > 10'080) {
      return ValidationFault("WarmUpConfiguration.WarmUpPeriodDurationInMinutes",
                             "WarmUpPeriodDurationInMinutes must be between 1 and 10080");
    }
    condition.warm_up = std::chrono::minutes(*minutes);
    SB_TRY(const auto whole, inner.Bool("OnlyStartEvaluatingAfterWarmUpPeriodEnds"));
    condition.warm_up_whole = whole.value_or(false);
  }
  return {};
}

}  // namespace

Result<> ParseMetricCondition(const Input& input, const Account& account,
                              MetricCondition& condition, std::string& moved_statistic) {
  SB_TRY_OK(ParseThreshold(input, condition));
  const json::Value* list = input.Find("Metrics");
  if (list != nullptr && (!list->IsArray() || !list->AsArray().empty())) {
    SB_TRY_OK(ParseMetrics(input, account, condition));
  } else {
    if (!condition.threshold_id.empty()) {
      return ValidationFault("ThresholdMetricId", "ThresholdMetricId needs a list of Metrics");
    }
    SB_TRY_OK(ParseSingle(input, condition, moved_statistic));
  }
  SB_TRY_OK(ParsePeriods(input, condition));
  SB_TRY_OK(ParseTreatments(input, condition));
  return ParseTiming(input, condition);
}

}  // namespace securebase::alarms
