#pragma once

// A load test's result as text (the users' block, a histogram), JSON and CSV.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "loadtest/runner.h"
#include "loadtest/threshold.h"

namespace securebase::loadtest {

struct ThresholdVerdict {
  Threshold threshold;
  bool holds = false;
};

struct Report {
  std::string endpoint;
  Instant started_at;
  LoadRun run;
  Figures figures;
  Summary service;                // seconds, from the actual sending
  std::vector<double> latencies;  // sorted
  std::vector<ThresholdVerdict> verdicts;
  bool passed = true;
};

/// Figures and verdicts of a run. Without thresholds of the caller's, the mission's two hold:
/// p95<5s and errors<1%.
Report MakeReport(std::string endpoint, Instant started_at, LoadRun run,
                  std::vector<Threshold> thresholds);

/// `marks` draws ✓ and ✗ before PASS and FAIL.
std::string ToText(const Report& report, bool marks);
json::Value ToJson(const Report& report);
/// One line a request: start_s,latency_s,service_s,status,failed.
std::string ToCsv(const Report& report);

/// The sorted latencies (seconds) of a report's JSON; kInvalidArgument when it is none.
Result<std::vector<double>> LatenciesOf(const json::Value& report);

}  // namespace securebase::loadtest
