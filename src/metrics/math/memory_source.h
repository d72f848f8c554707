#pragma once

// A Source over series that the caller brings: alarm test files, replays, tests.

#include <map>
#include <string>
#include <vector>

#include "metrics/bucket.h"
#include "metrics/math/source.h"

namespace securebase::metrics::math {

/// Not thread-safe while data are added.
class MemorySource final : public Source {
 public:
  /// Adds to what the metric has at that time.
  void Add(const Metric& metric, Instant time, const Bucket& bucket,
           const std::string& unit = "None");
  void Add(const Metric& metric, Instant time, double value, const std::string& unit = "None");

  Result<UnitValues> Read(const MetricStat& stat, const Grid& grid) const override;
  Result<std::vector<Values>> ReadGroups(
      const std::vector<std::pair<Metric, std::uint32_t>>& metrics, std::uint32_t group_count,
      const Statistic& statistic, const Grid& grid) const override;
  Result<SelectedMetrics> Select(const MetricSelection& selection,
                                 std::size_t metrics_max) const override;

 private:
  using Points = std::map<Instant, Bucket>;
  std::map<Metric, std::map<std::string, Points>> metrics_;  // by unit
};

}  // namespace securebase::metrics::math
