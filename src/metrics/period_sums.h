#pragma once

// Merging many buckets into few: what a query's periods and rollups come down to.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "metrics/bucket.h"
#include "metrics/metric_store.h"

namespace securebase::metrics {

struct BucketColumns;

/// One bucket under construction: adding a bin is an addition into an array, where a sketch would
/// have to search. Not thread-safe.
class Accumulator {
 public:
  /// One value that came `count` times with that sum. `distribution` as in StatisticsRequest.
  void AddConstant(double value, double count, double sum, bool distribution);
  /// Bucket `i` of columns (which hold bins when `distribution` is asked for).
  void Add(const BucketColumns& columns, std::size_t i, bool distribution);
  void Add(const Bucket& bucket, bool distribution);

  bool empty() const { return set_.sample_count == 0; }
  /// What was added so far; the accumulator is empty again and keeps its memory.
  Bucket Finish();

 private:
  /// Weights of consecutive bins, positive or negative ones.
  struct Window {
    std::int32_t first = 0;
    std::vector<double> weights;
    /// False: the bins would lie too far apart.
    bool Add(std::int32_t key, double weight);
    bool Grow(std::int32_t key);
    void MoveTo(std::vector<Sketch::Bin>& bins);
  };
  struct Bins {
    Window negative, positive;
    double zero = 0;
    Sketch far;  // what does not fit into a window
  };

  void AddSet(const StatisticSet& set);
  void AddBin(std::int32_t key, double weight);
  /// The second distinct value is coming: the first ones get their bin.
  void StartBins();

  StatisticSet set_;
  bool has_distribution_ = true;
  bool binned_ = false;  // bins_ hold something: there is more than one distinct value
  std::unique_ptr<Bins> bins_;
};

/// The periods of one query, each with what falls into it.
class PeriodSums {
 public:
  PeriodSums(Instant start, Instant end, Duration period, bool distribution);

  /// Those of the buckets [from, to) of columns, ascending by start, that lie in the range.
  void Add(const BucketColumns& columns, std::size_t from, std::size_t to);
  void Add(std::int64_t start_s, double value);
  void Add(std::int64_t start_s, const Bucket& bucket);

  bool distribution() const { return distribution_; }
  /// The periods that are not empty; all are empty again after this.
  Buckets Finish();

 private:
  /// Null: outside the range.
  Accumulator* Of(std::int64_t start_s);

  const std::int64_t start_ms_;
  const std::int64_t end_ms_;
  const std::int64_t period_ms_;
  const bool distribution_;
  // The period that was used last.
  std::int64_t last_begin_ms_ = 0;
  std::int64_t last_end_ms_ = 0;
  Accumulator* last_ = nullptr;
  /// By number, while there are few enough periods; else found by search.
  std::vector<std::uint32_t> slots_;  // index in used_ plus one
  struct Used {
    std::int64_t period;
    std::unique_ptr<Accumulator> sum;
  };
  std::vector<Used> used_;
};

}  // namespace securebase::metrics
