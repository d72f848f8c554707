#pragma once

// Runs a load test: clients that send a scenario's requests, at their own pace (closed model) or
// at a constant rate (open model).
//
// In the open model a request has the time at which it should have been sent. Its latency counts
// from then, so that requests which had to wait because earlier ones were slow are not left out
// of the figures (coordinated omission; G. Tene, "How NOT to Measure Latency"). The time from
// the actual sending is kept beside it as the service time. In the closed model both are the same
// and a slow server is asked less often: the output says so.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "loadtest/scenario.h"

namespace securebase::loadtest {

struct Plan {
  Scenario scenario;
  std::size_t concurrency = 10;  // clients; requests in flight at most
  std::size_t requests = 100;    // 0: until `duration`
  Duration duration{0};          // 0: until `requests`
  double rate = 0;               // requests a second; 0: closed model
  Duration ramp{0};              // open: the rate grows from 0; closed: clients start over it
};

/// kInvalidArgument naming the option at fault.
Result<> Check(const Plan& plan);

/// How one request ended.
struct Outcome {
  int status = 0;     // 0: no answer
  std::string error;  // empty, or what kind of failure ("connection refused", "timeout")
  std::uint64_t bytes = 0;
};

/// One client's connection. Used by one thread.
class Sender {
 public:
  virtual ~Sender() = default;
  virtual Outcome Send(const Step& step) = 0;
};

/// Time as the runner needs it, so that tests run without waiting. Thread-safe.
class Pacer {
 public:
  virtual ~Pacer() = default;
  virtual std::chrono::nanoseconds Now() = 0;
  virtual void WaitUntil(std::chrono::nanoseconds instant) = 0;
};

/// The machine's monotonic clock.
std::unique_ptr<Pacer> MakeRealPacer(const Clock& clock);

struct Sample {
  double start_s = 0;    // of the sending, from the start of the test
  double latency_s = 0;  // from the intended sending
  double service_s = 0;  // from the actual sending
  int status = 0;
  bool failed = false;  // no answer, or a status of 400 and above
};

struct LoadRun {
  Plan plan;
  std::vector<Sample> samples;  // in the order of their end, per client
  double elapsed_s = 0;
  std::map<std::string, std::uint64_t> failures;  // kind -> count
  std::uint64_t bytes = 0;
};

struct Progress {
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  double elapsed_s = 0;
};

/// Blocks until all clients have ended. `progress` is called from a client's thread after each
/// request and must be cheap and thread-safe; `cancelled` ends the test early with what was
/// measured.
LoadRun RunLoad(const Plan& plan, const std::function<std::unique_ptr<Sender>()>& make_sender,
                Pacer& pacer, const std::function<void(const Progress&)>& progress,
                const std::atomic<bool>& cancelled);

/// When the request of this index should be sent, from the start: constant rate after a linear
/// ramp.
std::chrono::nanoseconds IntendedStart(std::uint64_t index, double rate, Duration ramp);

}  // namespace securebase::loadtest
