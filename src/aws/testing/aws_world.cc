#include "aws/testing/aws_world.h"

#include <gtest/gtest.h>

#include <future>
#include <utility>

namespace securebase::aws {
namespace {

const Instant kStart = *ParseIso("2026-06-01T12:00:30Z");

template <class T>
T Opened(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

}  // namespace

http::Request MakeRequest(std::string method, std::string target,
                          std::vector<std::pair<std::string, std::string>> headers,
                          std::string body) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  const std::size_t mark = request.target.find('?');
  request.path = request.target.substr(0, mark);
  if (mark != std::string::npos) request.query = request.target.substr(mark + 1);
  for (auto& [name, value] : headers) request.headers.Add(name, value);
  request.body = std::move(body);
  request.request_id = "11111111-2222-4333-8444-555555555555";
  return request;
}

AwsWorld::AwsWorld(bool authentication_required) : clock_(kStart), tables_("dev") {
  engine_ = Opened(storage::Engine::Open({.folder = folder_.path(), .journal_file_bytes = 1 << 20},
                                         PosixFileSystem()));
  documents_ = Opened(documents::EmbeddedDocumentStore::Open(*engine_, tables_, random_, clock_));
  metrics_ = Opened(metrics::EmbeddedMetricStore::Open(*engine_, clock_));
  events_ = Opened(events::EmbeddedEvents::Open(*engine_, clock_));
  EXPECT_TRUE(engine_->Recover().ok());
  EXPECT_TRUE(documents::CreateProductTables(*documents_, Account(), tables_, kStart).ok());
  alarms_ = Opened(alarms::AlarmService::Open(
      {.documents = *documents_, .metrics = *metrics_, .clock = clock_}, Account()));
  log_service_ = std::make_unique<securebase::logs::LogService>(
      securebase::logs::LogServiceOptions{.any_destination = true,
                                          .tick_interval = std::chrono::milliseconds(0)},
      securebase::logs::LogServiceDependencies{.store = events_->logs(),
                                               .metrics = *metrics_,
                                               .documents = *documents_,
                                               .telemetry = telemetry_,
                                               .clock = clock_,
                                               .random = random_,
                                               .post = {}});
  EXPECT_TRUE(log_service_->Start().ok());
  workers_ = std::make_unique<WorkerPool>(2, 64);
  GatewayOptions options;
  options.authentication_required = authentication_required;
  gateway_ = std::make_unique<Gateway>(
      options, GatewayDependencies{keys_, *metrics_, *alarms_, events_->logs(),
                                   *log_service_, *documents_, tables_,
                                   *workers_, telemetry_, clock_, random_});
}

AwsWorld::~AwsWorld() {
  workers_->Stop();
  log_service_->Stop();
  EXPECT_TRUE(engine_->Close().ok());
  engine_.reset();
}

http::Response AwsWorld::Send(http::Request request) {
  std::promise<http::Response> answer;
  gateway_->Handle(std::move(request),
                   [&](http::Response response) { answer.set_value(std::move(response)); });
  return answer.get_future().get();
}

http::Response AwsWorld::SendJson(std::string_view target, std::string body,
                                  std::string_view version) {
  return Send(MakeRequest("POST", "/",
                          {{"Host", "localhost:8080"},
                           {"Content-Type", "application/x-amz-json-" + std::string(version)},
                           {"X-Amz-Target", std::string(target)}},
                          std::move(body)));
}

json::Value AwsWorld::Good(std::string_view target, std::string body, std::string_view version) {
  const http::Response response = SendJson(target, std::move(body), version);
  EXPECT_EQ(response.status, 200) << target << " " << response.body;
  return json::Parse(response.body).value_or(json::Value());
}

std::string AwsWorld::Bad(std::string_view target, std::string body, std::string_view version) {
  const http::Response response = SendJson(target, std::move(body), version);
  EXPECT_GE(response.status, 400) << target << " " << response.body;
  const json::Value error = json::Parse(response.body).value_or(json::Value());
  const json::Value* type = error.Find("__type");
  const json::Value* message = error.Find("message");
  if (message == nullptr) message = error.Find("Message");  // some of DynamoDB's shapes
  if (type == nullptr) return "no __type: " + response.body;
  const std::string& name = type->AsString();
  return name.substr(name.find('#') + 1) + ": " + (message == nullptr ? "" : message->AsString());
}

json::Value AwsWorld::DynamoDb(std::string_view operation, std::string body) {
  return Good("DynamoDB_20120810." + std::string(operation), std::move(body), "1.0");
}
std::string AwsWorld::DynamoDbError(std::string_view operation, std::string body) {
  return Bad("DynamoDB_20120810." + std::string(operation), std::move(body), "1.0");
}
json::Value AwsWorld::CloudWatch(std::string_view operation, std::string body) {
  return Good("GraniteServiceVersion20100801." + std::string(operation), std::move(body), "1.0");
}
std::string AwsWorld::CloudWatchError(std::string_view operation, std::string body) {
  return Bad("GraniteServiceVersion20100801." + std::string(operation), std::move(body), "1.0");
}
json::Value AwsWorld::Logs(std::string_view operation, std::string body) {
  return Good("Logs_20140328." + std::string(operation), std::move(body), "1.1");
}
std::string AwsWorld::LogsError(std::string_view operation, std::string body) {
  return Bad("Logs_20140328." + std::string(operation), std::move(body), "1.1");
}

http::Response AwsWorld::SendForm(std::string body) {
  return Send(MakeRequest("POST", "/",
                          {{"Host", "localhost:8080"},
                           {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                          std::move(body)));
}

http::Response AwsWorld::SendCbor(std::string_view operation, std::string body) {
  return Send(MakeRequest(
      "POST", "/service/GraniteServiceVersion20100801/operation/" + std::string(operation),
      {{"Host", "localhost:8080"},
       {"Content-Type", "application/cbor"},
       {"smithy-protocol", "rpc-v2-cbor"}},
      std::move(body)));
}

}  // namespace securebase::aws
