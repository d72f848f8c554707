#include "metrics/head.h"

#include <algorithm>
#include <tuple>

namespace securebase::metrics {

Bucket& Head::At(SeriesId series, std::int64_t start_s, std::int32_t resolution_s) {
  if (series >= series_.size()) series_.resize(series + 1);
  std::vector<StoredBucket>& buckets = series_[series];
  // Fast path: the newest bucket, or a newer one.
  if (!buckets.empty() && buckets.back().start_s == start_s &&
      buckets.back().resolution_s == resolution_s) {
    return buckets.back().bucket;
  }
  const auto order = [](const StoredBucket& b) { return std::tuple(b.start_s, b.resolution_s); };
  const auto wanted = std::tuple(start_s, resolution_s);
  auto at = buckets.end();
  if (!buckets.empty() && wanted < order(buckets.back())) {
    at = std::lower_bound(buckets.begin(), buckets.end(), wanted,
                          [&](const StoredBucket& b, const auto& w) { return order(b) < w; });
    if (order(*at) == wanted) return at->bucket;
  }
  ++bucket_count_;
  return buckets.insert(at, StoredBucket{start_s, resolution_s, {}})->bucket;
}

void Head::MergeFrom(const Head& other) {
  for (std::size_t series = 0; series < other.series_.size(); ++series) {
    for (const StoredBucket& stored : other.series_[series]) {
      At(static_cast<SeriesId>(series), stored.start_s, stored.resolution_s).Merge(stored.bucket);
    }
  }
}

const std::vector<StoredBucket>& Head::Of(SeriesId series) const {
  static const std::vector<StoredBucket> none;
  return series < series_.size() ? series_[series] : none;
}

}  // namespace securebase::metrics
