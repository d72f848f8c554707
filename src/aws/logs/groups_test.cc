// What is promised: groups with tags, classes and retention, deleted with all that belongs to them;
// streams; the sentences for what is refused (spec: logs-api 1 to 3, 7).
#include <gtest/gtest.h>

#include "aws/testing/aws_world.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kNow = 1'780'315'230'000;

class LogGroupsTest : public ::testing::Test {
 protected:
  std::string Answer(std::string_view operation, std::string body) {
    return json::Write(world_.Logs(operation, std::move(body)));
  }
  void Refuses(std::string_view operation, std::string body, const std::string& error) {
    EXPECT_EQ(world_.LogsError(operation, body), error) << body;
  }
  std::string Names(std::string_view operation, std::string body) {
    std::string out;
    const json::Value answer = world_.Logs(operation, std::move(body));
    for (const json::Value& group : answer.Find("logGroups")->AsArray()) {
      out += group.Find("logGroupName")->AsString() + " ";
    }
    return out;
  }
  AwsWorld world_;
};

TEST_F(LogGroupsTest, AttributesAreKeptAndShown) {
  Answer("CreateLogGroup",
         R"({"logGroupName": "g", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k",
             "logGroupClass": "INFREQUENT_ACCESS", "tags": {"team": "a"}})");
  Answer("PutRetentionPolicy", R"({"logGroupName": "g", "retentionInDays": 7})");
  const json::Value answer = world_.Logs("DescribeLogGroups", "{}");
  const json::Value& group = answer.Find("logGroups")->AsArray()[0];
  EXPECT_EQ(group.Find("retentionInDays")->AsInt(), 7);
  EXPECT_EQ(group.Find("kmsKeyId")->AsString(), "arn:aws:kms:us-east-1:123456789012:key/k");
  EXPECT_EQ(group.Find("logGroupClass")->AsString(), "INFREQUENT_ACCESS");
  EXPECT_EQ(Answer("ListTagsLogGroup", R"({"logGroupName": "g"})"), R"({"tags":{"team":"a"}})");
  Answer("DeleteRetentionPolicy", R"({"logGroupName": "g"})");
  EXPECT_EQ(world_.Logs("DescribeLogGroups", "{}")
                .Find("logGroups")
                ->AsArray()[0]
                .Find("retentionInDays"),
            nullptr);
  Refuses("PutRetentionPolicy", R"({"logGroupName": "g", "retentionInDays": 2})",
          "InvalidParameterException: 1 validation error detected: Value '2' at 'retentionInDays' "
          "failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, "
          "60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]");
  const std::string missing = "ResourceNotFoundException: The specified log group does not exist.";
  Refuses("PutRetentionPolicy", R"({"logGroupName": "no", "retentionInDays": 7})", missing);
  Refuses("DeleteRetentionPolicy", R"({"logGroupName": "no"})", missing);
  Refuses("DeleteLogGroup", R"({"logGroupName": "no"})", missing);
  Refuses("CreateLogGroup", R"({"logGroupName": ")" + std::string(513, 'x') + "\"}",
          "InvalidParameterException: Invalid LogGroup or LogStream, both must have length less "
          "than or equal to 512.");
}

