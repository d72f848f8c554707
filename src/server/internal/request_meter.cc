#include "server/internal/request_meter.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "base/json.h"

namespace securebase::server {
namespace {

constexpr std::string_view kApiNamespace = "AWS/ApiGateway";
constexpr std::string_view kFunctionNamespace = "AWS/Lambda";

std::string_view KnownMethod(std::string_view method) {
  static constexpr std::array<std::string_view, 7> kMethods = {"GET",   "POST",    "PUT", "DELETE",
                                                               "PATCH", "OPTIONS", "HEAD"};
  return std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end() ? method : "OTHER";
}

double Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

/// The text of a member of the error body, whose shapes differ between the APIs.
std::string MemberText(const json::Value& body, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const json::Value* value = body.Find(name); value != nullptr && value->IsString()) {
      return value->AsString();
    }
  }
  return {};
}

std::string ErrorLine(const RequestMeter::Running& running, const http::Response& response,
                      Instant now) {
  constexpr std::size_t kParsedBytesMax = 16u << 10;
  json::Value body;
  if (response.body.size() <= kParsedBytesMax) {
    if (auto parsed = json::Parse(response.body); parsed.ok()) body = *std::move(parsed);
  }
  std::string line;
  json::Writer(line)
      .BeginObject()
      .Member("timestamp", FormatIsoMillis(now))
      .Member("level", response.status >= 500 ? "ERROR" : "WARN")
      .Member("requestId", running.request_id)
      .Member("errorType", MemberText(body, {"code"}))
      .Member("errorMessage", MemberText(body, {"error", "message"}))
      .Member("status", response.status)
      .Member("method", running.method)
      .Member("path", running.path)
      .EndObject();
  return line;
}

}  // namespace

RequestMeter::RequestMeter(TelemetryPipeline& telemetry, const Clock& clock,
                           std::string_view environment)
    : telemetry_(telemetry),
      clock_(clock),
      api_name_("securebase-" + std::string(environment) + "-api"),
      stage_(environment) {
  const std::string name = "securebase-" + stage_ + "-report-engine";
  auto series = [&](std::string_view metric, std::string_view unit) {
    return telemetry_.Register(kFunctionNamespace, metric, unit, {{{"FunctionName", name}}, {}});
  };
  function_ = {.invocations = series("Invocations", "Count"),
               .errors = series("Errors", "Count"),
               .duration = series("Duration", "Milliseconds"),
               .throttles = series("Throttles", "Count"),
               .concurrent_executions = series("ConcurrentExecutions", "Count")};
}

const RequestMeter::Resource& RequestMeter::Of(std::string_view method, std::string_view resource) {
  method = KnownMethod(method);
  thread_local std::string key;
  key.assign(method);
  key += ' ';
  key += resource;
  {
    std::shared_lock lock(mutex_);
    const auto found = by_name_.find(std::string_view(key));
    if (found != by_name_.end()) return *found->second;
    if (by_name_.size() >= kResourcesMax) {
      resource = "other";
      method = "OTHER";
      key = "OTHER other";
    }
  }
  auto series = [&](std::string_view metric, std::string_view unit) {
    return telemetry_.Register(
        kApiNamespace, metric, unit,
        {{{"ApiName", api_name_}, {"Stage", stage_}, {"Method", method}, {"Resource", resource}},
         {{"ApiName", api_name_}},
         {}});
  };
  const Resource made{.count = series("Count", "Count"),
                      .latency = series("Latency", "Milliseconds"),
                      .integration_latency = series("IntegrationLatency", "Milliseconds"),
                      .errors_4xx = series("4XXError", "Count"),
                      .errors_5xx = series("5XXError", "Count"),
                      .totals = std::make_shared<Totals>()};
  std::unique_lock lock(mutex_);
  const auto found = by_name_.find(std::string_view(key));
  if (found != by_name_.end()) return *found->second;
  resources_.push_back(made);
  by_name_.emplace(key, &resources_.back());
  return resources_.back();
}

void RequestMeter::Visit(
    const std::function<void(std::string_view method, std::string_view resource,
                             const Totals& totals)>& visit) {
  std::map<std::string, std::shared_ptr<Totals>> all;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [name, resource] : by_name_) all.emplace(name, resource->totals);
  }
  for (const auto& [name, totals] : all) {
    const std::string_view key = name;
    const std::size_t blank = key.find(' ');
    visit(key.substr(0, blank), key.substr(blank + 1), *totals);
  }
}

RequestMeter::Running RequestMeter::Start(const http::Request& request, std::string_view resource,
                                          bool function) {
  Running running;
  running.resource = &Of(request.method, resource);
  running.request_id = request.request_id;
  running.received_at = request.received_at;
  running.received = request.received_monotonic;
  running.started = clock_.Monotonic();
  running.function = function;
  if (function) {
    running.method = request.method;
    running.path = request.path;
    running.concurrency = running_.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  return running;
}

namespace {

void Count(RequestMeter::Totals& totals, int status, std::chrono::nanoseconds duration) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const auto& bounds = RequestMeter::Totals::kBounds;
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  totals.requests.fetch_add(1, kRelaxed);
  if (status >= 400) (status < 500 ? totals.errors_4xx : totals.errors_5xx).fetch_add(1, kRelaxed);
  totals.duration_us.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), kRelaxed);
  totals.durations[static_cast<std::size_t>(bound)].fetch_add(1, kRelaxed);
}

}  // namespace

void RequestMeter::Finish(Running&& running, const http::Response& response) {
  using Sample = TelemetryPipeline::Sample;
  const std::chrono::nanoseconds now = clock_.Monotonic();
  const Instant end =
      running.received_at + std::chrono::duration_cast<Duration>(now - running.received);
  const double duration_ms = Milliseconds(now - running.started);
  const int status = response.status;
  const Resource& resource = *running.resource;
  Count(*resource.totals, status, now - running.received);
  // The errors are published as 0 or 1 with every request, so that their average is the rate.
  const std::array<Sample, 5> api = {
      Sample{resource.count, 1}, Sample{resource.latency, Milliseconds(now - running.received)},
      Sample{resource.integration_latency, duration_ms},
      Sample{resource.errors_4xx, status >= 400 && status < 500 ? 1.0 : 0.0},
      Sample{resource.errors_5xx, status >= 500 ? 1.0 : 0.0}};
  if (!running.function) return telemetry_.Record(end, api);

  running_.fetch_sub(1, std::memory_order_relaxed);
  const bool throttled = status == 429;  // as with Lambda: no invocation, no error
  std::array<Sample, 10> all;
  auto next = std::copy(api.begin(), api.end(), all.begin());
  *next++ = {function_.throttles, throttled ? 1.0 : 0.0};
  *next++ = {function_.concurrent_executions, running.concurrency};
  if (throttled) return telemetry_.Record(end, {all.begin(), next});
  *next++ = {function_.invocations, 1};
  *next++ = {function_.errors, status >= 500 ? 1.0 : 0.0};
  *next++ = {function_.duration, duration_ms};
  Invocation invocation{.start = running.received_at, .end = end, .duration_ms = duration_ms};
  if (status >= 400) invocation.error_line = ErrorLine(running, response, end);
  invocation.request_id = std::move(running.request_id);
  telemetry_.Record(end, {all.begin(), next}, std::move(invocation));
}

}  // namespace securebase::server
