// What is promised: the formulas of docs/criteria.md on the real stores, NO DATA without samples,
// evidence of the same range, and runs that are published and kept.
#include "criteria/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "criteria/testing/stores.h"

namespace securebase::criteria {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class EvaluatorTest : public ::testing::Test {
 protected:
  criteria::Run Measure(Duration window = 1h) {
    Result<criteria::Run> run = evaluator_.Measure(window);
    if (!run.ok()) ADD_FAILURE() << run.error().message();
    return run.ok() ? *std::move(run) : criteria::Run{};
  }
  Measured Of(const Criterion& criterion, Duration window = 1h) {
    for (const Measured& measured : Measure(window).results) {
      if (measured.criterion.id == criterion.id) return measured;
    }
    ADD_FAILURE() << criterion.id;
    return {};
  }

  TestStores stores_;
  Evaluator evaluator_{stores_.account,
                       {stores_.metrics(), stores_.documents(), stores_.tables, stores_.clock}};
};

TEST_F(EvaluatorTest, AnEmptyServerHasNoDataForAnything) {
  const criteria::Run run = Measure();
  ASSERT_EQ(run.results.size(), kCriteria.size());
  for (std::size_t i = 0; i < kCriteria.size(); ++i) {
    const Measured& measured = run.results[i];
    EXPECT_EQ(measured.criterion.id, kCriteria[i].id);
    EXPECT_EQ(measured.verdict, Verdict::kNoData) << measured.criterion.id;
    EXPECT_FALSE(measured.value) << measured.criterion.id;
    EXPECT_NE(measured.reason, "") << measured.criterion.id;
    EXPECT_FALSE(measured.evidence.empty()) << measured.criterion.id;
  }
  EXPECT_EQ(run.ExitCode(), 2);
}

TEST_F(EvaluatorTest, RefusesWindowsThatItCannotPrint) {
  for (const Duration window : {Duration(0), Duration(30s), Duration(90s), Duration(15 * 24h)}) {
    const auto run = evaluator_.Measure(window);
    ASSERT_FALSE(run.ok());
    EXPECT_EQ(run.error().field(), "window");
  }
  EXPECT_TRUE(evaluator_.Measure(14 * 24h).ok());
}

TEST_F(EvaluatorTest, QueryTimeIsThe95thPercentile) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i <= 90 ? 0.1 : 6.0);
  stores_.Publish("SecureBase/Analytics", "QueryExecutionTime", "Seconds", values);
  const Measured measured = Of(kQueryTime);
  EXPECT_EQ(measured.verdict, Verdict::kFail);
  EXPECT_NEAR(*measured.value, 6.0, 6.0 * 0.01);
  EXPECT_EQ(measured.sample_count, 100);
  ASSERT_TRUE(measured.interval);
  EXPECT_LE(measured.interval->low, *measured.value);
  EXPECT_THAT(measured.evidence[0],
              HasSubstr("--metric-name QueryExecutionTime --start-time 2026-06-01T11:01:00Z "
                        "--end-time 2026-06-01T12:01:00Z --period 3600 --extended-statistics p95 "
                        "--unit Seconds"));
}

TEST_F(EvaluatorTest, TheWindowEndsWithTheRunningMinute) {
  stores_.Publish("SecureBase/Analytics", "QueryExecutionTime", "Seconds", {9});
  stores_.clock.Advance(4min);
  EXPECT_EQ(Of(kQueryTime, 5min).sample_count, 1);
  stores_.clock.Advance(1min);
  EXPECT_EQ(Of(kQueryTime, 5min).verdict, Verdict::kNoData);
  EXPECT_EQ(Of(kQueryTime, 6min).sample_count, 1);
}

TEST_F(EvaluatorTest, StatisticSetsHaveNoPercentile) {
  metrics::Datum datum;
  datum.metric = {.namespace_name = "SecureBase/Analytics", .name = "QueryExecutionTime"};
  datum.unit = "Seconds";
  datum.time = stores_.clock.Now();
  datum.statistics =
      metrics::StatisticSet{.sample_count = 10, .sum = 10, .minimum = 0.5, .maximum = 2};
  stores_.Put(std::move(datum));
  const Measured measured = Of(kQueryTime);
  EXPECT_EQ(measured.verdict, Verdict::kNoData);
  EXPECT_THAT(measured.reason, HasSubstr("statistic sets"));
}

