#include "metrics/period_sums.h"

#include <algorithm>
#include <utility>

#include "metrics/bucket_columns.h"

namespace securebase::metrics {
namespace {

// Of a window: 64 octaves, far beyond what one metric spans.
constexpr std::int64_t kWindowMax = 64 * 64;
// Periods that are kept by number.
constexpr std::int64_t kSlotsMax = 1 << 20;

}  // namespace

bool Accumulator::Window::Add(std::int32_t key, double weight) {
  const auto at = static_cast<std::uint32_t>(key - first);
  if (at >= weights.size()) {
    if (!Grow(key)) return false;
    weights[static_cast<std::uint32_t>(key - first)] += weight;
    return true;
  }
  weights[at] += weight;
  return true;
}

bool Accumulator::Window::Grow(std::int32_t key) {
  constexpr std::int32_t kSlack = 32;
  if (weights.empty()) {
    first = key - kSlack;
    weights.resize(2 * kSlack);
    return true;
  }
  const std::int64_t low = std::min<std::int64_t>(first, std::int64_t{key} - kSlack);
  const std::int64_t high = std::max<std::int64_t>(
      first + static_cast<std::int64_t>(weights.size()), std::int64_t{key} + kSlack);
  if (high - low > kWindowMax) return false;
  weights.resize(static_cast<std::size_t>(high - low));
  if (low < first) {
    const auto shift = static_cast<std::ptrdiff_t>(first - low);
    std::rotate(weights.begin(), weights.end() - shift, weights.end());
    first = static_cast<std::int32_t>(low);
  }
  return true;
}

void Accumulator::Window::MoveTo(std::vector<Sketch::Bin>& bins) {
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] == 0) continue;
    bins.push_back({first + static_cast<std::int32_t>(i), weights[i]});
    weights[i] = 0;
  }
}

void Accumulator::AddSet(const StatisticSet& set) {
  if (set_.sample_count == 0) {
    set_ = set;
    return;
  }
  set_.sample_count += set.sample_count;
  set_.sum += set.sum;
  set_.minimum = std::min(set_.minimum, set.minimum);
  set_.maximum = std::max(set_.maximum, set.maximum);
}

void Accumulator::AddBin(std::int32_t key, double weight) {
  if (key == 0) {
    bins_->zero += weight;
  } else if (!(key > 0 ? bins_->positive : bins_->negative).Add(key, weight)) {
    bins_->far.Merge(Sketch::FromBins({{key, weight}}));
  }
}

void Accumulator::StartBins() {
  if (binned_) return;
  binned_ = true;
  if (!bins_) bins_ = std::make_unique<Bins>();
  if (!empty()) AddBin(Sketch::KeyOf(set_.minimum), set_.sample_count);
}

void Accumulator::AddConstant(double value, double count, double sum, bool distribution) {
  if (!distribution) {
    has_distribution_ = false;
  } else if (has_distribution_ && (binned_ || (!empty() && value != set_.minimum))) {
    StartBins();
    AddBin(Sketch::KeyOf(value), count);
  }
  AddSet({count, sum, value, value});
}

void Accumulator::Add(const BucketColumns& columns, std::size_t i, bool distribution) {
  if (columns.form[i] == BucketForm::kConstant) {
    AddConstant(columns.minimum[i], columns.count[i], columns.sum[i], distribution);
    return;
  }
  if (!distribution || columns.form[i] == BucketForm::kStatisticsOnly) has_distribution_ = false;
  if (has_distribution_) {
    StartBins();
    for (const Sketch::Bin& bin : columns.BinsOf(i)) AddBin(bin.key, bin.weight);
  }
  AddSet(columns.SetOf(i));
}

void Accumulator::Add(const Bucket& bucket, bool distribution) {
  const StatisticSet& set = bucket.set();
  if (bucket.has_distribution() && bucket.sketch().empty()) {
    AddConstant(set.minimum, set.sample_count, set.sum, distribution);
    return;
  }
  if (!distribution || !bucket.has_distribution()) has_distribution_ = false;
  if (has_distribution_) {
    StartBins();
    for (const Sketch::Bin& bin : bucket.sketch().bins()) AddBin(bin.key, bin.weight);
  }
  AddSet(set);
}

