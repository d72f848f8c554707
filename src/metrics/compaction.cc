#include "metrics/compaction.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace securebase::metrics {
namespace {

// Hours stand beside the base where they are at most this share of it: fewer would save little,
// and cost the bytes of their sketches.
constexpr std::size_t kBucketsPerHour = 12;

std::size_t HoursIn(const BucketColumns& columns) {
  std::size_t hours = 0;
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const std::int64_t start_s : columns.start_s) {
    const std::int64_t hour = Ages::Floor(start_s, 3600);
    hours += hour != last ? 1 : 0;
    last = hour;
  }
  return hours;
}

bool IsAsItWas(const BucketColumns& base, const Ages& ages) {
  return base.empty() || base.start_s.front() >= ages.seconds_from() ||
         std::all_of(base.start_s.begin(), base.start_s.end(),
                     [&, i = std::size_t{0}](std::int64_t start_s) mutable {
                       const std::int64_t resolution = base.resolution_s[i++];
                       return ages.ResolutionOf(start_s, resolution) == resolution;
                     });
}

BucketColumns MergeHours(std::span<const BucketColumns> parts, const Ages& ages) {
  return MergeColumns(parts, [&](std::int64_t start_s, std::int64_t) -> std::int64_t {
    return start_s < ages.hours_from() ? 0 : 3600;
  });
}

/// Adds series after series and keeps what the catalogue will say.
class Writer {
 public:
  explicit Writer(const Retention& retention) : retention_(retention) {}

  void Add(SeriesId series, const SeriesBuckets& buckets) {
    for (const BucketColumns* columns : {&buckets.base, &buckets.hours}) {
      if (columns->empty()) continue;
      block_.first_s = std::min(block_.first_s, columns->start_s.front());
      block_.last_s = std::max(block_.last_s, columns->start_s.back());
    }
    for (std::size_t i = 0; i < buckets.base.size(); ++i) {
      finest_ = std::min(finest_, buckets.base.resolution_s[i]);
    }
    builder_.Add(series, buckets);
  }

  NewBlock Finish() && {
    if (builder_.empty()) return {};
    block_.bytes = builder_.Finish();
    const Duration kept = finest_ == 1     ? retention_.seconds
                          : finest_ == 60  ? retention_.minutes
                          : finest_ == 300 ? retention_.five_minutes
                                           : retention_.hours;
    // Its newest bucket's end, and the grid that the age is rounded to.
    block_.due_s = block_.last_s + kept.count() / 1000 + 2 * 3600;
    return std::move(block_);
  }

 private:
  const Retention& retention_;
  BlockBuilder builder_;
  NewBlock block_{
      {}, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), 0};
  std::int64_t finest_ = 3600;
};

}  // namespace

SeriesBuckets MergeSeries(std::span<SeriesBuckets> parts, const Ages& ages) {
  SeriesBuckets merged;
  bool hours = false, gone = false;
  std::vector<BucketColumns> bases, sources;
  for (const SeriesBuckets& part : parts) {
    hours = hours || !part.hours.empty();
    gone = gone || (!part.base.empty() && part.base.start_s.front() < ages.base_from());
  }
  if (parts.size() == 1 && IsAsItWas(parts[0].base, ages)) {
    // The usual flush: nothing to merge and nothing to age.
    merged.base = std::move(parts[0].base);
    if (hours || merged.base.size() >= kBucketsPerHour * HoursIn(merged.base)) {
      merged.hours = MergeHours({hours ? &parts[0].hours : &merged.base, 1}, ages);
    }
    return merged;
  }
  for (const SeriesBuckets& part : parts) bases.push_back(part.base);
  merged.base = MergeColumns(bases, [&](std::int64_t start_s, std::int64_t resolution_s) {
    return ages.ResolutionOf(start_s, resolution_s);
  });
  if (hours || gone || merged.base.size() >= kBucketsPerHour * HoursIn(merged.base)) {
    for (SeriesBuckets& part : parts) {
      sources.push_back(std::move(part.hours.empty() ? part.base : part.hours));
    }
    merged.hours = MergeHours(sources, ages);
  }
  return merged;
}

NewBlock BuildBlock(const Head& head, const Ages& ages, const Retention& retention) {
  Writer writer(retention);
  for (SeriesId series = 0; series < head.series_end(); ++series) {
    SeriesBuckets buckets;
    head.AppendTo(series, buckets.base);
    if (buckets.base.empty()) continue;
    writer.Add(series, MergeSeries({&buckets, 1}, ages));
  }
  return std::move(writer).Finish();
}

Result<NewBlock> MergeBlocks(std::span<const std::shared_ptr<const Block>> blocks, const Ages& ages,
                             const Retention& retention) {
  std::vector<SeriesId> all;
  for (const auto& block : blocks) {
    const std::vector<Block::Span> spans = block->Spans();
    if (spans.size() != block->series_count()) {
      return Internal("block " + block->name() + " is damaged: its index does not decode");
    }
    for (const Block::Span& span : spans) all.push_back(span.series);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  Writer writer(retention);
  std::vector<SeriesBuckets> parts;
  for (const SeriesId series : all) {
    parts.clear();
    for (const auto& block : blocks) {
      SB_TRY(SeriesBuckets part, block->ReadAll(series));
      if (!part.base.empty() || !part.hours.empty()) parts.push_back(std::move(part));
    }
    writer.Add(series, MergeSeries(parts, ages));
  }
  return std::move(writer).Finish();
}

}  // namespace securebase::metrics
