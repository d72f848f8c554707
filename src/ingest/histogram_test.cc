#include "ingest/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace securebase::ingest {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Percentile(const Distribution& distribution, const char* statistic) {
  metrics::Bucket bucket;
  bucket.Add(distribution.set, distribution.sketch);
  return bucket.Evaluate(*metrics::ParseStatistic(statistic)).value_or(-1);
}

TEST(HistogramTest, CountAndSumStayExact) {
  const auto out = DistributionOf({.count = 100,
                                   .sum = 5050,
                                   .minimum = 1,
                                   .maximum = 100,
                                   .bins = {{-kInfinity, 50, 50}, {50, kInfinity, 50}}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->set.sample_count, 100);
  EXPECT_EQ(out->set.sum, 5050);
  EXPECT_EQ(out->set.minimum, 1);
  EXPECT_EQ(out->set.maximum, 100);
  EXPECT_NEAR(out->sketch.weight(), 100, 1e-9);
  EXPECT_LE(out->sketch.bins().size(), 2u * kPiecesMax);
  EXPECT_NEAR(Percentile(*out, "p50"), 50, 3);
  EXPECT_NEAR(Percentile(*out, "p90"), 90, 3);
}

TEST(HistogramTest, WithoutMinimumAndMaximumTheBoundsStand) {
  const auto out =
      DistributionOf({.count = 3, .bins = {{-kInfinity, 10, 2}, {10, 20, 0}, {20, kInfinity, 1}}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->set.minimum, 0);
  EXPECT_EQ(out->set.maximum, 20);
  EXPECT_NEAR(out->set.sum, 30, 1e-9);  // 2.5 + 7.5 + 20
  const auto beyond = DistributionOf({.count = 1, .sum = 100, .bins = {{20, kInfinity, 1}}});
  EXPECT_EQ(beyond->set.maximum, 100);
}

TEST(HistogramTest, FinePowersAreOneBinEach) {
  // Scale 7: narrower than the sketch's own bins.
  const auto out = DistributionOf({.count = 1000, .sum = 1700, .bins = {{1.69, 1.7, 1000, true}}});
  ASSERT_TRUE(out);
  EXPECT_LE(out->sketch.bins().size(), 2u);
  EXPECT_NEAR(Percentile(*out, "p99"), 1.695, 0.02);
}

TEST(HistogramTest, NegativePowersMirror) {
  const auto out =
      DistributionOf({.count = 10, .bins = {{-8, -4, 5, true}, {0, 0, 1}, {4, 8, 4, true}}});
  ASSERT_TRUE(out);
  EXPECT_EQ(out->set.minimum, -8);
  EXPECT_EQ(out->set.maximum, 8);
  EXPECT_LT(Percentile(*out, "p20"), -4);
  EXPECT_EQ(Percentile(*out, "p55"), 0);
}

TEST(HistogramTest, WithoutBinsThereIsNoDistribution) {
  const auto out = DistributionOf({.count = 4, .sum = 10});
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->sketch.empty());
  EXPECT_EQ(out->set.minimum, 2.5);
}

TEST(HistogramTest, WhatCannotBeIsNone) {
  EXPECT_FALSE(DistributionOf({.count = 0}));
  EXPECT_FALSE(DistributionOf({.count = 1, .sum = kInfinity}));
  EXPECT_FALSE(DistributionOf({.count = 1, .bins = {{0, std::nan(""), 1}}}));
}

}  // namespace
}  // namespace securebase::ingest
