// What is promised of GetMetricData with expressions, whatever the protocol, and of anomaly
// detectors.
#include <gtest/gtest.h>

#include "aws/codec/cbor.h"
#include "aws/testing/aws_world.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

// The world's clock stands at 2026-06-01T12:00:30Z.
constexpr std::string_view kRange =
    R"("StartTime": "2026-06-01T11:00:00Z", "EndTime": "2026-06-01T11:05:00Z")";

class MetricMathTest : public ::testing::Test {
 protected:
  MetricMathTest() {
    world_.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [
        {"MetricName": "a", "Timestamp": "2026-06-01T11:00:00Z", "Value": 1},
        {"MetricName": "a", "Timestamp": "2026-06-01T11:02:00Z", "Value": 3},
        {"MetricName": "b", "Timestamp": "2026-06-01T11:00:00Z", "Value": 10},
        {"MetricName": "b", "Timestamp": "2026-06-01T11:01:00Z", "Value": 20},
        {"MetricName": "d", "Dimensions": [{"Name": "Host", "Value": "h1"}],
         "Timestamp": "2026-06-01T11:00:00Z", "Value": 5},
        {"MetricName": "d", "Dimensions": [{"Name": "Host", "Value": "h2"}],
         "Timestamp": "2026-06-01T11:00:00Z", "Value": 7}]})");
  }

  static std::string Metric(std::string_view id, std::string_view more = "",
                            std::string_view stat = "Sum") {
    return R"({"Id": ")" + std::string(id) +
           R"(", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": ")" + std::string(id) +
           R"("}, "Period": 60, "Stat": ")" + std::string(stat) + "\"}" + std::string(more) + "}";
  }
  static std::string Expression(std::string_view text, std::string_view more = "") {
    return R"({"Id": "e1", "Period": 60, "Expression": ")" + std::string(text) + "\"" +
           std::string(more) + "}";
  }
  static std::string Body(std::string_view queries, std::string_view more = "") {
    return R"({"ScanBy": "TimestampAscending", "MetricDataQueries": [)" + std::string(queries) +
           "], " + std::string(kRange) + std::string(more) + "}";
  }

  /// "id label [values] status; ..".
  std::string Results(std::string_view queries, std::string_view more = "") {
    const json::Value answer = world_.CloudWatch("GetMetricData", Body(queries, more));
    std::string out;
    for (const json::Value& one : answer.Find("MetricDataResults")->AsArray()) {
      EXPECT_EQ(one.Find("Timestamps")->AsArray().size(), one.Find("Values")->AsArray().size());
      out += (out.empty() ? "" : "; ") + one.Find("Id")->AsString() + " " +
             one.Find("Label")->AsString() + " " + json::Write(*one.Find("Values")) + " " +
             one.Find("StatusCode")->AsString();
    }
    return out;
  }
  std::string ErrorOf(std::string_view queries, std::string_view more = "") {
    return world_.CloudWatchError("GetMetricData", Body(queries, more));
  }

  AwsWorld world_;
};

TEST_F(MetricMathTest, ExpressionsAreEvaluated) {
  EXPECT_EQ(Results(Expression("a + b") + "," + Metric("a", R"(, "ReturnData": false)") + "," +
                    Metric("b")),
            "e1 e1 [11,20,3] Complete; b b [10,20] Complete");
  EXPECT_EQ(Results(Expression("FILL(a, 0)", R"(, "Label": "all ${SUM}")") + "," +
                    Metric("a", R"(, "ReturnData": false)")),
            "e1 all 4 [1,0,3,0,0] Complete");
  EXPECT_EQ(Results(Expression("SEARCH('{N,Host} d', 'Sum')")),
            "e1 h1 [5] Complete; e1 h2 [7] Complete");
  EXPECT_EQ(Results(Expression("SELECT SUM(d) FROM SCHEMA(N, Host)")), "e1 e1 [12] Complete");
  EXPECT_EQ(Results(Expression("SEARCH('{N,Nothing}', 'Sum')")), "");
  EXPECT_EQ(Results(Metric("nothing")), "nothing nothing [] Complete");
}

