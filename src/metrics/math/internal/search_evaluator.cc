// SEARCH and SELECT: the parts of an evaluation that read many metrics in one pass.

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "metrics/math/internal/evaluator.h"
#include "metrics/math/internal/vector_ops.h"

namespace securebase::metrics::math {
namespace {

constexpr Duration kSearched = std::chrono::hours(24 * 14);
constexpr std::size_t kBucketsAtOnce = 4'000'000;

std::string AccountNumber(const Account& account) {
  return account.id.substr(0, account.id.find('/'));
}

bool IsEmpty(const Values& values) { return std::all_of(values.begin(), values.end(), IsMissing); }

double SortKey(InsightsFunction function, const Values& values) {
  switch (function) {
    case InsightsFunction::kAvg:
      return Reduce(FunctionId::kAvg, values);
    case InsightsFunction::kCount:
      return Reduce(FunctionId::kDatapointCount, values);
    case InsightsFunction::kMax:
      return Reduce(FunctionId::kMax, values);
    case InsightsFunction::kMin:
      return Reduce(FunctionId::kMin, values);
    case InsightsFunction::kSum:
      break;
  }
  return Reduce(FunctionId::kSum, values);
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " ") + part;
  return out;
}

}  // namespace

std::vector<std::string> DistinguishingLabels(const std::vector<Metric>& metrics) {
  struct Seen {
    std::string_view value;  // of the first metric that has the dimension
    std::size_t holders = 0;
    bool differs = false;
  };
  std::map<std::string_view, Seen> dimensions;
  bool names_differ = false, namespaces_differ = false;
  for (const Metric& metric : metrics) {
    names_differ |= metric.name != metrics[0].name;
    namespaces_differ |= metric.namespace_name != metrics[0].namespace_name;
    for (const Dimension& dimension : metric.dimensions) {
      Seen& seen = dimensions[dimension.name];
      if (seen.holders++ == 0) seen.value = dimension.value;
      seen.differs |= seen.value != dimension.value;
    }
  }
  std::vector<std::string> labels;
  labels.reserve(metrics.size());
  for (const Metric& metric : metrics) {
    std::vector<std::string> parts;
    if (namespaces_differ) parts.push_back(metric.namespace_name);
    for (const Dimension& dimension : metric.dimensions) {
      const Seen& seen = dimensions[dimension.name];
      if (seen.differs || seen.holders < metrics.size()) parts.push_back(dimension.value);
    }
    if (names_differ || parts.empty()) parts.push_back(metric.name);
    labels.push_back(Joined(parts));
  }
  return labels;
}

Result<> Evaluator::VisitSearch(
    const Node& node, const Frame& frame, Operand& about,
    const std::function<Result<>(const Metric&, std::string, Values)>& use) {
  MetricSelection selection = node.search->Selection(AccountNumber(request_.account));
  selection.filter.active_since = request_.now - kSearched;
  const std::size_t most = frame.root ? request_.limits.series_max : request_.limits.metrics_max;
  SB_TRY(const SelectedMetrics selected, source_.Select(selection, most));
  if (selected.more) {
    about.partial = true;
    about.Say(frame.root ? "MaxQueryTimeSeriesExceeded" : "MaxMetricsExceeded",
              "The search matches more than " + std::to_string(most) + " metrics.");
  }
  const Grid& grid = frame.grid;
  if (!grid.kept) {
    about.Say("PeriodNotKept", "Data of this age is not kept at a period of " +
                                   std::to_string(grid.period.count() / 1000) + " seconds.");
  }
  const std::vector<Metric>& metrics = selected.metrics;
  std::vector<std::string> labels = DistinguishingLabels(metrics);
  const std::size_t step = std::max<std::size_t>(1, kBucketsAtOnce / (grid.count() + 1));
  for (std::size_t first = 0; first < metrics.size(); first += step) {
    const std::size_t count = std::min(step, metrics.size() - first);
    SB_TRY_OK(Continue(count * grid.count()));
    std::vector<std::pair<Metric, std::uint32_t>> part;
    for (std::size_t i = 0; i < count; ++i) {
      part.emplace_back(metrics[first + i], static_cast<std::uint32_t>(i));
    }
    std::vector<Values> read(count);
    if (grid.kept) {
      SB_TRY(read,
             source_.ReadGroups(part, static_cast<std::uint32_t>(count), *node.statistic, grid));
    }
    for (std::size_t i = 0; i < count; ++i) {
      read[i].resize(grid.count(), kMissing);
      SB_TRY_OK(use(metrics[first + i], std::move(labels[first + i]), std::move(read[i])));
    }
  }
  return {};
}

