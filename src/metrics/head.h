#pragma once

// The newest buckets, in memory: what the journal holds and no block yet.

#include <cstdint>
#include <functional>
#include <vector>

#include "metrics/bucket.h"

namespace securebase::metrics {

/// Number of a series in this store; never used again for another.
using SeriesId = std::uint32_t;

/// A bucket as it is stored: its start in epoch seconds and the finest period that it keeps.
struct StoredBucket {
  std::int64_t start_s = 0;
  std::int32_t resolution_s = 60;  // 60 or 1
  Bucket bucket;
};

/// Ascending by start, then resolution. Not thread-safe: the store locks it.
class Head {
 public:
  /// Merges into the bucket of that start, made where it is missing.
  Bucket& At(SeriesId series, std::int64_t start_s, std::int32_t resolution_s);
  void MergeFrom(const Head& other);

  /// The buckets of a series; empty for one that the head does not know.
  const std::vector<StoredBucket>& Of(SeriesId series) const;
  std::size_t series_end() const { return series_.size(); }
  std::size_t bucket_count() const { return bucket_count_; }

 private:
  std::vector<std::vector<StoredBucket>> series_;
  std::size_t bucket_count_ = 0;
};

}  // namespace securebase::metrics
