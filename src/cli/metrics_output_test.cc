#include "cli/metrics_output.h"

#include <gtest/gtest.h>

#include "cli/metrics_client.h"

namespace securebase::cli {
namespace {

constexpr Instant kStart = FromUnixSeconds(1'780'315'200);

std::vector<ChartSeries> TwoSeries() {
  return {{"p95", {{kStart, 1.5}, {kStart + std::chrono::minutes(1), 2}}},
          {"a,b", {{kStart + std::chrono::minutes(1), 0.25}}}};
}

TEST(MetricsOutputTest, ReadsAnswersOverPages) {
  std::vector<ChartSeries> series;
  EXPECT_TRUE(AppendSeries(*json::Parse(R"({"MetricDataResults": [{"Label": "x", "Timestamps":
                           [1780315200.0], "Values": [1]}]})"),
                           series)
                  .ok());
  EXPECT_TRUE(AppendSeries(*json::Parse(R"({"MetricDataResults": [{"Label": "x", "Timestamps":
                           [1780315260.0], "Values": [2.5]}]})"),
                           series)
                  .ok());
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].points.at(1).second, 2.5);
  for (const char* odd : {"{}", R"({"MetricDataResults": [{}]})",
                          R"({"MetricDataResults": [{"Timestamps": [1], "Values": []}]})",
                          R"({"MetricDataResults": [{"Timestamps": ["x"], "Values": [1]}]})"}) {
    EXPECT_FALSE(AppendSeries(*json::Parse(odd), series).ok()) << odd;
  }
}

TEST(MetricsOutputTest, Series) {
  EXPECT_EQ(PresentSeries(TwoSeries(), "csv"),
            "timestamp,p95,\"a,b\"\n2026-06-01T12:00:00Z,1.5,\n2026-06-01T12:01:00Z,2,0.25\n");
  EXPECT_EQ(PresentSeries(TwoSeries(), "table"),
            "TIME                           p95           a,b\n"
            "2026-06-01T12:00:00Z           1.5             -\n"
            "2026-06-01T12:01:00Z             2          0.25\n");
  const json::Value parsed = *json::Parse(PresentSeries(TwoSeries(), "json"));
  EXPECT_EQ(parsed.AsArray().at(0).Find("points")->AsArray().at(1).Find("value")->AsNumber(), 2);
}

TEST(MetricsOutputTest, FollowingPrintsWhatIsNewOrChanged) {
  FollowedRows rows("csv");
  auto series = TwoSeries();
  EXPECT_EQ(rows.Next(series),
            "timestamp,p95,\"a,b\"\n2026-06-01T12:00:00Z,1.5,\n2026-06-01T12:01:00Z,2,0.25\n");
  EXPECT_EQ(rows.Next(series), "");
  series[0].points[1].second = 3;
  EXPECT_EQ(rows.Next(series), "2026-06-01T12:01:00Z,3,0.25\n");
  FollowedRows lines("json");
  EXPECT_EQ(lines.Next({{"x", {{kStart, 1}}}}),
            R"({"timestamp":"2026-06-01T12:00:00Z","values":{"x":1}})"
            "\n");
}

TEST(MetricsOutputTest, Lists) {
  std::vector<ListedMetric> metrics;
  EXPECT_TRUE(AppendListed(*json::Parse(R"({"Metrics": [
      {"Namespace": "N", "MetricName": "größe", "Dimensions": []},
      {"Namespace": "N", "MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}]}]})"),
                           metrics)
                  .ok());
  EXPECT_FALSE(AppendListed(*json::Parse("{}"), metrics).ok());
  EXPECT_EQ(PresentList(metrics, "table"),
            "NAMESPACE  NAME   DIMENSIONS\n"
            "N          größe\n"
            "N          m      a=b\n");
  EXPECT_EQ(PresentList(metrics, "csv"), "namespace,name,dimensions\nN,größe,\nN,m,a=b\n");
  EXPECT_EQ(json::Parse(PresentList(metrics, "json"))->AsArray().size(), 2u);
  EXPECT_NE(PresentList({}, "table").find("no metrics"), std::string::npos);
}

TEST(MetricsClientTest, Times) {
  EXPECT_EQ(*ParseHttpDate("Mon, 01 Jun 2026 12:00:00 GMT"), kStart);
  EXPECT_FALSE(ParseHttpDate("Mon, 01 Foo 2026 12:00:00 GMT").ok());
  EXPECT_FALSE(ParseHttpDate("").ok());
  EXPECT_FALSE(ParseHttpDate("Mon, xx Jun 2026 12:00:00 GMT").ok());
  EXPECT_EQ(*ParseTimeOrAge("now", kStart), kStart);
  EXPECT_EQ(*ParseTimeOrAge("1h", kStart), kStart - std::chrono::hours(1));
  EXPECT_EQ(*ParseTimeOrAge("2026-06-01T12:00:00Z", Instant()), kStart);
  EXPECT_FALSE(ParseTimeOrAge("soon", kStart).ok());
}

}  // namespace
}  // namespace securebase::cli
