#include "cli/traffic.h"

#include <array>
#include <string_view>

#include "cli/sample.h"

namespace securebase::cli {
namespace {

constexpr std::chrono::milliseconds kPause{400};

// Mostly questions that repeat, so that the cache has something to do; now and then an export.
constexpr std::array<std::string_view, 8> kPaths = {
    "/v1/analytics?dateRange=30d&dimension=service",
    "/v1/analytics?dateRange=7d&dimension=region",
    "/v1/analytics?dateRange=90d&dimension=service&granularity=daily",
    "/v1/analytics/summary?dateRange=30d",
    "/v1/analytics/cost-breakdown?dateRange=30d",
    "/v1/analytics/security?dateRange=30d",
    "/v1/analytics/compliance?dateRange=30d",
    "/v1/analytics/usage?dateRange=30d"};
constexpr std::array<std::string_view, 3> kFormats = {"csv", "pdf", "xlsx"};

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
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kPause, [this] { return stopping_; })) {
    lock.unlock();
    SendOne(client, random);
    lock.lock();
  }
}

void Traffic::SendOne(net::HttpClient& client, SeededRandom& random) {
  const std::string& customer = SampleCustomers()[random.Below(SampleCustomers().size())];
  net::HttpClientRequest request{.headers = {{"X-Customer-Id", customer}}};
  constexpr std::uint64_t kRequestsPerExport = 40;
  if (random.Below(kRequestsPerExport) == 0) {
    request.method = "POST";
    request.url = url_ + "/v1/analytics/export";
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = R"({"format":")" + std::string(kFormats[random.Below(kFormats.size())]) +
                   R"(","reportName":"Costs by service",)"
                   R"("query":{"dateRange":"30d","dimension":"service"}})";
  } else {
    request.url = url_ + std::string(kPaths[random.Below(kPaths.size())]);
  }
  // What comes back is the server's to measure; a demonstration goes on whatever it is.
  static_cast<void>(client.Send(request));
}

}  // namespace securebase::cli
