#include "metrics/math/source.h"

#include <algorithm>
#include <utility>

namespace securebase::metrics::math {
namespace {

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
  SelectedMetrics out;
  SB_TRY_OK(store_.VisitMetrics(account_, selection.filter, [&](const Metric& metric) {
    if (selection.accepts && !selection.accepts(metric)) return true;
    out.more = out.metrics.size() == metrics_max;
    if (!out.more) out.metrics.push_back(metric);
    return !out.more;
  }));
  return out;
}

}  // namespace securebase::metrics::math
