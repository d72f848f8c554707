#pragma once

// Where an evaluation reads: the only part of metric math that touches a store. Tests and replays
// bring series of their own.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "metrics/math/grid.h"
#include "metrics/math/query.h"
#include "metrics/metric_store.h"

namespace securebase::metrics::math {

/// One metric's values; where it has several units, those of the alphabetically first.
struct UnitValues {
  Values values;                   // one a bucket of the grid
  std::vector<std::string> units;  // all that have data in the range, ascending
};

/// Metrics that pass the filter, and then the test. `accepts` may be empty, must be quick and must
/// not call the store.
struct MetricSelection {
  MetricFilter filter;
  std::function<bool(const Metric&)> accepts;
};

struct SelectedMetrics {
  std::vector<Metric> metrics;  // ascending
  bool more = false;            // cut at the maximum
};

/// Thread-safe. Buckets that the grid does not keep have no values.
class Source {
 public:
  virtual ~Source() = default;
  virtual Result<UnitValues> Read(const MetricStat& stat, const Grid& grid) const = 0;
  /// Many metrics merged into groups (all units together), in one pass: one Values a group.
  virtual Result<std::vector<Values>> ReadGroups(
      const std::vector<std::pair<Metric, std::uint32_t>>& metrics, std::uint32_t group_count,
      const Statistic& statistic, const Grid& grid) const = 0;
  virtual Result<SelectedMetrics> Select(const MetricSelection& selection,
                                         std::size_t metrics_max) const = 0;
};

/// An account's metrics in a store, which must outlive it.
class StoreSource final : public Source {
 public:
  StoreSource(const MetricStore& store, Account account)
      : store_(store), account_(std::move(account)) {}

  Result<UnitValues> Read(const MetricStat& stat, const Grid& grid) const override;
  Result<std::vector<Values>> ReadGroups(
      const std::vector<std::pair<Metric, std::uint32_t>>& metrics, std::uint32_t group_count,
      const Statistic& statistic, const Grid& grid) const override;
  Result<SelectedMetrics> Select(const MetricSelection& selection,
                                 std::size_t metrics_max) const override;

 private:
  const MetricStore& store_;
  const Account account_;
};

}  // namespace securebase::metrics::math
