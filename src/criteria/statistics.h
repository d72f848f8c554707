#pragma once

// Confidence intervals of the criteria.

#include <cstdint>
#include <optional>

#include "criteria/criterion.h"
#include "metrics/bucket.h"

namespace securebase::criteria {

/// 95 % interval of the share hits / count, 0 to 1: Wilson's score interval (Wilson, "Probable
/// Inference, the Law of Succession, and Statistical Inference", 1927). `count` > 0.
Interval WilsonInterval(double hits, double count);

/// Ranks (1 to n) of the order statistics that enclose the `fraction` quantile of the
/// distribution with at least 95 % confidence, whatever the distribution.
struct Ranks {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
/// Empty where `n` samples cannot give such an interval. Exact from the binomial distribution.
std::optional<Ranks> QuantileRanks(std::uint64_t n, double fraction);

/// The interval of a percentile (0 to 100) of a bucket's samples, read from its sketch.
std::optional<Interval> PercentileInterval(const metrics::Bucket& bucket, double percentile);

}  // namespace securebase::criteria