TEST_F(EvaluatorTest, SamplesWithoutUnitCountAndOtherUnitsAreSaid) {
  stores_.Publish("SecureBase/Analytics", "QueryExecutionTime", "Milliseconds", {120});
  Measured measured = Of(kQueryTime);
  EXPECT_EQ(measured.verdict, Verdict::kNoData);
  EXPECT_THAT(measured.reason, HasSubstr("only in unit Milliseconds"));

  stores_.Publish("SecureBase/Analytics", "QueryExecutionTime", "None", {0.5});
  measured = Of(kQueryTime);
  EXPECT_DOUBLE_EQ(*measured.value, 0.5);
  EXPECT_THAT(measured.evidence[0], HasSubstr("--unit None"));

  stores_.Publish("SecureBase/Analytics", "QueryExecutionTime", "Seconds", {0.25});
  measured = Of(kQueryTime);
  EXPECT_DOUBLE_EQ(*measured.value, 0.25);
  EXPECT_EQ(measured.notes[0].first, "left out, other units");
}

TEST_F(EvaluatorTest, PdfTimeIsTheMaximumWithTheAverageBeside) {
  stores_.Publish("SecureBase/Analytics", "PDFExportDuration", "Seconds", {1, 2, 12});
  const Measured measured = Of(kPdfTime);
  EXPECT_EQ(measured.verdict, Verdict::kFail);
  EXPECT_DOUBLE_EQ(*measured.value, 12);
  EXPECT_EQ(measured.notes[0], (std::pair<std::string, std::string>("average", "5.000 s")));
}

TEST_F(EvaluatorTest, DeliveriesAreSharedOutOfTheirPairs) {
  std::vector<double> success(99, 1), failure(99, 0);
  success.push_back(0);
  failure.push_back(1);
  stores_.Publish("SecureBase/Analytics", "ReportDeliverySuccess", "Count", success);
  stores_.Publish("SecureBase/Analytics", "ReportDeliveryFailure", "Count", failure);
  const Measured measured = Of(kDelivery);
  EXPECT_EQ(measured.verdict, Verdict::kPass);
  EXPECT_DOUBLE_EQ(*measured.value, 99);
  EXPECT_EQ(measured.sample_count, 100);
  ASSERT_TRUE(measured.interval);
  EXPECT_NEAR(measured.interval->low, 94.55, 0.01);
  EXPECT_EQ(measured.evidence.size(), 2u);
}

TEST_F(EvaluatorTest, AdoptionCountsCustomersNotReports) {
  stores_.PutCustomer("a", "active");
  stores_.PutCustomer("b", "active");
  stores_.PutCustomer("c", "suspended");
  stores_.PutReport("a", "rpt-1", "2026-05-20T00:00:00.000Z");
  stores_.PutReport("a", "rpt-2", "2026-05-21T00:00:00.000Z");
  stores_.PutReport("b", "rpt-3", "2026-05-01T00:00:00.000Z");  // more than 30 days ago
  Measured measured = Of(kAdoption);
  EXPECT_DOUBLE_EQ(*measured.value, 50);
  EXPECT_EQ(measured.verdict, Verdict::kFail);  // the target is above 50
  EXPECT_EQ(measured.sample_count, 2);
  EXPECT_EQ(FormatDate(measured.start), "2026-05-02");
  EXPECT_THAT(measured.evidence[0], HasSubstr(R"({":t":{"S":"2026-05-02"}})"));
  EXPECT_THAT(measured.evidence[1], HasSubstr("securebase-dev-customers"));

  stores_.PutReport("b", "rpt-4", "2026-05-02T00:00:00.000Z");
  EXPECT_DOUBLE_EQ(*Of(kAdoption).value, 100);
  // Reports of customers that are not active: more than all, a figure without an interval.
  stores_.PutReport("c", "rpt-5", "2026-05-30T00:00:00.000Z");
  measured = Of(kAdoption);
  EXPECT_DOUBLE_EQ(*measured.value, 150);
  EXPECT_FALSE(measured.interval);
}

