// What is promised: records of OTLP, Loki and syslog become events of the documented group, stream
// and message; what is too old is rejected and counted; other bytes are refused.
#include "ingest/log_routes.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "ingest/syslog.h"

namespace securebase::ingest {
namespace {

const Instant kNow = FromUnixMillis(1'780'315'230'000);
constexpr std::string_view kNanos = "1780315230000000000";

/// "group|stream|milliseconds from now|message", one a line.
std::string Stored(const LogBatch& batch) {
  std::string text;
  for (const auto& [name, events] : batch.streams()) {
    for (const events::LogEvent& event : events) {
      text += name.first + "|" + name.second + "|" +
              std::to_string(ToUnixMillis(event.time) - ToUnixMillis(kNow)) + "|" + event.message +
              "\n";
    }
  }
  return text;
}

// Protobuf by hand: a field of bytes.
std::string Bytes(int number, std::string_view content) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  for (std::size_t size = content.size(); true; size >>= 7) {
    out += static_cast<char>(size >= 0x80 ? size | 0x80 : size);
    if (size < 0x80) break;
  }
  return out.append(content);
}
std::string Varint(int number, std::uint64_t value) {
  std::string out(1, static_cast<char>(number << 3));
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out += static_cast<char>(value);
}
std::string Fixed(int number, std::uint64_t value) {
  std::string out(1, static_cast<char>(number << 3 | 1));
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string Pair(std::string_view key, std::string_view value) {
  return Bytes(1, key) + Bytes(2, Bytes(1, value));
}

TEST(OtlpLogsTest, JsonAndProtobufGiveTheSame) {
  const std::string want =
      R"(/otel/shop|pod-1|0|{"resource":{"attributes":{"service.name":"shop","host.name":"pod-1"}},)"
      R"("scope":{"name":"lib"},"timeUnixNano":1780315230000000000,"severityNumber":17,)"
      R"("severityText":"ERROR","body":"it broke","attributes":{"user":7},"traceId":"0a0b"})"
      "\n";
  LogBatch from_json(kNow);
  ASSERT_TRUE(ParseOtlpLogsJson(
                  R"({"resourceLogs": [{"resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "shop"}},
                {"key": "host.name", "value": {"stringValue": "pod-1"}}]},
              "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [{
                "timeUnixNano": ")" +
                      std::string(kNanos) +
                      R"(", "severityNumber": 17, "severityText": "ERROR",
                "body": {"stringValue": "it broke"}, "traceId": "0a0b",
                "attributes": [{"key": "user", "value": {"intValue": "7"}}]}]}]}]})",
                  {}, kNow, from_json)
                  .ok());
  EXPECT_EQ(Stored(from_json), want);

  const std::string record = Fixed(1, 1'780'315'230'000'000'000) + Varint(2, 17) +
                             Bytes(3, "ERROR") + Bytes(5, Bytes(1, "it broke")) +
                             Bytes(6, Bytes(1, "user") + Bytes(2, Varint(3, 7))) +
                             Bytes(9, "\x0a\x0b");
  const std::string request = Bytes(
      1, Bytes(1, Bytes(1, Pair("service.name", "shop")) + Bytes(1, Pair("host.name", "pod-1"))) +
             Bytes(2, Bytes(1, Bytes(1, "lib")) + Bytes(2, record)));
  LogBatch from_protobuf(kNow);
  ASSERT_TRUE(ParseOtlpLogs(request, {}, kNow, from_protobuf).ok());
  EXPECT_EQ(Stored(from_protobuf), want);
}

TEST(OtlpLogsTest, TargetsValuesAndRefusals) {
  LogBatch batch(kNow);
  ASSERT_TRUE(ParseOtlpLogsJson(
                  R"({"resourceLogs": [{"scopeLogs": [{"logRecords": [
                     {"body": {"kvlistValue": {"values": [{"key": "a", "value":
                        {"arrayValue": {"values": [{"boolValue": true}, {"doubleValue": 1.5}]}}}]}}},
                     {"timeUnixNano": 1}]}]}]})",
                  {"my/group", "my-stream"}, kNow, batch)
                  .ok());
  EXPECT_EQ(batch.rejected(), 1u);
  EXPECT_EQ(batch.reason(), "the timestamp is more than 14 days old");
  EXPECT_EQ(Stored(batch), R"(my/group|my-stream|0|{"resource":{"attributes":{}},"timeUnixNano":0,)"
                           R"("body":{"a":[true,1.5]},"attributes":{}})"
                           "\n");
  EXPECT_FALSE(ParseOtlpLogsJson("[1]", {}, kNow, batch).ok());
  EXPECT_FALSE(ParseOtlpLogsJson("{", {}, kNow, batch).ok());
  EXPECT_FALSE(ParseOtlpLogs("\xff\xff", {}, kNow, batch).ok());
  std::string deep = Bytes(1, "x");
  for (int i = 0; i < 40; ++i) deep = Bytes(5, Bytes(1, deep));
  EXPECT_FALSE(ParseOtlpLogs(Bytes(1, Bytes(2, Bytes(2, Bytes(5, deep)))), {}, kNow, batch).ok());
}

