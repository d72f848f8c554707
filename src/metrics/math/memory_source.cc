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

bool Passes(const Metric& metric, const MetricFilter& filter) {
  if (filter.namespace_name && metric.namespace_name != *filter.namespace_name) return false;
  if (filter.name && metric.name != *filter.name) return false;
  if (filter.dimension_names &&
      (metric.dimensions.size() != filter.dimension_names->size() ||
       !std::all_of(filter.dimension_names->begin(), filter.dimension_names->end(),
                    [&](const std::string& name) {
                      return Has(metric, {name, ""});
                    }))) {
    return false;
  }
  return std::all_of(filter.dimensions.begin(), filter.dimensions.end(),
                     [&](const Dimension& d) { return Has(metric, d); });
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
  const MetricFilter& filter = selection.filter;
  for (const auto& [metric, units] : metrics_) {
    const bool active =
        !filter.active_since || std::any_of(units.begin(), units.end(), [&](const auto& unit) {
          return !unit.second.empty() && unit.second.rbegin()->first >= *filter.active_since;
        });
    const bool fits =
        active && Passes(metric, filter) && (!selection.accepts || selection.accepts(metric));
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
