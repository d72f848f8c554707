#pragma once

// Percentiles of one group.

#include <cstdint>
#include <vector>

namespace securebase::insights::internal {

/// Values of a group: all of them, and beyond kExactMax a sketch of logarithmic bins with a
/// relative error below 0.5 %. Source: Masson, Rim, Lee, "DDSketch", VLDB 2019, section 2.
class Quantiles {
 public:
  static constexpr std::size_t kExactMax = 100'000;

  void Add(double value) {
    if (sketched_) {
      AddToSketch(value, 1);
      return;
    }
    values_.push_back(value);
    if (values_.size() > kExactMax) Sketch();
  }
  void Merge(const Quantiles& other);
  /// Nearest rank: the ceil(percent * n / 100)-th smallest, of 0 the smallest. NaN when empty.
  double Percentile(double percent) const;
  /// The middle value, of an even count the mean of the two middle ones. NaN when empty.
  double Median() const;
  std::uint64_t bytes() const {
    return values_.capacity() * 8 + (positive_.capacity() + negative_.capacity()) * 8;
  }

 private:
  // Bins of |value| by binary exponent and 64 linear steps within it.
  static constexpr int kSteps = 128;
  static std::size_t BinOf(double magnitude);
  static double ValueOf(std::size_t bin);
  void Sketch();
  void AddToSketch(double value, std::uint64_t count);
  double AtRank(std::uint64_t rank) const;  // 1-based
  std::uint64_t size() const { return sketched_ ? count_ : values_.size(); }

  mutable std::vector<double> values_;  // order is free: ranks are found in place
  bool sketched_ = false;
  std::uint64_t count_ = 0, zeros_ = 0;
  double min_ = 0, max_ = 0;
  std::vector<std::uint64_t> positive_, negative_;
};

}  // namespace securebase::insights::internal
