// Keys, criteria and monitoring as their clients see them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/criteria_routes.h"
#include "api/key_routes.h"
#include "api/monitoring_routes.h"
#include "api/testing/api_fixture.h"

namespace securebase::api {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    fixture_.api->Add(KeyRoutes({.keys = *fixture_.keys, .clock = fixture_.stores.clock}));
    fixture_.api->Add(CriteriaRoutes({.evaluator = evaluator_, .clock = fixture_.stores.clock}));
    fixture_.api->Add(MonitoringRoutes({.metrics = fixture_.stores.metrics(),
                                        .documents = fixture_.stores.documents(),
                                        .tables = fixture_.stores.tables,
                                        .home = fixture_.stores.account,
                                        .clock = fixture_.stores.clock}));
    admin_ = fixture_.Key("acme", Role::kAdmin);
  }

  http::Response Send(const std::string& method, const std::string& target, std::string body = {},
                      std::string type = {}) {
    ApiFixture::Sent sent{.body = std::move(body)};
    if (!type.empty()) sent.headers.emplace_back("Content-Type", type);
    return fixture_.Send(method, target, admin_, std::move(sent));
  }
  // Status, and the field that the answer names.
  std::pair<int, std::string> Refusal(const std::string& method, const std::string& target,
                                      std::string body = {}) {
    const http::Response response = Send(method, target, std::move(body));
    const json::Value answer = ApiFixture::Body(response);
    const json::Value* details = answer.Find("details");
    const bool named = details != nullptr && details->IsObject() && !details->AsObject().empty();
    return {response.status, named ? details->AsObject()[0].first : ""};
  }

  ApiFixture fixture_;
  criteria::Evaluator evaluator_{fixture_.stores.account,
                                 {fixture_.stores.metrics(), fixture_.stores.documents(),
                                  fixture_.stores.tables, fixture_.stores.clock}};
  std::string admin_;
};

using Refused = std::pair<int, std::string>;

TEST_F(RoutesTest, KeysAreMadeListedAndDeleted) {
  const http::Response made =
      Send("POST", "/v1/keys", R"({"customer": "beta", "role": "analyst", "plan": "standard"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.headers.Get("Cache-Control"), "no-store");
  const std::string key = ApiFixture::Text(made, {"key"});
  const std::string id = ApiFixture::Text(made, {"id"});
  const auto caller = fixture_.keys->FindApiKey(key);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->customer.id, "beta");
  EXPECT_EQ(caller->role, Role::kAnalyst);
  EXPECT_EQ(caller->plan, "standard");

  const http::Response list = Send("GET", "/v1/keys");
  EXPECT_EQ(list.body.find(key), std::string::npos);
  EXPECT_EQ(ApiFixture::Body(list).Find("keys")->AsArray().size(), 2u);
  EXPECT_THAT(list.body, HasSubstr("\"id\":\"" + id + "\""));

  EXPECT_EQ(Send("DELETE", "/v1/keys/" + id).status, 204);
  EXPECT_FALSE(fixture_.keys->FindApiKey(key));
  EXPECT_EQ(Send("DELETE", "/v1/keys/" + id).status, 404);
}

TEST_F(RoutesTest, AwsKeysSeeTheAccountUnlessTheyNameACustomer) {
  const http::Response whole = Send("POST", "/v1/keys", R"({"aws": true, "role": "admin"})");
  ASSERT_EQ(whole.status, 201);
  const auto found = fixture_.keys->FindAwsKey(ApiFixture::Text(whole, {"accessKeyId"}));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->caller.whole_account);
  EXPECT_EQ(found->secret, ApiFixture::Text(whole, {"secretAccessKey"}));
  const http::Response one = Send("POST", "/v1/keys", R"({"aws": true, "customer": "beta"})");
  EXPECT_FALSE(fixture_.keys->FindAwsKey(ApiFixture::Text(one, {"id"}))->caller.whole_account);
}

