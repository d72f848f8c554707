// What is promised: groups, streams and events as CloudWatch Logs answers them, its sentences for
// what it refuses, and pages that neither lose nor repeat while events arrive.
#include <gtest/gtest.h>

#include "aws/testing/aws_world.h"

namespace securebase::aws::logs {
namespace {

constexpr std::int64_t kNow = 1'780'315'230'000;  // the world's clock

class LogsTest : public ::testing::Test {
 protected:
  LogsTest() {
    EXPECT_EQ(Answer("CreateLogGroup", R"({"logGroupName": "g"})"), "{}");
    EXPECT_EQ(Answer("CreateLogStream", Of("\"logStreamName\": \"s\"")), "{}");
  }

  std::string Answer(std::string_view operation, std::string body) {
    return json::Write(world_.Logs(operation, std::move(body)));
  }
  static std::string Of(std::string_view rest) {
    return R"({"logGroupName": "g", )" + std::string(rest) + "}";
  }
  void Refuses(std::string_view operation, std::string body, const std::string& error) {
    EXPECT_EQ(world_.LogsError(operation, body), error) << body;
  }
  static std::string Event(std::int64_t time, std::string_view message) {
    return R"({"timestamp": )" + std::to_string(time) + R"(, "message": ")" + std::string(message) +
           "\"}";
  }
  json::Value Put(std::string_view stream, const std::string& events) {
    return world_.Logs("PutLogEvents", Of(R"("logStreamName": ")" + std::string(stream) +
                                          R"(", "logEvents": [)" + events + "]"));
  }
  static std::string Messages(const json::Value& answer) {
    std::string out;
    for (const json::Value& event : answer.Find("events")->AsArray()) {
      out += event.Find("message")->AsString() + " ";
    }
    return out;
  }

  AwsWorld world_;
};

TEST_F(LogsTest, CreatesAndDescribesGroups) {
  Answer("CreateLogGroup", R"({"logGroupName": "/aws/lambda/f"})");
  EXPECT_EQ(Answer("DescribeLogGroups", R"({"logGroupNamePrefix": "g"})"),
            R"({"logGroups":[{"arn":"arn:aws:logs:us-east-1:123456789012:log-group:g:*",)"
            R"("creationTime":1780315230000,"deletionProtectionEnabled":false,)"
            R"("logGroupArn":"arn:aws:logs:us-east-1:123456789012:log-group:g",)"
            R"("logGroupClass":"STANDARD","logGroupName":"g","metricFilterCount":0,)"
            R"("storedBytes":0}]})");
  const json::Value first = world_.Logs("DescribeLogGroups", R"({"limit": 1})");
  EXPECT_EQ(first.Find("logGroups")->AsArray()[0].Find("logGroupName")->AsString(),
            "/aws/lambda/f");
  const json::Value second =
      world_.Logs("DescribeLogGroups",
                  R"({"limit": 1, "nextToken": ")" + first.Find("nextToken")->AsString() + "\"}");
  EXPECT_EQ(second.Find("logGroups")->AsArray()[0].Find("logGroupName")->AsString(), "g");
  EXPECT_EQ(second.Find("nextToken"), nullptr);
  // A token that is none gives an empty page, as the service does.
  EXPECT_EQ(Answer("DescribeLogGroups", R"({"nextToken": "x"})"), R"({"logGroups":[]})");
  EXPECT_EQ(Answer("DescribeLogGroups", R"({"logGroupNamePrefix": "g", "nextToken": ")" +
                                            first.Find("nextToken")->AsString() + "\"}"),
            R"({"logGroups":[]})");
  EXPECT_EQ(world_.Logs("DescribeLogGroups", R"({"logGroupNamePattern": "lambda"})")
                .Find("logGroups")
                ->AsArray()
                .size(),
            1u);
  Refuses("DescribeLogGroups", R"({"logGroupNamePattern": "a", "logGroupNamePrefix": "b"})",
          "InvalidParameterException: LogGroup name prefix and LogGroup name pattern are mutually "
          "exclusive parameters.");
  Refuses("CreateLogGroup", R"({"logGroupName": "g"})",
          "ResourceAlreadyExistsException: The specified log group already exists");
  Refuses("CreateLogGroup", R"({"logGroupName": "a b"})",
          "InvalidParameterException: 1 validation error detected: Value 'a b' at 'logGroupName' "
          "failed to satisfy constraint: Member must satisfy regular expression pattern: "
          "[\\.\\-_/#A-Za-z0-9]+");
  Refuses("DescribeLogGroups", R"({"limit": 51})",
          "InvalidParameterException: 1 validation error detected: Value '51' at 'limit' failed to "
          "satisfy constraint: Member must have value less than or equal to 50");
}

