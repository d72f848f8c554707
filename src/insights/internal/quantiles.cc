#include "insights/internal/quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace securebase::insights::internal {
namespace {

constexpr int kExponentMin = -200;  // smaller magnitudes count as this small
constexpr int kExponentMax = 1024;

}  // namespace

std::size_t Quantiles::BinOf(double magnitude) {
  int exponent = 0;
  const double fraction = std::frexp(magnitude, &exponent);  // 0.5 to 1
  exponent = std::clamp(exponent, kExponentMin, kExponentMax);
  const auto step = static_cast<std::size_t>((fraction - 0.5) * 2 * kSteps);
  return static_cast<std::size_t>(exponent - kExponentMin) * kSteps +
         std::min<std::size_t>(step, kSteps - 1);
}

double Quantiles::ValueOf(std::size_t bin) {
  const int exponent = static_cast<int>(bin / kSteps) + kExponentMin;
  const double fraction = 0.5 + (static_cast<double>(bin % kSteps) + 0.5) / (2.0 * kSteps);
  return std::ldexp(fraction, exponent);
}

void Quantiles::AddToSketch(double value, std::uint64_t count) {
  if (count_ == 0) min_ = max_ = value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += count;
  if (value == 0) {
    zeros_ += count;
    return;
  }
  std::vector<std::uint64_t>& bins = value > 0 ? positive_ : negative_;
  const std::size_t bin = BinOf(std::abs(value));
  if (bin >= bins.size()) bins.resize(bin + 1);
  bins[bin] += count;
}

void Quantiles::Sketch() {
  sketched_ = true;
  for (const double value : values_) AddToSketch(value, 1);
  values_ = {};
}

void Quantiles::Merge(const Quantiles& other) {
  if (!other.sketched_) {
    for (const double value : other.values_) Add(value);
    return;
  }
  if (!sketched_) Sketch();
  if (other.count_ == 0) return;
  if (count_ == 0) {
    min_ = other.min_;
    max_ = other.max_;
  }
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  zeros_ += other.zeros_;
  const auto add = [](std::vector<std::uint64_t>& to, const std::vector<std::uint64_t>& from) {
    if (to.size() < from.size()) to.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
  };
  add(positive_, other.positive_);
  add(negative_, other.negative_);
}

double Quantiles::AtRank(std::uint64_t rank) const {
  if (!sketched_) {
    const auto at = values_.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(values_.begin(), at, values_.end());
    return *at;
  }
  if (rank <= 1) return min_;
  if (rank >= count_) return max_;
  std::uint64_t seen = 0;
  for (std::size_t i = negative_.size(); i-- > 0;) {
    seen += negative_[i];
    if (seen >= rank) return std::clamp(-ValueOf(i), min_, max_);
  }
  seen += zeros_;
  if (seen >= rank) return 0;
  for (std::size_t i = 0; i < positive_.size(); ++i) {
    seen += positive_[i];
    if (seen >= rank) return std::clamp(ValueOf(i), min_, max_);
  }
  return max_;
}

double Quantiles::Percentile(double percent) const {
  const std::uint64_t n = size();
  if (n == 0 || !(percent >= 0)) return std::numeric_limits<double>::quiet_NaN();
  // 99.9 % of 1000 is 999.0000000000001 in doubles; it is still the 999th.
  const double exact = std::min(percent, 100.0) * static_cast<double>(n) / 100;
  const double rank = std::ceil(exact - exact * 1e-12 - 1e-9);
  return AtRank(std::clamp<std::uint64_t>(static_cast<std::uint64_t>(std::max(rank, 1.0)), 1, n));
}

double Quantiles::Median() const {
  const std::uint64_t n = size();
  if (n == 0) return std::numeric_limits<double>::quiet_NaN();
  if (n % 2 == 1) return AtRank(n / 2 + 1);
  return (AtRank(n / 2) + AtRank(n / 2 + 1)) / 2;
}

}  // namespace securebase::insights::internal
