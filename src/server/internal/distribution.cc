#include "server/internal/distribution.h"

#include <bit>
#include <cstdint>

namespace securebase::server {
namespace {

/// The nearest value with 8 significant bits.
double Round(double value) {
  constexpr int kDropped = 45;  // of the mantissa's 52 stored bits
  auto bits = std::bit_cast<std::uint64_t>(value);
  bits += std::uint64_t{1} << (kDropped - 1);
  bits &= ~((std::uint64_t{1} << kDropped) - 1);
  return std::bit_cast<double>(bits);
}

}  // namespace

void Distribution::AddSlowly(double value, double count) {
  for (last_ = 0; last_ < exact_.size(); ++last_) {
    if (exact_[last_].first == value) {
      exact_[last_].second += count;
      return;
    }
  }
  if (exact_.size() < kExactMax) {
    exact_.emplace_back(value, count);
    return;
  }
  last_ = 0;
  if (rounded_ == nullptr) rounded_ = std::make_unique<Rounded>();
  (*rounded_)[Round(value)] += count;
}

void Distribution::Merge(const Distribution& other) {
  for (const auto& [value, count] : other.exact_) Add(value, count);
  if (other.rounded_ == nullptr) return;
  for (const auto& [value, count] : *other.rounded_) Add(value, count);
}

std::vector<std::pair<double, double>> Distribution::Pairs() const {
  std::vector<std::pair<double, double>> pairs = exact_;
  if (rounded_ != nullptr) pairs.insert(pairs.end(), rounded_->begin(), rounded_->end());
  return pairs;
}

double Distribution::Count() const {
  double total = 0;
  for (const auto& [value, count] : exact_) total += count;
  if (rounded_ != nullptr) {
    for (const auto& [value, count] : *rounded_) total += count;
  }
  return total;
}

}  // namespace securebase::server
