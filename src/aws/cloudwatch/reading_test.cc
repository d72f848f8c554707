// What is promised: statistics, periods and units as specified; paging that neither loses nor
// repeats.
#include <gtest/gtest.h>

#include <set>

#include "aws/cloudwatch/common.h"
#include "aws/codec/json.h"
#include "aws/testing/aws_world.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

// The world's clock stands at 2026-06-01T12:00:30Z.
constexpr std::string_view kRange =
    R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T12:10:00Z")";

class ReadingTest : public ::testing::Test {
 protected:
  ReadingTest() {
    // Minute 12:00: 1, 3; minute 12:01: 5 (Count), 7 (Seconds).
    world_.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [
        {"MetricName": "m", "Unit": "Count", "Timestamp": "2026-06-01T12:00:05Z", "Values": [1, 3]},
        {"MetricName": "m", "Unit": "Count", "Timestamp": "2026-06-01T12:01:00Z", "Value": 5},
        {"MetricName": "m", "Unit": "Seconds", "Timestamp": "2026-06-01T12:01:00Z", "Value": 7},
        {"MetricName": "set", "Timestamp": "2026-06-01T12:00:00Z",
         "StatisticValues": {"SampleCount": 2, "Sum": 3, "Minimum": 1, "Maximum": 2}},
        {"MetricName": "m", "Dimensions": [{"Name": "z", "Value": "1"}, {"Name": "a", "Value": "2"}],
         "Timestamp": "2026-06-01T12:00:00Z", "Value": 9}]})");
  }

  std::string Statistics(std::string_view members) {
    return world_
        .SendJson("GraniteServiceVersion20100801.GetMetricStatistics",
                  R"({"Namespace": "N", )" + std::string(members) + "}")
        .body;
  }
  std::string StatisticsError(std::string_view members) {
    return world_.CloudWatchError("GetMetricStatistics",
                                  R"({"Namespace": "N", )" + std::string(members) + "}");
  }

  AwsWorld world_;
};

TEST_F(ReadingTest, GetMetricStatisticsGivesADatapointAPeriodAndUnit) {
  EXPECT_EQ(Statistics(R"("MetricName": "m", "Period": 60, "Statistics": ["Average", "Sum",
                          "SampleCount", "Minimum", "Maximum"], )" +
                       std::string(kRange)),
            R"({"Label":"m","Datapoints":[)"
            R"({"Timestamp":1780315200.0,"Average":2.0,"Sum":4.0,"SampleCount":2.0,)"
            R"("Minimum":1.0,"Maximum":3.0,"Unit":"Count"},)"
            R"({"Timestamp":1780315260.0,"Average":5.0,"Sum":5.0,"SampleCount":1.0,)"
            R"("Minimum":5.0,"Maximum":5.0,"Unit":"Count"},)"
            R"({"Timestamp":1780315260.0,"Average":7.0,"Sum":7.0,"SampleCount":1.0,)"
            R"("Minimum":7.0,"Maximum":7.0,"Unit":"Seconds"}]})");
  EXPECT_EQ(Statistics(R"("MetricName": "m", "Period": 600, "Statistics": ["Sum"],
                          "Unit": "Seconds", )" +
                       std::string(kRange)),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Sum":7.0,)"
            R"("Unit":"Seconds"}]})");
}

TEST_F(ReadingTest, DimensionsMustMatchExactlyInAnyOrder) {
  const std::string rest =
      R"(, "MetricName": "m", "Period": 600, "Statistics": ["Sum"], )" + std::string(kRange);
  EXPECT_NE(
      Statistics(R"("Dimensions": [{"Name": "a", "Value": "2"}, {"Name": "z", "Value": "1"}])" +
                 rest)
          .find("\"Sum\":9.0"),
      std::string::npos);
  EXPECT_EQ(Statistics(R"("Dimensions": [{"Name": "a", "Value": "2"}])" + rest),
            R"({"Label":"m","Datapoints":[]})");
  EXPECT_NE(
      StatisticsError(
          R"("Dimensions": [{"Name": "a", "Value": "2"}, {"Name": "a", "Value": "3"}])" + rest)
          .find("names the dimension a more than once"),
      std::string::npos);
}