TEST_F(RoutesTest, KeyRequestsAreCheckedByMember) {
  EXPECT_EQ(Refusal("POST", "/v1/keys", "{}"), Refused(422, "customer"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", "[]"), Refused(422, "body"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": 1})"), Refused(422, "customer"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": " "})"), Refused(422, "customer"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": "a", "role": "root"})"),
            Refused(422, "role"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": "a", "plan": "gold"})"),
            Refused(422, "plan"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": "a", "aws": "yes"})"), Refused(422, "aws"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", R"({"customer": "a", "secret": "x"})"),
            Refused(422, "secret"));
  EXPECT_EQ(Refusal("POST", "/v1/keys", "{"), Refused(400, "body"));
  EXPECT_EQ(Refusal("GET", "/v1/keys?page=1"), Refused(422, "page"));
  admin_ = fixture_.Key("acme", Role::kManager);
  EXPECT_EQ(Send("GET", "/v1/keys").status, 403);
}

TEST_F(RoutesTest, CriteriaAreMeasuredAndKept) {
  fixture_.stores.Publish("SecureBase/Analytics", "QueryExecutionTime", "Seconds", {0.25});
  const http::Response response = Send("GET", "/v1/criteria?window=15m");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto run = criteria::ParseRun(ApiFixture::Body(response));
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->window, 15min);
  EXPECT_EQ(run->results[0].verdict, criteria::Verdict::kPass);
  const json::Value runs = ApiFixture::Body(Send("GET", "/v1/criteria/runs"));
  ASSERT_EQ(runs.Find("runs")->AsArray().size(), 1u);
  fixture_.stores.clock.Advance(1min);
  Send("GET", "/v1/criteria?record=false");
  EXPECT_EQ(ApiFixture::Body(Send("GET", "/v1/criteria/runs")).Find("runs")->AsArray().size(), 1u);
}

