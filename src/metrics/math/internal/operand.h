#pragma once

// What the parts of an expression give while it is evaluated.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/math/evaluate.h"
#include "metrics/math/grid.h"

namespace securebase::metrics::math {

/// How many buckets an evaluation may hold at once. Not thread-safe.
class Budget {
 public:
  explicit Budget(std::size_t buckets_max) : left_(buckets_max), most_(buckets_max) {}
  /// kLimitExceeded where so many more do not fit.
  Result<> Check(std::size_t buckets) const;
  void Take(std::size_t buckets) { left_ -= std::min(buckets, left_); }
  void GiveBack(std::size_t buckets) { left_ = std::min(left_ + buckets, most_); }

 private:
  std::size_t left_;
  const std::size_t most_;
};

/// The metric that a series comes from, for labels.
struct SeriesOrigin {
  Metric metric;
  std::string statistic;
  Duration period{0};
};

struct SeriesData {
  SeriesData(Values v, std::shared_ptr<Budget> b) : values(std::move(v)), budget(std::move(b)) {
    budget->Take(values.size());
  }
  ~SeriesData() { budget->GiveBack(values.size()); }
  SeriesData(const SeriesData&) = delete;
  SeriesData& operator=(const SeriesData&) = delete;

  const Values values;
  std::string label;
  std::shared_ptr<const SeriesOrigin> origin;  // null: computed
  const std::shared_ptr<Budget> budget;
};
using SeriesPtr = std::shared_ptr<const SeriesData>;

struct Operand {
  Type type = Type::kScalar;
  double number = kMissing;
  std::vector<SeriesPtr> series;  // one for a series
  bool partial = false;
  std::vector<Message> messages;

  /// Takes over what is said about `other`'s data.
  void Inherit(const Operand& other);
  void Say(std::string code, std::string text);
};

}  // namespace securebase::metrics::math
