#pragma once

// A bucket: statistic set plus sketch of one series and one period. A commutative monoid under
// Merge, so that rollups, late data, compaction and queries over any period are the same call.

#include <optional>
#include <span>
#include <utility>

#include "metrics/sketch.h"
#include "metrics/statistic.h"

namespace securebase::metrics {

/// SampleCount, Sum, Minimum, Maximum of some samples, as a client may send it.
struct StatisticSet {
  double sample_count = 0;
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
};

/// Not thread-safe; const members may run concurrently. A bucket whose values are all the same
/// keeps no sketch bins.
class Bucket {
 public:
  /// Of parts that belong together: without bins where there is one distinct value.
  static Bucket FromParts(const StatisticSet& set, Sketch sketch, bool has_distribution);
  /// Adds `value` with weight `count` (> 0; fractions allowed).
  void Add(double value, double count = 1);
  /// Adds many values with their counts; as Add of each, only quicker.
  void AddAll(std::span<const std::pair<double, double>> values);
  /// Adds a statistic set. One that is not a point mass leaves the bucket without a distribution.
  void Add(const StatisticSet& set);
  /// Adds a statistic set whose samples are distributed as `distribution` says; an empty one is
  /// unknown. Its weight is taken to be the set's sample count.
  void Add(const StatisticSet& set, const Sketch& distribution);
  void Merge(const Bucket& other);

  bool empty() const { return set_.sample_count == 0; }
  const StatisticSet& set() const { return set_; }
  /// False once a statistic set that is no point mass came in: extended statistics are unknown.
  bool has_distribution() const { return has_distribution_; }
  const Sketch& sketch() const { return sketch_; }

  /// The statistic's value; empty where there is none (no samples; no distribution; empty
  /// trimmed range).
  std::optional<double> Evaluate(const Statistic& statistic) const;

 private:
  friend class BucketCodec;
  StatisticSet set_;
  Sketch sketch_;
  bool has_distribution_ = true;
};

}  // namespace securebase::metrics
