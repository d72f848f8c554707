#pragma once

// Alarms under simulated time: a month in seconds, with faults in the stores, in the process and in
// the sink, all from one seed.

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace securebase::alarms {

struct SimulationOptions {
  std::uint64_t seed = 1;
  int hourly_alarms = 90;   // evaluated once an hour
  int minute_alarms = 10;   // evaluated once a minute
  int composites = 5;
  Duration length = std::chrono::hours(24 * 7);
  bool faults = true;
};

struct SimulationResult {
  std::uint64_t evaluations = 0;
  std::uint64_t transitions = 0;  // of metric alarms
  std::uint64_t actions = 0;      // by key
  std::uint64_t repeats = 0;      // deliveries of a key that had been seen
  std::uint64_t restarts = 0;
  std::uint64_t refused_writes = 0;
  std::uint64_t refused_reads = 0;
  /// What does not hold; empty: everything does.
  std::vector<std::string> violations;
};

/// Runs the world twice, without and with faults, and compares: every transition has exactly one
/// action by key, in order for each alarm, and all states end alike.
SimulationResult Simulate(const SimulationOptions& options);

}  // namespace securebase::alarms
