// What a plan knows, and evaluation beyond the single expression: periods, chains, limits, labels,
// ranges of alarms.
#include "metrics/math/plan.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "metrics/math/evaluate.h"
#include "metrics/math/memory_source.h"

namespace securebase::metrics::math {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

MetricDataQuery MetricQuery(std::string id, int period_s = 60, std::string statistic = "Average",
                            std::vector<Dimension> dimensions = {}) {
  MetricDataQuery query;
  query.id = std::move(id);
  query.metric_stat = MetricStat{
      {"N", "m", std::move(dimensions)}, seconds(period_s), *ParseStatistic(statistic), {}};
  return query;
}

MetricDataQuery Expression(std::string id, std::string text, int period_s = 0) {
  MetricDataQuery query;
  query.id = std::move(id);
  query.expression = std::move(text);
  if (period_s > 0) query.period = seconds(period_s);
  return query;
}

std::string ErrorOf(std::vector<MetricDataQuery> queries) {
  const auto plan = Plan::Make(std::move(queries));
  return plan.ok() ? "none" : plan.error().message();
}

TEST(PlanTest, KnowsWhatAnExpressionReads) {
  const auto plan =
      Plan::Make({Expression("e2", "e1 + m3"), MetricQuery("m1", 60), Expression("e1", "m1 / 2"),
                  MetricQuery("m3", 300), Expression("all", "SUM(METRICS())"),
                  Expression("s", "SEARCH('{N}', 'Sum', 600)"),
                  Expression("q", "SELECT AVG(m) FROM N GROUP BY a", 30),
                  Expression("o", "SELECT AVG(m) FROM N ORDER BY MAX()", 120),
                  Expression("band", "ANOMALY_DETECTION_BAND(e1)")});
  ASSERT_TRUE(plan.ok()) << plan.error().message();
  EXPECT_EQ(plan->reads(0).metrics, (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(plan->dependencies(0), (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(plan->period(0), minutes(5));
  EXPECT_EQ(plan->period(2), minutes(1));
  EXPECT_EQ(plan->type(0), Type::kSeries);
  EXPECT_TRUE(plan->reads(4).uses_metrics_function);
  EXPECT_EQ(plan->reads(4).metrics, (std::vector<std::size_t>{1, 3}));
  EXPECT_TRUE(plan->reads(5).uses_search);
  EXPECT_EQ(plan->period(5), minutes(10));
  EXPECT_EQ(plan->type(5), Type::kArray);
  EXPECT_TRUE(plan->reads(6).insights_grouped);
  EXPECT_FALSE(plan->reads(6).insights_ordered);
  EXPECT_EQ(plan->period(6), minutes(1));  // the least of Metrics Insights
  EXPECT_EQ(plan->type(6), Type::kArray);
  EXPECT_TRUE(plan->reads(7).insights_ordered);
  EXPECT_EQ(plan->type(7), Type::kSeries);
  EXPECT_EQ(plan->reads(8).bands, 1u);
}

TEST(PlanTest, RefusesWhatCannotBeAsked) {
  EXPECT_EQ(ErrorOf({MetricQuery("a"), MetricQuery("a")}),
            "The values for parameter id in MetricDataQueries are not unique.");
  EXPECT_NE(ErrorOf({MetricQuery("A")}).find("^[a-z][a-zA-Z0-9_]*$"), std::string::npos);
  EXPECT_NE(ErrorOf({MetricDataQuery{.id = "a"}}).find("Exactly one"), std::string::npos);
  EXPECT_EQ(ErrorOf({Expression("a", "b"), Expression("b", "c + 1"), Expression("c", "b")}),
            "Error in expression 'b': The expression refers to itself: b -> c -> b");
  EXPECT_EQ(ErrorOf({Expression("a", "a")}),
            "Error in expression 'a': The expression refers to itself: a -> a");
  EXPECT_EQ(ErrorOf({Expression("a", "ANOMALY_DETECTION_BAND(b)"), MetricQuery("m"),
                     Expression("b", "FIRST(ANOMALY_DETECTION_BAND(m))")}),
            "Error in expression 'a': ANOMALY_DETECTION_BAND cannot be applied to a band (at "
            "character 24)");
  std::string bands = "[m";
  for (int i = 0; i < 51; ++i) bands += ",ANOMALY_DETECTION_BAND(m)";
  EXPECT_EQ(ErrorOf({MetricQuery("m"), Expression("a", bands + "]")}),
            "At most 50 ANOMALY_DETECTION_BAND in a request.");
  EXPECT_EQ(ErrorOf({Expression("a", "TIME_SERIES(1)")}),
            "The parameter MetricDataQueries.member.1.Period is required.\n");
  EXPECT_EQ(ErrorOf({Expression("a", "SELECT AVG(x) FROM y")}),
            "The parameter MetricDataQueries.member.1.Period is required.\n");
  std::string deep(70, '('), wide = "1";
  EXPECT_NE(ErrorOf({Expression("a", deep)}).find("nested more than 64"), std::string::npos);
  while (wide.size() < 2060) wide += "+1";
  EXPECT_NE(ErrorOf({Expression("a", wide)}).find("longer than 2048"), std::string::npos);
  std::vector<MetricDataQuery> searches;
  for (int i = 0; i < 101; ++i) {
    searches.push_back(Expression("s" + std::to_string(i), "SEARCH('x', 'Sum')"));
  }
  EXPECT_EQ(ErrorOf(std::move(searches)), "At most 100 SEARCH in a request.");
}

class EvaluateTest : public ::testing::Test {
 protected:
  EvaluateTest() {
    for (int k = 0; k < 20; ++k) source_.Add({"N", "m", {}}, kStart + minutes(k), k);
  }
  Evaluation Run(std::vector<MetricDataQuery> queries, EvaluationRequest request = {}) {
    auto plan = Plan::Make(std::move(queries));
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    request.now = kStart + minutes(30);
    if (request.start == Instant()) request.start = kStart;
    if (request.end == Instant()) request.end = kStart + minutes(20);
    auto found = Evaluate(*plan, source_, request);
    EXPECT_TRUE(found.ok()) << found.error().message();
    return found.ok() ? *std::move(found) : Evaluation();
  }

  const Instant kStart = *ParseIso("2026-06-01T12:00:00Z");
  MemorySource source_;
};

TEST_F(EvaluateTest, AChainOfFiveHundredExpressionsIsEvaluatedOnce) {
  std::vector<MetricDataQuery> queries;
  for (int i = 0; i < 499; ++i) {
    const std::string next = i == 498 ? "m" : "e" + std::to_string(i + 1);
    queries.push_back(Expression("e" + std::to_string(i), next + " + 1"));
    queries.back().return_data = i == 0;
  }
  queries.push_back(MetricQuery("m"));
  queries.back().return_data = false;
  const Evaluation found = Run(std::move(queries));
  ASSERT_EQ(found.results.size(), 1u);
  EXPECT_EQ(found.results[0].series.values[3], 3 + 499);
}

TEST_F(EvaluateTest, ArraysThatDoubleAreRefusedInTime) {
  std::vector<MetricDataQuery> queries;
  for (int i = 0; i < 100; ++i) {
    const std::string next = i == 99 ? "m" : "e" + std::to_string(i + 1);
    queries.push_back(Expression("e" + std::to_string(i), "[" + next + ", " + next + "]"));
    queries.back().return_data = i == 0;
  }
  queries.push_back(MetricQuery("m"));
  const auto plan = Plan::Make(std::move(queries));
  ASSERT_TRUE(plan.ok());
  const auto found = Evaluate(
      *plan, source_, {.start = kStart, .end = kStart + minutes(5), .now = kStart + minutes(5)});
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message(), "An array would hold more than 50000 time series.");
}

TEST_F(EvaluateTest, AllOfTimeIsWhatThereIs) {
  const Evaluation found =
      Run({MetricQuery("m", 3600, "Sum"), Expression("e", "FILL(m, 0)")},
          {.start = *ParseIso("0001-01-01T00:00:00Z"), .end = *ParseIso("9999-12-31T23:59:59Z")});
  EXPECT_EQ(found.results[0].series.values, std::vector<double>{190});
  EXPECT_LT(found.results[1].series.values.size(), 200'000u);
}

TEST_F(EvaluateTest, ManyOperandsNeedNoDeepStack) {
  std::string text = "m";
  while (text.size() < 2046) text += "+1";
  EXPECT_EQ(Run({Expression("e", text), MetricQuery("m")}).results[0].series.values[0], 1023);
}

TEST_F(EvaluateTest, AlarmsBringTheStartOfTheirBuckets) {
  const Evaluation found = Run({MetricQuery("m", 300, "Sum"), Expression("e", "m * 2")},
                               {.start = kStart + minutes(3) + seconds(10),
                                .end = kStart + minutes(13) + seconds(10),
                                .exact_start = true});
  const std::vector<Instant> starts = {kStart + minutes(3) + seconds(10),
                                       kStart + minutes(8) + seconds(10)};
  EXPECT_EQ(found.results[0].series.times, starts);
  EXPECT_EQ(found.results[0].series.values, (std::vector<double>{4 + 5 + 6 + 7 + 8, 55}));
  EXPECT_EQ(found.results[1].series.values, (std::vector<double>{60, 110}));
  EXPECT_EQ(found.grids[0].start, starts[0]);
}

TEST_F(EvaluateTest, LabelsTellTheQueriesOfARequestApart) {
  auto labels = [&](std::vector<MetricDataQuery> queries) {
    std::string out;
    for (const SeriesResult& one : Run(std::move(queries)).results) {
      out += (out.empty() ? "" : "|") + one.label;
    }
    return out;
  };
  EXPECT_EQ(labels({MetricQuery("a"), MetricQuery("b")}), "m|m");
  EXPECT_EQ(labels({MetricQuery("a", 60, "Sum"), MetricQuery("b", 300, "p90")}),
            "m Sum 60|m p90 300");
  EXPECT_EQ(labels({MetricQuery("a", 60, "Sum", {{"D", "1"}}),
                    MetricQuery("b", 60, "Sum", {{"D", "2"}})}),
            "m 1|m 2");
  MetricDataQuery named = MetricQuery("a");
  named.label = "mine";
  EXPECT_EQ(labels({named, Expression("e", "a + 1"), Expression("all", "[a, e]")}),
            "mine|e|mine|e");
  MetricDataQuery several = Expression("all", "[a, b]");
  several.label = "both";
  EXPECT_EQ(labels({MetricQuery("a", 60, "Sum"), MetricQuery("b"), several}),
            "m Sum|m Average|both m Sum|both m Average");
}

TEST_F(EvaluateTest, UnitsThatDifferAreSaid) {
  source_.Add({"N", "m", {}}, kStart, 7, "Count");
  const Evaluation found = Run({MetricQuery("m")});
  EXPECT_EQ(found.results[0].series.values, std::vector<double>{7});
  ASSERT_EQ(found.results[0].messages.size(), 1u);
  EXPECT_EQ(found.results[0].messages[0].text, "Multiple units returned: '[Count, None]'");
  MetricDataQuery none = MetricQuery("m");
  none.metric_stat->unit = "None";
  EXPECT_EQ(Run({none}).results[0].series.values.size(), 20u);
}

TEST_F(EvaluateTest, WhatIsNotKeptIsSaid) {
  const Evaluation found =
      Run({MetricQuery("m"), Expression("e", "m + 1"), Expression("s", "SEARCH('{N}', 'Sum', 60)"),
           Expression("q", "SELECT SUM(m) FROM N", 60)},
          {.start = kStart - std::chrono::hours(24 * 20)});
  ASSERT_EQ(found.results.size(), 4u);
  for (const SeriesResult& one : found.results) {
    EXPECT_TRUE(one.series.empty()) << one.id;
    ASSERT_EQ(one.messages.size(), 1u) << one.id;
    EXPECT_EQ(one.messages[0].code, "PeriodNotKept");
  }
}

TEST_F(EvaluateTest, StopsWhereItIsToldTo) {
  const auto plan = Plan::Make({MetricQuery("m"), Expression("e", "m * 2")});
  EvaluationRequest request{.start = kStart, .end = kStart + minutes(20), .now = kStart};
  int asked = 0;
  request.cancelled = [&] { return ++asked > 1; };
  EXPECT_EQ(Evaluate(*plan, source_, request).error().code(), ErrorCode::kCancelled);
  request.cancelled = nullptr;
  request.limits.buckets_max = 30;
  const auto refused = Evaluate(*plan, source_, request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().wire_code(), "ValidationError");
  request.limits = {};
  request.timezone = "CET";
  EXPECT_FALSE(Evaluate(*plan, source_, request).ok());
}

TEST_F(EvaluateTest, ABandNeedsADayAndFollowsItsDetector) {
  MemorySource source;
  const Metric metric{"N", "m", {}};
  for (int hour = 0; hour < 24 * 5; ++hour) {
    source.Add(metric, kStart - std::chrono::hours(hour), 100 + hour % 3);
  }
  const auto plan =
      Plan::Make({MetricQuery("m", 3600), Expression("b", "ANOMALY_DETECTION_BAND(m)"),
                  Expression("c", "ANOMALY_DETECTION_BAND(m + 0, 3)")});
  EvaluationRequest request{.start = kStart - std::chrono::hours(3), .end = kStart, .now = kStart};
  const auto found = Evaluate(*plan, source, request);
  ASSERT_TRUE(found.ok()) << found.error().message();
  ASSERT_EQ(found->results.size(), 5u);
  EXPECT_EQ(found->results[1].label, "m upper");
  EXPECT_EQ(found->results[2].label, "m lower");
  // The same hour of each day had the same value.
  EXPECT_NEAR(found->results[1].series.values.at(0), 100, 0.001);
  EXPECT_NEAR(found->results[2].series.values.at(1), 102, 0.001);

  struct Everything final : AnomalyDetectors {
    std::optional<DetectorConfiguration> Find(const Metric&, std::string_view) const override {
      return DetectorConfiguration{.excluded = {{FromUnixSeconds(0), FromUnixSeconds(4e9)}}};
    }
  } excluded;
  request.detectors = &excluded;
  const auto nothing = Evaluate(*plan, source, request);
  EXPECT_TRUE(nothing->results[1].series.empty());
  EXPECT_FALSE(nothing->results[3].series.empty());  // of an expression: no metric's detector
}

}  // namespace
}  // namespace securebase::metrics::math