TEST(LokiTest, JsonAndProtobuf) {
  LogBatch batch(kNow);
  ASSERT_TRUE(ParseLokiPushJson(
                  R"({"streams": [{"stream": {"job": "api", "pod": "p:1"}, "values": [
                      [")" +
                      std::string(kNanos) + R"(", "line one"],
                      [")" +
                      std::string(kNanos) + R"(", "line two", {"trace": "x"}]]}]})",
                  batch)
                  .ok());
  EXPECT_EQ(Stored(batch),
            "/loki/api|job=api,pod=p_1|0|line one\n"
            "/loki/api|job=api,pod=p_1|0|{\"message\":\"line two\",\"trace\":\"x\"}\n");
  LogBatch second(kNow);
  const std::string entry =
      Bytes(1, Varint(1, 1'780'315'230) + Varint(2, 5'000'000)) + Bytes(2, "hello");
  ASSERT_TRUE(
      ParseLokiPush(
          Bytes(1, Bytes(1, R"({log_group="my/g", log_stream="s\"1"})") + Bytes(2, entry)), second)
          .ok());
  EXPECT_EQ(Stored(second), "my/g|s\"1|5|hello\n");
  for (const char* bad : {"{}", R"({"streams": [{"values": [["x", "y"]]}]})",
                          R"({"streams": [{"stream": {"a": 1}, "values": []}]})", "x"}) {
    EXPECT_FALSE(ParseLokiPushJson(bad, batch).ok()) << bad;
  }
  EXPECT_FALSE(ParseLokiPush(Bytes(1, Bytes(1, "no labels")), batch).ok());
}

std::string Syslog(std::string_view message) {
  LogBatch batch(kNow);
  AddSyslog(message, kNow, batch);
  return Stored(batch);
}

TEST(SyslogTest, BothRfcsAndOtherText) {
  EXPECT_EQ(Syslog("<165>1 2026-06-01T12:00:29.003Z host.example evntslog 12 ID47 "
                   "[ex@1 iut=\"3\" s=\"a\\\"b\"][y] \xef\xbb\xbf" "An event\n"),
            "/syslog|host.example/evntslog|-997|{\"facility\":\"local4\",\"severity\":\"notice\","
            "\"host\":\"host.example\",\"app\":\"evntslog\",\"procid\":\"12\",\"msgid\":\"ID47\","
            "\"data\":{\"ex@1\":{\"iut\":\"3\",\"s\":\"a\\\"b\"},\"y\":{}},"
            "\"message\":\"An event\"}\n");
  EXPECT_EQ(Syslog("<34>Jun  1 12:00:30 mymachine su[77]: 'su root' failed"),
            "/syslog|mymachine/su|0|{\"facility\":\"auth\",\"severity\":\"critical\","
            "\"host\":\"mymachine\",\"app\":\"su\",\"procid\":\"77\","
            "\"message\":\"'su root' failed\"}\n");
  EXPECT_EQ(Syslog("no header"), "/syslog|unknown|0|{\"message\":\"no header\"}\n");
  EXPECT_EQ(FormatDate(*ParseSyslog("<13>Dec 31 23:59:59 h a: x", kNow).time), "2025-12-31");
  EXPECT_EQ(ParseSyslog("<999>x", kNow).priority, std::nullopt);
  EXPECT_EQ(ParseSyslog("<13>1 - - - - - [broken text", kNow).text, "[broken text");
}

TEST(SyslogTest, FramesOfAStream) {
  const auto frames = [](const std::vector<std::string>& pieces) {
    SyslogFramer framer;
    std::vector<std::string> messages;
    for (const std::string& piece : pieces) framer.Feed(piece, messages);
    framer.End(messages);
    std::string out;
    for (const std::string& message : messages) out += message + "|";
    return out;
  };
  EXPECT_EQ(frames({"<1>a\n<2>b\n"}), "<1>a|<2>b|");
  EXPECT_EQ(frames({"5 <1>ab6 <1>abc"}), "<1>ab|<1>abc|");
  EXPECT_EQ(frames({"5 ", "<1>", "ab", "<2>x\n"}), "<1>ab|<2>x|");
  EXPECT_EQ(frames({"<1>rest"}), "<1>rest|");
  EXPECT_EQ(frames({"\n\n"}), "");
  const std::string long_line(SyslogFramer::kMessageMax + 10, 'x');
  EXPECT_EQ(frames({long_line, "y\nz\n"}).size(), SyslogFramer::kMessageMax + 3);
}

}  // namespace
}  // namespace securebase::ingest
