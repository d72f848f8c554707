#pragma once

// The newest buckets, in memory: what the journal holds and no block yet.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "metrics/bucket.h"
#include "metrics/bucket_columns.h"

namespace securebase::metrics {

/// Number of a series in this store; never used again for another.
using SeriesId = std::uint32_t;

/// A bucket of one sample takes 16 bytes and no allocation of its own. Not thread-safe: the store
/// locks it.
class Head {
 public:
  // Each merges into the bucket of that start and resolution, made where it is missing.
  void Add(SeriesId series, std::int64_t start_s, std::int32_t resolution_s, double value,
           double count = 1);
  void Add(SeriesId series, std::int64_t start_s, std::int32_t resolution_s,
           const StatisticSet& set);
  void Merge(SeriesId series, std::int64_t start_s, std::int32_t resolution_s, Bucket bucket);
  void MergeFrom(const Head& other);

  /// Visits the buckets of a series that start in [first_s, end_s), ascending by start, then
  /// resolution: with `single(start_s, resolution_s, value)` those of one sample, with
  /// `many(start_s, resolution_s, const Bucket&)` the others.
  template <class Single, class Many>
  void Visit(SeriesId series, std::int64_t first_s, std::int64_t end_s, Single&& single,
             Many&& many) const {
    if (series >= series_.size()) return;
    const std::vector<Slot>& slots = series_[series];
    auto at = slots.begin();
    if (!slots.empty() && slots.front().start_s() < first_s) {
      at = std::lower_bound(
          slots.begin(), slots.end(), first_s,
          [](const Slot& slot, std::int64_t first) { return slot.start_s() < first; });
    }
    for (; at != slots.end() && at->start_s() < end_s; ++at) {
      if (at->single()) {
        single(at->start_s(), at->resolution_s(), at->value);
      } else {
        many(at->start_s(), at->resolution_s(), buckets_[at->bucket]);
      }
    }
  }
  /// All of a series, appended.
  void AppendTo(SeriesId series, BucketColumns& columns) const;

  std::size_t series_end() const { return series_.size(); }
  std::size_t bucket_count() const { return bucket_count_; }

 private:
  struct Slot {
    // Start times four; then whether it is a minute (so that order is by start and resolution);
    // then whether a bucket of more than one sample stands for it.
    std::int64_t key = 0;
    union {
      double value = 0;
      std::uint64_t bucket;  // index in buckets_
    };
    static std::int64_t KeyOf(std::int64_t start_s, std::int32_t resolution_s) {
      return start_s * 4 + (resolution_s == 60 ? 2 : 0);
    }
    std::int64_t order() const { return key & ~std::int64_t{1}; }
    std::int64_t start_s() const { return key >> 2; }
    std::int32_t resolution_s() const { return (key & 2) != 0 ? 60 : 1; }
    bool single() const { return (key & 1) == 0; }
  };

  /// The slot of that place, and whether it is new (and holds nothing yet).
  std::pair<Slot*, bool> At(SeriesId series, std::int64_t start_s, std::int32_t resolution_s);
  /// The bucket behind a slot, made where a single sample stood.
  Bucket& BucketOf(Slot& slot, bool is_new);

  std::vector<std::vector<Slot>> series_;
  std::deque<Bucket> buckets_;
  std::size_t bucket_count_ = 0;
};

}  // namespace securebase::metrics