TEST_F(ReadingTest, TheUsersSpellingsOfStatisticsWork) {
  const std::string rest =
      R"(], "MetricName": "m", "Unit": "Seconds", "Period": 600, )" + std::string(kRange);
  EXPECT_EQ(Statistics(R"("Statistics": ["Average,Maximum")" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Average":7.0,"Maximum":7.0,)"
            R"("Unit":"Seconds"}]})");
  EXPECT_EQ(Statistics(R"("Statistics": ["p95")" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Unit":"Seconds",)"
            R"("ExtendedStatistics":{"p95":7.0}}]})");
  EXPECT_EQ(Statistics(R"j("ExtendedStatistics": ["p50", "TM(10%:90%)")j" + rest),
            R"({"Label":"m","Datapoints":[{"Timestamp":1780315200.0,"Unit":"Seconds",)"
            R"j("ExtendedStatistics":{"p50":7.0,"TM(10%:90%)":7.0}}]})j");
  EXPECT_EQ(StatisticsError(R"("Statistics": ["Median")" + rest),
            "InvalidParameterValueException: The value Median for parameter Statistics.member.1 is "
            "not supported.");
}

TEST_F(ReadingTest, AStatisticSetHasNoPercentiles) {
  const std::string rest = R"(], "MetricName": "set", "Period": 60, )" + std::string(kRange);
  EXPECT_EQ(Statistics(R"("Statistics": ["p95")" + rest), R"({"Label":"set","Datapoints":[]})");
  EXPECT_NE(Statistics(R"("Statistics": ["Sum", "p95")" + rest).find(R"("Sum":3.0,"Unit":"None"})"),
            std::string::npos);
}

TEST_F(ReadingTest, GetMetricStatisticsRefusesWhatTheRulesForbid) {
  const std::string head = R"("MetricName": "m", )";
  auto range = [](std::string_view start, std::string_view end) {
    return R"("StartTime": ")" + std::string(start) + R"(", "EndTime": ")" + std::string(end) +
           "\"";
  };
  EXPECT_EQ(StatisticsError(head + R"("Period": 60, )" + std::string(kRange)),
            "InvalidParameterCombinationException: Must specify either Statistics or "
            "ExtendedStatistics");
  const std::string sum = head + R"("Statistics": ["Sum"], )";
  EXPECT_EQ(StatisticsError(sum + R"("Period": 60, )" +
                            range("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")),
            "InvalidParameterValueException: The parameter StartTime must be less than the "
            "parameter EndTime.");
  EXPECT_EQ(StatisticsError(sum + R"("Period": 1, )" +
                            range("2026-05-31T12:00:00Z", "2026-06-01T12:00:00Z")),
            "InvalidParameterCombinationException: You have requested up to 86400 datapoints, "
            "which exceeds the limit of 1440. You may reduce the datapoints requested by "
            "increasing Period, or decreasing the time range.");
  EXPECT_EQ(StatisticsError(sum + R"("Period": 61, )" + std::string(kRange)),
            "InvalidParameterValueException: The parameter Period must be a multiple of 60.");
  EXPECT_EQ(StatisticsError(R"("Period": 60)"),
            "ValidationException: 3 validation errors detected: Value null at 'metricName' failed "
            "to satisfy constraint: Member must not be null; Value null at 'startTime' failed to "
            "satisfy constraint: Member must not be null; Value null at 'endTime' failed to "
            "satisfy constraint: Member must not be null");
}

TEST_F(ReadingTest, ListMetricsFilters) {
  auto names = [&](std::string body) {
    std::string out;
    const json::Value answer = world_.CloudWatch("ListMetrics", std::move(body));
    for (const json::Value& metric : answer.Find("Metrics")->AsArray()) {
      out += metric.Find("MetricName")->AsString();
      for (const json::Value& dimension : metric.Find("Dimensions")->AsArray()) {
        out += "," + dimension.Find("Name")->AsString();
      }
      out += " ";
    }
    return out;
  };
  EXPECT_EQ(names("{}"), "m m,a,z set ");
  EXPECT_EQ(names(R"({"Namespace": "X"})"), "");
  EXPECT_EQ(names(R"({"MetricName": "set"})"), "set ");
  EXPECT_EQ(names(R"({"Dimensions": [{"Name": "z"}]})"), "m,a,z ");
  EXPECT_EQ(names(R"({"Dimensions": [{"Name": "z", "Value": "2"}]})"), "");
  EXPECT_EQ(names(R"({"OwningAccount": "999999999999"})"), "");
  EXPECT_EQ(names(R"({"RecentlyActive": "PT3H"})"), "m m,a,z set ");
  world_.clock().Advance(std::chrono::hours(5));
  EXPECT_EQ(names(R"({"RecentlyActive": "PT3H"})"), "");
  EXPECT_EQ(names("{}"), "m m,a,z set ");
  world_.clock().Advance(std::chrono::hours(24 * 15));
  EXPECT_EQ(names("{}"), "");
  EXPECT_NE(world_.CloudWatchError("ListMetrics", R"({"RecentlyActive": "PT1H"})")
                .find("Member must satisfy enum value set: [PT3H]"),
            std::string::npos);
  const json::Value owners = world_.CloudWatch("ListMetrics", R"({"IncludeLinkedAccounts": true})");
  EXPECT_NE(owners.Find("OwningAccounts"), nullptr);
}

TEST(ListMetricsTest, PagesOverAll) {
  AwsWorld world;
  for (int batch = 0; batch < 2; ++batch) {
    std::string data;
    for (int i = 0; i < 600; ++i) {
      data += (i == 0 ? "" : ",") + std::string(R"({"MetricName": "m)") +
              std::to_string(batch * 600 + i) +
              R"(", "Value": 1, "Dimensions": [{"Name": "d", "Value": "v"}]})";
    }
    world.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [)" + data + "]}");
  }
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const std::string body = token.empty() ? R"({"Namespace": "N"})"
                                           : R"({"Namespace": "N", "NextToken": ")" + token + "\"}";
    const json::Value page = world.CloudWatch("ListMetrics", body);
    for (const json::Value& metric : page.Find("Metrics")->AsArray()) {
      EXPECT_TRUE(seen.insert(metric.Find("MetricName")->AsString()).second);
    }
    const json::Value* next = page.Find("NextToken");
    token = next == nullptr ? "" : next->AsString();
    ++pages;
  } while (!token.empty() && pages < 10);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 1200u);
  EXPECT_EQ(world.CloudWatchError("ListMetrics", R"({"NextToken": "x"})"),
            "InvalidParameterValueException: Request parameter NextToken is invalid");
}

