#include "cli/table_client.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "aws/gateway.h"
#include "base/worker_pool.h"
#include "logs/log_service.h"
#include "net/http_client.h"
#include "net/sigv4.h"
#include "server/stores.h"

namespace securebase::cli {
namespace {

constexpr const char* kTarget = "DynamoDB_20120810.";
constexpr const char* kContentType = "application/x-amz-json-1.0";
constexpr int kAttemptsMax = 8;

/// A running server.
class HttpTables final : public TableClient {
 public:
  HttpTables(const TableClientOptions& options, std::string id, std::string secret)
      : endpoint_(options.endpoint),
        id_(std::move(id)),
        secret_(std::move(secret)),
        region_(options.region.empty() ? Account().region : options.region),
        client_({.ca_file = options.ca_file,
                 .insecure = options.insecure,
                 .user_agent = "securebase-table"}) {
    while (endpoint_.ends_with('/')) endpoint_.pop_back();
  }

  Result<> Close() override { return {}; }

 private:
  Result<Answer> Send(std::string_view operation, std::string body) override {
    http::Request signed_request;
    signed_request.method = "POST";
    signed_request.target = signed_request.path = "/";
    signed_request.headers.Add("Host", Host());
    signed_request.headers.Add("Content-Type", kContentType);
    signed_request.headers.Add("X-Amz-Target", kTarget + std::string(operation));
    signed_request.body = std::move(body);
    net::Sign(signed_request, id_, secret_, region_, "dynamodb", clock_.Now());
    net::HttpClientRequest request{.method = "POST", .url = endpoint_ + "/"};
    for (const auto& [name, value] : signed_request.headers.all()) {
      request.headers.emplace_back(name, value);
    }
    request.body = std::move(signed_request.body);
    SB_TRY(net::HttpClientResponse response, client_.Send(request));
    return Answer{response.status, std::move(response.body)};
  }

  std::string Host() const {
    const std::size_t scheme = endpoint_.find("://");
    const std::string host = scheme == std::string::npos ? endpoint_ : endpoint_.substr(scheme + 3);
    return host.substr(0, host.find('/'));
  }

  std::string endpoint_;
  const std::string id_;
  const std::string secret_;
  const std::string region_;
  const SystemClock clock_;
  net::HttpClient client_;
};

/// A folder: the same gateway as a server's, without its listener.
class FolderTables final : public TableClient {
 public:
  static Result<std::unique_ptr<TableClient>> Open(const TableClientOptions& options) {
    auto tables = std::make_unique<FolderTables>();
    Account home;
    if (!options.account.empty()) home.id = options.account;
    if (!options.region.empty()) home.region = options.region;
    SB_TRY(tables->stores_,
           server::Stores::Open(
               {.folder = options.data, .home = home, .environment = options.environment},
               PosixFileSystem(), tables->clock_, tables->random_));
    server::Stores& stores = *tables->stores_;
    // Not started: only tables are asked.
    tables->logs_.emplace(logs::LogServiceOptions{.home = home},
                          logs::LogServiceDependencies{.store = stores.logs(),
                                                       .metrics = stores.metrics(),
                                                       .documents = stores.documents(),
                                                       .telemetry = tables->telemetry_,
                                                       .clock = tables->clock_,
                                                       .random = tables->random_,
                                                       .post = {}});
    tables->gateway_.emplace(
        aws::GatewayOptions{
            .authentication_required = false, .home = home, .environment = options.environment},
        aws::GatewayDependencies{.keys = stores.keys(),
                                 .metrics = stores.metrics(),
                                 .alarms = stores.alarms(),
                                 .logs = stores.logs(),
                                 .log_service = *tables->logs_,
                                 .documents = stores.documents(),
                                 .tables = stores.tables(),
                                 .workers = tables->workers_,
                                 .telemetry = tables->telemetry_,
                                 .clock = tables->clock_,
                                 .random = tables->random_});
    return std::unique_ptr<TableClient>(std::move(tables));
  }

  ~FolderTables() override { workers_.Stop(); }

  Result<> Close() override {
    workers_.Stop();
    return stores_->Close();
  }

 private:
  Result<Answer> Send(std::string_view operation, std::string body) override {
    http::Request request;
    request.method = "POST";
    request.target = request.path = "/";
    request.headers.Add("Host", "localhost");
    request.headers.Add("Content-Type", kContentType);
    request.headers.Add("X-Amz-Target", kTarget + std::string(operation));
    request.body = std::move(body);
    std::promise<http::Response> promise;
    gateway_->Handle(std::move(request), [&promise](http::Response response) {
      promise.set_value(std::move(response));
    });
    http::Response response = promise.get_future().get();
    return Answer{response.status, std::move(response.body)};
  }

  SystemClock clock_;
  SystemRandom random_;
  NullTelemetry telemetry_;
  WorkerPool workers_{2, 64};
  std::unique_ptr<server::Stores> stores_;
  std::optional<logs::LogService> logs_;
  std::optional<aws::Gateway> gateway_;
};

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* value = object.Find(name);
  return value != nullptr && value->IsString() ? value->AsString() : std::string();
}

bool IsTransient(std::string_view exception, int status) {
  return status == 503 || exception == "ProvisionedThroughputExceededException" ||
         exception == "ThrottlingException";
}

}  // namespace

Result<std::unique_ptr<TableClient>> TableClient::Open(const TableClientOptions& options) {
  if (options.data.empty() == options.endpoint.empty()) {
    return InvalidArgument("--data", "or --endpoint: give one of them");
  }
  if (!options.data.empty()) return FolderTables::Open(options);
  const std::size_t colon = options.key.find(':');
  if (!options.key.empty() && (colon == std::string::npos || colon == 0)) {
    return InvalidArgument("--key", "must be ACCESS_KEY_ID:SECRET");
  }
  // A server without authentication reads the account from the access key's id.
  std::string id = options.account.empty() ? Account().id : options.account, secret = "none";
  if (!options.key.empty()) {
    id = options.key.substr(0, colon);
    secret = options.key.substr(colon + 1);
  }
  return std::unique_ptr<TableClient>(
      std::make_unique<HttpTables>(options, std::move(id), std::move(secret)));
}

Result<json::Value> TableClient::Call(std::string_view operation, const json::Value& request) {
  for (int attempt = 1;; ++attempt) {
    SB_TRY(const Answer answer, Send(operation, json::Write(request)));
    Result<json::Value> body = json::Parse(answer.body);
    if (answer.status == 200 && body.ok()) return body;
    if (!body.ok() || !body->IsObject()) {
      return Unavailable("the server answered " + std::to_string(answer.status) +
                         ", which is no answer of a table");
    }
    std::string exception = TextOf(*body, "__type");
    exception.erase(0, exception.find('#') + 1);
    if (IsTransient(exception, answer.status) && attempt < kAttemptsMax) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50 << attempt));
      continue;
    }
    std::string message = TextOf(*body, "message");
    if (message.empty()) message = TextOf(*body, "Message");
    return Error(ErrorCode::kInvalidArgument, exception + ": " + message, {}, exception);
  }
}

}  // namespace securebase::cli
