#include "metrics/math/anomaly.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace securebase::metrics::math {
namespace {

using std::chrono::hours;

constexpr Duration kDay = hours(24);
constexpr Duration kWeekSeasonLeast = hours(24 * 14);  // of data, for hours of the week
constexpr Duration kDaySeasonLeast = hours(24 * 3);    // of data, for hours of the day
constexpr Duration kTrendLeast = hours(24 * 7);
constexpr std::size_t kSlotPointsLeast = 3;
constexpr std::size_t kFitsMax = 24;      // a call
constexpr double kNormalMad = 1.4826;     // standard deviations of a normal distribution in a MAD
constexpr double kNormalNinth = 1.6449;   // and at the ninth of ten of the distances
constexpr double kSpreadFloor = 1e-6;     // of the level
constexpr double kPooledShare = 0.25;     // of the spread of all hours, at least
constexpr double kSpikeQuantile = 0.995;  // what periodic spikes still belong to the metric

double Quantile(std::vector<double>& values, double q) {
  const auto place = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<long>(place), values.end());
  return values[place];
}
double Median(std::vector<double> values) { return Quantile(values, 0.5); }

/// Standard deviations from absolute residuals: from their median, or from where the ninth of ten
/// lies, as it does where the metric has long tails. A tenth of the points may be anything.
double SpreadOf(std::vector<double> distances) {
  const double body = kNormalMad * Quantile(distances, 0.5);
  return std::max(body, Quantile(distances, 0.9) / kNormalNinth);
}

struct Point {
  Instant time;
  double value = 0;
  int hour_of_week = 0;  // of the local time
};

struct Season {
  double level = 0;
  double below = 0;  // half widths of the band for one deviation
  double above = 0;
};

int HourOfWeek(Instant t, const TimeZone& zone) {
  const Instant local = zone.ToLocal(t);
  const auto since = (local.time_since_epoch() % hours(24 * 7) + hours(24 * 7)) % hours(24 * 7);
  return static_cast<int>(since / hours(1));
}

/// Median of the slopes between the medians of whole days before `end`, a millisecond.
double TrendOf(const std::vector<Point>& points, Instant end) {
  std::vector<std::vector<double>> days(static_cast<std::size_t>(kTrainingRange / kDay) + 1);
  for (const Point& point : points) {
    days[static_cast<std::size_t>((end - point.time) / kDay)].push_back(point.value);
  }
  std::vector<std::pair<double, double>> medians;
  for (std::size_t d = 0; d < days.size(); ++d) {
    if (days[d].size() < kSlotPointsLeast) continue;
    medians.emplace_back(-static_cast<double>(d) * static_cast<double>(kDay.count()),
                         Median(std::move(days[d])));
  }
  std::vector<double> slopes;
  for (std::size_t i = 0; i < medians.size(); ++i) {
    for (std::size_t k = i + 1; k < medians.size(); ++k) {
      slopes.push_back((medians[i].second - medians[k].second) /
                       (medians[i].first - medians[k].first));
    }
  }
  return slopes.empty() ? 0 : Median(std::move(slopes));
}

/// The model fitted to the points of the two weeks before an instant.
class Model {
 public:
  Model(const std::vector<Point>& points, Instant end, bool spikes) : end_(end), spikes_(spikes) {
    if (points.empty() || end - points.front().time < kTrainingLeast) return;
    const Duration known = end - points.front().time;
    fitted_ = true;
    if (known >= kTrendLeast) trend_ = TrendOf(points, end);
    slots_ = known >= kWeekSeasonLeast ? 168 : known >= kDaySeasonLeast ? 24 : 1;
    non_negative_ =
        std::all_of(points.begin(), points.end(), [](const Point& p) { return p.value >= 0; });
    Fit(points);
  }

  bool fitted() const { return fitted_; }
  bool non_negative() const { return non_negative_; }
  Season At(Instant t, int hour_of_week) const {
    Season season = seasons_[static_cast<std::size_t>(hour_of_week % slots_)];
    season.level += Trend(t);
    const double floor = std::fabs(season.level) * kSpreadFloor;
    season.below = std::max(season.below, floor);
    season.above = std::max(season.above, floor);
    return season;
  }

