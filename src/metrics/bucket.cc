#include "metrics/bucket.h"

#include <algorithm>
#include <cmath>

namespace securebase::metrics {
namespace {

// A slice of the distribution in ascending order: `weight` values, all taken to be `value`.
struct Slice {
  double value = 0;
  double weight = 0;
  std::int32_t key = 0;
};

// The bins as slices, clamped to what is known exactly. A bucket of one distinct value has no
// bins and is one slice.
std::vector<Slice> SlicesOf(const Bucket& bucket) {
  const StatisticSet& set = bucket.set();
  if (bucket.sketch().empty())
    return {Slice{set.minimum, set.sample_count, Sketch::KeyOf(set.minimum)}};
  std::vector<Slice> slices;
  slices.reserve(bucket.sketch().bins().size());
  for (const Sketch::Bin& bin : bucket.sketch().bins()) {
    slices.push_back(
        {std::clamp(Sketch::MiddleOf(bin.key), set.minimum, set.maximum), bin.weight, bin.key});
  }
  return slices;
}

// Smallest value with at least `percent` of the weight at or below it.
double PercentileOf(const Bucket& bucket, double percent) {
  const StatisticSet& set = bucket.set();
  if (percent <= 0) return set.minimum;
  if (percent >= 100) return set.maximum;
  const std::vector<Slice> slices = SlicesOf(bucket);
  const double rank = percent / 100 * set.sample_count;
  // Weights were added in some order: a rank that is a whole number must not be missed by the last
  // bit of a sum.
  const double slack = set.sample_count * 1e-12;
  double below = 0;
  for (const Slice& slice : slices) {
    below += slice.weight;
    if (below + slack >= rank) return slice.value;
  }
  return set.maximum;
}

// The share of a slice's values that are at or below a bound. A bin ends with its upper bound, so
// round bounds take whole bins; inside a bin the share is linear.
double ShareAtOrBelow(const Slice& slice, bool exact, double bound) {
  if (exact) return slice.value <= bound ? 1 : 0;
  const double low = Sketch::LowOf(slice.key);
  const double high = Sketch::HighOf(slice.key);
  if (bound >= high) return 1;
  return bound <= low ? 0 : (bound - low) / (high - low);
}

// The slices inside the bounds, a slice on a percent cut with its partial weight.
std::vector<Slice> Trim(const Bucket& bucket, const Statistic& statistic) {
  std::vector<Slice> inside;
  const double total = bucket.set().sample_count;
  const double first = statistic.lower.value_or(0) / 100 * total;
  const double last = statistic.upper.value_or(100) / 100 * total;
  const bool exact = bucket.sketch().empty();  // one distinct value, known as it is
  double below = 0;
  for (const Slice& slice : SlicesOf(bucket)) {
    if (statistic.percent_bounds) {
      const double weight = std::min(below + slice.weight, last) - std::max(below, first);
      if (weight > 0) inside.push_back({slice.value, weight, slice.key});
    } else {
      const double upper = statistic.upper ? ShareAtOrBelow(slice, exact, *statistic.upper) : 1;
      const double lower = statistic.lower ? ShareAtOrBelow(slice, exact, *statistic.lower) : 0;
      const double weight = slice.weight * (upper - lower);
      if (weight > 0) inside.push_back({slice.value, weight, slice.key});
    }
    below += slice.weight;
  }
  return inside;
}

double WinsorizedMean(const Bucket& bucket, const Statistic& statistic) {
  const auto bound = [&](const std::optional<double>& side, double none) {
    if (!side) return none;
    return statistic.percent_bounds ? PercentileOf(bucket, *side) : *side;
  };
  const double low = bound(statistic.lower, bucket.set().minimum);
  const double high = bound(statistic.upper, bucket.set().maximum);
  double sum = 0;
  for (const Slice& slice : SlicesOf(bucket)) {
    sum += slice.weight * std::max(low, std::min(high, slice.value));
  }
  return sum / bucket.set().sample_count;
}

std::optional<double> EvaluateExtended(const Bucket& bucket, const Statistic& statistic) {
  using Kind = Statistic::Kind;
  if (statistic.kind == Kind::kPercentile) return PercentileOf(bucket, statistic.percentile);
  if (statistic.kind == Kind::kWinsorizedMean) return WinsorizedMean(bucket, statistic);
  double weight = 0, sum = 0;
  for (const Slice& slice : Trim(bucket, statistic)) {
    weight += slice.weight;
    sum += slice.weight * slice.value;
  }
  switch (statistic.kind) {
    case Kind::kTrimmedCount:
      return weight;
    case Kind::kTrimmedSum:
      return sum;
    case Kind::kPercentileRank:
      return weight / bucket.set().sample_count * 100;
    default:
      break;
  }
  if (weight == 0) return std::nullopt;
  return sum / weight;
}

// One value however often: its distribution is known without bins. A client's sum is a product
// rounded to decimals: 0.1 three times comes as 0.3.
bool IsPointMass(const StatisticSet& set) {
  const double product = set.minimum * set.sample_count;
  return set.minimum == set.maximum &&
         std::abs(set.sum - product) <= 1e-9 * std::max(std::abs(set.sum), std::abs(product));
}

}  // namespace

Bucket Bucket::FromParts(const StatisticSet& set, Sketch sketch, bool has_distribution) {
  Bucket bucket;
  bucket.set_ = set;
  bucket.sketch_ = std::move(sketch);
  bucket.has_distribution_ = has_distribution;
  return bucket;
}

void Bucket::AddAll(std::span<const std::pair<double, double>> values) {
  // A few: an array of all bins between the outermost ones would not pay.
  constexpr std::size_t kFew = 8;
  constexpr std::int64_t kSpanMax = 4096;
  if (values.size() < kFew) {
    for (const auto& [value, count] : values) Add(value, count);
    return;
  }
  Bucket all;
  all.set_ = {0, 0, values.front().first, values.front().first};
  thread_local std::vector<std::int32_t> keys;
  keys.clear();
  for (const auto& [value, count] : values) {
    all.set_.sample_count += count;
    all.set_.sum += value * count;
    all.set_.minimum = std::min(all.set_.minimum, value);
    all.set_.maximum = std::max(all.set_.maximum, value);
    keys.push_back(Sketch::KeyOf(value));
  }
  if (all.set_.minimum != all.set_.maximum) {
    const std::int32_t first = Sketch::KeyOf(all.set_.minimum);
    const std::int64_t span = std::int64_t{Sketch::KeyOf(all.set_.maximum)} - first + 1;
    if (span > kSpanMax) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        all.sketch_.Add(values[i].first, values[i].second);
      }
    } else {
      thread_local std::vector<double> weights;
      weights.assign(static_cast<std::size_t>(span), 0);
      std::size_t distinct = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        double& weight = weights[static_cast<std::size_t>(keys[i] - first)];
        distinct += weight == 0 ? 1 : 0;
        weight += values[i].second;
      }
      std::vector<Sketch::Bin> bins;
      bins.reserve(distinct);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] > 0) bins.push_back({first + static_cast<std::int32_t>(i), weights[i]});
      }
      all.sketch_ = Sketch::FromBins(std::move(bins));
    }
  }
  Merge(all);
}