TEST_F(LogGroupsTest, TagsInAllThreeApis) {
  Answer("CreateLogGroup", R"({"logGroupName": "g"})");
  const std::string arn = R"("resourceArn": "arn:aws:logs:us-east-1:123456789012:log-group:g)";
  Answer("TagLogGroup", R"({"logGroupName": "g", "tags": {"a": "1", "b": "2"}})");
  Answer("TagResource", "{" + arn + R"(", "tags": {"b": "3", "c": ""}})");
  EXPECT_EQ(Answer("ListTagsForResource", "{" + arn + ":*\"}"),
            R"({"tags":{"a":"1","b":"3","c":""}})");
  Answer("UntagLogGroup", R"({"logGroupName": "g", "tags": ["a", "none"]})");
  Answer("UntagResource", "{" + arn + R"(", "tagKeys": ["c"]})");
  EXPECT_EQ(Answer("ListTagsLogGroup", R"({"logGroupName": "g"})"), R"({"tags":{"b":"3"}})");
  std::string many = R"("k0": "v")";
  for (int i = 1; i < 50; ++i) many += ", \"k" + std::to_string(i) + "\": \"v\"";
  Refuses("TagLogGroup", R"({"logGroupName": "g", "tags": {)" + many + "}}",
          "LimitExceededException: A log group can have at most 50 tags.");
  EXPECT_NE(world_
                .LogsError("TagLogGroup", R"({"logGroupName": "g", "tags": {")" +
                                              std::string(129, 'k') + "\": \"v\"}}")
                .find("less than or equal to 128"),
            std::string::npos);
  Refuses("ListTagsForResource", R"({"resourceArn": "g"})",
          "InvalidParameterException: The specified resourceArn is not an ARN: g");
  Refuses("ListTagsForResource",
          R"({"resourceArn": "arn:aws:logs:us-east-1:999999999999:log-group:g"})",
          "ResourceNotFoundException: The specified log group does not exist.");
}

TEST_F(LogGroupsTest, Lists) {
  for (const char* name : {"/aws/lambda/a", "/aws/lambda/b", "app/One", "app/two"}) {
    Answer("CreateLogGroup", R"({"logGroupName": ")" + std::string(name) + "\"}");
  }
  EXPECT_EQ(Names("ListLogGroups", "{}"), "/aws/lambda/a /aws/lambda/b app/One app/two ");
  EXPECT_EQ(Names("ListLogGroups", R"({"logGroupNamePattern": "lambda|^app"})"),
            "/aws/lambda/a /aws/lambda/b app/One app/two ");
  EXPECT_EQ(Names("ListLogGroups", R"({"logGroupNamePattern": "^lambda"})"), "");
  EXPECT_EQ(Names("ListLogGroups", R"({"logGroupNamePattern": "One"})"), "app/One ");
  EXPECT_EQ(Names("ListLogGroups", R"({"logGroupNamePattern": "one"})"), "");
  EXPECT_EQ(Answer("ListLogGroups", R"({"logGroupNamePattern": "none"})"), R"({"logGroups":[]})");
  EXPECT_NE(world_.LogsError("ListLogGroups", R"({"logGroupNamePattern": "lambda|x"})")
                .find("3 to 24 characters"),
            std::string::npos);
  const json::Value page = world_.Logs("ListLogGroups", R"({"limit": 3})");
  EXPECT_EQ(Names("ListLogGroups",
                  R"({"limit": 3, "nextToken": ")" + page.Find("nextToken")->AsString() + "\"}"),
            "app/two ");
  EXPECT_EQ(Names("DescribeLogGroups", R"({"logGroupNamePattern": "lambda"})"),
            "/aws/lambda/a /aws/lambda/b ");
  EXPECT_EQ(Names("DescribeLogGroups", R"({"logGroupIdentifiers": ["app/two",
                "arn:aws:logs:us-east-1:123456789012:log-group:app/One:*"]})"),
            "app/One app/two ");
  EXPECT_EQ(Names("DescribeLogGroups", R"({"accountIdentifiers": ["999999999999"],
                "includeLinkedAccounts": true})"),
            "");
  // By pattern the rows are shorter.
  const json::Value rows = world_.Logs("DescribeLogGroups", R"({"logGroupNamePattern": "One"})");
  EXPECT_EQ(rows.Find("logGroups")->AsArray()[0].Find("storedBytes"), nullptr);
}

