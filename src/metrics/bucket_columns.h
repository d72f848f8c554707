#pragma once

// Buckets of one series side by side: what blocks store, and what queries and compaction work on.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "metrics/bucket.h"

namespace securebase::metrics {

/// Which distribution a stored bucket has. Written to disk: never renumber.
enum class BucketForm : std::uint8_t { kConstant = 0, kSketch = 1, kStatisticsOnly = 2 };

/// Ascending by start, then resolution, unless said otherwise. Not thread-safe.
struct BucketColumns {
  std::vector<std::int64_t> start_s;
  std::vector<std::int64_t> resolution_s;  // 1, 60, 300 or 3600
  std::vector<BucketForm> form;
  std::vector<double> count;
  std::vector<double> minimum;
  std::vector<double> maximum;
  std::vector<double> sum;
  /// Bins of all sketches, and where each bucket's end. Empty when they were not asked for.
  std::vector<Sketch::Bin> bins;
  std::vector<std::uint32_t> bins_end;

  std::size_t size() const { return start_s.size(); }
  bool empty() const { return start_s.empty(); }
  void Clear();

  void Append(std::int64_t start, std::int64_t resolution, const Bucket& bucket);
  /// One sample.
  void Append(std::int64_t start, std::int64_t resolution, double value);
  /// Buckets [from, to) of other columns.
  void Append(const BucketColumns& other, std::size_t from, std::size_t to);

  std::span<const Sketch::Bin> BinsOf(std::size_t i) const {
    const std::uint32_t from = i == 0 ? 0 : bins_end[i - 1];
    return {bins.data() + from, bins_end[i] - from};
  }
  StatisticSet SetOf(std::size_t i) const { return {count[i], sum[i], minimum[i], maximum[i]}; }
  /// With its sketch.
  Bucket BucketAt(std::size_t i) const;
};

/// What a bucket becomes: its new resolution, or 0 to drop it.
using Coarsen = std::function<std::int64_t(std::int64_t start_s, std::int64_t resolution_s)>;

/// The buckets of all parts in one, those of the same start and resolution merged, after each got
/// its new resolution (and the start that goes with it).
BucketColumns MergeColumns(std::span<const BucketColumns> parts, const Coarsen& coarsen);

// A chunk: so many buckets of a series, encoded column by column. The figures that simple
// statistics need come first; bins stand apart, so that they need not be read.
inline constexpr std::size_t kChunkBuckets = 512;

/// Appends [from, to), at most kChunkBuckets, to the two parts.
void EncodeChunk(const BucketColumns& columns, std::size_t from, std::size_t to,
                 std::string& figures, std::string& bins);
/// Appends `count` buckets to `out`. Without `bins` (not asked for) none are filled in: bins and
/// bins_end stay as they are. False for bytes that EncodeChunk did not write.
[[nodiscard]] bool DecodeChunk(std::string_view figures, const std::string_view* bins,
                               std::size_t count, BucketColumns& out);

}  // namespace securebase::metrics
