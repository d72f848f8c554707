#include "cli/traffic.h"

#include <array>
#include <string_view>

#include "analytics/sample_data.h"

namespace securebase::cli {
namespace {

constexpr std::chrono::milliseconds kPause{400};

// Mostly questions that repeat, so that the cache has something to do; now and then an export.
constexpr std::array<std::string_view, 8> kPaths = {
    "/v1/analytics?dateRange=30d&dimension=service",
    "/v1/analytics?dateRange=7d&dimension=region",
    "/v1/analytics?dateRange=90d&dimension=service&granularity=day",
    "/v1/analytics/summary?dateRange=30d",
    "/v1/analytics/cost-breakdown?dateRange=30d&dimension=service",
    "/v1/analytics/security?dateRange=30d",
    "/v1/analytics/compliance?dateRange=30d",
    "/v1/analytics/usage?dateRange=30d"};
constexpr std::array<std::string_view, 3> kFormats = {"csv", "pdf", "xlsx"};

// What the users' code publishes at the end of a delivery (their function trackDelivery): the
// demonstration has no mail server, so its deliveries are told, not made.
std::string DeliveryBody(int count) {
  const std::string number = std::to_string(count);
  return R"({"Namespace":"SecureBase/Analytics","MetricData":[)"
         R"({"MetricName":"ReportDeliverySuccess","Unit":"Count","Values":[1],"Counts":[)" +
         number +
         R"(]},{"MetricName":"ReportDeliveryFailure","Unit":"Count","Values":[0],"Counts":[)" +
         number + "]}]}";
}

std::string ExportBody(std::string_view format) {
  return R"({"format":")" + std::string(format) +
         R"(","reportName":"Costs by service","query":{"dateRange":"30d","dimension":"service"}})";
}

}  // namespace

Traffic::Traffic(std::string url) : url_(std::move(url)), thread_([this] { Run(); }) {}

Traffic::~Traffic() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

void Traffic::Run() {
  net::HttpClient client({.insecure = true, .user_agent = "securebase-demo"});
  SeededRandom random(1);
  SendFirst(client);
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPause, [this] { return stopping_; })) {
    lock.unlock();
    SendOne(client, random);
    lock.lock();
  }
}

net::HttpClientRequest Traffic::Post(const std::string& customer, std::string_view path,
                                     std::string body) const {
  return {.method = "POST",
          .url = url_ + std::string(path),
          .headers = {{"X-Customer-Id", customer}, {"Content-Type", "application/json"}},
          .body = std::move(body)};
}

void Traffic::SendFirst(net::HttpClient& client) {
  // All customers but the last have a report of their own.
  const auto& customers = analytics::SampleCustomers();
  for (const auto& [customer, name] : customers) {
    if (customer == customers.back().id) break;
    const Result<net::HttpClientResponse> reports =
        client.Send({.url = url_ + "/v1/reports", .headers = {{"X-Customer-Id", customer}}});
    if (!reports.ok() || reports->body.find("\"rpt-") != std::string::npos) continue;
    static_cast<void>(client.Send(Post(customer, "/v1/reports/templates/cost-analysis", "{}")));
  }
  constexpr int kDeliveries = 200;
  static_cast<void>(
      client.Send({.method = "POST",
                   .url = url_ + "/",
                   .headers = {{"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"},
                               {"Content-Type", "application/x-amz-json-1.0"}},
                   .body = DeliveryBody(kDeliveries)}));
  static_cast<void>(
      client.Send(Post(customers.front().id, "/v1/analytics/export", ExportBody("pdf"))));
}

void Traffic::SendOne(net::HttpClient& client, SeededRandom& random) {
  const auto& customers = analytics::SampleCustomers();
  const std::string& customer = customers[random.Below(customers.size())].id;
  net::HttpClientRequest request{.headers = {{"X-Customer-Id", customer}}};
  constexpr std::uint64_t kRequestsPerExport = 40;
  if (random.Below(kRequestsPerExport) == 0) {
    request =
        Post(customer, "/v1/analytics/export", ExportBody(kFormats[random.Below(kFormats.size())]));
  } else {
    request.url = url_ + std::string(kPaths[random.Below(kPaths.size())]);
  }
  // What comes back is the server's to measure; a demonstration goes on whatever it is.
  static_cast<void>(client.Send(request));
}

}  // namespace securebase::cli
