#include "metrics/math/grid.h"

#include <gtest/gtest.h>

namespace securebase::metrics::math {
namespace {

TEST(GridTest, StartsFollowTheAgeOfTheData) {
  const Instant now = *ParseIso("2026-06-01T15:07:17Z");
  auto rounds = [&](std::string_view start, std::int64_t period_s, std::string_view want,
                    bool kept) {
    const Grid grid = QueryGrid(*ParseIso(start), now, std::chrono::seconds(period_s), now);
    EXPECT_EQ(FormatIso(grid.start), want);
    EXPECT_EQ(grid.kept, kept) << start << " " << period_s;
  };
  rounds("2026-06-01T15:02:17Z", 5, "2026-06-01T15:02:15Z", true);
  EXPECT_EQ(FormatIso(QueryGrid(now - std::chrono::minutes(5), now, Duration(5000), now).end),
            "2026-06-01T15:07:15Z");
  rounds("2026-06-01T11:02:17Z", 5, "2026-06-01T11:02:15Z", false);
  rounds("2026-06-01T11:02:17Z", 60, "2026-06-01T11:02:00Z", true);
  rounds("2026-05-10T11:02:17Z", 300, "2026-05-10T11:00:00Z", true);
  rounds("2026-05-10T11:02:17Z", 60, "2026-05-10T11:00:00Z", false);
  rounds("2026-01-10T11:02:17Z", 3600, "2026-01-10T11:00:00Z", true);
  rounds("2026-01-10T11:02:17Z", 300, "2026-01-10T11:00:00Z", false);
  rounds("1969-12-31T23:59:59Z", 3600, "1969-12-31T23:00:00Z", true);
}

TEST(GridTest, TheLastBucketMayBePartFull) {
  const Grid grid{FromUnixSeconds(60), FromUnixSeconds(60 + 61), Duration(60'000)};
  EXPECT_EQ(grid.count(), 2u);
  EXPECT_EQ(grid.at(1), FromUnixSeconds(120));
  EXPECT_EQ((Grid{FromUnixSeconds(60), FromUnixSeconds(60), Duration(60'000)}.count()), 0u);
}

TEST(GridTest, SeriesLeaveOutWhatIsMissing) {
  const Grid grid{FromUnixSeconds(0), FromUnixSeconds(180), Duration(60'000)};
  const TimeSeries series = ToTimeSeries(grid, {1, kMissing, 3});
  EXPECT_EQ(series.times, (std::vector<Instant>{FromUnixSeconds(0), FromUnixSeconds(120)}));
  EXPECT_EQ(series.values, (std::vector<double>{1, 3}));
}

}  // namespace
}  // namespace securebase::metrics::math
