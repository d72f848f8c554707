#pragma once

// What each API request is measured as: AWS/ApiGateway for all of them, AWS/Lambda with its log
// lines for those of /v1, under the names that the users' alarms read.

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
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

  /// The series of one method and resource.
  struct Resource {
    TelemetryPipeline::Series count, latency, integration_latency, errors_4xx, errors_5xx;
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
