// What is promised: metric filters and embedded metrics become metrics with the event, subscription
// filters deliver what AWS's receivers get, live tail frames, saved queries and policies.
#include <gtest/gtest.h>

#include "aws/codec/event_stream.h"
#include "aws/testing/aws_world.h"
#include "base/body_stream.h"
#include "base/compression.h"
#include "base/text.h"
#include "logs/emf.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kNow = 1'780'315'230'000;  // 12:00:30 of its minute

class LogFiltersTest : public ::testing::Test {
 protected:
  LogFiltersTest() {
    Answer("CreateLogGroup", R"({"logGroupName": "g"})");
    Answer("CreateLogStream", R"({"logGroupName": "g", "logStreamName": "s"})");
  }
  std::string Answer(std::string_view operation, std::string body) {
    return json::Write(world_.Logs(operation, std::move(body)));
  }
  void Refuses(std::string_view operation, std::string body, const std::string& error) {
    EXPECT_EQ(world_.LogsError(operation, body), error) << body;
  }
  void Put(const std::vector<std::string>& messages, std::int64_t time = kNow) {
    json::Array events;
    for (const std::string& message : messages) {
      events.push_back(json::Object{{"timestamp", time}, {"message", message}});
    }
    world_.Logs("PutLogEvents", json::Write(json::Object{{"logGroupName", "g"},
                                                         {"logStreamName", "s"},
                                                         {"logEvents", std::move(events)}}));
  }
  void PutFilter(std::string pattern, std::string value, std::string rest = "") {
    Answer("PutMetricFilter",
           R"({"logGroupName": "g", "filterName": "f", "filterPattern": )" +
               json::Write(json::Value(pattern)) +
               R"(, "metricTransformations": [{"metricName": "m", "metricNamespace": "n",
                 "metricValue": ")" +
               value + "\"" + rest + "}]}");
  }
  /// "count/sum" of the metric over everything.
  std::string Metric(std::string name = "m", std::string name_space = "n",
                     std::vector<metrics::Dimension> dimensions = {}) {
    const auto series = world_.metrics().Query(
        Account(), {.metric = {std::move(name_space), std::move(name), std::move(dimensions)},
                    .unit = {},
                    .start = FromUnixMillis(kNow - 86'400'000),
                    .end = FromUnixMillis(kNow + 86'400'000),
                    .period = Duration(2 * 86'400'000)});
    std::string out;
    for (const auto& one : *series) {
      for (const auto& [start, bucket] : one.buckets) {
        out += one.unit + " " + FormatDouble(bucket.set().sample_count) + "/" +
               FormatDouble(bucket.set().sum);
      }
    }
    return out;
  }
  AwsWorld world_;
};

TEST_F(LogFiltersTest, ConstantsAndFieldsBecomeMetrics) {
  Put({"ERROR before the filter"});
  PutFilter("ERROR", "1", R"(, "unit": "Count")");
  Put({"ERROR one", "fine", "ERROR two"});
  EXPECT_EQ(Metric(), "Count 2/2");
  PutFilter("{ $.latency = * }", "$.latency");
  Put({R"({"latency": 2.5})", R"({"latency": "4"})", R"({"latency": "x"})", "no JSON"});
  EXPECT_EQ(Metric(), "Count 2/2None 2/6.5");
}

TEST_F(LogFiltersTest, DimensionsComeFromTheEvent) {
  PutFilter("[ip, user, ..., status = 4*, size]", "$size",
            R"(, "dimensions": {"User": "$user", "Status": "$status"})");
  Put({"1.1.1.1 frank x 404 10", "1.1.1.1 frank 404 20", "1.1.1.1 anna 500 30"});
  EXPECT_EQ(Metric("m", "n", {{"Status", "404"}, {"User", "frank"}}), "None 2/30");
  EXPECT_EQ(Metric(), "");
}

