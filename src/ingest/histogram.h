#pragma once

// Histograms of other systems as statistic set and sketch, without going through samples.

#include <cstdint>
#include <optional>
#include <vector>

#include "metrics/bucket.h"

namespace securebase::ingest {

/// Values v with low < v <= high (mirrored below zero), `count` of them. How they lie between the
/// bounds is unknown: they are taken to be spread evenly, or evenly in their logarithm where the
/// bounds are powers.
struct HistogramBin {
  double low = 0;   // may be -infinity
  double high = 0;  // may be +infinity
  double count = 0;
  bool logarithmic = false;
};

struct Histogram {
  double count = 0;
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::vector<HistogramBin> bins;  // ascending
};

struct Distribution {
  metrics::StatisticSet set;
  metrics::Sketch sketch;  // empty where the histogram has no bins
};

/// Count and sum stay exact. A bin of the histogram becomes at most kPiecesMax bins of the sketch,
/// so a percentile is as near as the histogram's bounds let it be. Empty for no samples, and for
/// figures that are not finite.
std::optional<Distribution> DistributionOf(const Histogram& histogram);

inline constexpr int kPiecesMax = 16;

}  // namespace securebase::ingest
