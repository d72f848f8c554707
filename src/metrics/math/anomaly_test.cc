// The model of ANOMALY_DETECTION_BAND: what it needs, what it learns, and how it does on labelled
// series of the Numenta Anomaly Benchmark.
#include "metrics/math/anomaly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "base/json.h"
#include "base/text.h"

namespace securebase::metrics::math {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Instant kMonday = *ParseIso("2026-06-01T00:00:00Z");

/// A daily wave, 100 +- 50, with noise that repeats and is the same in every run.
double Wave(Instant t, double noise = 1) {
  const double hour = static_cast<double>(ToUnixSeconds(t) % 86400) / 3600;
  const auto step = static_cast<double>((ToUnixSeconds(t) / 300 * 2654435761) % 1000);
  return 100 + 50 * std::sin(hour / 24 * 2 * M_PI) + noise * (step / 500 - 1);
}

template <class F>
Values Fill(const Grid& grid, F f) {
  Values values;
  for (std::size_t k = 0; k < grid.count(); ++k) values.push_back(f(grid.at(k)));
  return values;
}

Grid Days(int days, Duration period = minutes(5)) {
  return {kMonday, kMonday + hours(24 * days), period};
}
std::size_t DayStart(int day) { return static_cast<std::size_t>(day) * 288; }

TEST(AnomalyTest, UnderADayOfDataThereIsNoBand) {
  const Grid grid = Days(1);
  const Values points = Fill(grid, [](Instant t) { return Wave(t); });
  const Band band = PredictBand(grid, points, 200, 2, {});
  ASSERT_EQ(band.upper.size(), 88u);
  for (double value : band.upper) EXPECT_TRUE(IsMissing(value));
  EXPECT_TRUE(PredictBand(grid, points, grid.count(), 2, {}).upper.empty());
  EXPECT_TRUE(IsMissing(PredictBand(grid, points, 0, 2, {}).upper.at(0)));
}

TEST(AnomalyTest, LearnsTheHoursOfTheDay) {
  const Grid grid = Days(6);
  const Values points = Fill(grid, [](Instant t) { return Wave(t); });
  const Band band = PredictBand(grid, points, DayStart(5), 3, {});
  int inside = 0;
  for (std::size_t k = 0; k < 288; ++k) {
    const double value = points[DayStart(5) + k];
    inside += band.lower[k] <= value && value <= band.upper[k];
    EXPECT_NEAR((band.lower[k] + band.upper[k]) / 2, value, 15);
    EXPECT_LT(band.upper[k] - band.lower[k], 60);
  }
  EXPECT_GT(inside, 280);
}

TEST(AnomalyTest, LearnsTheHoursOfTheWeekAndTheTrend) {
  auto busy = [](Instant t) {
    const auto day = (ToUnixSeconds(t) / 86400 + 3) % 7;  // 0: Monday
    return (day < 5 ? 100 : 10) + (static_cast<double>(ToUnixSeconds(t) / 300 % 7) - 3) / 10;
  };
  const Grid grid = Days(21);
  const Band week = PredictBand(grid, Fill(grid, busy), DayStart(14), 3, {});
  EXPECT_NEAR(week.upper[DayStart(2) + 100], 100, 3);
  EXPECT_NEAR(week.upper[DayStart(5) + 100], 10, 3);

  auto growing = [](Instant t) {
    return 50 + static_cast<double>((t - kMonday) / minutes(5)) / 288 * 10;
  };
  const Band trend = PredictBand(grid, Fill(grid, growing), DayStart(12), 2, {});
  const double next_day = growing(grid.at(DayStart(12) + 12));
  EXPECT_GT(trend.upper[12], next_day - 6);
  EXPECT_LT(trend.lower[12], next_day + 6);
}

TEST(AnomalyTest, OutliersHardlyMoveIt) {
  const Grid grid = Days(6);
  const Values clean = Fill(grid, [](Instant t) { return Wave(t); });
  Values dirty = clean;
  for (std::size_t k = 17; k < DayStart(5); k += 31) dirty[k] = 10'000;
  const Band a = PredictBand(grid, clean, DayStart(5), 2, {});
  const Band b = PredictBand(grid, dirty, DayStart(5), 2, {});
  for (std::size_t k = 0; k < 288; ++k) EXPECT_NEAR(a.upper[k], b.upper[k], 15);
}

TEST(AnomalyTest, BoundsStayAtOrAboveZeroWhereTheDataDo) {
  const Grid grid = Days(4);
  auto few = [](Instant t) { return static_cast<double>(ToUnixSeconds(t) / 300 % 3); };
  const Band band = PredictBand(grid, Fill(grid, few), DayStart(3), 5, {});
  EXPECT_EQ(band.lower[0], 0);
  const Band below =
      PredictBand(grid, Fill(grid, [&](Instant t) { return few(t) - 1; }), DayStart(3), 5, {});
  EXPECT_LT(below.lower[0], -1);
}

TEST(AnomalyTest, ExcludedTimesAreNotLearned) {
  const Grid grid = Days(6);
  auto broken = [](Instant t) { return t < kMonday + hours(24 * 3) ? 1000.0 : Wave(t); };
  const Values points = Fill(grid, broken);
  DetectorConfiguration configuration;
  configuration.excluded = {{kMonday, kMonday + hours(24 * 3)}};
  const Band band = PredictBand(grid, points, DayStart(5), 3, configuration);
  EXPECT_LT(band.upper[0], 300);
  const Band naive = PredictBand(grid, points, DayStart(5), 3, {});
  EXPECT_GT(naive.upper[0], 500);
}

TEST(AnomalyTest, HoursAreThoseOfTheZone) {
  // Busy from 9 to 10 in Berlin; the clocks change on 2026-03-29.
  const TimeZone berlin = *TimeZone::Find("Europe/Berlin");
  auto nine = [&](Instant t) {
    const bool busy = ToUnixSeconds(berlin.ToLocal(t)) % 86400 / 3600 == 9;
    return (busy ? 100 : 1) + static_cast<double>(ToUnixSeconds(t) / 300 % 5) / 100;
  };
  const Grid grid{*ParseIso("2026-03-22T00:00:00Z"), *ParseIso("2026-03-30T00:00:00Z"), minutes(5)};
  DetectorConfiguration configuration;
  configuration.timezone = berlin;
  const Band band = PredictBand(grid, Fill(grid, nine), DayStart(7), 3, configuration);
  EXPECT_GT(band.lower[7 * 12 + 3], 90);  // 07:15 UTC is 09:15 in summer
  EXPECT_LT(band.upper[8 * 12 + 3], 10);
}

TEST(AnomalyTest, PeriodicSpikesWidenTheBand) {
  const Grid grid = Days(6);
  auto spiky = [](Instant t) {
    const auto k = ToUnixSeconds(t) / 300;
    return k % 12 == 0 ? 500.0 : 10 + static_cast<double>(k % 3);
  };
  const Values points = Fill(grid, spiky);
  EXPECT_LT(PredictBand(grid, points, DayStart(5), 2, {}).upper[0], 100);
  EXPECT_GE(PredictBand(grid, points, DayStart(5), 2, {.periodic_spikes = true}).upper[0], 490);
}

struct Window {
  Instant first;
  Instant last;
  bool Holds(Instant t) const { return first <= t && t <= last; }
};

/// A labelled series: points by five minutes, and where its anomalies are.
struct Labelled {
  Grid grid;
  Values points;
  std::vector<Window> windows;
};

Instant TimeOf(std::string_view text) { return *ParseIso(text.substr(0, 19)); }

Labelled ReadLabelled(const std::string& folder, const std::string& name,
                      const json::Value& windows) {
  std::ifstream file(folder + "/" + name);
  std::vector<std::pair<Instant, double>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto cells = Split(Trim(line), ',');
    rows.emplace_back(TimeOf(cells[0]), *ParseDouble(cells[1]));
  }
  Duration period = minutes(5);
  if (rows.size() > 1 && rows[1].first - rows[0].first > period) {
    period = rows[1].first - rows[0].first;
  }
  Labelled out;
  out.grid = {rows.front().first, rows.back().first + period, period};
  out.points.assign(out.grid.count(), kMissing);
  for (const auto& [time, value] : rows) {
    out.points[static_cast<std::size_t>((time - out.grid.start) / period)] = value;
  }
  for (const auto& [key, list] : windows.AsObject()) {
    if (!key.ends_with("/" + name)) continue;
    for (const json::Value& one : list.AsArray()) {
      out.windows.push_back(
          {TimeOf(one.AsArray()[0].AsString()), TimeOf(one.AsArray()[1].AsString())});
    }
  }
  return out;
}

