#pragma once

// Anomaly detection: a robust seasonal model of a metric, and the configuration that users give it
// (spec: cloudwatch-api 6.11; docs/metrics.md, "Anomaly detection").

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/time_zone.h"
#include "metrics/math/grid.h"
#include "metrics/math/query.h"

namespace securebase::metrics::math {

/// How much of the past a model learns from, and how little suffices.
inline constexpr Duration kTrainingRange = std::chrono::hours(24 * 14);
inline constexpr Duration kTrainingLeast = std::chrono::hours(24);

struct TimeRange {
  Instant start;  // inclusive
  Instant end;    // exclusive
};

struct DetectorConfiguration {
  std::vector<TimeRange> excluded{};  // not learned from
  TimeZone timezone{};                // in which hours and weekdays repeat
  bool periodic_spikes = false;
};

/// The users' detectors. Thread-safe.
class AnomalyDetectors {
 public:
  virtual ~AnomalyDetectors() = default;
  /// The configuration of a metric's detector; none where there is no detector.
  virtual std::optional<DetectorConfiguration> Find(const Metric& metric,
                                                    std::string_view statistic) const = 0;
};

struct Band {
  Values upper;
  Values lower;
};

/// The band around what is expected of a metric, for the buckets of `grid` from number `first` on.
/// Each model is fitted to the days before it alone. Deterministic: the same points give the same
/// band. Missing where there is under a day of data before.
///
/// `points`: one a bucket of `grid`, those before `first` included.
Band PredictBand(const Grid& grid, const Values& points, std::size_t first, double deviations,
                 const DetectorConfiguration& configuration);

}  // namespace securebase::metrics::math