std::string DataQuery(std::string_view id, std::string_view stat, std::string_view more = "") {
  return R"({"Id": ")" + std::string(id) +
         R"(", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "m"}, "Period": 60, )"
         R"("Stat": ")" +
         std::string(stat) + "\"}" + std::string(more) + "}";
}

TEST_F(ReadingTest, GetMetricDataGivesSeries) {
  const http::Response response = world_.SendJson(
      "GraniteServiceVersion20100801.GetMetricData",
      R"({"MetricDataQueries": [)" + DataQuery("a", "Sum") + "," +
          DataQuery("b", "Minimum", R"(, "Label": "mine")") + "," +
          DataQuery("c", "Sum", R"(, "ReturnData": false)") + "], " + std::string(kRange) + "}");
  EXPECT_EQ(response.body,
            R"({"MetricDataResults":[{"Id":"a","Label":"m Sum","Timestamps":[1780315260.0,)"
            R"(1780315200.0],"Values":[5.0,4.0],"StatusCode":"Complete","Messages":[{"Code":)"
            R"("MultipleUnits","Value":"Multiple units returned: '[Count, Seconds]'"}]},)"
            R"({"Id":"b","Label":"mine","Timestamps":[1780315260.0,1780315200.0],)"
            R"("Values":[5.0,1.0],"StatusCode":"Complete","Messages":[{"Code":"MultipleUnits",)"
            R"("Value":"Multiple units returned: '[Count, Seconds]'"}]}],"Messages":[]})");
}

