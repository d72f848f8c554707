#include "loadtest/quantiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace securebase::loadtest {

double ExclusiveQuantile(std::span<const double> sorted, double fraction) {
  if (sorted.empty()) return 0;
  if (sorted.size() == 1) return sorted[0];
  const double position = fraction * static_cast<double>(sorted.size() + 1);
  // Python clamps the index to 1..n-1 and lets the weight run beyond 0..1: extrapolation.
  const double index =
      std::clamp(std::floor(position), 1.0, static_cast<double>(sorted.size() - 1));
  const double weight = position - index;
  const auto i = static_cast<std::size_t>(index);
  return sorted[i - 1] * (1 - weight) + sorted[i] * weight;
}

Summary Summarise(std::vector<double>& samples) {
  Summary summary;
  summary.count = samples.size();
  if (samples.empty()) return summary;
  std::sort(samples.begin(), samples.end());
  const std::size_t middle = samples.size() / 2;
  summary.p50 = samples.size() % 2 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  summary.p90 = ExclusiveQuantile(samples, 0.90);
  summary.p95 = ExclusiveQuantile(samples, 0.95);
  summary.p99 = ExclusiveQuantile(samples, 0.99);
  summary.min = samples.front();
  summary.max = samples.back();
  summary.mean =
      std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
  return summary;
}

}  // namespace securebase::loadtest