void Bucket::Add(double value, double count) {
  if (set_.sample_count == 0) {
    set_ = {count, value * count, value, value};
    return;
  }
  if (has_distribution_ && (!sketch_.empty() || value != set_.minimum)) {
    // The second distinct value: the first ones get their bin now.
    if (sketch_.empty()) sketch_.Add(set_.minimum, set_.sample_count);
    sketch_.Add(value, count);
  }
  set_.sample_count += count;
  set_.sum += value * count;
  set_.minimum = std::min(set_.minimum, value);
  set_.maximum = std::max(set_.maximum, value);
}

void Bucket::Add(const StatisticSet& set) {
  if (IsPointMass(set)) {
    Add(set.minimum, set.sample_count);
    return;
  }
  Bucket other;
  other.set_ = set;
  other.has_distribution_ = false;
  Merge(other);
}

void Bucket::Add(const StatisticSet& set, const Sketch& distribution) {
  if (distribution.empty() || IsPointMass(set)) return Add(set);
  Bucket other;
  other.set_ = set;
  other.sketch_ = distribution;
  Merge(other);
}

void Bucket::Merge(const Bucket& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  has_distribution_ = has_distribution_ && other.has_distribution_;
  if (!has_distribution_) {
    sketch_ = Sketch();
  } else if (!sketch_.empty() || !other.sketch_.empty() || set_.minimum != other.set_.minimum) {
    if (sketch_.empty()) sketch_.Add(set_.minimum, set_.sample_count);
    if (other.sketch_.empty()) {
      sketch_.Add(other.set_.minimum, other.set_.sample_count);
    } else {
      sketch_.Merge(other.sketch_);
    }
  }
  set_.sample_count += other.set_.sample_count;
  set_.sum += other.set_.sum;
  set_.minimum = std::min(set_.minimum, other.set_.minimum);
  set_.maximum = std::max(set_.maximum, other.set_.maximum);
}

std::optional<double> Bucket::Evaluate(const Statistic& statistic) const {
  using Kind = Statistic::Kind;
  if (empty()) return std::nullopt;
  switch (statistic.kind) {
    case Kind::kSampleCount:
      return set_.sample_count;
    case Kind::kSum:
      return set_.sum;
    case Kind::kAverage:
      return set_.sum / set_.sample_count;
    case Kind::kMinimum:
      return set_.minimum;
    case Kind::kMaximum:
      return set_.maximum;
    default:
      break;
  }
  if (!has_distribution_) return std::nullopt;
  return EvaluateExtended(*this, statistic);
}

}  // namespace securebase::metrics
