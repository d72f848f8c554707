#pragma once

// What each API request is measured as: AWS/ApiGateway for all of them, AWS/Lambda with its log
// lines for those of /v1, under the names that the users' alarms read.

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http.h"
#include "server/telemetry_pipeline.h"

namespace securebase::server {

/// Thread-safe. A request costs about a microsecond: its series are prepared when its resource is
/// first seen.
class RequestMeter {
 public:
  /// `environment` is the {env} of "securebase-{env}-api".
  RequestMeter(TelemetryPipeline& telemetry, const Clock& clock, std::string_view environment);

  /// All requests of one method and resource since the start. Values never shrink.
  struct Totals {
    /// Upper bounds of the durations, in seconds.
    static constexpr std::array<double, 13> kBounds = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> errors_4xx{0};
    std::atomic<std::uint64_t> errors_5xx{0};
    std::atomic<std::uint64_t> duration_us{0};
    /// Of each bound alone, then of those beyond the last.
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> durations{};
  };
  /// The series of one method and resource.
  struct Resource {
    TelemetryPipeline::Series count, latency, integration_latency, errors_4xx, errors_5xx;
    std::shared_ptr<Totals> totals;
  };
  /// The reference stays valid. A method that is none of HTTP's usual ones counts as "OTHER";
  /// beyond kResourcesMax resources further ones count as "other".
  const Resource& Of(std::string_view method, std::string_view resource);
  static constexpr std::size_t kResourcesMax = 1000;

  /// One request between its start and its answer.
  struct Running {
    const Resource* resource = nullptr;
    std::string request_id;
    std::string method;
    std::string path;
    Instant received_at;
    std::chrono::nanoseconds received{0};  // of Clock::Monotonic
    std::chrono::nanoseconds started{0};
    bool function = false;  // a call of the function: below /v1
    double concurrency = 0;
  };
  /// Begins the measurement of a request; `function`: it counts in AWS/Lambda too.
  Running Start(const http::Request& request, std::string_view resource, bool function);
  void Finish(Running&& running, const http::Response& response);

  /// Every method and resource seen so far, in the order of their names.
  void Visit(const std::function<void(std::string_view method, std::string_view resource,
                                      const Totals& totals)>& visit);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  TelemetryPipeline& telemetry_;
  const Clock& clock_;
  const std::string api_name_;
  const std::string stage_;
  struct Function {
    TelemetryPipeline::Series invocations, errors, duration, throttles, concurrent_executions;
  };
  Function function_;
  std::atomic<int> running_{0};
  std::shared_mutex mutex_;
  boost::unordered_flat_map<std::string, const Resource*, Hash, std::equal_to<>>
      by_name_;                     // guarded by mutex_
  std::deque<Resource> resources_;  // guarded by mutex_; elements never change
};

}  // namespace securebase::server
