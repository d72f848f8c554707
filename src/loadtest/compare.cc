#include "loadtest/compare.h"

#include <cmath>
#include <cstddef>

#include "loadtest/quantiles.h"

namespace securebase::loadtest {
namespace {

constexpr double kSignificance = 0.01;
constexpr double kNegligibleEffect = 0.147;

struct Ranks {
  double second_sum = 0;  // of the ranks of the second sample, ties sharing their mean
  double tie_term = 0;    // sum of t^3 - t over groups of t equal values
};

Ranks RankSecond(std::span<const double> first, std::span<const double> second) {
  Ranks ranks;
  std::size_t i = 0, j = 0;
  while (i < first.size() || j < second.size()) {
    const double value =
        j == second.size() || (i < first.size() && first[i] < second[j]) ? first[i] : second[j];
    const std::size_t before = i + j;
    const std::size_t second_before = j;
    while (i < first.size() && first[i] == value) ++i;
    while (j < second.size() && second[j] == value) ++j;
    const auto tied = static_cast<double>(i + j - before);
    const double mean_rank = static_cast<double>(before) + (tied + 1) / 2;
    ranks.second_sum += mean_rank * static_cast<double>(j - second_before);
    ranks.tie_term += tied * tied * tied - tied;
  }
  return ranks;
}

}  // namespace

Comparison Compare(std::span<const double> first, std::span<const double> second) {
  Comparison result;
  if (first.empty() || second.empty()) return result;
  const auto n1 = static_cast<double>(first.size());
  const auto n2 = static_cast<double>(second.size());
  const Ranks ranks = RankSecond(first, second);
  const double u = ranks.second_sum - n2 * (n2 + 1) / 2;  // pairs in which the second is larger
  const double n = n1 + n2;
  const double variance = n1 * n2 / 12 * (n + 1 - ranks.tie_term / (n * (n - 1)));
  result.effect = 2 * u / (n1 * n2) - 1;
  if (variance > 0) {
    const double distance = std::max(0.0, std::abs(u - n1 * n2 / 2) - 0.5);  // continuity
    result.p_value = std::erfc(distance / std::sqrt(variance) / std::sqrt(2.0));
  }
  const auto ratio = [](double a, double b) { return a > 0 ? b / a : 1; };
  result.median_ratio = ratio(ExclusiveQuantile(first, 0.5), ExclusiveQuantile(second, 0.5));
  result.p95_ratio = ratio(ExclusiveQuantile(first, 0.95), ExclusiveQuantile(second, 0.95));
  result.regression = result.p_value < kSignificance && result.effect >= kNegligibleEffect;
  return result;
}

}  // namespace securebase::loadtest
