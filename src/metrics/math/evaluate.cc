#include "metrics/math/evaluate.h"

#include <algorithm>
#include <map>
#include <utility>

#include "metrics/math/internal/evaluator.h"
#include "metrics/math/label.h"

namespace securebase::metrics::math {
namespace {

/// What a metric is called without a Label: its name, with what tells the queries of the request
/// apart (spec 4.2).
std::vector<std::string> MetricLabels(const std::vector<MetricDataQuery>& queries) {
  const MetricStat* first = nullptr;
  bool stats_differ = false, periods_differ = false;
  std::map<std::string, std::vector<std::size_t>> by_name;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].metric_stat) continue;
    const MetricStat& stat = *queries[i].metric_stat;
    if (first == nullptr) first = &stat;
    stats_differ |= stat.statistic.text != first->statistic.text;
    periods_differ |= stat.period != first->period;
    by_name[stat.metric.name].push_back(i);
  }
  std::vector<std::string> labels(queries.size());
  for (const auto& [name, places] : by_name) {
    std::vector<Metric> metrics;
    for (std::size_t i : places) metrics.push_back(queries[i].metric_stat->metric);
    const std::vector<std::string> parts = DistinguishingLabels(metrics);
    for (std::size_t k = 0; k < places.size(); ++k) {
      labels[places[k]] = parts[k] == name ? name : name + " " + parts[k];
    }
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (!queries[i].metric_stat) continue;
    const MetricStat& stat = *queries[i].metric_stat;
    if (stats_differ) labels[i] += " " + stat.statistic.text;
    if (periods_differ) labels[i] += " " + std::to_string(stat.period.count() / 1000);
  }
  return labels;
}

class Results {
 public:
  Results(const Plan& plan, const Source& source, const EvaluationRequest& request)
      : plan_(plan),
        request_(request),
        default_labels_(MetricLabels(plan.queries())),
        names_(NamesOf(plan.queries(), default_labels_)),
        evaluator_(plan, source, request, names_,
                   std::make_shared<Budget>(request.limits.buckets_max)) {}

  Result<Evaluation> Run() {
    if (!request_.timezone.empty()) {
      SB_TRY(offset_, ParseLabelTimezone(request_.timezone));
    }
    for (std::size_t i = 0; i < plan_.queries().size(); ++i) {
      const Grid grid = evaluator_.GridAt(plan_.period(i));
      out_.grids.push_back(grid);
      const bool wanted = plan_.queries()[i].return_data || request_.all_results;
      if (!wanted || plan_.type(i) == Type::kScalar) continue;
      SB_TRY(Operand found, evaluator_.Query(i, plan_.period(i)));
      Add(i, grid, std::move(found));
    }
    return std::move(out_);
  }

 private:
  /// What series are called within other expressions.
  static std::vector<std::string> NamesOf(const std::vector<MetricDataQuery>& queries,
                                          const std::vector<std::string>& defaults) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const auto& label = queries[i].label;
      if (label && !label->empty() && !IsDynamicLabel(*label)) {
        names.push_back(*label);
      } else {
        names.push_back(queries[i].metric_stat ? defaults[i] : queries[i].id);
      }
    }
    return names;
  }

  void Add(std::size_t i, const Grid& grid, Operand found) {
    if (found.series.size() > request_.limits.series_max) {
      found.series.resize(request_.limits.series_max);
      found.partial = true;
      found.Say("MaxQueryTimeSeriesExceeded", "The expression gives more than " +
                                                  std::to_string(request_.limits.series_max) +
                                                  " time series.");
    }
    if (found.series.empty()) {
      // No result carries what there is to say.
      for (Message& message : found.messages) out_.messages.push_back(std::move(message));
    }
    for (const SeriesPtr& series : found.series) {
      SeriesResult result;
      result.query = i;
      result.id = plan_.queries()[i].id;
      result.period = grid.period;
      result.series = ToTimeSeries(grid, series->values);
      result.partial = found.partial;
      result.messages = found.messages;
      if (series->origin != nullptr) result.metric = series->origin->metric;
      result.label = LabelOf(i, *series, result.series, found.series.size() > 1);
      out_.results.push_back(std::move(result));
    }
  }

  std::string LabelOf(std::size_t i, const SeriesData& data, const TimeSeries& series,
                      bool one_of_several) const {
    const MetricDataQuery& query = plan_.queries()[i];
    std::string own = query.metric_stat ? default_labels_[i] : query.id;
    if (plan_.type(i) == Type::kArray && !data.label.empty()) own = data.label;
    if (!query.label || query.label->empty()) return own;
    if (!IsDynamicLabel(*query.label)) {
      return one_of_several && own != query.id ? *query.label + " " + own : *query.label;
    }
    LabelContext context;
    context.own = own;
    context.series = &series;
    context.period = plan_.period(i);
    context.account = &request_.account;
    context.offset = offset_;
    context.now = request_.now;
    if (data.origin != nullptr) {
      context.metric = &data.origin->metric;
      context.statistic = data.origin->statistic;
    }
    return ExpandLabel(*query.label, context);
  }

  const Plan& plan_;
  const EvaluationRequest& request_;
  const std::vector<std::string> default_labels_;
  const std::vector<std::string> names_;
  Evaluator evaluator_;
  Duration offset_{0};
  Evaluation out_;
};

}  // namespace

Result<Evaluation> Evaluate(const Plan& plan, const Source& source,
                            const EvaluationRequest& request) {
  return Results(plan, source, request).Run();
}

}  // namespace securebase::metrics::math
