#include "criteria/statistics.h"

#include <algorithm>
#include <cmath>

namespace securebase::criteria {
namespace {

constexpr double kZ = 1.959963984540054;  // 97.5 % quantile of the normal distribution
constexpr double kTail = 0.025;
// Beyond so many samples the normal approximation of the ranks is off by less than one in a
// thousand of the interval, and the sum over the binomial would take long.
constexpr std::uint64_t kExactMax = 100'000;

double LogBinomial(double n, double k, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
         (n - k) * std::log1p(-p);
}

// The k-th smallest sample lies at or below the quantile with the probability P(B >= k), where B
// counts the samples below it: binomial (n, fraction).
std::optional<Ranks> ExactRanks(std::uint64_t n, double fraction) {
  Ranks ranks;
  double below = 0;  // P(B < k)
  for (std::uint64_t k = 0; k <= n; ++k) {
    if (below <= kTail) ranks.low = k;
    if (1 - below <= kTail && k > 0) {
      ranks.high = k;
      break;
    }
    below += std::exp(LogBinomial(static_cast<double>(n), static_cast<double>(k), fraction));
  }
  if (ranks.low == 0 || ranks.high == 0) return std::nullopt;
  return ranks;
}

}  // namespace

Interval WilsonInterval(double hits, double count) {
  const double share = hits / count;
  const double z2 = kZ * kZ;
  const double centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const double half =
      kZ / (1 + z2 / count) * std::sqrt(share * (1 - share) / count + z2 / (4 * count * count));
  return {.low = hits <= 0 ? 0 : std::max(0.0, centre - half),
          .high = hits >= count ? 1 : std::min(1.0, centre + half),
          .method = "Wilson score"};
}

std::optional<Ranks> QuantileRanks(std::uint64_t n, double fraction) {
  if (n == 0 || !(fraction > 0 && fraction < 1)) return std::nullopt;
  if (n <= kExactMax) return ExactRanks(n, fraction);
  const double mean = static_cast<double>(n) * fraction;
  const double half = kZ * std::sqrt(mean * (1 - fraction));
  const double low = std::floor(mean - half);
  const double high = std::ceil(mean + half) + 1;
  if (low < 1 || high > static_cast<double>(n)) return std::nullopt;
  return Ranks{static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)};
}

std::optional<Interval> PercentileInterval(const metrics::Bucket& bucket, double percentile) {
  if (!bucket.has_distribution()) return std::nullopt;
  const double n = std::floor(bucket.set().sample_count);
  if (!(n >= 1)) return std::nullopt;
  const std::optional<Ranks> ranks = QuantileRanks(static_cast<std::uint64_t>(n), percentile / 100);
  if (!ranks) return std::nullopt;
  const auto at_rank = [&](std::uint64_t rank) {
    metrics::Statistic statistic;
    statistic.kind = metrics::Statistic::Kind::kPercentile;
    statistic.percentile = 100 * static_cast<double>(rank) / n;
    return bucket.Evaluate(statistic);
  };
  const std::optional<double> low = at_rank(ranks->low);
  const std::optional<double> high = at_rank(ranks->high);
  if (!low || !high) return std::nullopt;
  return Interval{.low = *low, .high = *high, .method = "order statistics"};
}

}  // namespace securebase::criteria