TEST_F(LogFiltersTest, DefaultValuesForMinutesWithoutAMatch) {
  PutFilter("ERROR", "1", R"(, "defaultValue": 0)");
  Put({"fine"});
  world_.log_service().Tick();
  EXPECT_EQ(Metric(), "");  // the minute is not over
  world_.clock().Advance(Duration(60'000));
  world_.log_service().Tick();
  EXPECT_EQ(Metric(), "None 1/0");
  world_.log_service().Tick();
  EXPECT_EQ(Metric(), "None 1/0");
  Put({"fine", "ERROR"}, kNow + 60'000);
  world_.clock().Advance(Duration(120'000));
  world_.log_service().Tick();
  EXPECT_EQ(Metric(), "None 2/1");
}

TEST_F(LogFiltersTest, MetricFiltersAreDescribedAndDeleted) {
  PutFilter("ERROR", "1", R"(, "defaultValue": 0)");
  EXPECT_EQ(Answer("DescribeMetricFilters", R"({"logGroupName": "g", "filterNamePrefix": "f"})"),
            R"({"metricFilters":[{"applyOnTransformedLogs":false,"creationTime":1780315230000,)"
            R"("filterName":"f","filterPattern":"ERROR","logGroupName":"g",)"
            R"("metricTransformations":[{"defaultValue":0,"metricName":"m",)"
            R"("metricNamespace":"n","metricValue":"1"}]}]})");
  EXPECT_EQ(Answer("DescribeMetricFilters", R"({"metricName": "x", "metricNamespace": "n"})"),
            R"({"metricFilters":[]})");
  EXPECT_EQ(world_.Logs("DescribeLogGroups", "{}")
                .Find("logGroups")
                ->AsArray()[0]
                .Find("metricFilterCount")
                ->AsInt(),
            1);
  Refuses("DescribeMetricFilters", R"({"metricName": "x"})",
          "InvalidParameterException: If you include the metricName parameter in your request, you "
          "must also include the metricNamespace parameter, and vice versa.");
  Answer("DeleteMetricFilter", R"({"logGroupName": "g", "filterName": "f"})");
  Refuses("DeleteMetricFilter", R"({"logGroupName": "g", "filterName": "f"})",
          "ResourceNotFoundException: The specified metric filter does not exist.");
  Put({"ERROR"});
  EXPECT_EQ(Metric(), "");
}

TEST_F(LogFiltersTest, PutMetricFilterRefuses) {
  const auto with = [](std::string_view name, std::string_view pattern, std::string_view rest,
                       std::string_view group = "g") {
    return R"({"logGroupName": ")" + std::string(group) + R"(", "filterName": ")" +
           std::string(name) + R"(", "filterPattern": ")" + std::string(pattern) +
           R"(", "metricTransformations": [{"metricName": "m", "metricNamespace": "n",
            "metricValue": )" +
           std::string(rest) + "]}";
  };
  Refuses("PutMetricFilter", with("f", "{ $.a }", R"("1"})"),
          "InvalidParameterException: Invalid filter pattern");
  Refuses("PutMetricFilter", with("f", "", R"("1"})", "no"),
          "ResourceNotFoundException: The specified log group does not exist.");
  EXPECT_NE(world_.LogsError("PutMetricFilter", with("a:b", "", R"("1"})"))
                .find("regular expression pattern: [^:*]*"),
            std::string::npos);
  EXPECT_NE(world_.LogsError("PutMetricFilter", with("f", "ERROR", R"("$.a"})"))
                .find("is no field of the filter pattern"),
            std::string::npos);
  EXPECT_NE(world_
                .LogsError("PutMetricFilter", with("f", "[a, b]", R"("1", "defaultValue": 0,
                                  "dimensions": {"A": "$a"}})"))
                .find("mutually exclusive"),
            std::string::npos);
  Refuses("PutMetricFilter",
          with("f", "", R"("1"}, {"metricName": "x", "metricNamespace": "y", "metricValue": "2",
                         "defaultValue": 1})"),
          "InvalidParameterException: 1 validation error detected: Value '[MetricTransformation("
          "metricName=m, metricNamespace=n, metricValue=1, defaultValue=null, unit=null, "
          "dimensions=null), MetricTransformation(metricName=x, metricNamespace=y, metricValue=2, "
          "defaultValue=1.0, unit=null, dimensions=null)]' at 'metricTransformations' failed to "
          "satisfy constraint: Member must have length less than or equal to 1");
  for (int i = 0; i < 100; ++i) {
    Answer("PutMetricFilter", with("f" + std::to_string(i), "", R"("1"})"));
  }
  Refuses("PutMetricFilter", with("one more", "", R"("1"})"),
          "LimitExceededException: Resource limit exceeded.");
}

TEST_F(LogFiltersTest, TestMetricFilterExtracts) {
  EXPECT_EQ(Answer("TestMetricFilter", R"({"filterPattern": "[..., size]", "logEventMessages":
                ["x", "1.1.1.1 \"GET /x\" 10"]})"),
            R"({"matches":[{"eventNumber":0,"eventMessage":"x","extractedValues":{"$size":"x"}},)"
            R"({"eventNumber":1,"eventMessage":"1.1.1.1 \"GET /x\" 10","extractedValues":)"
            R"({"$1":"1.1.1.1","$2":"GET /x","$size":"10"}}]})");
  EXPECT_EQ(Answer("TestMetricFilter", R"({"filterPattern": "ERROR", "logEventMessages": ["x"]})"),
            R"({"matches":[]})");
  Refuses("TestMetricFilter", R"({"filterPattern": "[a", "logEventMessages": ["x"]})",
          "InvalidParameterException: Invalid filter pattern");
}

TEST_F(LogFiltersTest, EmbeddedMetrics) {
  Put({R"({"_aws": {"Timestamp": 1780315230000, "CloudWatchMetrics": [{"Namespace": "ns",
         "Dimensions": [["f"], []], "Metrics": [{"Name": "time", "Unit": "Milliseconds",
         "StorageResolution": 1}, {"Name": "list"}]}]},
         "f": "x", "time": 100, "list": [1, 2, 3]})"});
  EXPECT_EQ(Metric("time", "ns", {{"f", "x"}}), "Milliseconds 1/100");
  EXPECT_EQ(Metric("time", "ns"), "Milliseconds 1/100");
  EXPECT_EQ(Metric("list", "ns"), "None 3/6");
  EXPECT_EQ(
      world_.Logs("FilterLogEvents", R"({"logGroupName": "g"})").Find("events")->AsArray().size(),
      1u);
}