TEST_F(LogsTest, CreatesAndDescribesStreams) {
  EXPECT_EQ(
      Answer("DescribeLogStreams", R"({"logGroupName": "g"})"),
      R"({"logStreams":[{"arn":"arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s",)"
      R"("creationTime":1780315230000,"logStreamName":"s","storedBytes":0}]})");
  Answer("CreateLogStream", Of(R"("logStreamName": "t")"));
  Put("s", Event(kNow + 1000, "x"));
  auto names = [&](std::string_view rest) {
    std::string out;
    const json::Value answer = world_.Logs("DescribeLogStreams", Of(rest));
    for (const json::Value& stream : answer.Find("logStreams")->AsArray()) {
      out += stream.Find("logStreamName")->AsString();
    }
    return out;
  };
  EXPECT_EQ(names(R"("descending": true)"), "ts");
  EXPECT_EQ(names(R"("orderBy": "LastEventTime")"), "ts");
  EXPECT_EQ(names(R"("orderBy": "LastEventTime", "descending": true)"), "st");
  EXPECT_EQ(names(R"("logStreamNamePrefix": "t")"), "t");
  const json::Value by_arn =
      world_.Logs("DescribeLogStreams",
                  R"({"logGroupIdentifier": "arn:aws:logs:us-east-1:123456789012:log-group:g:*"})");
  const json::Value& s = by_arn.Find("logStreams")->AsArray()[0];
  EXPECT_EQ(s.Find("firstEventTimestamp")->AsInt(), kNow + 1000);
  EXPECT_EQ(s.Find("lastIngestionTime")->AsInt(), kNow);
  Refuses("CreateLogStream", Of(R"("logStreamName": "s")"),
          "ResourceAlreadyExistsException: The specified log stream already exists");
  EXPECT_NE(world_.LogsError("CreateLogStream", Of(R"("logStreamName": "a:b")"))
                .find("regular expression pattern: [^:*]*"),
            std::string::npos);
  Refuses("CreateLogStream", R"({"logGroupName": "no", "logStreamName": "s"})",
          "ResourceNotFoundException: The specified log group does not exist.");
  Refuses("DescribeLogStreams", R"({"logGroupName": "no"})",
          "ResourceNotFoundException: The specified log group does not exist.");
  Refuses("DescribeLogStreams", "{}",
          "InvalidParameterException: Either logGroupName or logGroupIdentifier must be given.");
  Refuses("DescribeLogStreams", Of(R"("logGroupIdentifier": "g")"),
          "ValidationException: LogGroup name and LogGroup ARN are mutually exclusive parameters.");
  Refuses("DescribeLogStreams", Of(R"("orderBy": "LastEventTime", "logStreamNamePrefix": "s")"),
          "InvalidParameterException: Cannot order by LastEventTime with a logStreamNamePrefix.");
}

TEST_F(LogsTest, PutLogEventsSiftsByTime) {
  constexpr std::int64_t kDay = 86'400'000;
  json::Value answer = Put("s", Event(kNow - 15 * kDay, "old") + "," + Event(kNow, "good") + "," +
                                    Event(kNow + kDay, "new"));
  EXPECT_EQ(json::Write(*answer.Find("rejectedLogEventsInfo")),
            R"({"tooNewLogEventStartIndex":2,"tooOldLogEventEndIndex":1})");
  EXPECT_EQ(answer.Find("nextSequenceToken")->AsString().size(), 56u);
  answer = Put("s", Event(kNow, "fine"));
  EXPECT_EQ(answer.Find("rejectedLogEventsInfo"), nullptr);
  EXPECT_EQ(Messages(world_.Logs("GetLogEvents", Of(R"("logStreamName": "s")"))), "good fine ");
}

