// The summary, cost breakdown and usage answers.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "analytics/compliance.h"
#include "analytics/datasets.h"
#include "analytics/execute.h"
#include "analytics/security.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

using query::Aggregate;
using query::Predicate;

constexpr std::string_view kUsageMetrics[] = {"api_calls", "compute_hours", "storage_gb",
                                              "data_transfer_gb"};

Predicate MetricIs(std::string_view metric) {
  return {.op = Predicate::Op::kEqual, .field = "metric", .literals = {std::string(metric)}};
}

/// The figures of the summary over one period; scores are empty without data.
struct Figures {
  double cost = 0;
  double resources = 0;
  double api_calls = 0;
  double critical = 0;
  std::optional<double> security;
  std::optional<double> compliance;
};

Result<Figures> ReadFigures(const Reader& reader, const DateRange& range) {
  Figures figures;
  SB_TRY(figures.cost, reader.Total(kCost, range, {}, {Aggregate::Op::kSum, "billed_cost"}));
  SB_TRY(figures.resources,
         reader.Total(kCost, range, {}, {Aggregate::Op::kCountDistinct, "resource_id"}));
  SB_TRY(figures.api_calls,
         reader.Total(kUsage, range, MetricIs("api_calls"), {Aggregate::Op::kSum, "value"}));
  SB_TRY(const std::vector<Finding> findings, LatestFindings(reader, range));
  SecurityScore score;
  for (const Finding& finding : findings) {
    score.Add(finding);
    figures.critical += finding.Failing() && finding.severity == "critical";
  }
  figures.security = score.Value();

  SB_TRY(const auto frameworks, ReadControls(reader, range, findings, ""));
  double passed = 0;
  double failed = 0;
  for (const auto& [name, states] : frameworks) {
    passed += static_cast<double>(states.Count("passed"));
    failed += static_cast<double>(states.Count("failed"));
  }
  if (passed + failed > 0) figures.compliance = 100 * passed / (passed + failed);
  return figures;
}

/// Percent against the period before; null where there is nothing to compare with.
json::Value Change(std::optional<double> now, std::optional<double> before) {
  if (!now || !before || *before == 0) return nullptr;
  return Rounded((*now - *before) / std::abs(*before) * 100);
}

Result<std::size_t> ReadTopN(const std::string* text) {
  if (text == nullptr) return 10;
  const auto top = ParseInt(*text);
  if (!top || *top < 1 || *top > 1000) {
    return InvalidArgument("topN", "must be a whole number from 1 to 1000");
  }
  return static_cast<std::size_t>(*top);
}

json::Object BreakdownRow(json::Value value, double cost, double total, std::int64_t count) {
  json::Object row;
  row.emplace_back("value", std::move(value));
  row.emplace_back("cost", RoundAmount(cost));
  row.emplace_back("percentage", total == 0 ? json::Value(0.0) : Rounded(cost / total * 100));
  row.emplace_back("count", count);
  return row;
}

struct UsageSeries {
  std::map<std::int64_t, double> days;
  double total = 0;
};

json::Value UsageTotals(const UsageSeries& series) {
  std::int64_t peak_day = 0;
  double peak = 0;
  for (const auto& [day, value] : series.days) {
    if (value > peak) {
      peak = value;
      peak_day = day;
    }
  }
  json::Value totals;
  totals.Set("total", RoundAmount(series.total));
  totals.Set(
      "averagePerDay",
      series.days.empty()
          ? json::Value(0.0)
          : json::Value(RoundAmount(series.total / static_cast<double>(series.days.size()))));
  totals.Set("peak", RoundAmount(peak));
  totals.Set("peakDate",
             peak == 0 ? json::Value(nullptr) : json::Value(FormatDate(FromUnixMillis(peak_day))));
  return totals;
}

}  // namespace