TEST(AnomalyTest, FindsTheLabelledAnomaliesOfRealSeries) {
  const std::string folder = SB_SOURCE_DIR "/../shared/corpus/metrics";
  std::ifstream labels(folder + "/nab_anomaly_windows.json");
  if (!labels) GTEST_SKIP() << "left out: no ../shared/corpus/metrics";
  const auto windows = json::Parse(std::string{std::istreambuf_iterator<char>(labels), {}});
  ASSERT_TRUE(windows.ok());
  std::size_t ordinary = 0, inside = 0, labelled = 0, found = 0;
  for (const char* name :
       {"art_daily_no_noise.csv", "art_load_balancer_spikes.csv",
        "cpu_utilization_asg_misconfiguration.csv", "ec2_cpu_utilization_24ae8d.csv",
        "ec2_cpu_utilization_53ea38.csv", "ec2_cpu_utilization_77c1ca.csv",
        "ec2_cpu_utilization_825cc2.csv", "ec2_cpu_utilization_fe7f93.csv",
        "ec2_disk_write_bytes_1ef3de.csv", "ec2_network_in_257a54.csv",
        "ec2_request_latency_system_failure.csv", "elb_request_count_8c0756.csv",
        "grok_asg_anomaly.csv", "iio_us-east-1_i-a2eb1cd9_NetworkIn.csv", "nyc_taxi.csv",
        "rds_cpu_utilization_cc0c53.csv"}) {
    const Labelled series = ReadLabelled(folder, name, *windows);
    const std::size_t first = static_cast<std::size_t>(hours(72) / series.grid.period);
    // A fit a day, as a chart of one day after the other would make.
    const auto day = static_cast<std::size_t>(hours(24) / series.grid.period);
    Band band;
    for (std::size_t from = first; from < series.grid.count(); from += day) {
      Grid part = series.grid;
      part.end = std::min(part.end, part.at(from + day));
      Values points(series.points.begin(), series.points.begin() + static_cast<long>(part.count()));
      const Band one = PredictBand(part, points, from, 3, {});
      band.upper.insert(band.upper.end(), one.upper.begin(), one.upper.end());
      band.lower.insert(band.lower.end(), one.lower.begin(), one.lower.end());
    }
    std::vector<bool> hit(series.windows.size());
    for (std::size_t k = first; k < series.points.size(); ++k) {
      const double value = series.points[k];
      if (IsMissing(value) || IsMissing(band.upper[k - first])) continue;
      const bool is_inside = band.lower[k - first] <= value && value <= band.upper[k - first];
      bool in_window = false;
      for (std::size_t w = 0; w < series.windows.size(); ++w) {
        if (!series.windows[w].Holds(series.grid.at(k))) continue;
        in_window = true;
        if (!is_inside) hit[w] = true;
      }
      if (!in_window) {
        ++ordinary;
        inside += is_inside;
      }
    }
    labelled += series.windows.size();
    found += static_cast<std::size_t>(std::count(hit.begin(), hit.end(), true));
  }
  const double share = static_cast<double>(inside) / static_cast<double>(ordinary);
  std::printf(
      "anomaly band, 3 deviations: %.1f %% of %zu ordinary points inside; points outside "
      "in %zu of %zu labelled windows\n",
      100 * share, ordinary, found, labelled);
  EXPECT_GT(share, 0.92);
  EXPECT_GE(found, labelled * 4 / 5);
}

}  // namespace
}  // namespace securebase::metrics::math
