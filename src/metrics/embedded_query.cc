// Queries of the embedded store: heads under the lock, blocks after it.

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>

#include "metrics/embedded_store.h"
#include "metrics/period_sums.h"

namespace securebase::metrics {
namespace {

constexpr std::int64_t kHour = 3600;

std::int64_t CeilingSeconds(Instant time) {
  return ToUnixSeconds(time + std::chrono::milliseconds(999));
}

/// The start that a bucket has at its age; none where only hours tell of it.
std::optional<std::int64_t> AgedStart(const Ages& ages, std::int64_t start_s,
                                      std::int64_t resolution_s) {
  if (start_s >= ages.seconds_from()) return start_s;
  const std::int64_t resolution = ages.ResolutionOf(start_s, resolution_s);
  if (resolution == 0) return std::nullopt;
  return resolution == resolution_s ? start_s : Ages::Floor(start_s, resolution);
}

/// What of the columns starts in [first_s, end_s), as it is at its age.
void AddRange(BucketColumns& columns, std::int64_t first_s, std::int64_t end_s, const Ages& ages,
              bool hours, PeriodSums& sums) {
  const auto begin = columns.start_s.begin();
  const auto from = std::lower_bound(begin, columns.start_s.end(), first_s) - begin;
  const auto to = std::lower_bound(begin + from, columns.start_s.end(), end_s) - begin;
  if (from == to) return;
  if (hours) {
    // The block has none of this series: its base buckets stand for them.
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
      if (columns.resolution_s[i] < kHour)
        columns.start_s[i] = Ages::Floor(columns.start_s[i], kHour);
    }
  } else if (columns.start_s[static_cast<std::size_t>(from)] < ages.seconds_from()) {
    for (auto i = static_cast<std::size_t>(from); i < static_cast<std::size_t>(to); ++i) {
      const auto start = AgedStart(ages, columns.start_s[i], columns.resolution_s[i]);
      columns.start_s[i] = start.value_or(std::numeric_limits<std::int64_t>::min() / 2000);
    }
  }
  sums.Add(columns, static_cast<std::size_t>(from), static_cast<std::size_t>(to));
}

}  // namespace

EmbeddedMetricStore::Reading EmbeddedMetricStore::ReadingOf(Instant start, Instant end,
                                                            Duration period, bool bins) const {
  const Ages ages(clock_.Now(), retention_);
  Reading reading{std::max(CeilingSeconds(start), ages.hours_from()), 0, CeilingSeconds(end), ages,
                  bins};
  constexpr std::int64_t kHourMs = kHour * 1000;
  const bool by_hour = period.count() % kHourMs == 0 && ToUnixMillis(start) % kHourMs == 0;
  // Whole hours, where they divide the periods; and what is so old that there is nothing else.
  reading.hours_end_s =
      by_hour ? Ages::Floor(reading.end_s, kHour) : std::min(reading.end_s, ages.base_from());
  reading.hours_end_s = std::max(reading.first_s, reading.hours_end_s);
  return reading;
}

void EmbeddedMetricStore::AddHeads(const std::vector<SeriesId>& series, const Reading& reading,
                                   PeriodSums& sums) const {
  const auto place = [&](std::int64_t start_s, std::int64_t resolution_s) {
    return start_s < reading.hours_end_s ? std::optional(Ages::Floor(start_s, kHour))
                                         : AgedStart(reading.ages, start_s, resolution_s);
  };
  const auto add = [&](const Head& head, SeriesId id) {
    head.Visit(
        id, reading.first_s, reading.end_s,
        [&](std::int64_t start_s, std::int32_t resolution_s, double value) {
          if (const auto start = place(start_s, resolution_s)) sums.Add(*start, value);
        },
        [&](std::int64_t start_s, std::int32_t resolution_s, const Bucket& bucket) {
          if (const auto start = place(start_s, resolution_s)) sums.Add(*start, bucket);
        });
  };
  for (const SeriesId id : series) {
    if (sealed_) add(*sealed_, id);
    add(head_, id);
  }
}

Result<> EmbeddedMetricStore::AddBlocks(const Blocks& blocks, const std::vector<SeriesId>& series,
                                        const Reading& reading, PeriodSums& sums) {
  thread_local BucketColumns columns;
  for (const LiveBlock& live : blocks) {
    if (live.last_s < reading.first_s || live.first_s >= reading.end_s) continue;
    if (live.damage) return *live.damage;
    for (const SeriesId id : series) {
      for (const bool hours : {true, false}) {
        const std::int64_t first = hours ? reading.first_s : reading.hours_end_s;
        const std::int64_t end = hours ? reading.hours_end_s : reading.end_s;
        if (first >= end || live.last_s < first || live.first_s >= end) continue;
        columns.Clear();
        SB_TRY_OK(live.block->Read(
            id, {.first_s = first, .end_s = end, .hours = hours, .bins = reading.bins}, columns));
        AddRange(columns, first, end, reading.ages, hours, sums);
      }
    }
  }
  return {};
}

Result<std::vector<UnitSeries>> EmbeddedMetricStore::Query(const Account& account,
                                                           const StatisticsRequest& request) const {
  if (request.period.count() <= 0) return InvalidArgument("Period", "must be positive");
  const Reading reading =
      ReadingOf(request.start, request.end, request.period, request.distribution);
  PeriodSums sums(request.start, request.end, request.period, request.distribution);
  std::vector<SeriesIndex::UnitId> units;
  {
    std::shared_lock lock(mutex_);
    units = index_.Find(account, request.metric);
  }
  std::vector<UnitSeries> result;
  for (const SeriesIndex::UnitId& unit : units) {
    if (request.unit && unit.unit != *request.unit) continue;
    const std::vector<SeriesId> series = {unit.id};
    std::shared_ptr<const Blocks> blocks;
    {
      // Heads and blocks of one instant: a bucket is in one of them.
      std::shared_lock lock(mutex_);
      AddHeads(series, reading, sums);
      blocks = blocks_;
    }
    SB_TRY_OK(AddBlocks(*blocks, series, reading, sums));
    Buckets buckets = sums.Finish();
    if (!buckets.empty()) result.push_back({std::string(unit.unit), std::move(buckets)});
  }
  return result;
}

Result<std::vector<Buckets>> EmbeddedMetricStore::QueryGroups(const Account& account,
                                                              const GroupsRequest& request) const {
  if (request.period.count() <= 0) return InvalidArgument("Period", "must be positive");
  const Reading reading =
      ReadingOf(request.start, request.end, request.period, request.distribution);
  std::vector<std::vector<SeriesId>> groups(request.group_count);
  {
    std::shared_lock lock(mutex_);
    for (const auto& [metric, group] : request.metrics) {
      if (group >= request.group_count) return InvalidArgument("group_count", "is too small");
      for (const auto& unit : index_.Find(account, metric)) groups[group].push_back(unit.id);
    }
  }
  PeriodSums sums(request.start, request.end, request.period, request.distribution);
  std::vector<Buckets> result;
  result.reserve(groups.size());
  for (std::vector<SeriesId>& series : groups) {
    // In the order of the blocks; a metric that is named twice counts twice.
    std::sort(series.begin(), series.end());
    std::shared_ptr<const Blocks> blocks;
    {
      std::shared_lock lock(mutex_);
      AddHeads(series, reading, sums);
      blocks = blocks_;
    }
    SB_TRY_OK(AddBlocks(*blocks, series, reading, sums));
    result.push_back(sums.Finish());
  }
  return result;
}

}  // namespace securebase::metrics
