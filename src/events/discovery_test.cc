#include "events/discovery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace securebase::events {
namespace {

/// "name=text" with a letter for the kind: s"..", n1, b.., null.
std::vector<std::string> Fields(Discoverer& discoverer, std::string_view message) {
  std::vector<std::string> out;
  for (const DiscoveredField& field : discoverer.Discover(message)) {
    const char* kind = field.kind == FieldKind::kString   ? "s"
                       : field.kind == FieldKind::kNumber ? "n"
                       : field.kind == FieldKind::kBool   ? "b"
                                                          : "null";
    out.push_back(fmt::format("{}={}{}", field.name, kind, field.text));
  }
  return out;
}

std::vector<std::string> Fields(std::string_view message) {
  Discoverer discoverer;
  return Fields(discoverer, message);
}

using Expected = std::vector<std::string>;

TEST(DiscoveryTest, LeavesGetDottedNamesInDocumentOrder) {
  EXPECT_EQ(Fields(R"({"b":1.50,"a":{"x":"y","z":[true,{"id":null}]},"e":{},"f":[]})"),
            (Expected{"b=n1.50", "a.x=sy", "a.z.0=btrue", "a.z.1.id=null"}));
}

TEST(DiscoveryTest, AKnownShapeIsRecognisedWithOtherValues) {
  Discoverer discoverer;
  EXPECT_EQ(Fields(discoverer, R"({"a":1,"b":"x"})"), (Expected{"a=n1", "b=sx"}));
  EXPECT_EQ(Fields(discoverer, R"({"a":"long text of many bytes","b":null})"),
            (Expected{"a=slong text of many bytes", "b=null"}));
  EXPECT_EQ(Fields(discoverer, R"({"a":-1e3,"b":"d\u00e9j\u00e0 \"vu\""})"),
            (Expected{"a=n-1e3", "b=sdéjà \"vu\""}));
  EXPECT_EQ(Fields(discoverer, "{\"a\":2,\"b\":\"\xc3\xa9\"}"), (Expected{"a=n2", "b=s\xc3\xa9"}));
}

TEST(DiscoveryTest, InvalidValuesInAKnownShapeAreNotTaken) {
  Discoverer discoverer;
  ASSERT_EQ(Fields(discoverer, R"({"a":1,"b":"x"})").size(), 2u);
  for (const char* bad : {R"({"a":01,"b":"x"})", R"({"a":tru,"b":"x"})", R"({"a":1,"b":"x)",
                          "{\"a\":1,\"b\":\"\xff\"}", "{\"a\":1,\"b\":\"\n\"}", R"({"a":,"b":"x"})",
                          R"({"a":1.,"b":"x"})", R"({"a":1,"b":"\q"})"}) {
    EXPECT_EQ(Fields(discoverer, bad), Expected{}) << bad;
  }
}

TEST(DiscoveryTest, TheFirstObjectInALineIsTaken) {
  EXPECT_EQ(Fields(R"(2026-01-05T04:45:59.598Z	INFO {not json} {"a":1} tail {"b":2})"),
            (Expected{"a=n1"}));
  EXPECT_EQ(Fields(R"({"a":1} and more)"), (Expected{"a=n1"}));
  EXPECT_EQ(Fields("plain text"), Expected{});
  EXPECT_EQ(Fields("[{\"a\":1}]"), (Expected{"a=n1"}));
}

TEST(DiscoveryTest, NamesWithAnAtGetOneMore) {
  EXPECT_EQ(Fields(R"({"@timestamp":"t","a":{"@b":1}})"), (Expected{"@@timestamp=st", "a.@b=n1"}));
}

TEST(DiscoveryTest, TheFirstOfANameCounts) {
  EXPECT_EQ(Fields(R"({"a":1,"a":2,"b.c":3,"b":{"c":4}})"), (Expected{"a=n1", "b.c=n3"}));
}

TEST(DiscoveryTest, AtMostTwoHundred) {
  std::string text = "{";
  for (int i = 0; i < 300; ++i) text += fmt::format("{}\"f{}\":{}", i ? "," : "", i, i);
  const auto fields = Fields(text + "}");
  ASSERT_EQ(fields.size(), kDiscoveredMax);
  EXPECT_EQ(fields.back(), "f199=n199");
}

TEST(DiscoveryTest, DeepNestingIsText) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "{\"a\":";
  EXPECT_EQ(Fields(deep + "1" + std::string(5000, '}')), Expected{});
}

