// GetMetricStatistics (spec: cloudwatch-api 4.1).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/text.h"
#include "metrics/math/grid.h"

namespace securebase::aws::cloudwatch {
namespace {

constexpr std::int64_t kDatapointsMax = 1440;
constexpr std::size_t kExtendedMax = 10;

struct Asked {
  std::vector<metrics::Statistic> simple;
  std::vector<metrics::Statistic> extended;
};

/// The users' scripts send `--statistics Average,Maximum` (one element) and `--statistics p95`:
/// elements are split at commas, and extended statistics are taken in either list.
Result<> AddStatistics(const Value::List& list, std::string_view field, Asked& asked) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::string_view name : Split(*list[i].As<std::string>(), ',')) {
      name = Trim(name);
      Result<metrics::Statistic> statistic = metrics::ParseStatistic(name);
      const std::string member = std::string(field) + ".member." + std::to_string(i + 1);
      if (!statistic.ok()) {
        return InvalidValue(member, "The value " + std::string(name) + " for parameter " + member +
                                        " is not supported.");
      }
      auto& target = statistic->simple() ? asked.simple : asked.extended;
      target.push_back(*std::move(statistic));
    }
  }
  return {};
}

Result<Asked> StatisticsOf(const Value& request) {
  Asked asked;
  SB_TRY_OK(AddStatistics(request.Elements("Statistics"), "Statistics", asked));
  SB_TRY_OK(AddStatistics(request.Elements("ExtendedStatistics"), "ExtendedStatistics", asked));
  if (asked.simple.empty() && asked.extended.empty()) {
    return InvalidCombination("Statistics", "Must specify either Statistics or ExtendedStatistics");
  }
  if (asked.extended.size() > kExtendedMax) {
    return InvalidValue("ExtendedStatistics",
                        "The collection ExtendedStatistics must not have a size greater than 10.");
  }
  return asked;
}

Result<metrics::StatisticsRequest> QueryOf(const Value& request, const CallContext& context,
                                           bool& kept) {
  const std::int64_t period_s = *request.Int("Period");
  const Instant start = *request.Time("StartTime"), end = *request.Time("EndTime");
  if (start >= end) {
    return InvalidValue("StartTime",
                        "The parameter StartTime must be less than the parameter EndTime.");
  }
  SB_TRY_OK(CheckPeriod(period_s, "Period"));
  const std::int64_t span_s = (end - start).count() / 1000;
  if (span_s / period_s > kDatapointsMax) {
    return InvalidCombination(
        "Period", "You have requested up to " + std::to_string(span_s / period_s) +
                      " datapoints, which exceeds the limit of 1440. You may reduce the "
                      "datapoints requested by increasing Period, or decreasing the time range.");
  }
  const metrics::math::Grid grid =
      metrics::math::QueryGrid(start, end, std::chrono::seconds(period_s), context.now);
  kept = grid.kept;
  metrics::StatisticsRequest query;
  query.metric.namespace_name = *request.Text("Namespace");
  query.metric.name = *request.Text("MetricName");
  SB_TRY(query.metric.dimensions, DimensionsOf(request.Elements("Dimensions"), "Dimensions"));
  if (const std::string* unit = request.Text("Unit")) query.unit = *unit;
  query.start = grid.start;
  query.end = grid.end;
  query.period = grid.period;
  return query;
}

Value Datapoint(Instant time, const std::string& unit, const metrics::Bucket& bucket,
                const Asked& asked) {
  Value point;
  point.Set("Timestamp", time);
  for (const metrics::Statistic& statistic : asked.simple) {
    if (const auto value = bucket.Evaluate(statistic)) point.Set(statistic.text, *value);
  }
  point.Set("Unit", unit);
  Value::Map extended;
  for (const metrics::Statistic& statistic : asked.extended) {
    if (const auto value = bucket.Evaluate(statistic)) {
      extended.entries.emplace_back(statistic.text, *value);
    }
  }
  if (!extended.entries.empty()) {
    point.Set("ExtendedStatistics", std::move(extended));
  } else if (asked.simple.empty()) {
    return Value();  // nothing of what was asked exists here
  }
  return point;
}

Value::List Datapoints(const std::vector<metrics::UnitSeries>& series, const Asked& asked) {
  struct Row {
    Instant time;
    const std::string* unit;
    const metrics::Bucket* bucket;
  };
  std::vector<Row> rows;
  for (const metrics::UnitSeries& one : series) {
    for (const auto& [time, bucket] : one.buckets) rows.push_back({time, &one.unit, &bucket});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.time != b.time ? a.time < b.time : *a.unit < *b.unit;
  });
  Value::List points;
  for (const Row& row : rows) {
    Value point = Datapoint(row.time, *row.unit, *row.bucket, asked);
    if (!point.IsNull()) points.push_back(std::move(point));
  }
  return points;
}

Result<Value> Run(const Value& request, CallContext& context) {
  SB_TRY(const Asked asked, StatisticsOf(request));
  bool kept = true;
  SB_TRY(metrics::StatisticsRequest query, QueryOf(request, context, kept));
  std::vector<metrics::UnitSeries> series;
  query.distribution = !asked.extended.empty();
  if (kept) {
    SB_TRY(series, context.stores.metrics.Query(context.account, query));
  }
  return Value::MakeStruct(
      {{"Label", query.metric.name}, {"Datapoints", Datapoints(series, asked)}});
}

}  // namespace

Operation GetMetricStatistics() {
  return {.name = "GetMetricStatistics",
          .input = Struct({
              Required("Namespace", Text(1, 255)),
              Required("MetricName", Text(1, 255)),
              Optional("Dimensions", DimensionsShape()),
              Required("StartTime", Time()),
              Required("EndTime", Time()),
              Required("Period", Int(1)),
              Optional("Statistics", ListOf(Text(), 1, 5)),
              Optional("ExtendedStatistics", ListOf(Text(), 1, 10)),
              Optional("Unit", UnitShape()),
          }),
          .run = Run};
}

}  // namespace securebase::aws::cloudwatch