TEST_F(MetricMathTest, EveryProtocolAsksAndAnswersTheSame) {
  const std::string form =
      "Action=GetMetricData&Version=2010-08-01&StartTime=2026-06-01T11%3A00%3A00Z"
      "&EndTime=2026-06-01T11%3A05%3A00Z&ScanBy=TimestampAscending"
      "&MetricDataQueries.member.1.Id=e1&MetricDataQueries.member.1.Expression=a%20%2A%202"
      "&MetricDataQueries.member.2.Id=a&MetricDataQueries.member.2.ReturnData=false"
      "&MetricDataQueries.member.2.MetricStat.Period=60"
      "&MetricDataQueries.member.2.MetricStat.Stat=Sum"
      "&MetricDataQueries.member.2.MetricStat.Metric.Namespace=N"
      "&MetricDataQueries.member.2.MetricStat.Metric.MetricName=a"
      "&MetricDataQueries.member.2.MetricStat.Metric.Dimensions=";
  const http::Response xml = world_.SendForm(form);
  EXPECT_EQ(xml.status, 200);
  EXPECT_NE(xml.body.find("<Values><member>2.0</member><member>6.0</member></Values>"),
            std::string::npos)
      << xml.body;

  Value metric_stat =
      Value::MakeStruct({{"Metric", Value::MakeStruct({{"Namespace", "N"}, {"MetricName", "a"}})},
                         {"Period", 60},
                         {"Stat", "Sum"}});
  const Value request =
      Value::MakeStruct({{"MetricDataQueries",
                          Value::List{Value::MakeStruct({{"Id", "e1"}, {"Expression", "a * 2"}}),
                                      Value::MakeStruct({{"Id", "a"},
                                                         {"ReturnData", false},
                                                         {"MetricStat", std::move(metric_stat)}})}},
                         {"StartTime", *ParseIso("2026-06-01T11:00:00Z")},
                         {"EndTime", *ParseIso("2026-06-01T11:05:00Z")}});
  const http::Response cbor = world_.SendCbor("GetMetricData", codec::EncodeCbor(request));
  EXPECT_EQ(cbor.status, 200);
  const Value values = Value::MakeStruct({{"Values", Value::List{6.0, 2.0}}});
  EXPECT_NE(cbor.body.find(codec::EncodeCbor(values).substr(1)), std::string::npos);
}

TEST_F(MetricMathTest, RefusesTheWholeRequestAndSaysWhere) {
  EXPECT_EQ(ErrorOf(Expression("FOO(a)") + "," + Metric("a")),
            "ValidationException: Error in expression 'e1': Function 'FOO' not found (at character "
            "1)");
  EXPECT_EQ(ErrorOf(Expression("a +") + "," + Metric("a")),
            "ValidationException: Error in expression 'e1': Invalid syntax: expected a value, "
            "found the end (at character 4)");
  EXPECT_EQ(ErrorOf(Metric("a", R"(, "Expression": "1")")),
            "ValidationException: The parameters MetricDataQueries.member.1.MetricStat and "
            "MetricDataQueries.member.1.Expression are mutually exclusive and you have specified "
            "both.");
  EXPECT_EQ(ErrorOf(R"({"Id": "e1", "Expression": "SELECT AVG(x) FROM y"})"),
            "ValidationException: The parameter MetricDataQueries.member.1.Period is required.\n");
  EXPECT_EQ(ErrorOf(R"x({"Id": "e1", "Expression": "TIME_SERIES(1)", "Period": 61})x"),
            "InvalidParameterValueException: The parameter MetricDataQueries.member.1.Period must "
            "be a multiple of 60.");
  EXPECT_EQ(ErrorOf(Metric("a"), R"(, "LabelOptions": {"Timezone": "CET"})"),
            "ValidationException: The parameter LabelOptions.Timezone must be an offset from UTC "
            "in the form +HHMM or -HHMM.");
  EXPECT_NE(ErrorOf(Metric("a"), R"(, "MaxDatapoints": 100801)").find("100800"), std::string::npos);
}

TEST_F(MetricMathTest, AnotherAccountsDataAreForbidden) {
  EXPECT_EQ(Results(Metric("a", R"(, "AccountId": "999999999999")") + "," + Expression("a + b") +
                    "," + Metric("b", R"(, "AccountId": "123456789012")")),
            "a a [] Forbidden; e1 e1 [] Forbidden; b b [10,20] Complete");
}

