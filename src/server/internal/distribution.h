#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace securebase::server {

/// Values and how often each occurred, for a quarter of a second of one series. Exact up to
/// kExactMax distinct values; beyond, further ones are rounded to 8 significant bits (0.2 % to
/// 0.4 %, below the sketch's own error), so that a busy server's latencies stay a few hundred
/// pairs rather than one for each request. Not thread-safe.
class Distribution {
 public:
  static constexpr std::size_t kExactMax = 16;

  /// `value` is finite.
  void Add(double value, double count = 1) {
    if (last_ < exact_.size() && exact_[last_].first == value) {  // fast path: 0, 1, the same again
      exact_[last_].second += count;
      return;
    }
    AddSlowly(value, count);
  }
  void Merge(const Distribution& other);

  bool empty() const { return exact_.empty(); }
  /// Value and count of each, in no order.
  std::vector<std::pair<double, double>> Pairs() const;
  double Count() const;

 private:
  using Rounded = boost::unordered_flat_map<double, double>;

  void AddSlowly(double value, double count);

  std::vector<std::pair<double, double>> exact_;
  std::size_t last_ = 0;              // of exact_: where the last value was found
  std::unique_ptr<Rounded> rounded_;  // only once exact_ is full
};

}  // namespace securebase::server
