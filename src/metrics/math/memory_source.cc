#include "metrics/math/memory_source.h"

#include <algorithm>

namespace securebase::metrics::math {
namespace {

/// Merges the points of a grid's range into its buckets.
void MergeInto(const std::map<Instant, Bucket>& points, const Grid& grid,
               std::vector<Bucket>& buckets) {
  for (auto it = points.lower_bound(grid.start); it != points.end() && it->first < grid.end; ++it) {
    buckets[static_cast<std::size_t>((it->first - grid.start) / grid.period)].Merge(it->second);
  }
}

Values Evaluated(const std::vector<Bucket>& buckets, const Statistic& statistic) {
  Values values;
  values.reserve(buckets.size());
  for (const Bucket& bucket : buckets) {
    values.push_back(bucket.empty() ? kMissing : bucket.Evaluate(statistic).value_or(kMissing));
  }
  return values;
}

bool Has(const Metric& metric, const Dimension& wanted) {
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& one) {
    return one.name == wanted.name && (wanted.value.empty() || one.value == wanted.value);
  });
}

}  // namespace

void MemorySource::Add(const Metric& metric, Instant time, const Bucket& bucket,
                       const std::string& unit) {
  metrics_[metric][unit][time].Merge(bucket);
}

void MemorySource::Add(const Metric& metric, Instant time, double value, const std::string& unit) {
  metrics_[metric][unit][time].Add(value);
}

Result<UnitValues> MemorySource::Read(const MetricStat& stat, const Grid& grid) const {
  UnitValues out;
  out.values.assign(grid.count(), kMissing);
  const auto found = metrics_.find(stat.metric);
  if (found == metrics_.end()) return out;
  for (const auto& [unit, points] : found->second) {
    if (stat.unit && unit != *stat.unit) continue;
    std::vector<Bucket> buckets(grid.count());
    MergeInto(points, grid, buckets);
    if (std::all_of(buckets.begin(), buckets.end(), [](const Bucket& b) { return b.empty(); })) {
      continue;
    }
    if (out.units.empty()) out.values = Evaluated(buckets, stat.statistic);
    out.units.push_back(unit);
  }
  return out;
}

Result<std::vector<Values>> MemorySource::ReadGroups(
    const std::vector<std::pair<Metric, std::uint32_t>>& metrics, std::uint32_t group_count,
    const Statistic& statistic, const Grid& grid) const {
  std::vector<std::vector<Bucket>> groups(group_count, std::vector<Bucket>(grid.count()));
  for (const auto& [metric, group] : metrics) {
    const auto found = metrics_.find(metric);
    if (found == metrics_.end()) continue;
    for (const auto& [unit, points] : found->second) MergeInto(points, grid, groups[group]);
  }
  std::vector<Values> out;
  for (const auto& buckets : groups) out.push_back(Evaluated(buckets, statistic));
  return out;
}

Result<SelectedMetrics> MemorySource::Select(const MetricSelection& selection,
                                             std::size_t metrics_max) const {
  SelectedMetrics out;
  for (const auto& [metric, units] : metrics_) {
    const bool active =
        !selection.active_since || std::any_of(units.begin(), units.end(), [&](const auto& unit) {
          return !unit.second.empty() && unit.second.rbegin()->first >= *selection.active_since;
        });
    const bool fits =
        active &&
        (!selection.namespace_name || metric.namespace_name == *selection.namespace_name) &&
        (!selection.name || metric.name == *selection.name) &&
        std::all_of(selection.dimensions.begin(), selection.dimensions.end(),
                    [&metric = metric](const Dimension& d) { return Has(metric, d); }) &&
        (!selection.accepts || selection.accepts(metric));
    if (!fits) continue;
    if (out.metrics.size() == metrics_max) {
      out.more = true;
      break;
    }
    out.metrics.push_back(metric);
  }
  return out;
}

}  // namespace securebase::metrics::math