TEST_F(LogsTest, PutLogEventsRefusesWhatTheRulesForbid) {
  auto put = [](const std::string& events, std::string_view stream = "s") {
    return Of(R"("logStreamName": ")" + std::string(stream) + R"(", "logEvents": [)" + events +
              "]");
  };
  Refuses("PutLogEvents", put(Event(kNow, "a") + "," + Event(kNow - 1, "b")),
          "InvalidParameterException: Log events in a single PutLogEvents request must be in "
          "chronological order.");
  Refuses("PutLogEvents", put(Event(kNow - 90'000'000, "a") + "," + Event(kNow, "b")),
          "InvalidParameterException: The batch of log events in a single PutLogEvents request "
          "cannot span more than 24 hours.");
  Refuses("PutLogEvents", put(Event(kNow, std::string(1'048'576, 'x'))),
          "InvalidParameterException: Upload too large: 1048602 bytes exceeds limit of 1048576");
  Refuses("PutLogEvents", put(Event(kNow, "a"), "none"),
          "ResourceNotFoundException: The specified log stream does not exist.");
  Refuses("PutLogEvents", put(""),
          "InvalidParameterException: 1 validation error detected: Value at 'logEvents' failed to "
          "satisfy constraint: Member must have length greater than or equal to 1");
}

TEST_F(LogsTest, GetLogEventsPagesBothWays) {
  std::string events;
  for (int i = 0; i < 20; ++i) {
    // Pairs share a millisecond.
    events += (i == 0 ? "" : ",") + Event(kNow - 100 + i / 2, std::to_string(i));
  }
  Put("s", events);
  auto get = [&](std::string_view rest) {
    return world_.Logs("GetLogEvents",
                       Of(R"("logStreamName": "s", "limit": 10)" + std::string(rest)));
  };
  auto with = [](const json::Value& answer, std::string_view token) {
    return R"(, "nextToken": ")" + answer.Find(token)->AsString() + "\"";
  };
  const json::Value newest = get("");
  EXPECT_EQ(Messages(newest), "10 11 12 13 14 15 16 17 18 19 ");
  const json::Value older = get(with(newest, "nextBackwardToken"));
  EXPECT_EQ(Messages(older), "0 1 2 3 4 5 6 7 8 9 ");
  const json::Value oldest = get(with(older, "nextBackwardToken"));
  EXPECT_EQ(Messages(oldest), "");
  EXPECT_EQ(oldest.Find("nextBackwardToken")->AsString(),
            older.Find("nextBackwardToken")->AsString());
  EXPECT_EQ(Messages(get(with(older, "nextForwardToken"))), Messages(newest));

  const json::Value end = get(with(newest, "nextForwardToken"));
  EXPECT_EQ(Messages(end), "");
  Put("s", Event(kNow, "late"));
  EXPECT_EQ(Messages(get(with(end, "nextForwardToken"))), "late ");
  EXPECT_EQ(Messages(get(R"(, "startFromHead": true)")), Messages(older));
  const std::string t = std::to_string(kNow - 100);
  EXPECT_EQ(
      Messages(get(R"(, "startTime": )" + t + R"(, "endTime": )" + std::to_string(kNow - 98))),
      "0 1 2 3 ");
}

TEST_F(LogsTest, GetLogEventsOfAnEmptyStreamAndOfNone) {
  const std::string zeros(56, '0');
  EXPECT_EQ(Answer("GetLogEvents", Of(R"("logStreamName": "s")")),
            R"({"events":[],"nextForwardToken":"f/)" + zeros + R"(","nextBackwardToken":"b/)" +
                zeros + "\"}");
  Refuses("GetLogEvents", Of(R"("logStreamName": "none")"),
          "ResourceNotFoundException: The specified log stream does not exist.");
  for (const char* token :
       {"x", "f/1", "g/00000000000000000000000000000000000000000000000000000000",
        "f/9999999999999999999900000000000000000000000000000000000000"}) {
    Refuses("GetLogEvents",
            Of(R"("logStreamName": "s", "nextToken": ")" + std::string(token) + "\""),
            "InvalidParameterException: The specified nextToken is invalid.");
  }
}

