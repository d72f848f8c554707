#include "metrics/head.h"

namespace securebase::metrics {

std::pair<Head::Slot*, bool> Head::At(SeriesId series, std::int64_t start_s,
                                      std::int32_t resolution_s) {
  if (series >= series_.size()) series_.resize(series + 1);
  std::vector<Slot>& slots = series_[series];
  const std::int64_t wanted = Slot::KeyOf(start_s, resolution_s);
  auto at = slots.end();
  // Fast path: the newest bucket, or a newer one.
  if (!slots.empty() && wanted <= slots.back().order()) {
    at = slots.end() - 1;
    if (at->order() != wanted) {
      at = std::lower_bound(slots.begin(), slots.end(), wanted,
                            [](const Slot& slot, std::int64_t key) { return slot.order() < key; });
    }
    if (at->order() == wanted) return {&*at, false};
  }
  ++bucket_count_;
  Slot slot;
  slot.key = wanted;
  return {&*slots.insert(at, slot), true};
}

Bucket& Head::BucketOf(Slot& slot, bool is_new) {
  if (slot.single()) {
    Bucket& bucket = buckets_.emplace_back();
    if (!is_new) bucket.Add(slot.value);
    slot.bucket = buckets_.size() - 1;
    slot.key |= 1;
  }
  return buckets_[slot.bucket];
}

void Head::Add(SeriesId series, std::int64_t start_s, std::int32_t resolution_s, double value,
               double count) {
  const auto [slot, is_new] = At(series, start_s, resolution_s);
  if (is_new && count == 1) {
    slot->value = value;
  } else {
    BucketOf(*slot, is_new).Add(value, count);
  }
}

void Head::Add(SeriesId series, std::int64_t start_s, std::int32_t resolution_s,
               const StatisticSet& set) {
  const auto [slot, is_new] = At(series, start_s, resolution_s);
  BucketOf(*slot, is_new).Add(set);
}

void Head::Merge(SeriesId series, std::int64_t start_s, std::int32_t resolution_s, Bucket bucket) {
  const auto [slot, is_new] = At(series, start_s, resolution_s);
  Bucket& mine = BucketOf(*slot, is_new);
  if (mine.empty()) {
    mine = std::move(bucket);
  } else {
    mine.Merge(bucket);
  }
}

void Head::MergeFrom(const Head& other) {
  for (SeriesId series = 0; series < other.series_end(); ++series) {
    other.Visit(
        series, INT64_MIN, INT64_MAX,
        [&](std::int64_t start_s, std::int32_t resolution_s, double value) {
          Add(series, start_s, resolution_s, value);
        },
        [&](std::int64_t start_s, std::int32_t resolution_s, const Bucket& bucket) {
          Merge(series, start_s, resolution_s, bucket);
        });
  }
}

void Head::AppendTo(SeriesId series, BucketColumns& columns) const {
  Visit(
      series, INT64_MIN, INT64_MAX,
      [&](std::int64_t start_s, std::int32_t resolution_s, double value) {
        columns.Append(start_s, resolution_s, value);
      },
      [&](std::int64_t start_s, std::int32_t resolution_s, const Bucket& bucket) {
        columns.Append(start_s, resolution_s, bucket);
      });
}

}  // namespace securebase::metrics
