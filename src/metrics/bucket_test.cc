// What is promised: the statistics of specification 3.3 and their grammar, statistic sets without
// a distribution, buckets of one value.
#include "metrics/bucket.h"

#include <gtest/gtest.h>

#include "metrics/statistic.h"

namespace securebase::metrics {
namespace {

TEST(StatisticTest, ReadsTheGrammar) {
  for (const char* ok :
       {"SampleCount",  "Sum",      "Average",        "Minimum",        "Maximum",  "p0",
        "p50",          "p99.9",    "p95.0123456789", "p100",           "IQM",      "tm99",
        "wm10.5",       "tc95",     "ts95",           "TM(10%:90%)",    "TM(:90%)", "TM(10%:)",
        "TM(0.5:3)",    "TM(-5:5)", "WM(1:)",         "TC(0.005:0.03)", "TS(80%:)", "PR(:300)",
        "PR(100:2000)", "PR(1:)"}) {
    const auto statistic = ParseStatistic(ok);
    ASSERT_TRUE(statistic.ok()) << ok;
    EXPECT_EQ(statistic->text, ok);
  }
  for (const char* bad : {"",
                          "average",
                          "p",
                          "p101",
                          "p-1",
                          "p1e1",
                          "p95.01234567890",
                          "P95",
                          "iqm",
                          "tm",
                          "tm101",
                          "TM",
                          "TM()",
                          "TM(:)",
                          "TM(90%:10%)",
                          "TM(10%:90)",
                          "TM(a:b)",
                          "TM(5:5)",
                          "PR(10%:90%)",
                          "PR(:)",
                          "TM(10%:90%",
                          "tm(10)",
                          "TM(:120%)"}) {
    EXPECT_FALSE(ParseStatistic(bad).ok()) << bad;
  }
}

std::optional<double> Evaluate(const Bucket& bucket, const char* statistic) {
  return bucket.Evaluate(ParseStatistic(statistic).value());
}

// 1..10, each once; a bin's middle is within 0.8 % of its value.
Bucket OneToTen() {
  Bucket bucket;
  for (int i = 1; i <= 10; ++i) bucket.Add(i);
  return bucket;
}

TEST(BucketTest, EvaluatesEveryStatistic) {
  const Bucket bucket = OneToTen();
  auto f = [&](const char* statistic, double want) {
    const auto got = Evaluate(bucket, statistic);
    ASSERT_TRUE(got) << statistic;
    EXPECT_NEAR(*got, want, 0.01 * want + 1e-9) << statistic;
  };
  f("SampleCount", 10);
  f("Sum", 55);
  f("Average", 5.5);
  f("Minimum", 1);
  f("Maximum", 10);
  f("p0", 1);
  f("p10", 1);
  f("p50", 5);
  f("p90", 9);
  f("p91", 10);
  f("p100", 10);
  f("TM(10%:90%)", 5.5);
  f("tm90", 5);
  f("TM(:5%)", 1);  // half of the smallest value
  f("IQM", 5.5);
  f("TC(2:5)", 3);
  f("TC(:50%)", 5);
  f("TS(8:)", 19);
  f("PR(2:5)", 30);
  f("PR(:5)", 50);
  f("PR(5:)", 50);
  f("WM(3:8)", (3 * 3 + 4 + 5 + 6 + 7 + 8 * 3) / 10.0);
  f("WM(20%:80%)", (2 * 2 + 3 + 4 + 5 + 6 + 7 + 8 * 3) / 10.0);
}

TEST(BucketTest, EmptyRanges) {
  const Bucket bucket = OneToTen();
  EXPECT_EQ(Evaluate(bucket, "TM(100:200)"), std::nullopt);
  EXPECT_EQ(Evaluate(bucket, "TC(100:200)"), 0);
  EXPECT_EQ(Evaluate(bucket, "TS(100:200)"), 0);
  EXPECT_EQ(Evaluate(bucket, "PR(100:200)"), 0);
  EXPECT_EQ(Evaluate(Bucket(), "Average"), std::nullopt);
}

TEST(BucketTest, AStatisticSetHidesTheDistribution) {
  Bucket bucket = OneToTen();
  bucket.Add(StatisticSet{4, 20, 2, 9});
  EXPECT_EQ(Evaluate(bucket, "p50"), std::nullopt);
  EXPECT_EQ(Evaluate(bucket, "Sum"), 75);
  EXPECT_EQ(Evaluate(bucket, "SampleCount"), 14);
  Bucket later;
  later.Merge(bucket);
  later.Add(3);
  EXPECT_EQ(Evaluate(later, "p50"), std::nullopt);
  EXPECT_EQ(Evaluate(later, "Minimum"), 1);
}

TEST(BucketTest, AStatisticSetWithItsDistributionKeepsIt) {
  Sketch sketch;
  for (double value : {1.0, 2.0, 3.0, 10.0}) sketch.Add(value, 1);
  Bucket bucket = OneToTen();
  bucket.Add(StatisticSet{4, 17, 0.5, 12}, sketch);
  EXPECT_EQ(Evaluate(bucket, "SampleCount"), 14);
  EXPECT_EQ(Evaluate(bucket, "Sum"), 72);
  EXPECT_EQ(Evaluate(bucket, "Minimum"), 0.5);
  EXPECT_EQ(Evaluate(bucket, "p100"), 12);
  EXPECT_NEAR(Evaluate(bucket, "p50").value(), 4, 0.04);
  bucket.Add(StatisticSet{4, 17, 0.5, 12}, Sketch());
  EXPECT_EQ(Evaluate(bucket, "p50"), std::nullopt);
}

TEST(BucketTest, APointMassKeepsIt) {
  Bucket bucket;
  bucket.Add(StatisticSet{3, 21, 7, 7});
  bucket.Add(StatisticSet{1, 8, 8, 8});
  EXPECT_NEAR(Evaluate(bucket, "p50").value(), 7, 0.07);
  EXPECT_EQ(Evaluate(bucket, "p100"), 8);
}

TEST(BucketTest, OneDistinctValueCostsNoBins) {
  Bucket a, b;
  for (int i = 0; i < 1000; ++i) a.Add(0.25);
  b.Add(0.25, 0.5);
  a.Merge(b);
  EXPECT_TRUE(a.sketch().empty());
  EXPECT_EQ(Evaluate(a, "p99"), 0.25);
  EXPECT_EQ(Evaluate(a, "SampleCount"), 1000.5);
  b.Add(1);
  a.Merge(b);
  EXPECT_EQ(a.sketch().bins().size(), 2u);
  EXPECT_EQ(a.sketch().weight(), 1002.0);
}

}  // namespace
}  // namespace securebase::metrics