TEST_F(LogsTest, ManyEventsOfOneMillisecondArePagedWhole) {
  std::string events;
  for (int i = 0; i < 500; ++i) events += (i == 0 ? "" : ",") + Event(kNow, std::to_string(i));
  Put("s", events);
  std::string all, token;
  for (int page = 0; page < 60; ++page) {
    const json::Value answer = world_.Logs(
        "GetLogEvents", Of(R"("logStreamName": "s", "limit": 10, "startFromHead": true)" +
                           (token.empty() ? "" : R"(, "nextToken": ")" + token + "\"")));
    all += Messages(answer);
    token = answer.Find("nextForwardToken")->AsString();
  }
  std::string want;
  for (int i = 0; i < 500; ++i) want += std::to_string(i) + " ";
  EXPECT_EQ(all, want);
}

TEST_F(LogsTest, FilterLogEventsMergesStreams) {
  Answer("CreateLogStream", Of(R"("logStreamName": "t")"));
  Put("s", Event(kNow - 3, "s1") + "," + Event(kNow - 1, "s2"));
  Put("t", Event(kNow - 2, "t1") + "," + Event(kNow, "t2"));
  auto filter = [&](std::string_view rest) { return world_.Logs("FilterLogEvents", Of(rest)); };
  const json::Value all = filter(R"("interleaved": true)");
  EXPECT_EQ(Messages(all), "s1 t1 s2 t2 ");
  EXPECT_EQ(all.Find("nextToken"), nullptr);
  const json::Value& first = all.Find("events")->AsArray()[0];
  EXPECT_EQ(first.Find("logStreamName")->AsString(), "s");
  EXPECT_EQ(first.Find("eventId")->AsString().size(), 56u);
  EXPECT_EQ(Messages(filter(R"("logStreamNames": ["t"])")), "t1 t2 ");
  EXPECT_EQ(Messages(filter(R"("logStreamNamePrefix": "s")")), "s1 s2 ");
  EXPECT_EQ(Messages(filter(R"("startFromHead": false)")), "t2 s2 t1 s1 ");
  // The end is inclusive here.
  EXPECT_EQ(Messages(filter(R"("endTime": )" + std::to_string(kNow - 1))), "s1 t1 s2 ");

  const json::Value page = filter(R"("limit": 1, "logStreamNames": ["t"])");
  EXPECT_EQ(Messages(page), "t1 ");
  const json::Value next = filter(R"("limit": 1, "logStreamNames": ["t"], "nextToken": ")" +
                                  page.Find("nextToken")->AsString() + "\"");
  EXPECT_EQ(Messages(next), "t2 ");
}

TEST_F(LogsTest, FilterLogEventsRefusesWhatItCannotDo) {
  Refuses("FilterLogEvents", Of(R"("filterPattern": "{ $.a }")"),
          "InvalidParameterException: Invalid filter pattern");
  Refuses("FilterLogEvents", Of(R"("startFromHead": false, "startTime": 1000)"),
          "InvalidParameterException: startFromHead can be false only for a startTime on or after "
          "2024-01-01T00:00:00Z.");
  Refuses("FilterLogEvents", R"({"logGroupName": "no"})",
          "ResourceNotFoundException: The specified log group does not exist.");
  Refuses("FilterLogEvents", Of(R"("logStreamNames": ["s"], "logStreamNamePrefix": "s")"),
          "InvalidParameterException: Only one of logStreamNames or logStreamNamePrefix can be "
          "provided.");
  Refuses("FilterLogEvents", Of(R"("nextToken": "x")"),
          "InvalidParameterException: The specified nextToken is invalid.");
}

}  // namespace
}  // namespace securebase::aws::logs
