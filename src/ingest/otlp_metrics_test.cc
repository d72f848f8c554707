// What is promised: protobuf and JSON mean the same; each kind of metric becomes what the
// documentation says; what cannot be taken is told, and the rest is taken.
#include "ingest/otlp_metrics.h"

#include <gtest/gtest.h>

#include "ingest/testing/proto_writer.h"

namespace securebase::ingest {
namespace {

constexpr Instant kNow = FromUnixSeconds(1'780'315'200);
constexpr std::int64_t kNowNs = 1'780'315'200'000'000'000;
const std::string kNowText = "\"1780315200000000000\"";

class OtlpTest : public ::testing::Test {
 protected:
  /// Converts the metrics (JSON, "{name..}, {..}") of one resource; a line a datum.
  std::string Convert(const std::string& metrics,
                      const std::string& attributes =
                          R"({"key": "service.name", "value": {"stringValue": "checkout"}})") {
    return ConvertBody(R"({"resourceMetrics": [{"resource": {"attributes": [)" + attributes +
                       R"(]}, "scopeMetrics": [{"scope": {"name": "s"}, "metrics": [)" + metrics +
                       "]}]}]}");
  }
  std::string ConvertBody(const std::string& body) {
    const auto request = ReadOtlpMetricsJson(body);
    EXPECT_TRUE(request.ok()) << request.error().message();
    return request.ok() ? ConvertRequest(*request) : "";
  }
  std::string ConvertRequest(const OtlpMetrics& request) {
    DataBuilder data(kNow, false);
    TotalsTracker::Undo undo(totals_);
    ConvertOtlpMetrics(request, {}, "a", totals_, undo, data);
    rejected_ = data.rejected();
    reasons_ = data.reasons();
    data_ = data.TakeData();
    std::string out;
    for (const metrics::Datum& datum : data_) {
      out += datum.metric.namespace_name + " " + datum.metric.name;
      for (const auto& dimension : datum.metric.dimensions) {
        out += " " + dimension.name + "=" + dimension.value;
      }
      out += " " + datum.unit;
      for (const auto& [value, count] : datum.values) out += " " + json::Write(json::Value(value));
      if (datum.statistics) {
        const auto& set = *datum.statistics;
        for (double figure : {set.sample_count, set.sum, set.minimum, set.maximum}) {
          out += " " + json::Write(json::Value(figure));
        }
        out += datum.distribution.empty() ? " unknown" : " known";
      }
      out += "\n";
    }
    return out;
  }

  static std::string Gauge(const std::string& points, const std::string& unit = "") {
    return R"({"name": "g", "unit": ")" + unit + R"(", "gauge": {"dataPoints": [)" + points + "]}}";
  }
  static std::string Sum(const std::string& points, int temporality = 2, bool monotonic = true) {
    return R"({"name": "c", "unit": "{request}", "sum": {"isMonotonic": )" +
           std::string(monotonic ? "true" : "false") + R"(, "aggregationTemporality": )" +
           std::to_string(temporality) + R"(, "dataPoints": [)" + points + "]}}";
  }
  static std::string Point(const std::string& members, std::int64_t seconds = 0) {
    return R"({"timeUnixNano": ")" + std::to_string(kNowNs + seconds * 1'000'000'000) + "\", " +
           members + "}";
  }

  TotalsTracker totals_{kNow};
  std::vector<metrics::Datum> data_;
  std::uint64_t rejected_ = 0;
  std::string reasons_;
};

TEST_F(OtlpTest, AGaugeIsAValue) {
  EXPECT_EQ(Convert(Gauge(Point(R"("asDouble": 1.5, "attributes": [{"key": "z", "value":
                    {"intValue": "7"}}, {"key": "a", "value": {"boolValue": true}}])") +
                              "," + Point(R"("asInt": "-3")"),
                          "ms")),
            "checkout g a=true z=7 Milliseconds 1.5\ncheckout g Milliseconds -3\n");
  EXPECT_EQ(data_.at(0).time, kNow);
}

TEST_F(OtlpTest, TheResourceNamesTheNamespaceAndTheInstance) {
  auto attribute = [](const std::string& name, const std::string& value) {
    return R"({"key": ")" + name + R"(", "value": {"stringValue": ")" + value + "\"}}";
  };
  const std::string gauge = Gauge(Point("\"asInt\": 1"));
  EXPECT_EQ(
      Convert(gauge, attribute("service.name", "a") + "," + attribute("service.namespace", "shop") +
                         "," + attribute("host.name", "h1") + "," + attribute("os.type", "linux")),
      "shop/a g host.name=h1 None 1\n");
  EXPECT_EQ(Convert(gauge, ""), "OTLP g None 1\n");
  EXPECT_EQ(Convert(gauge, attribute("service.name", "AWS/x")), "");
  EXPECT_NE(reasons_.find("need the role admin"), std::string::npos);
}

