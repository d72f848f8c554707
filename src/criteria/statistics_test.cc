// Intervals against published and independently computed figures, and their coverage by simulation.
#include "criteria/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "base/testing/seed.h"

namespace securebase::criteria {
namespace {

TEST(StatisticsTest, WilsonIntervalAgreesWithKnownFigures) {
  // Brown, Cai, DasGupta (2001) and R's prop.test(.., correct = FALSE).
  const Interval half = WilsonInterval(5, 10);
  EXPECT_NEAR(half.low, 0.2365931, 1e-6);
  EXPECT_NEAR(half.high, 0.7634069, 1e-6);
  const Interval all = WilsonInterval(10, 10);
  EXPECT_NEAR(all.low, 0.7224672, 1e-6);
  EXPECT_EQ(all.high, 1);
  const Interval none = WilsonInterval(0, 10);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.2775328, 1e-6);
}

TEST(StatisticsTest, RanksOfTheMedianAgreeWithTables) {
  // Conover, Practical Nonparametric Statistics: n = 10 gives ranks 2 and 9, n = 20 6 and 15.
  const auto ten = QuantileRanks(10, 0.5);
  ASSERT_TRUE(ten);
  EXPECT_EQ(ten->low, 2u);
  EXPECT_EQ(ten->high, 9u);
  const auto twenty = QuantileRanks(20, 0.5);
  ASSERT_TRUE(twenty);
  EXPECT_EQ(twenty->low, 6u);
  EXPECT_EQ(twenty->high, 15u);
}

TEST(StatisticsTest, FewSamplesGiveNoIntervalOfAHighPercentile) {
  EXPECT_FALSE(QuantileRanks(0, 0.95));
  EXPECT_FALSE(QuantileRanks(10, 0.95));
  // 0.95^n <= 0.025 first at n = 72: below, even the maximum is no upper bound.
  EXPECT_FALSE(QuantileRanks(71, 0.95));
  const auto enough = QuantileRanks(73, 0.95);
  ASSERT_TRUE(enough);
  EXPECT_EQ(enough->high, 73u);
  EXPECT_FALSE(QuantileRanks(100, 1));
}

TEST(StatisticsTest, LargeSamplesMeetTheExactRanks) {
  const auto exact = QuantileRanks(100'000, 0.95);
  const auto approximate = QuantileRanks(100'001, 0.95);
  ASSERT_TRUE(exact && approximate);
  EXPECT_NEAR(static_cast<double>(exact->low), static_cast<double>(approximate->low), 4);
  EXPECT_NEAR(static_cast<double>(exact->high), static_cast<double>(approximate->high), 4);
  EXPECT_FALSE(QuantileRanks(200'000, 0.000001));
}

TEST(StatisticsTest, IntervalsHoldTheTrueQuantileInNineteenOfTwentyRuns) {
  SeededRandom random(TestSeed());
  const auto ranks = QuantileRanks(200, 0.95);
  ASSERT_TRUE(ranks);
  int held = 0;
  for (int run = 0; run < 1'000; ++run) {
    std::vector<double> samples(200);
    for (double& sample : samples)
      sample = static_cast<double>(random.Below(1u << 30)) / (1u << 30);
    std::sort(samples.begin(), samples.end());
    held += samples[ranks->low - 1] <= 0.95 && 0.95 <= samples[ranks->high - 1];
  }
  EXPECT_GE(held, 930);
}

TEST(StatisticsTest, APercentilesIntervalIsReadFromTheSketch) {
  metrics::Bucket bucket;
  for (int i = 1; i <= 1'000; ++i) bucket.Add(i);
  const auto interval = PercentileInterval(bucket, 95);
  ASSERT_TRUE(interval);
  const auto ranks = QuantileRanks(1'000, 0.95);
  EXPECT_NEAR(interval->low, static_cast<double>(ranks->low), 0.02 * 1'000);
  EXPECT_NEAR(interval->high, static_cast<double>(ranks->high), 0.02 * 1'000);
  EXPECT_LT(interval->low, 950);
  EXPECT_GT(interval->high, 950);
}

TEST(StatisticsTest, WithoutDistributionOrSamplesThereIsNoInterval) {
  metrics::Bucket empty;
  EXPECT_FALSE(PercentileInterval(empty, 95));
  metrics::Bucket set;
  set.Add(metrics::StatisticSet{.sample_count = 500, .sum = 1'000, .minimum = 1, .maximum = 9});
  EXPECT_FALSE(PercentileInterval(set, 95));
}

}  // namespace
}  // namespace securebase::criteria
