#include "metrics/math/grid.h"

namespace securebase::metrics::math {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// How long each stored period is kept (spec 3.1).
constexpr Duration kSecondsKept = hours(3);
constexpr Duration kMinutesKept = hours(24 * 15);
constexpr Duration kFiveMinutesKept = hours(24 * 63);

Instant FloorTo(Instant t, Duration step) {
  Duration rest = t.time_since_epoch() % step;
  if (rest < Duration(0)) rest += step;
  return t - rest;
}

}  // namespace

Grid QueryGrid(Instant start, Instant end, Duration period, Instant now) {
  const Duration age = now - start;
  if (period < minutes(1)) {
    return {FloorTo(start, period), FloorTo(end, period), period, age < kSecondsKept};
  }
  if (age < kMinutesKept) return {FloorTo(start, minutes(1)), end, period, true};
  if (age < kFiveMinutesKept) {
    return {FloorTo(start, minutes(5)), end, period, period % minutes(5) == Duration(0)};
  }
  return {FloorTo(start, hours(1)), end, period, period % hours(1) == Duration(0)};
}

TimeSeries ToTimeSeries(const Grid& grid, const Values& values) {
  TimeSeries out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (IsMissing(values[k])) continue;
    out.times.push_back(grid.at(k));
    out.values.push_back(values[k]);
  }
  return out;
}

}  // namespace securebase::metrics::math
