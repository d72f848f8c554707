#pragma once

// Whether one load test was slower than another, by more than chance.

#include <span>

namespace securebase::loadtest {

struct Comparison {
  /// Two-sided p-value of the Mann-Whitney rank test, normal approximation with tie correction
  /// (Mann and Whitney, 1947).
  double p_value = 1;
  /// Cliff's delta, -1 to 1: the share of pairs in which the second run is slower minus the share
  /// in which it is faster (Cliff, 1993). Below 0.147 in magnitude it counts as negligible (Romano
  /// et al., 2006).
  double effect = 0;
  double median_ratio = 1;  // second over first
  double p95_ratio = 1;
  /// Significant (p < 0.01), slower, and not negligible.
  bool regression = false;
};

/// Compares two samples of latencies; both are sorted. At least one value each.
Comparison Compare(std::span<const double> first, std::span<const double> second);

}  // namespace securebase::loadtest
