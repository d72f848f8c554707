#include "metrics/metric_store.h"

#include <algorithm>
#include <future>
#include <map>

namespace securebase::metrics {

Result<> MetricStore::PutAndWait(const Account& account, std::vector<Datum> data) {
  std::promise<Result<>> promise;
  Put(account, std::move(data), [&](Result<> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

void MetricStore::Put(const Account& account, std::span<const DatumView> data,
                      std::function<void(Result<>)> done) {
  std::vector<Datum> copies;
  copies.reserve(data.size());
  for (const DatumView& view : data) {
    Datum& datum = copies.emplace_back();
    datum.metric.namespace_name = view.namespace_name;
    datum.metric.name = view.name;
    for (const DimensionView& dimension : view.dimensions) {
      datum.metric.dimensions.push_back(
          {std::string(dimension.name), std::string(dimension.value)});
    }
    datum.unit = view.unit;
    datum.time = view.time;
    datum.resolution_s = view.resolution_s;
    datum.values.assign(view.values.begin(), view.values.end());
    datum.statistics = view.statistics;
    if (view.distribution != nullptr) datum.distribution = *view.distribution;
  }
  Put(account, std::move(copies), std::move(done));
}

Result<> MetricStore::VisitMetrics(const Account& account, const MetricFilter& filter,
                                   const MetricVisitor& visit) const {
  std::vector<std::string> names = filter.dimension_names.value_or(std::vector<std::string>());
  std::sort(names.begin(), names.end());
  const auto has_schema = [&](const Metric& metric) {
    return std::equal(
        metric.dimensions.begin(), metric.dimensions.end(), names.begin(), names.end(),
        [](const Dimension& has, const std::string& wants) { return has.name == wants; });
  };
  ListRequest request{.namespace_name = filter.namespace_name,
                      .name = filter.name,
                      .dimensions = filter.dimensions,
                      .active_since = filter.active_since,
                      .after = filter.after};
  for (bool more = true; more;) {
    SB_TRY(ListPage page, List(account, request));
    for (const Metric& metric : page.metrics) {
      if (filter.dimension_names && !has_schema(metric)) continue;
      if (!visit(metric)) return {};
    }
    more = page.more && !page.metrics.empty();
    if (more) request.after = std::move(page.metrics.back());
  }
  return {};
}

Result<std::vector<Buckets>> MetricStore::QueryGroups(const Account& account,
                                                      const GroupsRequest& request) const {
  std::vector<std::map<Instant, Bucket>> groups(request.group_count);
  for (const auto& [metric, group] : request.metrics) {
    SB_TRY(const std::vector<UnitSeries> series,
           Query(account, {.metric = metric,
                           .start = request.start,
                           .end = request.end,
                           .period = request.period,
                           .distribution = request.distribution}));
    for (const UnitSeries& unit : series) {
      for (const auto& [start, bucket] : unit.buckets) groups[group][start].Merge(bucket);
    }
  }
  std::vector<Buckets> merged;
  for (auto& group : groups) {
    merged.emplace_back(std::make_move_iterator(group.begin()),
                        std::make_move_iterator(group.end()));
  }
  return merged;
}

}  // namespace securebase::metrics