TEST(EmfTest, DropsWhatIsMalformedAlone) {
  const Instant now = FromUnixMillis(kNow);
  const auto parse = [&](std::string_view aws, std::string_view rest) {
    return securebase::logs::ParseEmf(
        R"(prefix {"_aws": {"Timestamp": 1780315230000, "CloudWatchMetrics": )" + std::string(aws) +
            "}, " + std::string(rest) + "}",
        now);
  };
  const std::string_view fine =
      R"([{"Namespace": "n", "Dimensions": [["d"]], "Metrics": [{"Name": "m"}]}])";
  EXPECT_EQ(parse(fine, R"("d": "x", "m": 1)").data.size(), 1u);
  for (const char* rest :
       {R"("d": 1, "m": 1)", R"("m": 1)", R"("d": "x")", R"("d": "x", "m": "1")",
        R"("d": "x", "m": [])", R"("d": "x", "m": [1, "2"])", R"("d": "", "m": 1)"}) {
    const auto emf = parse(fine, rest);
    EXPECT_TRUE(emf.data.empty()) << rest;
    EXPECT_TRUE(emf.validation_error) << rest;
  }
  const std::string_view with = R"("d": "x", "m": 1)";
  for (const char* aws :
       {R"([{"Namespace": "", "Dimensions": [[]], "Metrics": [{"Name": "m"}]}])",
        R"([{"Namespace": "n", "Dimensions": [], "Metrics": [{"Name": "m"}]}])",
        R"([{"Namespace": "n", "Metrics": [{"Name": "m"}]}])", R"([1])",
        R"([{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m", "Unit": "x"}]}])",
        R"([{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": "m",
            "StorageResolution": 5}]}])",
        R"([{"Namespace": "n", "Dimensions": [["d", "d"]], "Metrics": [{"Name": "m"}]}])"}) {
    EXPECT_TRUE(parse(aws, with).data.empty()) << aws;
    EXPECT_TRUE(parse(aws, with).validation_error) << aws;
  }
  EXPECT_TRUE(parse("1", with).parsing_error);
  EXPECT_TRUE(securebase::logs::ParseEmf(R"({"_aws": )", now).parsing_error);
  EXPECT_FALSE(securebase::logs::ParseEmf(R"({"a": {"_aws": 1}})", now).parsing_error);
  EXPECT_TRUE(
      securebase::logs::ParseEmf(R"({"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}})", now)
          .validation_error);
}