TEST_F(MetricMathTest, PagesGoOnWhereTheLastEnded) {
  const std::string queries = Expression("FILL(b, 0)") + "," + Metric("b");
  const json::Value first =
      world_.CloudWatch("GetMetricData", Body(queries, R"(, "MaxDatapoints": 4)"));
  const std::string token = first.Find("NextToken")->AsString();
  const std::string more = R"(, "MaxDatapoints": 4, "NextToken": ")" + token + "\"";
  EXPECT_EQ(Results(queries, more), "e1 e1 [0,0,0] Complete; b b [] Complete");
  // The same in a while, though the clock has moved on; and nothing for another question.
  world_.clock().Advance(std::chrono::hours(4));
  EXPECT_EQ(Results(queries, more), "e1 e1 [0,0,0] Complete; b b [] Complete");
  EXPECT_EQ(ErrorOf(Metric("b"), more), "InvalidNextToken: The parameter NextToken is invalid.");
}

class AnomalyDetectorTest : public ::testing::Test {
 protected:
  std::string Describe(std::string body = "{}") {
    std::string out;
    const json::Value answer = world_.CloudWatch("DescribeAnomalyDetectors", std::move(body));
    for (const json::Value& one : answer.Find("AnomalyDetectors")->AsArray()) {
      const json::Value* single = one.Find("SingleMetricAnomalyDetector");
      out += (single != nullptr ? single->Find("MetricName")->AsString() : "math") + " " +
             one.Find("StateValue")->AsString() + ";";
    }
    return out;
  }
  std::string ErrorOf(std::string_view operation, std::string body) {
    return world_.CloudWatchError(operation, std::move(body));
  }

  AwsWorld world_;
  const std::string single_ = R"({"Namespace": "N", "MetricName": "m", "Stat": "Average",
      "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}]})";
};

TEST_F(AnomalyDetectorTest, BothFormsMeanTheSameDetector) {
  world_.CloudWatch("PutAnomalyDetector", single_);
  world_.CloudWatch("PutAnomalyDetector", R"({"SingleMetricAnomalyDetector": )" + single_ +
                                              R"(, "Configuration": {"MetricTimezone": "UTC"}})");
  EXPECT_EQ(Describe(), "m PENDING_TRAINING;");
  EXPECT_EQ(Describe(R"({"Dimensions": [{"Name": "a", "Value": "1"}]})"), "m PENDING_TRAINING;");
  EXPECT_EQ(Describe(R"({"Dimensions": [{"Name": "a", "Value": "2"}]})"), "");
  EXPECT_EQ(Describe(R"({"Namespace": "X"})"), "");
  EXPECT_EQ(Describe(R"({"AnomalyDetectorTypes": ["METRIC_MATH"]})"), "");
  world_.CloudWatch("DeleteAnomalyDetector", single_);
  EXPECT_EQ(Describe(), "");
  EXPECT_EQ(ErrorOf("DeleteAnomalyDetector", single_),
            "ResourceNotFoundException: The anomaly detector does not exist.");
}

TEST_F(AnomalyDetectorTest, TheStateFollowsTheData) {
  world_.CloudWatch("PutAnomalyDetector", single_);
  auto put = [&](std::string_view time) {
    world_.CloudWatch("PutMetricData", R"({"Namespace": "N", "MetricData": [{"MetricName": "m",
        "Dimensions": [{"Name": "a", "Value": "1"}, {"Name": "b", "Value": "2"}],
        "Value": 1, "Timestamp": ")" + std::string(time) +
                                           "\"}]}");
  };
  put("2026-06-01T00:00:00Z");
  EXPECT_EQ(Describe(), "m TRAINED_INSUFFICIENT_DATA;");
  put("2026-05-30T00:00:00Z");
  EXPECT_EQ(Describe(), "m TRAINED;");
}

