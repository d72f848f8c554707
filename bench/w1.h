#pragma once

// Workloads W1 and W2 of the benches: metric samples that depend on nothing but series and step.
// The formulas are part of them; docs/metrics-store.md tells what they stand for.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace securebase::bench {

constexpr std::int64_t kT0 = 1'780'272'000;  // 2026-06-01T00:00:00Z

struct W1Series {
  std::string name;  // of the metric
  std::string customer, function;
  std::string_view region, stage;
  int kind = 0;  // 0 Invocations, 1 Duration, 2 CPUUtilization, 3 Errors
  double level = 0;
};

/// The series of W1: `sets` dimension sets of four metrics each.
std::vector<W1Series> SeriesOfW1(std::uint64_t sets);
/// The value of series i at step t; `day` in days.
double ValueOfW1(const W1Series& series, std::uint64_t seed, std::uint64_t i, std::uint64_t t,
                 double day);
/// The series of W2: 1,000 of Duration5m; and ten of RawLatency.
std::vector<W1Series> SeriesOfW2(std::uint64_t sets);
std::vector<W1Series> RawSeriesOfW2();

}  // namespace securebase::bench
