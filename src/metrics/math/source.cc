#include "metrics/math/source.h"

#include <algorithm>
#include <utility>

namespace securebase::metrics::math {
namespace {

constexpr std::size_t kPage = 1000;

Values Evaluated(const Buckets& buckets, const Statistic& statistic, const Grid& grid) {
  Values values(grid.count(), kMissing);
  for (const auto& [time, bucket] : buckets) {
    const auto place = (time - grid.start) / grid.period;
    if (place < 0 || static_cast<std::size_t>(place) >= values.size()) continue;
    if (const auto value = bucket.Evaluate(statistic)) {
      values[static_cast<std::size_t>(place)] = *value;
    }
  }
  return values;
}

}  // namespace

Result<UnitValues> StoreSource::Read(const MetricStat& stat, const Grid& grid) const {
  StatisticsRequest request;
  request.metric = stat.metric;
  request.unit = stat.unit;
  request.start = grid.start;
  request.end = grid.end;
  request.period = grid.period;
  request.distribution = !stat.statistic.simple();
  SB_TRY(const std::vector<UnitSeries> series, store_.Query(account_, request));
  UnitValues out;
  const UnitSeries* first = nullptr;
  for (const UnitSeries& one : series) {
    if (one.buckets.empty()) continue;
    out.units.push_back(one.unit);
    if (first == nullptr || one.unit < first->unit) first = &one;
  }
  std::sort(out.units.begin(), out.units.end());
  out.values = first != nullptr ? Evaluated(first->buckets, stat.statistic, grid)
                                : Values(grid.count(), kMissing);
  return out;
}

Result<std::vector<Values>> StoreSource::ReadGroups(
    const std::vector<std::pair<Metric, std::uint32_t>>& metrics, std::uint32_t group_count,
    const Statistic& statistic, const Grid& grid) const {
  GroupsRequest request;
  request.metrics = metrics;
  request.group_count = group_count;
  request.start = grid.start;
  request.end = grid.end;
  request.period = grid.period;
  request.distribution = !statistic.simple();
  SB_TRY(const std::vector<Buckets> groups, store_.QueryGroups(account_, request));
  std::vector<Values> out;
  out.reserve(groups.size());
  for (const Buckets& buckets : groups) out.push_back(Evaluated(buckets, statistic, grid));
  return out;
}

Result<SelectedMetrics> StoreSource::Select(const MetricSelection& selection,
                                            std::size_t metrics_max) const {
  ListRequest request;
  request.namespace_name = selection.namespace_name;
  request.name = selection.name;
  request.dimensions = selection.dimensions;
  request.active_since = selection.active_since;
  request.metrics_max = kPage;
  SelectedMetrics out;
  for (;;) {
    SB_TRY(ListPage page, store_.List(account_, request));
    for (Metric& metric : page.metrics) {
      request.after = metric;
      if (selection.accepts && !selection.accepts(metric)) continue;
      if (out.metrics.size() == metrics_max) {
        out.more = true;
        return out;
      }
      out.metrics.push_back(std::move(metric));
    }
    if (!page.more || page.metrics.empty()) return out;
  }
}

}  // namespace securebase::metrics::math