TEST(DiscoveryTest, ManyShapesStillWork) {
  Discoverer discoverer;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2000; ++i) {
      EXPECT_EQ(Fields(discoverer, fmt::format(R"({{"k{}":{}}})", i, i)),
                (Expected{fmt::format("k{}=n{}", i, i)}));
    }
  }
}

TEST(DiscoveryTest, NamesWithoutEndKeepTheirText) {
  Discoverer discoverer;
  for (int i = 0; i < 100'100; ++i) {
    const auto& fields = discoverer.Discover(fmt::format(R"({{"n{}":1}})", i));
    ASSERT_EQ(fields.size(), 1u);
    ASSERT_EQ(fields[0].name, fmt::format("n{}", i));
  }
  EXPECT_EQ(discoverer.name_count(), 100'000u);
}

TEST(DiscoveryTest, LambdaLines) {
  EXPECT_EQ(Fields("START RequestId: 8f5e Version: $LATEST\n"),
            (Expected{"@type=sSTART", "@requestId=s8f5e"}));
  EXPECT_EQ(Fields("END RequestId: 8f5e"), (Expected{"@type=sEND", "@requestId=s8f5e"}));
  EXPECT_EQ(Fields("REPORT RequestId: 8f5e\tDuration: 1162.23 ms\tBilled Duration: 1163 ms\t"
                   "Memory Size: 128 MB\tMax Memory Used: 34 MB\tInit Duration: 264.75 ms\t\n"
                   "XRAY TraceId: 1-5b\tSegmentId: 4f2\tSampled: true\t"),
            (Expected{"@type=sREPORT", "@requestId=s8f5e", "@duration=n1162.23",
                      "@billedDuration=n1163", "@memorySize=n128000000", "@maxMemoryUsed=n34000000",
                      "@initDuration=n264.75", "@xrayTraceId=s1-5b", "@xraySegmentId=s4f2"}));
  EXPECT_EQ(Fields("INIT_START Runtime Version: python:3.12.v18"), Expected{});
}

TEST(DiscoveryTest, LambdaApplicationLines) {
  constexpr auto kId = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
  constexpr auto kGood = "8f507cfc-0123-4697-b07a-ac58fc914c95";
  EXPECT_EQ(Fields(fmt::format("[ERROR]\t2026-01-05T04:45:59.598Z\t{}\ttext", kGood)),
            (Expected{fmt::format("@requestId=s{}", kGood)}));
  EXPECT_EQ(Fields(fmt::format("2026-01-05T04:45:59.598Z\t{}\tERROR\t{{\"a\":1}}", kGood)),
            (Expected{fmt::format("@requestId=s{}", kGood), "a=n1"}));
  EXPECT_EQ(
      Fields(fmt::format("2026-01-05T04:45:59.598Z {} Task timed out after 3.00 seconds", kGood)),
      (Expected{fmt::format("@requestId=s{}", kGood)}));
  EXPECT_EQ(Fields(fmt::format("2026-01-05T04:45:59.598Z\t{}\tINFO\tx", kId)), Expected{});
}

TEST(DiscoveryTest, LambdaJsonLinesHaveTheFieldsOfTheTextForm) {
  const auto fields = Fields(
      R"({"time":"2026-01-05T04:45:59.598Z","type":"platform.report","record":{"requestId":"r1",)"
      R"("metrics":{"durationMs":3923.569,"memorySizeMB":256},"tracing":{"value":"Root=1-5b;P=1"}}})");
  const Expected added(fields.end() - 5, fields.end());
  EXPECT_EQ(added, (Expected{"@type=sREPORT", "@requestId=sr1", "@duration=n3923.569",
                             "@memorySize=n256000000", "@xrayTraceId=s1-5b"}));
}

TEST(DiscoveryTest, FlowAndDnsRecords) {
  const auto flow = Fields(
      "2 123456789010 eni-1235b8ca 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 "
      "1418530070 ACCEPT OK");
  ASSERT_EQ(flow.size(), 14u);
  EXPECT_EQ(flow[3], "srcAddr=s172.31.16.139");
  EXPECT_EQ(flow[9], "bytes=n4249");
  EXPECT_EQ(flow[12], "action=sACCEPT");
  EXPECT_EQ(Fields("2 123456789010 eni-1235b8ca 172.31.16.139 ACCEPT OK"), Expected{});
  const auto dns = Fields(
      "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 192.168.1.1 -");
  ASSERT_EQ(dns.size(), 10u);
  EXPECT_EQ(dns[3], "queryName=sexample.com");
  EXPECT_EQ(dns[9], "ednsClientSubnet=s-");
}

}  // namespace
}  // namespace securebase::events