TEST_F(ReadingTest, GetMetricDataPagesAllSeriesTogether) {
  auto body = [](std::string_view token) {
    return R"({"MaxDatapoints": 2, "ScanBy": "TimestampAscending", "MetricDataQueries": [)" +
           DataQuery("a", "Sum") + "," + DataQuery("b", "Maximum") + "], " + std::string(kRange) +
           (token.empty() ? "" : R"(, "NextToken": ")" + std::string(token) + "\"") + "}";
  };
  auto values = [](const json::Value& answer) {
    std::string out;
    for (const json::Value& result : answer.Find("MetricDataResults")->AsArray()) {
      out += json::Write(*result.Find("Values")) + result.Find("StatusCode")->AsString();
    }
    return out;
  };
  const json::Value first = world_.CloudWatch("GetMetricData", body(""));
  EXPECT_EQ(values(first), "[4]PartialData[3]PartialData");
  const std::string token = first.Find("NextToken")->AsString();
  const json::Value second = world_.CloudWatch("GetMetricData", body(token));
  EXPECT_EQ(values(second), "[5]Complete[5]Complete");
  EXPECT_EQ(second.Find("NextToken"), nullptr);
  EXPECT_TRUE(world_.CloudWatchError("GetMetricData", body("x")).starts_with("InvalidNextToken"));
}

TEST_F(ReadingTest, GetMetricDataRefusesWhatTheRulesForbid) {
  auto refuses = [&](std::string queries, std::string_view range, const std::string& error) {
    EXPECT_EQ(world_.CloudWatchError("GetMetricData", R"({"MetricDataQueries": [)" + queries +
                                                          "], " + std::string(range) + "}"),
              error);
  };
  refuses(
      R"({"Id": "a"})", kRange,
      "ValidationException: The parameter MetricDataQueries.member.1.MetricStat is required.\n");
  refuses(R"({"Id": "a", "MetricStat": {"Metric": {"MetricName": "m"}, "Period": 60,
             "Stat": "Sum"}})",
          kRange,
          "ValidationException: The parameter MetricDataQueries.member.1.MetricStat.Metric."
          "Namespace is required.\n");
  refuses(R"({"Id": "a", "MetricStat": {"Metric": {"Namespace": "m"}, "Period": 60,
             "Stat": "Sum"}})",
          kRange,
          "ValidationException: The parameter MetricDataQueries.member.1.MetricStat.Metric."
          "MetricName is required.\n");
  refuses(DataQuery("a", "Sum") + "," + DataQuery("a", "Sum"), kRange,
          "ValidationException: The values for parameter id in MetricDataQueries are not unique.");
  refuses(R"({"Id": "a", "Expression": "m1 * 2"})", kRange,
          "ValidationException: Error in expression 'a': Unknown Id 'm1' (at character 1)");
  refuses(DataQuery("a", "Sum"),
          R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T12:00:00Z")",
          "ValidationException: The parameter StartTime must not equal parameter EndTime.");
  refuses(DataQuery("a", "Sum"),
          R"("StartTime": "2026-06-01T12:00:00Z", "EndTime": "2026-06-01T11:00:00Z")",
          "ValidationException: The parameter EndTime must be greater than StartTime.");
  refuses(DataQuery("a", "Median"), kRange,
          "InvalidParameterValueException: The value Median for parameter "
          "MetricDataQueries.member.1.MetricStat.Stat is not supported.");
  EXPECT_NE(
      world_
          .CloudWatchError("GetMetricData", R"({"MetricDataQueries": [)" + DataQuery("A", "Sum") +
                                                "], " + std::string(kRange) + "}")
          .find("regular expression pattern"),
      std::string::npos);
}

}  // namespace
}  // namespace securebase::aws::cloudwatch