Result<Operand> Evaluator::EvalSearch(const Node& node, const Frame& frame) {
  Operand out;
  out.type = Type::kArray;
  SB_TRY_OK(VisitSearch(node, frame, out,
                        [&](const Metric& metric, std::string label, Values values) -> Result<> {
                          SB_TRY_OK(budget_->Check(values.size()));
                          auto series = std::make_shared<SeriesData>(std::move(values), budget_);
                          series->label = std::move(label);
                          series->origin = std::make_shared<SeriesOrigin>(
                              SeriesOrigin{metric, node.statistic->text, frame.grid.period});
                          out.series.push_back(std::move(series));
                          return {};
                        }));
  return out;
}

Result<Operand> Evaluator::ReduceSearch(const Node& reduction, const Frame& frame) {
  Operand out;
  out.type = Type::kSeries;
  Reduction folded(reduction.function->id, frame.grid.count());
  SB_TRY_OK(VisitSearch(*reduction.children[0], {frame.query, frame.grid}, out,
                        [&](const Metric&, const std::string&, const Values& values) -> Result<> {
                          folded.Add(values);
                          return {};
                        }));
  out.series.push_back(Make(folded.Finish()));
  return out;
}

Result<Operand> Evaluator::EvalInsights(const Node& node, const Frame& frame) {
  const InsightsQuery& query = *node.insights;
  const Grid& grid = frame.grid;
  Operand out;
  out.type = node.type;
  MetricSelection selection = query.Selection();
  selection.filter.active_since = std::min(grid.start, request_.now - kSearched);
  SB_TRY(const SelectedMetrics selected, source_.Select(selection, request_.limits.metrics_max));
  if (selected.more) {
    out.partial = true;
    out.Say("MaxMetricsExceeded", "The query matches more than " +
                                      std::to_string(request_.limits.metrics_max) + " metrics.");
  }
  std::map<std::vector<std::string>, std::uint32_t> groups;
  if (query.group_by.empty()) groups[{}] = 0;
  for (const Metric& metric : selected.metrics) groups[query.GroupOf(metric)] = 0;
  std::uint32_t number = 0;
  for (auto& [group, place] : groups) place = number++;  // ascending by key
  std::vector<std::pair<Metric, std::uint32_t>> members;
  members.reserve(selected.metrics.size());
  for (const Metric& metric : selected.metrics) {
    members.emplace_back(metric, groups[query.GroupOf(metric)]);
  }
  SB_TRY_OK(Continue(groups.size() * grid.count()));
  std::vector<Values> read(groups.size());
  if (grid.kept) {
    SB_TRY(read, source_.ReadGroups(members, number, query.statistic(), grid));
  } else {
    out.Say("PeriodNotKept", "Data of this age is not kept at a period of " +
                                 std::to_string(grid.period.count() / 1000) + " seconds.");
  }
  std::vector<std::pair<double, SeriesPtr>> keyed;
  for (const auto& [group, place] : groups) {
    read[place].resize(grid.count(), kMissing);
    if (!query.group_by.empty() && IsEmpty(read[place])) continue;
    const double key = query.order_by ? SortKey(*query.order_by, read[place]) : 0;
    auto series = std::make_shared<SeriesData>(std::move(read[place]), budget_);
    series->label = Joined(group);
    keyed.emplace_back(key, std::move(series));
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    return query.descending ? a.first > b.first : a.first < b.first;
  });
  const std::size_t most = query.limit.value_or(request_.limits.series_max);
  if (keyed.size() > most) {
    keyed.resize(most);
    if (!query.limit) {
      out.partial = true;
      out.Say("MaxQueryTimeSeriesExceeded",
              "The query gives more than " + std::to_string(most) + " time series.");
    }
  }
  for (auto& [key, series] : keyed) out.series.push_back(std::move(series));
  return out;
}

}  // namespace securebase::metrics::math
