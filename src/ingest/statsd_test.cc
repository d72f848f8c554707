#include "ingest/statsd.h"

#include <gtest/gtest.h>

#include "criteria/testing/stores.h"

namespace securebase::ingest {
namespace {

using Type = StatsdLine::Type;

TEST(StatsdLineTest, ReadsEveryPart) {
  const auto line =
      ParseStatsdLine("page.views:1:2.5|ms|@0.5|#env:prod,fast,env:dev|c:abc|T1780315200");
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->name, "page.views");
  EXPECT_EQ(line->values, (std::vector<std::string>{"1", "2.5"}));
  EXPECT_EQ(line->type, Type::kTimer);
  EXPECT_EQ(line->rate, 0.5);
  EXPECT_EQ(line->tags.size(), 2u);
  EXPECT_EQ(line->tags[1], (std::pair<std::string, std::string>("fast", "true")));
  EXPECT_EQ(line->time_s, 1780315200);
  EXPECT_EQ(ParseStatsdLine("a:x y|s")->values[0], "x y");
  EXPECT_EQ(ParseStatsdLine("a:-1|g")->values[0], "-1");
  EXPECT_EQ(ParseStatsdLine("a:1|d")->type, Type::kHistogram);
}

TEST(StatsdLineTest, RefusesWhatItIsNot) {
  for (const char* line : {"", "a", "a:1", "a|c", ":1|c", "a:|c", "a:x|c", "a:1|q", "a:1|c|@0",
                           "a:1|c|@2", "a:1|c|@x", "a:nan|g", "a:1|c|Tx", "a:1:|c", "\xFF:1|c"}) {
    EXPECT_FALSE(ParseStatsdLine(line).ok()) << line;
  }
}

class StatsdTest : public ::testing::Test {
 protected:
  std::optional<double> Ask(const std::string& name, const std::string& statistic,
                            std::vector<metrics::Dimension> dimensions = {}) {
    const auto series = stores_.metrics().Query(
        stores_.account, {.metric = {"StatsD", name, std::move(dimensions)},
                          .start = stores_.clock.Now() - std::chrono::hours(1),
                          .end = stores_.clock.Now() + std::chrono::hours(1),
                          .period = std::chrono::hours(3)});
    if (!series.ok() || series->empty()) return {};
    return series->front().buckets.front().second.Evaluate(*metrics::ParseStatistic(statistic));
  }
  void Send(std::string_view packet) {
    aggregator_.Take(packet);
    aggregator_.Flush();
  }

  criteria::TestStores stores_;
  TotalsTracker totals_{stores_.clock.Now()};
  StatsdAggregator aggregator_{{}, stores_.account, {stores_.metrics(), totals_}, stores_.clock, 4};
};

TEST_F(StatsdTest, CountersAddUpByTheirRate) {
  Send("c:1|c\nc:2|c|@0.1\n");
  Send("c:4|c|#k:v");
  EXPECT_EQ(Ask("c", "Sum"), 21);
  EXPECT_EQ(Ask("c", "Sum", {{"k", "v"}}), 4);
}

TEST_F(StatsdTest, GaugesKeepTheirLastValueAndChange) {
  Send("g:10|g\ng:20|g");
  EXPECT_EQ(Ask("g", "Sum"), 20);
  Send("g:-5|g");
  EXPECT_EQ(Ask("g", "Minimum"), 15);
  Send("g:+1|g");
  EXPECT_EQ(Ask("g", "Sum"), 51);
}

TEST_F(StatsdTest, TimersKeepTheirDistribution) {
  std::string packet = "t";
  for (int i = 1; i <= 100; ++i) packet += ":" + std::to_string(i);
  Send(packet + "|ms|@0.5");
  EXPECT_EQ(Ask("t", "SampleCount"), 200);
  EXPECT_EQ(Ask("t", "Sum"), 10100);
  EXPECT_NEAR(*Ask("t", "p95"), 95, 1);
}

TEST_F(StatsdTest, SetsCountWhatIsDistinct) {
  Send("s:a|s\ns:b|s\ns:a|s");
  EXPECT_EQ(Ask("s", "Sum"), 2);
}

TEST_F(StatsdTest, CountsWhatItCannotTake) {
  Send("c:1|c\nbad\n_e{1,1}:a|b\n_sc|a|0\r\n\n");
  const StatsdCounts counts = aggregator_.counts();
  EXPECT_EQ(counts.lines, 4u);
  EXPECT_EQ(counts.bad_lines, 1u);
  EXPECT_EQ(counts.dropped, 2u);
  aggregator_.Take("a:1|c\nb:1|c\nc:1|c\nd:1|c\ne:1|c");
  EXPECT_EQ(aggregator_.counts().dropped, 3u);
  aggregator_.Flush();
  aggregator_.Flush();  // nothing is there
  EXPECT_EQ(Ask("e", "Sum"), std::nullopt);
}

}  // namespace
}  // namespace securebase::ingest