TEST_F(RoutesTest, CriteriaParametersAreChecked) {
  EXPECT_EQ(Refusal("GET", "/v1/criteria?window=soon"), Refused(422, "window"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria?window=30s"), Refused(422, "window"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria?window=1h&window=2h"), Refused(422, "window"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria?record=maybe"), Refused(422, "record"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria?from=1"), Refused(422, "from"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria/runs?limit=0"), Refused(422, "limit"));
  EXPECT_EQ(Refusal("GET", "/v1/criteria/runs?limit=x"), Refused(422, "limit"));
}

TEST_F(RoutesTest, CoverageIsTakenInEveryForm) {
  const auto newest = [&] {
    const auto run = evaluator_.Measure(1h);
    return run.ok() && run->results[4].value ? *run->results[4].value : -1;
  };
  const auto takes = [&](std::string body, std::string type, double percent) {
    fixture_.stores.clock.Advance(2s);
    const http::Response response = Send("POST", "/v1/criteria/coverage", body, type);
    EXPECT_EQ(response.status, 201) << response.body;
    EXPECT_NEAR(newest(), percent, 1e-9) << body;
  };
  takes(R"({"percent": 93.5})", "application/json", 93.5);
  takes(R"({"linesCovered": 3, "linesValid": 4})", "", 75);
  takes(R"({"totals": {"percent_covered": 12.5}})", "application/json; charset=utf-8", 12.5);
  takes("<coverage line-rate='0.5'/>", "application/xml", 50);
  takes("SF:a\nLF:10\nLH:9\n", "text/plain", 90);

  const std::string path = "/v1/criteria/coverage";
  EXPECT_EQ(Refusal("POST", path, "{}"), Refused(422, "percent"));
  EXPECT_EQ(Refusal("POST", path, R"({"percent": 101})"), Refused(422, "percent"));
  EXPECT_EQ(Refusal("POST", path, R"({"percent": "93"})"), Refused(422, "percent"));
  EXPECT_EQ(Refusal("POST", path, R"({"linesValid": 1})"), Refused(422, "linesCovered"));
  EXPECT_EQ(Refusal("POST", path, R"({"linesCovered": 1})"), Refused(422, "linesValid"));
  EXPECT_EQ(Refusal("POST", path, R"({"linesCovered": 1.5, "linesValid": 2})"),
            Refused(422, "linesCovered"));
  EXPECT_EQ(Refusal("POST", path, R"({"percent": 1, "linesCovered": 1, "linesValid": 2})"),
            Refused(422, "percent"));
  EXPECT_EQ(Send("POST", path, "93 %", "text/plain").status, 422);
  EXPECT_EQ(newest(), 90);
}

TEST_F(RoutesTest, TheSummaryHasAPointAMinute) {
  auto& stores = fixture_.stores;
  stores.PutCustomer("a", "active");
  stores.PutCustomer("b", "suspended");
  stores.Publish("AWS/ApiGateway", "Count", "Count", {1, 1, 1});
  stores.Publish("AWS/ApiGateway", "Latency", "Milliseconds", {10, 20, 30});
  stores.Publish("AWS/ApiGateway", "4XXError", "Count", {1, 0, 0});
  stores.Publish("AWS/ApiGateway", "5XXError", "Count", {0, 1, 1});
  stores.clock.Advance(1min);
  const json::Value body = ApiFixture::Body(Send("GET", "/v1/monitoring/summary?window=3m"));
  const json::Array& points = body.Find("points")->AsArray();
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[1].Find("time")->AsString(), "2026-06-01T12:00:00Z");
  EXPECT_EQ(points[1].Find("requestsPerMinute")->AsNumber(), 3);
  EXPECT_NEAR(points[1].Find("p50")->AsNumber(), 20, 0.5);
  EXPECT_NEAR(points[1].Find("p99")->AsNumber(), 30, 0.5);
  EXPECT_TRUE(points[2].Find("p50")->IsNull());
  EXPECT_EQ(points[2].Find("requests")->AsNumber(), 0);
  const json::Value& totals = *body.Find("totals");
  EXPECT_EQ(totals.Find("requests")->AsNumber(), 3);
  EXPECT_EQ(totals.Find("errors4xx")->AsNumber(), 1);
  EXPECT_EQ(totals.Find("errors5xx")->AsNumber(), 2);
  EXPECT_EQ(body.Find("customers")->Find("total")->AsInt(), 2);
  EXPECT_EQ(body.Find("customers")->Find("active")->AsInt(), 1);
  EXPECT_TRUE(body.Find("lastLoadtest")->IsNull());
  EXPECT_EQ(Refusal("GET", "/v1/monitoring/summary?window=25h"), Refused(422, "window"));
  EXPECT_EQ(Refusal("GET", "/v1/monitoring/summary?window=x"), Refused(422, "window"));
}

TEST_F(RoutesTest, LoadtestsAreKeptNewestFirst) {
  const std::string kLatency = R"("latencySeconds":{"p50":1,"p95":2,"p99":2,"max":2,"avg":1})";
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/loadtests"), {"loadtests"}), "[]");
  for (int i = 1; i <= 103; ++i) {
    fixture_.stores.clock.Advance(1s);
    const http::Response stored =
        Send("POST", "/v1/loadtests",
             R"({"requests": )" + std::to_string(i) + R"(, "sortedLatenciesSeconds": [1, 2],)" +
                 kLatency + "}");
    ASSERT_EQ(stored.status, 201) << stored.body;
  }
  const json::Value all = ApiFixture::Body(Send("GET", "/v1/loadtests?limit=100"));
  const json::Array& list = all.Find("loadtests")->AsArray();
  ASSERT_EQ(list.size(), 100u);
  EXPECT_EQ(json::Write(*list[0].Find("result")), R"({"requests":103,)" + kLatency + "}");
  EXPECT_EQ(json::Write(*list[99].Find("result")), R"({"requests":4,)" + kLatency + "}");
  EXPECT_EQ(ApiFixture::Text(Send("GET", "/v1/monitoring/summary"),
                             {"lastLoadtest", "result", "requests"}),
            "103");
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", "[]"), Refused(422, "body"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", "{}"), Refused(422, "requests"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"requests": 1})"), Refused(422, "latencySeconds"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"requests": 1, "latencySeconds": {"p50": "x"}})"),
            Refused(422, "latencySeconds.p50"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"requests": -1})"), Refused(422, "requests"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"run": 1})"), Refused(422, "run"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"verdict": 1})"), Refused(422, "verdict"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"bytes": "x"})"), Refused(422, "bytes"));
  EXPECT_EQ(Refusal("POST", "/v1/loadtests", R"({"errorShare": "x"})"), Refused(422, "errorShare"));
  EXPECT_EQ(Send("POST", "/v1/loadtests",
                 R"({"requests": 1, "failures": ")" + std::string(200'000, 'x') + R"(",)" +
                     kLatency + "}")
                .status,
            413);
}

}  // namespace
}  // namespace securebase::api
