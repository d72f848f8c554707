#pragma once

#include <span>
#include <vector>

namespace securebase::loadtest {

/// What a list of numbers says, in the terms of the users' script.
struct Summary {
  std::size_t count = 0;
  double p50 = 0, p90 = 0, p95 = 0, p99 = 0;
  double min = 0, max = 0, mean = 0;
};

/// Value at `fraction` (0 < fraction < 1) of sorted samples by the exclusive method, that of
/// Python's statistics.quantiles: position fraction * (n + 1), linear between neighbours, beyond
/// the ends extrapolated from the last two (as Python does), so that figures agree with the
/// users' script to the last digit. One sample: that sample.
double ExclusiveQuantile(std::span<const double> sorted, double fraction);

/// Sorts `samples`.
Summary Summarise(std::vector<double>& samples);

}  // namespace securebase::loadtest