TEST_F(EvaluatorTest, TheNewestCoverageCounts) {
  ASSERT_TRUE(evaluator_.RecordCoverage({.percent = 95, .format = "percent"}).ok());
  EXPECT_EQ(Of(kCoverage).verdict, Verdict::kPass);
  stores_.clock.Advance(5s);  // within the same minute
  ASSERT_TRUE(evaluator_.RecordCoverage({.percent = 85, .format = "percent"}).ok());
  EXPECT_DOUBLE_EQ(*Of(kCoverage).value, 85);
  stores_.clock.Advance(5s);
  ASSERT_TRUE(evaluator_.RecordCoverage({.percent = 91, .format = "percent"}).ok());
  EXPECT_DOUBLE_EQ(*Of(kCoverage).value, 91);
  EXPECT_THAT(Of(kCoverage).evidence[0], HasSubstr("--period 1 "));
  // Later: the minute, in which the lowest stands.
  stores_.clock.Advance(24h * 10);
  EXPECT_DOUBLE_EQ(*Of(kCoverage).value, 85);
  EXPECT_THAT(Of(kCoverage).evidence[0], HasSubstr("--period 60 "));
  stores_.clock.Advance(24h * 90);
  EXPECT_DOUBLE_EQ(*Of(kCoverage).value, 85);
  EXPECT_THAT(Of(kCoverage).evidence[0], HasSubstr("--period 3600 "));
}

TEST_F(EvaluatorTest, AvailabilityAndErrorRateAreRatiosOfSums) {
  stores_.Publish("AWS/ApiGateway", "Count", "Count", std::vector<double>(2'000, 1));
  stores_.Publish("AWS/ApiGateway", "5XXError", "Count", {1, 1, 1, 0});
  stores_.Publish("AWS/Lambda", "Invocations", "Count", std::vector<double>(200, 1));
  EXPECT_DOUBLE_EQ(*Of(kAvailability).value, 99.85);
  EXPECT_EQ(Of(kAvailability).verdict, Verdict::kFail);
  EXPECT_DOUBLE_EQ(*Of(kErrorRate).value, 0);  // invocations and no error: none failed
  EXPECT_EQ(Of(kErrorRate).verdict, Verdict::kPass);
  stores_.Publish("AWS/Lambda", "Errors", "Count", {2});
  EXPECT_DOUBLE_EQ(*Of(kErrorRate).value, 1);
  EXPECT_EQ(Of(kErrorRate).verdict, Verdict::kFail);
}

TEST_F(EvaluatorTest, ATableThatCannotBeReadIsNoDataWithTheReason) {
  const documents::ProductTables other("other");
  const Evaluator evaluator(stores_.account,
                            {stores_.metrics(), stores_.documents(), other, stores_.clock});
  const auto run = evaluator.Measure(1h);
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->results[3].verdict, Verdict::kNoData);
  EXPECT_THAT(run->results[3].reason, HasSubstr("could not be read"));
}

TEST_F(EvaluatorTest, RunsArePublishedAndKeptOneAMinute) {
  EXPECT_TRUE(evaluator_.Runs(10)->empty());
  stores_.PutCustomer("a", "active");
  stores_.PutReport("a", "rpt-1", "2026-05-20T00:00:00.000Z");
  TestStores::Expect(evaluator_.Record(Measure()));
  TestStores::Expect(evaluator_.Record(Measure()));  // replaces the first
  stores_.clock.Advance(1min);
  TestStores::Expect(evaluator_.Record(Measure()));
  const auto runs = evaluator_.Runs(10);
  ASSERT_TRUE(runs.ok());
  ASSERT_EQ(runs->size(), 2u);
  EXPECT_GT((*runs)[0].at, (*runs)[1].at);
  EXPECT_EQ(evaluator_.Runs(1)->size(), 1u);

  const auto sum = [&](std::string namespace_name, std::string name,
                       std::vector<metrics::Dimension> dimensions) {
    const auto series = stores_.metrics().Query(
        stores_.account, {.metric = {std::move(namespace_name), std::move(name), dimensions},
                          .start = stores_.clock.Now() - 1h,
                          .end = stores_.clock.Now() + 1h,
                          .period = 2h});
    return series.ok() && !series->empty() ? series->front().buckets.front().second.set().sum : -1;
  };
  const std::vector<metrics::Dimension> adoption = {{"Criterion", "custom-report-adoption"}};
  EXPECT_EQ(sum("SecureBase/Criteria", "Passed", adoption), 3);
  EXPECT_EQ(sum("SecureBase/Criteria", "Value", adoption), 300);
  EXPECT_EQ(sum("SecureBase/Analytics", "CustomReportAdoption", {}), 300);
  // Without data nothing is published: a zero would be a miss.
  EXPECT_EQ(sum("SecureBase/Criteria", "Passed", {{"Criterion", "error-rate"}}), -1);
}

}  // namespace
}  // namespace securebase::criteria