Bucket Accumulator::Finish() {
  Sketch sketch;
  if (binned_) {
    std::vector<Sketch::Bin> bins;
    bins_->negative.MoveTo(bins);
    if (bins_->zero > 0) bins.push_back({0, std::exchange(bins_->zero, 0)});
    bins_->positive.MoveTo(bins);
    sketch = Sketch::FromBins(std::move(bins));
    sketch.Merge(std::exchange(bins_->far, {}));
    if (!has_distribution_) sketch = Sketch();
    binned_ = false;
  }
  return Bucket::FromParts(std::exchange(set_, {}), std::move(sketch),
                           std::exchange(has_distribution_, true));
}

PeriodSums::PeriodSums(Instant start, Instant end, Duration period, bool distribution)
    : start_ms_(ToUnixMillis(start)),
      end_ms_(ToUnixMillis(end)),
      period_ms_(period.count()),
      distribution_(distribution) {
  const std::int64_t periods = end_ms_ > start_ms_ ? (end_ms_ - start_ms_ - 1) / period_ms_ + 1 : 0;
  if (periods <= kSlotsMax) slots_.resize(static_cast<std::size_t>(periods));
}

Accumulator* PeriodSums::Of(std::int64_t start_s) {
  const std::int64_t at_ms = start_s * 1000;
  if (at_ms >= last_begin_ms_ && at_ms < last_end_ms_) return last_;
  if (at_ms < start_ms_ || at_ms >= end_ms_) return nullptr;
  const std::int64_t period = (at_ms - start_ms_) / period_ms_;
  last_begin_ms_ = start_ms_ + period * period_ms_;
  last_end_ms_ = std::min(end_ms_, last_begin_ms_ + period_ms_);
  const auto make = [&](std::vector<Used>::iterator at) {
    std::unique_ptr<Accumulator> sum = std::make_unique<Accumulator>();
    last_ = sum.get();
    used_.insert(at, Used{period, std::move(sum)});
  };
  if (slots_.empty()) {
    const auto found = std::lower_bound(used_.begin(), used_.end(), period,
                                        [](const Used& a, std::int64_t b) { return a.period < b; });
    if (found == used_.end() || found->period != period) {
      make(found);
    } else {
      last_ = found->sum.get();
    }
    return last_;
  }
  std::uint32_t& slot = slots_[static_cast<std::size_t>(period)];
  if (slot == 0) {
    make(used_.end());
    slot = static_cast<std::uint32_t>(used_.size());
  } else {
    last_ = used_[slot - 1].sum.get();
  }
  return last_;
}

void PeriodSums::Add(const BucketColumns& columns, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (Accumulator* sum = Of(columns.start_s[i])) sum->Add(columns, i, distribution_);
  }
}

void PeriodSums::Add(std::int64_t start_s, double value) {
  if (Accumulator* sum = Of(start_s)) sum->AddConstant(value, 1, value, distribution_);
}

void PeriodSums::Add(std::int64_t start_s, const Bucket& bucket) {
  if (Accumulator* sum = Of(start_s)) sum->Add(bucket, distribution_);
}

Buckets PeriodSums::Finish() {
  std::sort(used_.begin(), used_.end(),
            [](const Used& a, const Used& b) { return a.period < b.period; });
  Buckets buckets;
  buckets.reserve(used_.size());
  for (Used& used : used_) {
    if (!slots_.empty()) slots_[static_cast<std::size_t>(used.period)] = 0;
    buckets.emplace_back(FromUnixMillis(start_ms_ + used.period * period_ms_), used.sum->Finish());
  }
  used_.clear();
  last_begin_ms_ = last_end_ms_ = 0;
  return buckets;
}

}  // namespace securebase::metrics
