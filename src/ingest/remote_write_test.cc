#include "ingest/remote_write.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <future>

#include "criteria/testing/stores.h"
#include "ingest/testing/proto_writer.h"

namespace securebase::ingest {
namespace {

class RemoteWriteTest : public ::testing::Test {
 protected:
  struct Sent {
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
    int seconds = 0;
  };

  ProtoWriter Series(const Sent& sent) {
    ProtoWriter series;
    for (const auto& [name, value] : sent.labels) {
      series.Message(1, ProtoWriter().Bytes(1, name).Bytes(2, value));
    }
    const std::int64_t ms = ToUnixMillis(stores_.clock.Now()) + sent.seconds * 1000;
    return series.Message(
        2, ProtoWriter().Double(1, sent.value).Varint(2, static_cast<std::uint64_t>(ms)));
  }
  http::Response Write(const std::vector<Sent>& all, ProtoWriter message = {}) {
    for (const Sent& sent : all) message.Message(1, Series(sent));
    return Post(message.bytes());
  }
  http::Response Post(const std::string& message, const std::string& query = "",
                      bool compress = true) {
    Delivery delivery;
    delivery.account = stores_.account;
    delivery.now = stores_.clock.Now();
    delivery.request.query = query;
    if (compress) {
      snappy::Compress(message.data(), message.size(), &delivery.body);
    } else {
      delivery.body = message;
    }
    return Deliver(std::move(delivery));
  }
  http::Response Deliver(Delivery delivery) {
    std::promise<http::Response> answer;
    route_.handler(std::move(delivery),
                   [&](http::Response response) { answer.set_value(std::move(response)); });
    return answer.get_future().get();
  }
  std::optional<double> Sum(const std::string& name,
                            std::vector<metrics::Dimension> dimensions = {},
                            const std::string& namespace_name = "Prometheus") {
    const auto series = stores_.metrics().Query(
        stores_.account, {.metric = {namespace_name, name, std::move(dimensions)},
                          .start = stores_.clock.Now() - std::chrono::hours(1),
                          .end = stores_.clock.Now() + std::chrono::hours(1),
                          .period = std::chrono::hours(3)});
    if (!series.ok() || series->empty()) return {};
    return series->front().buckets.front().second.set().sum;
  }

  criteria::TestStores stores_;
  TotalsTracker totals_{stores_.clock.Now()};
  Route route_ = RemoteWriteRoute({stores_.metrics(), totals_});
};

TEST_F(RemoteWriteTest, GaugesAsTheyAreCountersAsDifferences) {
  EXPECT_EQ(Write({{{{"__name__", "temperature"}, {"room", "a"}, {"empty", ""}}, 21},
                   {{{"__name__", "requests_total"}}, 100}})
                .status,
            204);
  EXPECT_EQ(Sum("temperature", {{"room", "a"}}), 21);
  EXPECT_EQ(Sum("requests_total"), std::nullopt);
  EXPECT_EQ(Write({{{{"__name__", "requests_total"}}, 130, 15}}).status, 204);
  EXPECT_EQ(Write({{{{"__name__", "requests_total"}}, 130, 15}}).status, 204);  // sent again
  EXPECT_EQ(Write({{{{"__name__", "requests_total"}}, 10, 30}}).status, 204);   // restarted
  EXPECT_EQ(Sum("requests_total"), 40);
}

TEST_F(RemoteWriteTest, WhatTheSenderSaysOfTypesWins) {
  ProtoWriter metadata;
  metadata.Message(3, ProtoWriter().Varint(1, 2).Bytes(2, "workers_count"));
  metadata.Message(3, ProtoWriter().Varint(1, 1).Bytes(2, "odd"));
  Write({}, metadata);
  Write({{{{"__name__", "workers_count"}}, 7}, {{{"__name__", "odd"}}, 5}});
  EXPECT_EQ(Sum("workers_count"), 7);
  Write({{{{"__name__", "odd"}}, 6, 15}});
  EXPECT_EQ(Sum("odd"), 1);
  MetricTypes types;
  EXPECT_TRUE(types.IsCounter("a", "x_bucket"));
  EXPECT_TRUE(types.IsCounter("a", "x_total"));
  EXPECT_FALSE(types.IsCounter("a", "x"));
  types.Learn("a", {{.type = 2, .family = "x"}, {.type = 3, .family = "y"}});
  EXPECT_FALSE(types.IsCounter("a", "x_sum"));
  EXPECT_TRUE(types.IsCounter("a", "y_count"));
  EXPECT_TRUE(types.IsCounter("b", "x_sum"));
}

TEST_F(RemoteWriteTest, StaleAndNotANumberAreNoFault) {
  EXPECT_EQ(Write({{{{"__name__", "a"}}, std::bit_cast<double>(0x7FF0000000000002)},
                   {{{"__name__", "a"}}, std::numeric_limits<double>::quiet_NaN()}})
                .status,
            204);
  EXPECT_EQ(Sum("a"), std::nullopt);
}

TEST_F(RemoteWriteTest, GoodSamplesAreTakenBesideBadOnes) {
  const http::Response response = Write(
      {{{{"__name__", "good"}}, 1}, {{{"__name__", "old"}}, 1, -15 * 86'400}, {{{"x", "y"}}, 1}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            "2 samples were rejected: metric old: the time must be within the past two weeks; "
            "metric : the name must have 1 to 255 characters\n");
  EXPECT_EQ(Sum("good"), 1);
  const http::Response native =
      Post(ProtoWriter().Message(1, Series({{{"__name__", "h"}}, 1}).Message(4, {})).bytes());
  EXPECT_NE(native.body.find("native histograms are not supported"), std::string::npos);
}

TEST_F(RemoteWriteTest, TheNamespaceIsAParameter) {
  const std::string message = ProtoWriter().Message(1, Series({{{"__name__", "a"}}, 1})).bytes();
  EXPECT_EQ(Post(message, "namespace=Nodes").status, 204);
  EXPECT_EQ(Sum("a", {}, "Nodes"), 1);
  EXPECT_EQ(Post(message, "tenant=x").status, 400);
  EXPECT_EQ(Post(message, "namespace=AWS%2FEC2").status, 400);
}

TEST_F(RemoteWriteTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(Post("plain", "", false).status, 400);
  EXPECT_EQ(Post("\xFF\xFF").status, 400);
  EXPECT_EQ(Post(ProtoWriter().Varint(1, 1).bytes()).status, 400);
  Delivery second;
  second.request.headers.Add("Content-Type",
                             "application/x-protobuf;proto=io.prometheus.write.v2.Request");
  EXPECT_EQ(Deliver(std::move(second)).status, 415);
  Delivery gzip;
  gzip.request.headers.Add("Content-Encoding", "gzip");
  EXPECT_EQ(Deliver(std::move(gzip)).status, 415);
}

TEST_F(RemoteWriteTest, AnEmptyRequestIsTaken) { EXPECT_EQ(Post("").status, 204); }

}  // namespace
}  // namespace securebase::ingest
