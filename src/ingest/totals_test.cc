// What is promised: a total becomes what was added, once, through restarts of the sender, repeats
// and failures to store.
#include "ingest/totals.h"

#include <gtest/gtest.h>

namespace securebase::ingest {
namespace {

using Outcome = TotalsTracker::Outcome;

constexpr std::int64_t kSecond = 1'000'000'000;

class TotalsTest : public ::testing::Test {
 protected:
  /// The value that is added, or -1 where nothing is.
  double Count(std::int64_t time_s, double value, std::int64_t start_s = 0) {
    Totals totals{.start_ns = start_s * kSecond, .time_ns = time_s * kSecond, .sum = value};
    return tracker_.Advance("a", totals, undo_) == Outcome::kAdded ? totals.sum : -1;
  }

  TotalsTracker tracker_{FromUnixSeconds(1000), 2};
  TotalsTracker::Undo undo_{tracker_};
};

TEST_F(TotalsTest, TheFirstTotalOnlySetsTheState) {
  EXPECT_EQ(Count(2000, 10), -1);
  EXPECT_EQ(Count(2060, 15), 5);
  EXPECT_EQ(Count(2120, 15), 0);
}

TEST_F(TotalsTest, WhatBeganAfterUsIsKnownFromItsStart) {
  EXPECT_EQ(Count(2000, 10, 1500), 10);
  EXPECT_EQ(Count(2060, 15, 1500), 5);
}

TEST_F(TotalsTest, WhatBeganBeforeUsIsNot) { EXPECT_EQ(Count(2000, 10, 500), -1); }

TEST_F(TotalsTest, ASmallerTotalBeganAnew) {
  Count(2000, 10);
  EXPECT_EQ(Count(2060, 3), 3);
  EXPECT_EQ(Count(2120, 4), 1);
}

TEST_F(TotalsTest, ALaterStartBeganAnewEvenIfLarger) {
  Count(2000, 10, 1500);
  EXPECT_EQ(Count(2060, 12, 2010), 12);
}

TEST_F(TotalsTest, RepeatsAndLateOnesAddNothing) {
  Count(2000, 10);
  EXPECT_EQ(Count(2060, 15), 5);
  EXPECT_EQ(Count(2060, 15), -1);
  EXPECT_EQ(Count(2030, 12), -1);
  EXPECT_EQ(Count(2120, 16), 1);
}

TEST_F(TotalsTest, AFailureToStoreIsUndone) {
  Count(2000, 10);
  TotalsTracker::Undo failed(tracker_);
  Totals totals{.time_ns = 2060 * kSecond, .sum = 15};
  tracker_.Advance("a", totals, failed);
  failed.Roll();
  EXPECT_EQ(Count(2060, 15), 5);
}

TEST_F(TotalsTest, AnUndoDoesNotTakeNewerTotalsBack) {
  Count(2000, 10);
  TotalsTracker::Undo failed(tracker_);
  Totals first{.time_ns = 2060 * kSecond, .sum = 15};
  tracker_.Advance("a", first, failed);
  EXPECT_EQ(Count(2120, 20), 5);
  failed.Roll();
  EXPECT_EQ(Count(2180, 21), 1);
}

TEST_F(TotalsTest, IdleSeriesMakeRoomOthersDoNot) {
  Totals totals{.time_ns = 2000 * kSecond};
  tracker_.Advance("a", totals, undo_);
  tracker_.Advance("b", totals, undo_);
  Totals soon{.time_ns = 2001 * kSecond};
  EXPECT_EQ(tracker_.Advance("c", soon, undo_), Outcome::kTooMany);
  Totals later{.time_ns = 9000 * kSecond};
  EXPECT_EQ(tracker_.Advance("c", later, undo_), Outcome::kFirst);
  EXPECT_EQ(tracker_.size(), 1u);
}

TEST_F(TotalsTest, Histograms) {
  auto advance = [&](Totals totals) {
    EXPECT_EQ(tracker_.Advance("h", totals, undo_), Outcome::kAdded);
    return totals;
  };
  Totals first{
      .time_ns = 2000 * kSecond, .count = 3, .sum = 6, .bounds = {1, 2}, .bins = {{0, 1}, {2, 2}}};
  tracker_.Advance("h", first, undo_);
  const Totals added = advance({.time_ns = 2060 * kSecond,
                                .count = 6,
                                .sum = 10,
                                .bounds = {1, 2},
                                .bins = {{0, 2}, {1, 1}, {2, 3}}});
  EXPECT_EQ(added.count, 3);
  EXPECT_EQ(added.sum, 4);
  EXPECT_EQ(added.bins, (std::vector<std::pair<std::int64_t, double>>{{0, 1}, {1, 1}, {2, 1}}));
  // Other bounds, and a bin that shrank: it began anew.
  EXPECT_EQ(
      advance({.time_ns = 2120 * kSecond, .count = 7, .sum = 11, .bounds = {5}, .bins = {{0, 7}}})
          .count,
      7);
  EXPECT_EQ(advance({.time_ns = 2180 * kSecond,
                     .count = 8,
                     .sum = 12,
                     .bounds = {5},
                     .bins = {{0, 2}, {1, 6}}})
                .count,
            8);
}

TEST_F(TotalsTest, PowersMeetAtTheCoarserScale) {
  Totals first{.time_ns = 2000 * kSecond,
               .count = 2,
               .bins = {{PowerKey(4, false), 1}, {PowerKey(5, false), 1}},
               .scale = 1,
               .powers = true};
  tracker_.Advance("p", first, undo_);
  Totals second{.time_ns = 2060 * kSecond,
                .count = 5,
                .bins = {{PowerKey(2, false), 4}, {PowerKey(3, false), 1}},
                .scale = 0,
                .powers = true};
  EXPECT_EQ(tracker_.Advance("p", second, undo_), Outcome::kAdded);
  EXPECT_EQ(second.count, 3);
  EXPECT_EQ(second.bins, (std::vector<std::pair<std::int64_t, double>>{{PowerKey(2, false), 2},
                                                                       {PowerKey(3, false), 1}}));
  const Histogram histogram = HistogramOf(second, {}, {});
  EXPECT_EQ(histogram.bins.at(0).low, 4);
  EXPECT_EQ(histogram.bins.at(0).high, 8);
}

TEST(PowersTest, NegativeIndicesAndValues) {
  Totals totals{.count = 2,
                .zero_count = 1,
                .bins = {{PowerKey(-3, false), 1}, {PowerKey(0, true), 1}},
                .scale = 0,
                .powers = true};
  const Histogram histogram = HistogramOf(totals, {}, {});
  EXPECT_EQ(histogram.bins.at(0).low, 0.125);
  EXPECT_EQ(histogram.bins.at(1).low, -2);
  EXPECT_EQ(histogram.bins.at(1).high, -1);
  EXPECT_EQ(histogram.bins.at(2).count, 1);
  Downscale(totals, -1);
  EXPECT_EQ(totals.bins, (std::vector<std::pair<std::int64_t, double>>{{PowerKey(-2, false), 1},
                                                                       {PowerKey(0, true), 1}}));
}

}  // namespace
}  // namespace securebase::ingest