 private:
  double Trend(Instant t) const { return trend_ * static_cast<double>((t - end_).count()); }

  void Fit(const std::vector<Point>& points) {
    std::vector<std::vector<double>> values(static_cast<std::size_t>(slots_));
    std::vector<double> all;
    for (const Point& point : points) {
      const double value = point.value - Trend(point.time);
      values[static_cast<std::size_t>(point.hour_of_week % slots_)].push_back(value);
      all.push_back(value);
    }
    const double pooled_level = Median(all);
    std::vector<double> levels;
    std::vector<double> residuals;
    for (const auto& slot : values) {
      levels.push_back(slot.size() < kSlotPointsLeast ? pooled_level : Median(slot));
      for (double value : slot) residuals.push_back(std::fabs(value - levels.back()));
    }
    const double pooled = SpreadOf(std::move(residuals));
    for (std::size_t i = 0; i < values.size(); ++i) {
      seasons_.push_back(SeasonOf(levels[i], std::move(values[i]), pooled));
    }
  }

  Season SeasonOf(double level, std::vector<double> slot, double pooled) const {
    if (slot.size() < kSlotPointsLeast) return {level, pooled, pooled};
    for (double& value : slot) value -= level;
    std::vector<double> distances = slot;
    for (double& value : distances) value = std::fabs(value);
    const double spread = std::max(SpreadOf(std::move(distances)), pooled * kPooledShare);
    if (!spikes_) return {level, spread, spread};
    // At the usual two deviations the spikes of the season lie within.
    return {level, std::max(spread, -Quantile(slot, 1 - kSpikeQuantile) / 2),
            std::max(spread, Quantile(slot, kSpikeQuantile) / 2)};
  }

  const Instant end_;
  const bool spikes_;
  bool fitted_ = false;
  bool non_negative_ = true;
  double trend_ = 0;  // a millisecond
  int slots_ = 1;     // of the season: hours of the week, of the day, or none
  std::vector<Season> seasons_;
};

/// What may be learned from, ascending.
std::vector<Point> Learnable(const Grid& grid, const Values& values,
                             const DetectorConfiguration& configuration) {
  std::vector<Point> points;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (IsMissing(values[k])) continue;
    const Instant t = grid.at(k);
    const bool excluded =
        std::any_of(configuration.excluded.begin(), configuration.excluded.end(),
                    [t](const TimeRange& range) { return range.start <= t && t < range.end; });
    if (!excluded) points.push_back({t, values[k], HourOfWeek(t, configuration.timezone)});
  }
  return points;
}

std::vector<Point> Between(const std::vector<Point>& points, Instant start, Instant end) {
  auto before = [](const Point& point, Instant t) { return point.time < t; };
  return {std::lower_bound(points.begin(), points.end(), start, before),
          std::lower_bound(points.begin(), points.end(), end, before)};
}

}  // namespace

Band PredictBand(const Grid& grid, const Values& points, std::size_t first, double deviations,
                 const DetectorConfiguration& configuration) {
  const std::size_t count = grid.count() - std::min(first, grid.count());
  Band band{Values(count, kMissing), Values(count, kMissing)};
  if (count == 0 || first == 0 || IsMissing(deviations)) return band;
  const std::vector<Point> learnable = Learnable(grid, points, configuration);
  // A fit an hour, or fewer where the range is long.
  const auto hourly = static_cast<std::size_t>(std::max<std::int64_t>(1, hours(1) / grid.period));
  const std::size_t step = std::max(hourly, (count + kFitsMax - 1) / kFitsMax);
  for (std::size_t from = 0; from < count; from += step) {
    const Instant end = grid.at(first + from);
    const Model model(Between(learnable, end - kTrainingRange, end), end,
                      configuration.periodic_spikes);
    if (!model.fitted()) continue;
    for (std::size_t k = from; k < std::min(from + step, count); ++k) {
      const Instant t = grid.at(first + k);
      const Season season = model.At(t, HourOfWeek(t, configuration.timezone));
      band.upper[k] = season.level + deviations * season.above;
      band.lower[k] = season.level - deviations * season.below;
      if (model.non_negative()) band.lower[k] = std::max(band.lower[k], 0.0);
    }
  }
  return band;
}

}  // namespace securebase::metrics::math