TEST_F(OtlpTest, DeltasAreValuesAndTotalsAreCompared) {
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 5"), 1)), "checkout c Count 5\n");
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 100"))), "");
  EXPECT_EQ(rejected_, 0u);
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 130", 60))), "checkout c Count 30\n");
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 130", 60))), "");  // sent again
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 10", 120))), "checkout c Count 10\n");
  // An UpDownCounter is as it is.
  EXPECT_EQ(Convert(Sum(Point("\"asInt\": 42", 180), 2, false)), "checkout c Count 42\n");
  // Known from its start: it began after us.
  EXPECT_EQ(
      Convert(Sum(Point("\"asInt\": 7, \"startTimeUnixNano\": " + kNowText +
                            R"(, "attributes": [{"key": "n", "value": {"stringValue": "1"}}])",
                        60))),
      "checkout c n=1 Count 7\n");
}

TEST_F(OtlpTest, HistogramsKeepTheirDistribution) {
  auto histogram = [](int temporality, const std::string& point) {
    return R"({"name": "h", "unit": "s", "histogram": {"aggregationTemporality": )" +
           std::to_string(temporality) + R"(, "dataPoints": [)" + point + "]}}";
  };
  EXPECT_EQ(Convert(histogram(1, Point(R"("count": "4", "sum": 10, "min": 0.5, "max": 6,
                     "bucketCounts": ["1", "2", "1"], "explicitBounds": [1, 5])"))),
            "checkout h Seconds 4 10 0.5 6 known\n");
  EXPECT_EQ(Convert(histogram(2, Point(R"("count": 4, "sum": 10, "bucketCounts": [1, 2, 1],
                     "explicitBounds": [1, 5])"))),
            "");
  EXPECT_EQ(Convert(histogram(2, Point(R"("count": 6, "sum": 16, "min": 0, "max": 9,
                     "bucketCounts": [1, 4, 1], "explicitBounds": [1, 5])",
                                       60))),
            "checkout h Seconds 2 6 1 5 known\n");
  EXPECT_EQ(Convert(histogram(1, Point(R"("count": 4, "sum": 10)"))),
            "checkout h Seconds 4 10 2.5 2.5 unknown\n");
  EXPECT_EQ(Convert(histogram(1, Point(R"("count": 0)"))), "");
  EXPECT_EQ(rejected_, 0u);
}

TEST_F(OtlpTest, ExponentialHistograms) {
  const std::string metric =
      R"({"name": "e", "exponentialHistogram": {"aggregationTemporality":
          "AGGREGATION_TEMPORALITY_DELTA", "dataPoints": [)" +
      Point(R"("count": 10, "sum": 60, "scale": 0, "zeroCount": 1,
               "positive": {"offset": 2, "bucketCounts": [4, 4]},
               "negative": {"offset": 0, "bucketCounts": [1]})") +
      "]}}";
  EXPECT_EQ(Convert(metric), "checkout e None 10 60 -2 16 known\n");
  metrics::Bucket bucket;
  bucket.Add(*data_.at(0).statistics, data_.at(0).distribution);
  const double p50 = *bucket.Evaluate(*metrics::ParseStatistic("p50"));
  EXPECT_GT(p50, 4);
  EXPECT_LE(p50, 8);
}

TEST_F(OtlpTest, SummariesBecomeQuantilesAndCounters) {
  auto summary = [](const std::string& point) {
    return R"({"name": "s", "unit": "s", "summary": {"dataPoints": [)" + point + "]}}";
  };
  const std::string quantiles = R"(, "quantileValues": [{"quantile": 0.99, "value": 3}])";
  EXPECT_EQ(Convert(summary(Point("\"count\": 10, \"sum\": 20" + quantiles))),
            "checkout s quantile=0.99 Seconds 3\n");
  EXPECT_EQ(Convert(summary(Point("\"count\": 12, \"sum\": 25" + quantiles, 60))),
            "checkout s_count Count 2\ncheckout s_sum Seconds 5\n"
            "checkout s quantile=0.99 Seconds 3\n");
}

TEST_F(OtlpTest, WhatCannotBeTakenIsToldAndTheRestIsTaken) {
  auto refused = [&](const std::string& metrics, const std::string& reason,
                     std::uint64_t count = 1) {
    Convert(metrics);
    EXPECT_EQ(rejected_, count) << metrics;
    EXPECT_NE(reasons_.find(reason), std::string::npos) << reasons_;
  };
  EXPECT_EQ(Convert(Gauge(Point("\"asDouble\": \"NaN\"") + "," + Point("\"asInt\": 1"))),
            "checkout g None 1\n");
  EXPECT_EQ(rejected_, 1u);
  refused(Gauge(Point("\"asInt\": 1", -15 * 86'400)), "past two weeks");
  refused(Gauge(Point("\"asInt\": 1", 3 * 3600)), "past two weeks");
  refused(Gauge(Point("\"x\": 1")), "no value");
  refused(Sum(Point("\"asInt\": 1"), 0), "temporality");
  refused(Sum(Point("\"asInt\": -1")), "a finite number from 0");
  const std::string head = R"({"name": "h", "histogram": {"aggregationTemporality": 1,
                               "dataPoints": [)";
  refused(head + Point(R"("count": 3, "bucketCounts": [1, 1], "explicitBounds": [1])") + "]}}",
          "do not add up");
  refused(head + Point(R"("count": 2, "bucketCounts": [1, 1], "explicitBounds": [1, 2])") + "]}}",
          "one bucket more");
  refused(
      head + Point(R"("count": 2, "bucketCounts": [1, 1, 0], "explicitBounds": [2, 1])") + "]}}",
      "ascend");
  refused(R"({"name": "e", "exponentialHistogram": {"aggregationTemporality": 1, "dataPoints": [)" +
              Point(R"("count": 1, "scale": 99)") + "]}}",
          "scale");
  std::string many = "\"asInt\": 1, \"attributes\": [";
  for (int i = 0; i < 31; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"key": "k)") + std::to_string(i) +
            R"(", "value": {"stringValue": "v"}})";
  }
  refused(Gauge(Point(many + "]")), "more than 30 dimensions");
  EXPECT_EQ(Convert(Gauge(R"({"flags": 1, "timeUnixNano": )" + kNowText + "}")), "");
  EXPECT_EQ(rejected_, 0u);
}

TEST_F(OtlpTest, JsonOfAWrongFormIsRefused) {
  for (
      const char* body :
      {"", "[]", R"({"resourceMetrics": {}})",
       R"({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints": [1]}}]}]}]})",
       R"({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"gauge": {"dataPoints":
           [{"asInt": "x"}]}}]}]}]})",
       R"({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"sum":
           {"aggregationTemporality": 9}}]}]}]})",
       R"({"resourceMetrics": [{"resource": {"attributes": [{"value": {}}]}}]})"}) {
    EXPECT_FALSE(ReadOtlpMetricsJson(body).ok()) << body;
  }
  EXPECT_TRUE(ReadOtlpMetricsJson("{}").ok());
}