TEST_F(LogFiltersTest, SubscriptionsDeliverInOrderAndRetry) {
  Answer("PutSubscriptionFilter",
         R"({"logGroupName": "g", "filterName": "f", "filterPattern": "ERROR",
             "destinationArn": "http://127.0.0.1:1/hook"})");
  Put({"ERROR one", "fine", "ERROR two"});
  Put({"ERROR three"});
  auto& subscriptions = world_.log_service().subscriptions();
  EXPECT_EQ(subscriptions.pending(), 2u);
  std::vector<std::string> bodies;
  int status = 503;
  const securebase::logs::HttpPost post = [&](const std::string& url,
                                              const std::string& body) -> Result<int> {
    EXPECT_EQ(url, "http://127.0.0.1:1/hook");
    bodies.push_back(body);
    return status;
  };
  EXPECT_EQ(subscriptions.Deliver(post).failed, 1u);
  EXPECT_EQ(subscriptions.Deliver(post).failed, 0u);  // not due yet
  EXPECT_EQ(bodies.size(), 1u);
  world_.clock().Advance(Duration(2'000));
  status = 200;
  bodies.clear();
  EXPECT_EQ(subscriptions.Deliver(post).delivered, 2u);
  ASSERT_EQ(bodies.size(), 2u);
  const json::Value outer = *json::Parse(bodies[0]);
  const auto data = Base64Decode(outer.Find("awslogs")->Find("data")->AsString());
  const json::Value payload = *json::Parse(*GunzipAll(*data, 1 << 20));
  EXPECT_EQ(payload.Find("messageType")->AsString(), "DATA_MESSAGE");
  EXPECT_EQ(payload.Find("owner")->AsString(), "123456789012");
  EXPECT_EQ(payload.Find("logGroup")->AsString(), "g");
  EXPECT_EQ(payload.Find("logStream")->AsString(), "s");
  EXPECT_EQ(json::Write(*payload.Find("subscriptionFilters")), R"(["f"])");
  const json::Array& events = payload.Find("logEvents")->AsArray();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].Find("message")->AsString(), "ERROR two");
  EXPECT_EQ(events[0].Find("timestamp")->AsInt(), kNow);
  EXPECT_EQ(subscriptions.pending(), 0u);
}

TEST_F(LogFiltersTest, SubscriptionFiltersAreDescribedAndRefused) {
  const auto with = [](std::string_view name, std::string_view destination,
                       std::string_view rest = "") {
    return R"({"logGroupName": "g", "filterName": ")" + std::string(name) +
           R"(", "filterPattern": "", "destinationArn": ")" + std::string(destination) + "\"" +
           std::string(rest) + "}";
  };
  const std::string lambda = "arn:aws:lambda:us-east-1:123456789012:function:f";
  Answer("PutSubscriptionFilter", with("f", lambda));
  EXPECT_EQ(Answer("DescribeSubscriptionFilters", R"({"logGroupName": "g"})"),
            R"({"subscriptionFilters":[{"applyOnTransformedLogs":false,)"
            R"("creationTime":1780315230000,"destinationArn":")" +
                lambda +
                R"(","distribution":"ByLogStream","filterName":"f","filterPattern":"",)"
                R"("logGroupName":"g"}]})");
  Refuses("PutSubscriptionFilter", with("k", "arn:aws:kinesis:us-east-1:123456789012:stream/s"),
          "InvalidParameterException: destinationArn for vendor kinesis cannot be used without "
          "roleArn");
  Refuses("PutSubscriptionFilter", with("k", "arn:aws:lambda:us-east-1:999999999999:function:f"),
          "AccessDeniedException: Cross-account lambda invocation passing is not allowed. You must "
          "use DestinationPolicies to create cross account lambda triggers.");
  EXPECT_NE(world_.LogsError("PutSubscriptionFilter", with("k", "nowhere")).find("Invalid"),
            std::string::npos);
  EXPECT_NE(world_.LogsError("PutSubscriptionFilter", with("k", "http://")).find("valid URL"),
            std::string::npos);
  for (const char* name : {"1", "2", "3", "4"}) Answer("PutSubscriptionFilter", with(name, lambda));
  Refuses("PutSubscriptionFilter", with("6", lambda),
          "LimitExceededException: Resource limit exceeded.");
  Answer("PutSubscriptionFilter", with("f", "https://example.com/x"));  // replaces
  Answer("DeleteSubscriptionFilter", R"({"logGroupName": "g", "filterName": "f"})");
  Refuses("DeleteSubscriptionFilter", R"({"logGroupName": "g", "filterName": "f"})",
          "ResourceNotFoundException: The specified subscription filter does not exist.");
}