Result<json::Value> SummaryAnswer(const Reader& reader, const DateRange& range) {
  SB_TRY(const Figures now, ReadFigures(reader, range));
  SB_TRY(const Figures before, ReadFigures(reader, range.Before()));
  json::Value answer;
  answer.Set("totalCost", RoundAmount(now.cost));
  answer.Set("costChange", Change(now.cost, before.cost));
  answer.Set("securityScore", Rounded(now.security));
  answer.Set("securityScoreChange", Change(now.security, before.security));
  answer.Set("complianceScore", Rounded(now.compliance));
  answer.Set("complianceScoreChange", Change(now.compliance, before.compliance));
  answer.Set("activeResources", static_cast<std::int64_t>(now.resources));
  answer.Set("activeResourcesChange", Change(now.resources, before.resources));
  answer.Set("criticalFindings", static_cast<std::int64_t>(now.critical));
  answer.Set("criticalFindingsChange", Change(now.critical, before.critical));
  answer.Set("apiCalls", RoundAmount(now.api_calls));
  answer.Set("apiCallsChange", Change(now.api_calls, before.api_calls));
  answer.Set("dateRange", range.name);
  answer.Set("startDate", FormatIso(range.start));
  answer.Set("endDate", FormatIso(range.end));
  return answer;
}

Result<json::Value> BreakdownAnswer(const Reader& reader, const ParameterList& parameters,
                                    Instant now) {
  SB_TRY_OK(CheckNames(
      parameters, {"dimension", "tagKey", "topN", "dateRange", "startDate", "endDate", "filters"}));
  if (FindParameter(parameters, "dimension") == nullptr) {
    return InvalidArgument("dimension", "is required");
  }
  SB_TRY(const std::size_t top, ReadTopN(FindParameter(parameters, "topN")));
  ParameterList rest = parameters;
  std::erase_if(rest, [](const auto& parameter) { return parameter.first == "topN"; });
  rest.emplace_back("metrics", "cost,count");
  SB_TRY(AnalyticsQuery query, ParseQuery(rest, now));
  if (query.dataset != kCost) {
    return InvalidArgument("dimension", "'" + query.dimension + "' has no cost to break down");
  }
  query.limit = 1'000'000;
  SB_TRY(const QueryResult result, Execute(reader, query, ""));

  const double total = result.total_cost;
  json::Array rows;
  double other_cost = 0;
  std::int64_t other_count = 0;
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    const auto& row = result.rows[i];
    if (i >= top) {
      other_cost += row[1].real;
      other_count += row[2].integer;
      continue;
    }
    rows.emplace_back(BreakdownRow(row[0].present ? json::Value(row[0].text) : json::Value(),
                                   row[1].real, total, row[2].integer));
  }
  if (result.rows.size() > top) {
    rows.emplace_back(BreakdownRow("other", other_cost, total, other_count));
  }
  json::Value answer;
  answer.Set("breakdown", std::move(rows));
  answer.Set("total", RoundAmount(total));
  answer.Set("dimension", query.dimension);
  answer.Set("dateRange", query.range.name);
  answer.Set("startDate", FormatIso(query.range.start));
  answer.Set("endDate", FormatIso(query.range.end));
  return answer;
}

Result<json::Value> UsageAnswer(const Reader& reader, const DateRange& range,
                                std::string_view metric) {
  query::GroupQuery plan;
  if (!metric.empty()) plan.where = MetricIs(metric);
  plan.keys = {{"metric"}, {"time", query::GroupKey::Cut::kDay}};
  plan.aggregates = {{Aggregate::Op::kSum, "value"}};
  plan.order = {{1, false}};
  SB_TRY(const query::GroupResult result, reader.Group(kUsage, range, plan));

  std::map<std::string, UsageSeries> series;
  for (std::string_view name : kUsageMetrics) {
    if (metric.empty() || metric == name) series[std::string(name)];
  }
  json::Array rows;
  for (const auto& row : result.rows) {
    UsageSeries& of_metric = series[row[0].text];
    of_metric.days[row[1].integer] += row[2].real;
    of_metric.total += row[2].real;
    json::Object day;
    day.emplace_back("date", FormatDate(FromUnixMillis(row[1].integer)));
    day.emplace_back("metric", row[0].text);
    day.emplace_back("value", RoundAmount(row[2].real));
    rows.emplace_back(std::move(day));
  }
  json::Value totals;
  for (const auto& [name, of_metric] : series) totals.Set(name, UsageTotals(of_metric));
  json::Value answer;
  answer.Set("data", std::move(rows));
  answer.Set("totals", std::move(totals));
  answer.Set("dateRange", range.name);
  answer.Set("startDate", FormatIso(range.start));
  answer.Set("endDate", FormatIso(range.end));
  return answer;
}

}  // namespace securebase::analytics
