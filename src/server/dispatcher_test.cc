// Who gets which request, and what each is measured as.
#include "server/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "base/testing/manual_clock.h"
#include "server/testing/fake_stores.h"

namespace securebase::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Answers with its name, after some time on the test's clock, or as told.
class NamedHandler final : public http::Handler {
 public:
  NamedHandler(std::string name, ManualClock& clock) : name_(std::move(name)), clock_(clock) {}
  void Handle(http::Request request, http::Respond respond) override {
    if (request.path.ends_with("/throw")) throw std::runtime_error("library");
    if (hold) {
      held.push_back(std::move(respond));
      return;
    }
    clock_.Advance(takes);
    respond(response ? *response : http::Response::Text(200, name_ + " " + request.method));
  }
  Duration takes{0};
  bool hold = false;
  std::vector<http::Respond> held;
  std::optional<http::Response> response;

 private:
  std::string name_;
  ManualClock& clock_;
};

class DispatcherTest : public ::testing::Test {
 protected:
  http::Response Ask(std::string method, std::string path) {
    http::Response response;
    dispatcher_.Handle(Request(std::move(method), std::move(path)),
                       [&response](http::Response r) { response = std::move(r); });
    return response;
  }
  http::Request Request(std::string method, std::string path) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.request_id = "request-1";
    request.received_at = clock_.Now();
    request.received_monotonic = clock_.Monotonic();
    return request;
  }
  double Sum(std::string_view name) {
    telemetry_.Flush();
    return metrics_.SumWithoutDimensions(name);
  }
  std::vector<std::string> Lines() {
    telemetry_.Flush();
    return logs_.Messages("/aws/lambda/securebase-dev-report-engine");
  }

  ManualClock clock_{FromUnixSeconds(1'780'000'020)};
  SystemRandom random_;
  FakeMetricStore metrics_;
  FakeLogStore logs_;
  TelemetryPipeline telemetry_{
      {.flush_interval = std::chrono::milliseconds(0)}, metrics_, logs_, clock_, random_};
  RequestMeter meter_{telemetry_, clock_, "dev"};
  NamedHandler aws_{"aws", clock_}, api_{"api", clock_}, page_{"page", clock_};
  Result<> ready_;
  Dispatcher dispatcher_{
      {.aws = aws_,
       .api = api_,
       .page = page_,
       .is_aws = [](const http::Request& r) { return r.path == "/aws"; },
       .aws_operation = [](const http::Request&) { return "monitoring.PutMetricData"; },
       .api_resource = [](const http::Request&) { return "/v1/reports/{id}"; },
       .ready = [this] { return ready_; }},
      meter_};
};

TEST_F(DispatcherTest, TellsThePartsApart) {
  EXPECT_EQ(Ask("GET", "/v1").body, "api GET");
  EXPECT_EQ(Ask("GET", "/v1/analytics").body, "api GET");
  EXPECT_EQ(Ask("GET", "/v10").body, "page GET");
  EXPECT_EQ(Ask("POST", "/aws").body, "aws POST");
  EXPECT_EQ(Ask("GET", "/").body, "page GET");
  EXPECT_EQ(Ask("HEAD", "/").body, "page GET");
  EXPECT_EQ(Ask("HEAD", "/v1/x").body, "api GET");
}

TEST_F(DispatcherTest, TellsItsHealth) {
  EXPECT_EQ(Ask("GET", "/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(Ask("HEAD", "/readyz").status, 200);
  EXPECT_EQ(Ask("POST", "/healthz").status, 405);
  ready_ = Unavailable("the disk is full");
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  const http::Response response = Ask("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, R"({"status":"unavailable","reason":"the disk is full"})");
  EXPECT_EQ(Sum("Count"), 0);  // health is not traffic
}

TEST_F(DispatcherTest, MeasuresTheApiAsGatewayAndFunction) {
  api_.takes = Duration(12);
  Ask("GET", "/v1/reports/7");
  Ask("GET", "/v1/reports/8");

  EXPECT_EQ(Sum("Count"), 2);
  EXPECT_EQ(Sum("Latency"), 24);
  EXPECT_EQ(Sum("IntegrationLatency"), 24);
  EXPECT_EQ(Sum("4XXError"), 0);
  EXPECT_EQ(metrics_.CountOf("5XXError", 0), 2);  // published as 0, so that averages work
  EXPECT_EQ(Sum("Invocations"), 2);
  EXPECT_EQ(Sum("Duration"), 24);
  EXPECT_EQ(Sum("ConcurrentExecutions"), 2);
  EXPECT_EQ(metrics_.CountOf("Errors", 0), 2);
  EXPECT_EQ(metrics_.CountOf("Errors", 1), 2);  // by FunctionName
  EXPECT_EQ(metrics_.CountOf("Count", 1), 2);   // by ApiName
  EXPECT_EQ(metrics_.CountOf("Count", 4), 2);
  EXPECT_THAT(Lines(), SizeIs(6));
  bool found = false;
  for (const metrics::Datum& datum : metrics_.data) {
    found = found || datum.metric == metrics::Metric{"AWS/ApiGateway",
                                                     "Count",
                                                     {{"ApiName", "securebase-dev-api"},
                                                      {"Method", "GET"},
                                                      {"Resource", "/v1/reports/{id}"},
                                                      {"Stage", "dev"}}};
  }
  EXPECT_TRUE(found);
}

TEST_F(DispatcherTest, CountsAwsCallsInTheGatewayOnly) {
  Ask("POST", "/aws");
  EXPECT_EQ(Sum("Count"), 1);
  EXPECT_EQ(Sum("Invocations"), 0);
  EXPECT_THAT(Lines(), SizeIs(0));
}

TEST_F(DispatcherTest, CountsErrorsAndSaysThemInOneLine) {
  api_.response =
      http::Response::Json(503, R"({"error":"disk full","code":"SERVICE_UNAVAILABLE"})");
  Ask("POST", "/v1/reports");
  api_.response = http::Response::Json(404, R"({"error":"no report","code":"NOT_FOUND"})");
  Ask("GET", "/v1/reports/x");
  api_.response = http::Response::Text(500, std::string(20'000, 'x'));
  Ask("GET", "/v1/reports/x");

  EXPECT_EQ(Sum("5XXError"), 2);
  EXPECT_EQ(Sum("4XXError"), 1);
  EXPECT_EQ(Sum("Errors"), 2);
  EXPECT_EQ(Sum("Invocations"), 3);
  const std::vector<std::string> lines = Lines();
  ASSERT_THAT(lines, SizeIs(12));
  EXPECT_EQ(lines[1],
            R"({"timestamp":"2026-05-28T20:27:00.000Z","level":"ERROR","requestId":"request-1",)"
            R"("errorType":"SERVICE_UNAVAILABLE","errorMessage":"disk full","status":503,)"
            R"("method":"POST","path":"/v1/reports"})");
  EXPECT_THAT(lines[5], HasSubstr(R"("level":"WARN")"));
  EXPECT_THAT(lines[9], HasSubstr(R"("errorType":"")"));
}

TEST_F(DispatcherTest, CountsRefusalsOfTheRateLimitAsThrottles) {
  api_.response = http::Response::Json(429, "{}");
  Ask("GET", "/v1/analytics");
  EXPECT_EQ(Sum("Throttles"), 1);
  EXPECT_EQ(Sum("Invocations"), 0);
  EXPECT_EQ(Sum("4XXError"), 1);
  EXPECT_THAT(Lines(), SizeIs(0));
}

TEST_F(DispatcherTest, SeesHowManyRunAtOnce) {
  api_.hold = true;
  for (int i = 0; i < 3; ++i) dispatcher_.Handle(Request("GET", "/v1/x"), [](http::Response) {});
  for (const http::Respond& respond : api_.held) respond(http::Response::Json(200, "{}"));
  EXPECT_EQ(Sum("ConcurrentExecutions"), 1 + 2 + 3);
}

TEST_F(DispatcherTest, AnswersForALibraryThatThrows) {
  EXPECT_EQ(Ask("GET", "/v1/throw").status, 500);
  EXPECT_EQ(Ask("GET", "/throw").status, 500);
  EXPECT_EQ(Sum("Errors"), 1);
}

TEST_F(DispatcherTest, BoundsItsSeries) {
  for (std::size_t i = 0; i < RequestMeter::kResourcesMax + 10; ++i) {
    meter_.Of("GET", "/r" + std::to_string(i));
  }
  EXPECT_EQ(&meter_.Of("GET", "/another"), &meter_.Of("POST", "/yet/another"));
  EXPECT_EQ(&meter_.Of("GET", "/r1"), &meter_.Of("GET", "/r1"));
  EXPECT_NE(&meter_.Of("GET", "/r1"), &meter_.Of("GET", "/r2"));
}

}  // namespace
}  // namespace securebase::server