ProtoWriter Attribute(std::string_view name, const ProtoWriter& value) {
  return ProtoWriter().Bytes(1, name).Message(2, value);
}

std::string Protobuf(const std::vector<ProtoWriter>& metrics) {
  ProtoWriter scope;
  scope.Message(1, ProtoWriter().Bytes(1, "s"));
  for (const ProtoWriter& metric : metrics) scope.Message(2, metric);
  const ProtoWriter name = Attribute("service.name", ProtoWriter().Bytes(1, "checkout"));
  return ProtoWriter()
      .Message(1, ProtoWriter().Message(1, ProtoWriter().Message(1, name)).Message(2, scope))
      .bytes();
}

TEST_F(OtlpTest, ProtobufMeansTheSame) {
  const auto time = static_cast<std::uint64_t>(kNowNs);
  const ProtoWriter gauge = ProtoWriter().Bytes(1, "g").Bytes(3, "By").Message(
      5, ProtoWriter().Message(1, ProtoWriter().Fixed64(3, time).Double(4, 2.5).Message(
                                      7, Attribute("k", ProtoWriter().Varint(3, 9)))));
  const ProtoWriter sum = ProtoWriter().Bytes(1, "c").Message(
      7,
      ProtoWriter()
          .Message(1, ProtoWriter().Fixed64(2, time).Fixed64(3, time + 1'000'000'000).Fixed64(6, 4))
          .Varint(2, 2)
          .Varint(3, 1));
  const ProtoWriter histogram = ProtoWriter().Bytes(1, "h").Message(
      9, ProtoWriter()
             .Message(1, ProtoWriter()
                             .Fixed64(3, time)
                             .Fixed64(4, 3)
                             .Double(5, 6)
                             .PackedFixed64(6, {1, 2})
                             .PackedFixed64(7, {std::bit_cast<std::uint64_t>(2.0)})
                             .Double(11, 1)
                             .Double(12, 3))
             .Varint(2, 1));
  const ProtoWriter exponential = ProtoWriter().Bytes(1, "e").Message(
      10, ProtoWriter()
              .Message(1, ProtoWriter()
                              .Fixed64(3, time)
                              .Fixed64(4, 2)
                              .Double(5, 5)
                              .Varint(6, ZigZag(0))
                              .Message(8, ProtoWriter().Varint(1, ZigZag(1)).PackedVarints(2, {2})))
              .Varint(2, 1));
  const ProtoWriter summary = ProtoWriter().Bytes(1, "s").Message(
      11,
      ProtoWriter().Message(1, ProtoWriter().Fixed64(3, time).Fixed64(4, 1).Double(5, 1).Message(
                                   6, ProtoWriter().Double(1, 0.5).Double(2, 8))));
  const auto request =
      ReadOtlpMetricsProtobuf(Protobuf({gauge, sum, histogram, exponential, summary}));
  ASSERT_TRUE(request.ok()) << request.error().message();
  EXPECT_EQ(ConvertRequest(*request),
            "checkout g k=9 Bytes 2.5\n"
            "checkout c None 4\n"
            "checkout h None 3 6 1 3 known\n"
            "checkout e None 2 5 2 4 known\n"
            "checkout s quantile=0.5 None 8\n");
  EXPECT_EQ(rejected_, 0u);
}

TEST(OtlpProtobufTest, AttributesOfEveryType) {
  const ProtoWriter list =
      ProtoWriter().Message(5, ProtoWriter().Message(1, ProtoWriter().Varint(2, 1)));
  const ProtoWriter object = ProtoWriter().Message(
      6, ProtoWriter().Message(1, Attribute("a", ProtoWriter().Double(4, 0.5))));
  OtlpAttributes attributes;
  for (const auto& [name, value] :
       {std::pair{"list", list}, {"object", object}, {"bytes", ProtoWriter().Bytes(7, "\x01")}}) {
    ASSERT_TRUE(ReadKeyValue(Attribute(name, value).bytes(), attributes).ok());
  }
  EXPECT_EQ(OtlpAttribute(attributes, "list"), "[true]");
  EXPECT_EQ(OtlpAttribute(attributes, "object"), R"({"a":0.5})");
  EXPECT_EQ(OtlpAttribute(attributes, "bytes"), "AQ==");
  std::string deep = ProtoWriter().Varint(2, 1).bytes();
  for (int i = 0; i < 40; ++i) {
    deep = ProtoWriter().Message(5, ProtoWriter().Bytes(1, deep)).bytes();
  }
  EXPECT_FALSE(ReadAnyValue(std::string_view(deep)).ok());
}

TEST(OtlpProtobufTest, WrongTypesAreRefused) {
  EXPECT_FALSE(ReadOtlpMetricsProtobuf("\xFF").ok());
  EXPECT_FALSE(ReadOtlpMetricsProtobuf(ProtoWriter().Varint(1, 1).bytes()).ok());
  const ProtoWriter bad =
      ProtoWriter().Message(5, ProtoWriter().Message(1, ProtoWriter().Varint(4, 1)));
  EXPECT_FALSE(ReadOtlpMetricsProtobuf(Protobuf({bad})).ok());
}

TEST(OtlpAnswerTest, InTheEncodingOfTheRequest) {
  EXPECT_EQ(OtlpAnswer(OtlpEncoding::kJson, 0, "rejectedDataPoints", "").body, "{}");
  EXPECT_EQ(OtlpAnswer(OtlpEncoding::kJson, 2, "rejectedDataPoints", "why").body,
            R"({"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"why"}})");
  EXPECT_EQ(OtlpAnswer(OtlpEncoding::kProtobuf, 0, "rejectedDataPoints", "").body, "");
  EXPECT_EQ(OtlpAnswer(OtlpEncoding::kProtobuf, 2, "rejectedDataPoints", "why").body,
            ProtoWriter().Message(1, ProtoWriter().Varint(1, 2).Bytes(2, "why")).bytes());
  http::Request request;
  request.headers.Add("Content-Type", "application/json; charset=utf-8");
  EXPECT_EQ(*OtlpEncodingOf(request), OtlpEncoding::kJson);
  EXPECT_EQ(OtlpRefusal(request, InvalidArgument("body", "bad")).body,
            R"({"code":3,"message":"bad"})");
  request.headers.Set("Content-Type", "application/x-protobuf");
  const http::Response refusal = OtlpRefusal(request, Unavailable("full"));
  EXPECT_EQ(refusal.status, 503);
  EXPECT_EQ(refusal.body, ProtoWriter().Varint(1, 14).Bytes(2, "full").bytes());
  request.headers.Set("Content-Type", "text/plain");
  EXPECT_EQ(StatusOf(OtlpEncodingOf(request).error()), 415);
}

}  // namespace
}  // namespace securebase::ingest
