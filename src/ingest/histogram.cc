#include "ingest/histogram.h"

#include <algorithm>
#include <cmath>

namespace securebase::ingest {
namespace {

using metrics::Sketch;

/// The bounds of a bin, finite: an open side ends where the samples are known to end, or at the
/// bin's other side.
HistogramBin Closed(HistogramBin bin, const Histogram& histogram) {
  if (std::isinf(bin.low)) {
    bin.low = histogram.minimum.value_or(bin.high > 0 ? 0 : bin.high);
  }
  if (std::isinf(bin.high)) bin.high = histogram.maximum.value_or(bin.low);
  if (histogram.minimum) bin.low = std::max(bin.low, std::min(*histogram.minimum, bin.high));
  if (histogram.maximum) bin.high = std::min(bin.high, std::max(*histogram.maximum, bin.low));
  if (bin.low > bin.high) bin.low = bin.high;
  return bin;
}

double PieceOf(const HistogramBin& bin, double share) {
  if (bin.logarithmic && bin.low > 0) return bin.low * std::pow(bin.high / bin.low, share);
  if (bin.logarithmic && bin.high < 0) return bin.low * std::pow(bin.high / bin.low, share);
  return bin.low + (bin.high - bin.low) * share;
}

/// Adds the bin to the sketch; the sum of its pieces' values.
double Spread(const HistogramBin& bin, Sketch& sketch) {
  int pieces = 1;
  if (Sketch::KeyOf(bin.low) != Sketch::KeyOf(bin.high)) {
    pieces = static_cast<int>(std::clamp(std::floor(bin.count), 1.0, double{kPiecesMax}));
  }
  double sum = 0;
  for (int i = 0; i < pieces; ++i) {
    const double value = PieceOf(bin, (i + 0.5) / pieces);
    sketch.Add(value, bin.count / pieces);
    sum += value * bin.count / pieces;
  }
  return sum;
}

bool IsFinite(const metrics::StatisticSet& set) {
  return std::isfinite(set.sample_count) && std::isfinite(set.sum) && std::isfinite(set.minimum) &&
         std::isfinite(set.maximum);
}

}  // namespace

std::optional<Distribution> DistributionOf(const Histogram& histogram) {
  if (!(histogram.count > 0)) return {};
  Distribution out;
  double estimated_sum = 0;
  std::optional<double> lowest, highest;
  for (const HistogramBin& bin : histogram.bins) {
    if (!(bin.count > 0)) continue;
    const HistogramBin closed = Closed(bin, histogram);
    if (!std::isfinite(closed.low) || !std::isfinite(closed.high)) return {};
    estimated_sum += Spread(closed, out.sketch);
    lowest = std::min(lowest.value_or(closed.low), closed.low);
    highest = std::max(highest.value_or(closed.high), closed.high);
  }
  out.set.sample_count = histogram.count;
  out.set.sum = histogram.sum.value_or(estimated_sum);
  const double average = out.set.sum / out.set.sample_count;
  // Of a histogram without minimum and maximum the outermost bounds are all that is known; the
  // average lies between them in any case.
  out.set.minimum = histogram.minimum.value_or(std::min(lowest.value_or(average), average));
  out.set.maximum = histogram.maximum.value_or(std::max(highest.value_or(average), average));
  if (out.set.minimum > out.set.maximum || !IsFinite(out.set)) return {};
  return out;
}

}  // namespace securebase::ingest