TEST_F(LogGroupsTest, DeletionTakesEverything) {
  Answer("CreateLogGroup", R"({"logGroupName": "g", "tags": {"a": "1"}})");
  Answer("CreateLogStream", R"({"logGroupName": "g", "logStreamName": "s"})");
  Answer("PutLogEvents", R"({"logGroupName": "g", "logStreamName": "s",
         "logEvents": [{"timestamp": )" +
                             std::to_string(kNow) + R"(, "message": "m"}]})");
  Answer("PutMetricFilter", R"({"logGroupName": "g", "filterName": "f", "filterPattern": "",
         "metricTransformations": [{"metricName": "m", "metricNamespace": "n",
         "metricValue": "1"}]})");
  Answer("DeleteLogGroup", R"({"logGroupName": "g"})");
  EXPECT_EQ(Names("DescribeLogGroups", "{}"), "");
  Answer("CreateLogGroup", R"({"logGroupName": "g"})");
  EXPECT_EQ(Answer("DescribeLogStreams", R"({"logGroupName": "g"})"), R"({"logStreams":[]})");
  EXPECT_EQ(Answer("DescribeMetricFilters", R"({"logGroupName": "g"})"), R"({"metricFilters":[]})");
  EXPECT_EQ(Answer("ListTagsLogGroup", R"({"logGroupName": "g"})"), R"({"tags":{}})");

  Answer("CreateLogGroup", R"({"logGroupName": "kept", "deletionProtectionEnabled": true})");
  EXPECT_EQ(world_.LogsError("DeleteLogGroup", R"({"logGroupName": "kept"})").substr(0, 20),
            "ValidationException:");
}

TEST_F(LogGroupsTest, StreamsAreDeletedWithTheirEvents) {
  Answer("CreateLogGroup", R"({"logGroupName": "g"})");
  for (const char* stream : {"s", "t"}) {
    const std::string of = R"("logGroupName": "g", "logStreamName": ")" + std::string(stream);
    Answer("CreateLogStream", "{" + of + "\"}");
    Answer("PutLogEvents", "{" + of + R"(", "logEvents": [{"timestamp": )" + std::to_string(kNow) +
                               R"(, "message": ")" + stream + "\"}]}");
  }
  Answer("DeleteLogStream", R"({"logGroupName": "g", "logStreamName": "s"})");
  const json::Value left = world_.Logs("FilterLogEvents", R"({"logGroupName": "g"})");
  ASSERT_EQ(left.Find("events")->AsArray().size(), 1u);
  EXPECT_EQ(left.Find("events")->AsArray()[0].Find("message")->AsString(), "t");
  Refuses("DeleteLogStream", R"({"logGroupName": "g", "logStreamName": "s"})",
          "ResourceNotFoundException: The specified log stream does not exist.");
  Answer("CreateLogStream", R"({"logGroupName": "g", "logStreamName": "s"})");
  EXPECT_EQ(world_.Logs("GetLogEvents", R"({"logGroupName": "g", "logStreamName": "s"})")
                .Find("events")
                ->AsArray()
                .size(),
            0u);
}

TEST_F(LogGroupsTest, RetentionHidesAndRefusesOldEvents) {
  constexpr std::int64_t kDay = 86'400'000;
  Answer("CreateLogGroup", R"({"logGroupName": "g"})");
  Answer("CreateLogStream", R"({"logGroupName": "g", "logStreamName": "s"})");
  auto put = [&](std::int64_t time) {
    return world_.Logs("PutLogEvents", R"({"logGroupName": "g", "logStreamName": "s",
        "logEvents": [{"timestamp": )" + std::to_string(time) +
                                           R"(, "message": "m"}]})");
  };
  put(kNow - 5 * kDay);
  Answer("PutRetentionPolicy", R"({"logGroupName": "g", "retentionInDays": 3})");
  EXPECT_EQ(json::Write(*put(kNow - 5 * kDay).Find("rejectedLogEventsInfo")),
            R"({"expiredLogEventEndIndex":1})");
  put(kNow);
  EXPECT_EQ(
      world_.Logs("FilterLogEvents", R"({"logGroupName": "g"})").Find("events")->AsArray().size(),
      1u);
}

}  // namespace
}  // namespace securebase::aws::logs
