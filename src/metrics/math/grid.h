#pragma once

// The time base of an evaluation, and series on it.

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "base/time.h"

namespace securebase::metrics::math {

/// Bucket k covers [start + k * period, start + (k + 1) * period), the last one cut at `end`; its
/// timestamp is its start.
struct Grid {
  Instant start;
  Instant end;  // exclusive
  Duration period{60'000};
  /// False where data of that age is not kept at so small a period: nothing can be read.
  bool kept = true;

  std::size_t count() const {
    if (end <= start) return 0;
    return static_cast<std::size_t>((end - start + period - Duration(1)) / period);
  }
  Instant at(std::size_t k) const { return start + period * static_cast<std::int64_t>(k); }
};

/// The grid of a query for [start, end): the start rounded down by its age, so that the stored
/// resolution can serve it (spec: cloudwatch-api 3.2). Buckets follow the start, not the clock.
Grid QueryGrid(Instant start, Instant end, Duration period, Instant now);

/// One value a bucket of a grid; kMissing where there is no datapoint.
using Values = std::vector<double>;
inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
inline bool IsMissing(double value) { return std::isnan(value); }

/// Datapoints that exist, ascending by bucket start.
struct TimeSeries {
  std::vector<Instant> times;
  std::vector<double> values;

  bool empty() const { return times.empty(); }
};

TimeSeries ToTimeSeries(const Grid& grid, const Values& values);

}  // namespace securebase::metrics::math