TEST_F(AnomalyDetectorTest, ExpressionsCanHaveOne) {
  const std::string math = R"({"MetricMathAnomalyDetector": {"MetricDataQueries": [
      {"Id": "e1", "Expression": "m1 / 2"},
      {"Id": "m1", "ReturnData": false, "MetricStat": {"Period": 300, "Stat": "Sum",
       "Metric": {"Namespace": "N", "MetricName": "m"}}}]}})";
  world_.CloudWatch("PutAnomalyDetector", math);
  EXPECT_EQ(Describe(), "");
  EXPECT_EQ(Describe(R"({"AnomalyDetectorTypes": ["SINGLE_METRIC", "METRIC_MATH"]})"),
            "math PENDING_TRAINING;");
  world_.CloudWatch("DeleteAnomalyDetector", math);
  EXPECT_EQ(Describe(R"({"AnomalyDetectorTypes": ["METRIC_MATH"]})"), "");
}

TEST_F(AnomalyDetectorTest, ListsByThePage) {
  for (int i = 0; i < 5; ++i) {
    world_.CloudWatch(
        "PutAnomalyDetector",
        R"({"Namespace": "N", "Stat": "Sum", "MetricName": "m)" + std::to_string(i) + "\"}");
  }
  std::size_t seen = 0;
  std::string token;
  for (int page = 0; page < 3; ++page) {
    const std::string next = token.empty() ? "" : R"(, "NextToken": ")" + token + "\"";
    const json::Value answer =
        world_.CloudWatch("DescribeAnomalyDetectors", R"({"MaxResults": 2)" + next + "}");
    seen += answer.Find("AnomalyDetectors")->AsArray().size();
    const json::Value* more = answer.Find("NextToken");
    EXPECT_EQ(more == nullptr, page == 2);
    token = more == nullptr ? "" : more->AsString();
  }
  EXPECT_EQ(seen, 5u);
  EXPECT_TRUE(
      ErrorOf("DescribeAnomalyDetectors", R"({"NextToken": "x"})").starts_with("InvalidNextToken"));
}

TEST_F(AnomalyDetectorTest, RefusesWhatTheRulesForbid) {
  auto put = [&](std::string body) { return ErrorOf("PutAnomalyDetector", std::move(body)); };
  EXPECT_EQ(put(R"({"Namespace": "N", "MetricName": "m"})"),
            "MissingRequiredParameterException: The parameter Stat is required.");
  EXPECT_EQ(put("{}"), "MissingRequiredParameterException: The parameter Namespace is required.");
  EXPECT_TRUE(put(R"({"Namespace": "N", "SingleMetricAnomalyDetector": )" + single_ + "}")
                  .starts_with("InvalidParameterCombinationException"));
  EXPECT_EQ(put(R"({"Namespace": "N", "MetricName": "m", "Stat": "Mode"})"),
            "InvalidParameterValueException: The value Mode for parameter Stat is not supported.");
  EXPECT_TRUE(put(R"({"Namespace": "N", "MetricName": "m", "Stat": "Sum",
                      "Configuration": {"MetricTimezone": "Mars"}})")
                  .starts_with("InvalidParameterValueException: The value Mars"));
  EXPECT_TRUE(put(R"({"Namespace": "N", "MetricName": "m", "Stat": "Sum", "Configuration":
                      {"ExcludedTimeRanges": [{"StartTime": 2, "EndTime": 1}]}})")
                  .starts_with("InvalidParameterValueException: The parameter StartTime"));
  EXPECT_TRUE(put(R"({"Namespace": "N", "MetricName": "m", "Stat": "Sum", "Configuration":
                      {"AdaptationSpeed": "FAST"}})")
                  .starts_with("ValidationException"));
  EXPECT_TRUE(put(R"x({"MetricMathAnomalyDetector": {"MetricDataQueries": [
                      {"Id": "e1", "Expression": "SEARCH('x', 'Sum')"}]}})x")
                  .starts_with("InvalidParameterValueException: The expression of an anomaly"));
  EXPECT_TRUE(put(R"({"SingleMetricAnomalyDetector": {"Namespace": "N", "MetricName": "m",
                      "Stat": "Sum", "AccountId": "999999999999"}})")
                  .starts_with("InvalidParameterValueException"));
}

}  // namespace
}  // namespace securebase::aws::cloudwatch