TEST_F(LogFiltersTest, LiveTailStreamsWhatArrives) {
  const http::Response response = world_.SendJson(
      "Logs_20140328.StartLiveTail",
      R"({"logGroupIdentifiers": ["arn:aws:logs:us-east-1:123456789012:log-group:g"],
                          "logEventFilterPattern": "ERROR"})",
      "1.1");
  const auto stream = http::TakeStream(response.body_file);
  ASSERT_NE(stream, nullptr);
  EXPECT_EQ(http::TakeStream(response.body_file), nullptr);
  EXPECT_EQ(response.headers.Get("Content-Type"), "application/vnd.amazon.eventstream");
  bool ended = false;
  const std::string start = stream->Take(ended);
  EXPECT_NE(start.find("initial-response"), start.npos);
  EXPECT_NE(start.find(R"("logEventFilterPattern":"ERROR")"), start.npos);
  Put({"ERROR one", "fine"});
  world_.log_service().Tick();
  const std::string update = stream->Take(ended);
  EXPECT_NE(update.find("sessionUpdate"), update.npos);
  EXPECT_NE(update.find(R"("message":"ERROR one")"), update.npos);
  EXPECT_NE(update.find(R"("logGroupIdentifier":"123456789012:g")"), update.npos);
  EXPECT_EQ(update.find("fine"), update.npos);
  Put(std::vector<std::string>(501, "ERROR"));
  world_.log_service().Tick();
  EXPECT_NE(stream->Take(ended).find(R"("sampled":true)"), update.npos);
  EXPECT_FALSE(ended);
  stream->Close();
  world_.log_service().Tick();
  EXPECT_EQ(world_.log_service().live_tail().sessions(), 0u);
  Refuses(
      "StartLiveTail",
      R"({"logGroupIdentifiers": ["g"], "logStreamNames": ["s"], "logStreamNamePrefixes": ["t"]})",
      "InvalidParameterException: Only one of logStreamNames or logStreamNamePrefixes can be "
      "provided.");
  Refuses("StartLiveTail", R"({"logGroupIdentifiers": ["no"]})",
          "ResourceNotFoundException: The specified log group does not exist.");
}

TEST(EventStreamTest, FramesAreChecked) {
  // The length, the headers' length, and both checksums, as Smithy's examples have them.
  const std::string frame = codec::EncodeEvent({{"event-type", "x"}}, "{}");
  EXPECT_EQ(HexEncode(frame.substr(0, 8)), "000000210000000f");
  EXPECT_EQ(frame.size(), 0x21u + 0u);
}

TEST_F(LogFiltersTest, SavedQueriesAndPolicies) {
  const json::Value made =
      world_.Logs("PutQueryDefinition", R"({"name": "team/errors", "queryString": "fields @message",
          "logGroupNames": ["g"], "clientToken": "12345678-1234-1234-1234-123456789012"})");
  const std::string id = made.Find("queryDefinitionId")->AsString();
  const json::Value again =
      world_.Logs("PutQueryDefinition", R"({"name": "other", "queryString": "x",
          "clientToken": "12345678-1234-1234-1234-123456789012"})");
  EXPECT_EQ(again.Find("queryDefinitionId")->AsString(), id);
  EXPECT_EQ(Answer("DescribeQueryDefinitions", R"({"queryDefinitionNamePrefix": "team/"})"),
            R"({"queryDefinitions":[{"lastModified":1780315230000,"logGroupNames":["g"],)"
            R"("name":"team/errors","queryDefinitionId":")" +
                id + R"(","queryLanguage":"CWLI","queryString":"fields @message"}]})");
  Answer("PutQueryDefinition",
         R"({"name": "n", "queryString": "q", "queryDefinitionId": ")" + id + "\"}");
  EXPECT_EQ(Answer("DescribeQueryDefinitions", "{}").find("logGroupNames"), std::string::npos);
  EXPECT_EQ(Answer("DeleteQueryDefinition", R"({"queryDefinitionId": ")" + id + "\"}"),
            R"({"success":true})");
  Refuses("DeleteQueryDefinition", R"({"queryDefinitionId": ")" + id + "\"}",
          "ResourceNotFoundException: The specified query definition does not exist.");

  for (int i = 0; i < 10; ++i) {
    Answer("PutResourcePolicy",
           R"({"policyName": "p)" + std::to_string(i) + R"(", "policyDocument": "{ }"})");
  }
  Refuses("PutResourcePolicy", R"({"policyName": "p", "policyDocument": "{}"})",
          "LimitExceededException: Resource limit exceeded.");
  Answer("DeleteResourcePolicy", R"({"policyName": "p1"})");
  Refuses("DeleteResourcePolicy", R"({"policyName": "p1"})",
          "ResourceNotFoundException: Policy with name [p1] does not exist.");
  EXPECT_EQ(
      world_.Logs("DescribeResourcePolicies", "{}").Find("resourcePolicies")->AsArray().size(), 9u);
}

}  // namespace
}  // namespace securebase::aws::logs
