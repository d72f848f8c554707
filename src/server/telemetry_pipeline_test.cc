// What is promised: nothing is lost or put in the wrong minute, prepared series and plain
// measurements mean the same, callers are never kept waiting, and what is dropped is counted.
#include "server/telemetry_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/testing/manual_clock.h"
#include "server/internal/distribution.h"
#include "server/testing/fake_stores.h"

namespace securebase::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kGroup = "/aws/lambda/securebase-dev-report-engine";

class TelemetryPipelineTest : public ::testing::Test {
 protected:
  TelemetryPipelineTest() { Make({}); }
  void Make(TelemetryOptions options) {
    options.flush_interval = std::chrono::milliseconds(0);
    pipeline_ = std::make_unique<TelemetryPipeline>(options, metrics_, logs_, clock_, random_);
  }

  FakeMetricStore metrics_;
  FakeLogStore logs_;
  ManualClock clock_{FromUnixSeconds(1'780'000'020)};  // the start of a minute
  SystemRandom random_;
  std::unique_ptr<TelemetryPipeline> pipeline_;
};

TEST(DistributionTest, IsExactForFewValuesAndCloseForMany) {
  Distribution few;
  for (int i = 0; i < 100; ++i) few.Add(i % 4);
  EXPECT_THAT(few.Pairs(),
              UnorderedElementsAre(Pair(0, 25), Pair(1, 25), Pair(2, 25), Pair(3, 25)));

  Distribution many;
  double sum = 0;
  for (int i = 1; i <= 100'000; ++i) {
    many.Add(i / 7.0);
    sum += i / 7.0;
  }
  EXPECT_EQ(many.Count(), 100'000);
  EXPECT_LT(many.Pairs().size(), 2'500u);
  double rounded_sum = 0;
  for (const auto& [value, count] : many.Pairs()) rounded_sum += value * count;
  EXPECT_NEAR(rounded_sum / sum, 1, 0.0005);

  Distribution merged;
  merged.Merge(many);
  merged.Merge(few);
  EXPECT_EQ(merged.Count(), 100'100);
}

TEST(DistributionTest, RoundsToWithinHalfAPercent) {
  Distribution values;
  for (std::size_t i = 0; i < Distribution::kExactMax; ++i) values.Add(-static_cast<double>(i) - 1);
  values.Add(123.456);
  double closest = INFINITY;
  for (const auto& [value, count] : values.Pairs()) {
    closest = std::min(closest, std::abs(value - 123.456));
  }
  EXPECT_LT(closest / 123.456, 0.004);
}

TEST_F(TelemetryPipelineTest, WritesEachMinuteToItsOwnDatum) {
  const Measurement m{.namespace_name = "N",
                      .name = "M",
                      .unit = "Count",
                      .value = 2,
                      .dimensions = {{"B", "2"}, {"A", "1"}}};
  pipeline_->Publish(m);
  pipeline_->Publish(m);
  clock_.Advance(Duration(60'000));
  pipeline_->Publish(m);
  pipeline_->Flush();

  ASSERT_THAT(metrics_.data, SizeIs(2));
  EXPECT_EQ(metrics_.data[0].metric, (metrics::Metric{"N", "M", {{"A", "1"}, {"B", "2"}}}));
  EXPECT_EQ(metrics_.data[0].unit, "Count");
  EXPECT_EQ(metrics_.data[0].time, FromUnixSeconds(1'780'000'020));
  EXPECT_THAT(metrics_.data[0].values, ElementsAre(Pair(2, 2)));
  EXPECT_EQ(metrics_.data[1].time, FromUnixSeconds(1'780'000'080));
  EXPECT_THAT(metrics_.data[1].values, ElementsAre(Pair(2, 1)));
  EXPECT_EQ(metrics_.account, Account());

  metrics_.data.clear();
  pipeline_->Flush();
  EXPECT_THAT(metrics_.data, SizeIs(0));
}

TEST_F(TelemetryPipelineTest, PublishesTwiceWithAndWithoutDimensions) {
  pipeline_->PublishTwice(
      {.namespace_name = "N", .name = "M", .unit = "None", .value = 1, .dimensions = {{"A", "1"}}});
  pipeline_->PublishTwice({.namespace_name = "N", .name = "Bare", .unit = "None", .value = 1});
  pipeline_->Flush();

  EXPECT_EQ(metrics_.CountOf("M", 0), 1);
  EXPECT_EQ(metrics_.CountOf("M", 1), 1);
  EXPECT_EQ(metrics_.CountOf("Bare", 0), 1);
}

TEST_F(TelemetryPipelineTest, FeedsEveryDimensionSetOfAPreparedSeries) {
  const auto series = pipeline_->Register("N", "M", "Count", {{{"A", "1"}}, {{"B", "2"}}, {}});
  EXPECT_EQ(pipeline_->Register("N", "M", "Count", {{{"A", "1"}}, {{"B", "2"}}, {}}), series);
  EXPECT_NE(pipeline_->Register("N", "M", "Count", {{}}), series);
  const std::array<TelemetryPipeline::Sample, 2> samples = {{{series, 5}, {series, 7}}};
  pipeline_->Record(clock_.Now(), samples);
  pipeline_->Flush();

  ASSERT_THAT(metrics_.data, SizeIs(3));
  for (const metrics::Datum& datum : metrics_.data) {
    EXPECT_THAT(datum.values, UnorderedElementsAre(Pair(5, 1), Pair(7, 1)));
  }
}

TEST_F(TelemetryPipelineTest, AddsUpWhatManyThreadsPublish) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 1'000; ++i) {
        pipeline_->Publish({.namespace_name = "N", .name = "M", .unit = "Count", .value = 1});
        if (i % 100 == 0) pipeline_->Flush();
      }
    });
  }
  threads.clear();
  pipeline_->Flush();
  EXPECT_EQ(metrics_.CountOf("M", 0), 4'000);
}

TEST_F(TelemetryPipelineTest, WritesLogLinesAndInvocations) {
  const std::string line = "hello";
  pipeline_->LogEvents("/own/group", {&line, 1});
  pipeline_->Record(clock_.Now(), {},
                    {.request_id = "id-1",
                     .start = clock_.Now(),
                     .end = clock_.Now() + Duration(3),
                     .duration_ms = 2.345,
                     .error_line = R"({"level":"ERROR"})"});
  pipeline_->Flush();

  EXPECT_THAT(logs_.Messages("/own/group"), ElementsAre("hello"));
  const std::vector<std::string> lines = logs_.Messages(kGroup);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0], "START RequestId: id-1 Version: $LATEST");
  EXPECT_EQ(lines[1], R"({"level":"ERROR"})");
  EXPECT_EQ(lines[2], "END RequestId: id-1");
  EXPECT_THAT(lines[3], StartsWith("REPORT RequestId: id-1\tDuration: 2.35 ms\tBilled Duration: "
                                   "3 ms\tMemory Size: 1024 MB\tMax Memory Used: "));
  EXPECT_THAT(lines[3], HasSubstr("\tHandler: report_engine.lambda_handler\t"));
  EXPECT_THAT(logs_.streams, ::testing::Each(MatchesRegex("2026/05/28/\\[\\$LATEST\\][0-9a-f]+")));
}

TEST_F(TelemetryPipelineTest, SplitsManyLinesIntoSeveralWrites) {
  const std::vector<std::string> lines(25, std::string(100'000, 'x'));
  pipeline_->LogEvents("/g", lines);
  pipeline_->Flush();
  EXPECT_THAT(logs_.Messages("/g"), SizeIs(25));
  EXPECT_GT(logs_.appends, 1);
}

TEST_F(TelemetryPipelineTest, CountsWhatItDrops) {
  Make({.series_max = 1, .log_bytes_max = 1'000});
  auto publish = [this](std::string_view name, double value) {
    pipeline_->Publish({.namespace_name = "N", .name = name, .unit = "None", .value = value});
  };
  publish("First", 1);
  publish("Second", 1);   // no series left
  publish("First", NAN);  // no value
  const std::string line(2'000, 'x');
  pipeline_->LogEvents("/g", {&line, 1});
  pipeline_->Record(clock_.Now(), {}, {.request_id = "id", .error_line = line});
  EXPECT_EQ(pipeline_->dropped(), 7u);
  pipeline_->Flush();
  pipeline_->Flush();

  EXPECT_EQ(metrics_.SumOf("TelemetryDropped"), 7);
  EXPECT_EQ(metrics_.CountOf("First", 0), 1);
}

TEST_F(TelemetryPipelineTest, CountsWhatAStoreRefusesAndGoesOnWhenItRecovers) {
  metrics_.error = Unavailable("disk full");
  logs_.error = Unavailable("disk full");
  pipeline_->Publish({.namespace_name = "N", .name = "M", .unit = "None", .value = 1});
  const std::string line = "lost";
  pipeline_->LogEvents("/g", {&line, 1});
  pipeline_->Flush();
  EXPECT_EQ(pipeline_->dropped(), 2u);

  metrics_.error.reset();
  logs_.error.reset();
  pipeline_->Publish({.namespace_name = "N", .name = "M", .unit = "None", .value = 1});
  pipeline_->Flush();
  EXPECT_EQ(metrics_.SumOf("TelemetryDropped"), 2);
  EXPECT_EQ(metrics_.CountOf("M", 0), 1);
}

TEST_F(TelemetryPipelineTest, WritesTheRestWhenItStopsAndTakesNothingAfter) {
  const Measurement m{.namespace_name = "N", .name = "M", .unit = "None", .value = 1};
  const std::string line = "late";
  pipeline_->Publish(m);
  pipeline_->Stop();
  pipeline_->Publish(m);
  pipeline_->LogEvents("/g", {&line, 1});
  pipeline_->Record(clock_.Now(), {}, {.request_id = "id"});
  pipeline_->Stop();

  EXPECT_EQ(metrics_.CountOf("M", 0), 1);
  EXPECT_EQ(pipeline_->dropped(), 5u);
}

TEST_F(TelemetryPipelineTest, FlushesByItself) {
  TelemetryPipeline pipeline({.flush_interval = std::chrono::milliseconds(1)}, metrics_, logs_,
                             clock_, random_);
  pipeline.Publish({.namespace_name = "N", .name = "M", .unit = "None", .value = 1});
  metrics_.WaitForData();
  EXPECT_EQ(metrics_.CountOf("M", 0), 1);
}

}  // namespace
}  // namespace securebase::server
