#include "events/internal/log_plan.h"

#include <algorithm>
#include <tuple>

namespace securebase::events {

LogPlan::LogPlan(std::vector<LogSnapshot> groups, const query::Predicate& where, bool newest_first,
                 std::size_t readers)
    : groups_(std::move(groups)),
      where_(where),
      newest_first_(newest_first),
      head_rows_(groups_.size()),
      taken_(readers) {
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    const LogSnapshot& snapshot = groups_[group];
    start_ms_ = group == 0 ? snapshot.start_ms : std::min(start_ms_, snapshot.start_ms);
    end_ms_ = group == 0 ? snapshot.end_ms : std::max(end_ms_, snapshot.end_ms);
    for (const auto& file : snapshot.files) {
      const LogFileEntry& entry = file->entry();
      ++first_statistics_.segments;
      if (entry.last_ms < snapshot.start_ms || entry.first_ms >= snapshot.end_ms) {
        ++first_statistics_.segments_skipped;
        continue;
      }
      queue_.push({.bound = BoundOf(entry.first_ms, entry.last_ms), .group = group, .file = file});
    }
    AddHead(group);
  }
}

void LogPlan::AddHead(std::size_t group) {
  const LogSnapshot& snapshot = groups_[group];
  std::vector<LogRow>& rows = head_rows_[group];
  for (const auto& batch : snapshot.head) {
    if (batch->last_ms < snapshot.start_ms || batch->first_ms >= snapshot.end_ms) continue;
    if (!snapshot.Wants(batch->stream)) continue;
    for (std::size_t i = 0; i < batch->events.size(); ++i) {
      const HeadBatch::Event& event = batch->events[i];
      if (event.time_ms < snapshot.start_ms || event.time_ms >= snapshot.end_ms) continue;
      rows.push_back({.time_ms = event.time_ms,
                      .ingested_ms = event.ingested_ms,
                      .arrival = batch->first_arrival + i,
                      .ordinal = batch->first_ordinal + i,
                      .stream = batch->stream,
                      .message = batch->Message(event)});
    }
  }
  const auto earlier = [](const LogRow& a, const LogRow& b) {
    return std::tie(a.time_ms, a.arrival) < std::tie(b.time_ms, b.arrival);
  };
  if (!std::is_sorted(rows.begin(), rows.end(), earlier)) {
    std::sort(rows.begin(), rows.end(), earlier);
  }
  for (std::size_t first = 0; first < rows.size(); first += kLogChunkRows) {
    const std::size_t count = std::min(kLogChunkRows, rows.size() - first);
    LogUnit unit{.group = &groups_[group], .rows = {rows.data() + first, count}};
    unit.first_ms = rows[first].time_ms;
    unit.last_ms = rows[first + count - 1].time_ms;
    queue_.push({.bound = BoundOf(unit.first_ms, unit.last_ms),
                 .group = group,
                 .file = nullptr,
                 .unit = unit});
  }
}

// Puts the chunks of a segment in its place.
Result<> LogPlan::Expand(const Item& item, query::ScanStatistics& statistics) {
  const LogSnapshot& snapshot = groups_[item.group];
  SB_TRY(const auto segment, item.file->Open());
  const LogMatcher matcher(*segment, where_, *snapshot.streams);
  const auto& times = segment->system(LogSegment::kTime).chunks;
  const auto& streams = segment->system(LogSegment::kStream).chunks;
  for (std::size_t chunk = 0; chunk < segment->chunk_count(); ++chunk) {
    ++statistics.chunks;
    if (times[chunk].max < snapshot.start_ms || times[chunk].min >= snapshot.end_ms) {
      ++statistics.chunks_skipped;
      ++statistics.chunks_skipped_by_time;
      continue;
    }
    SkipCause cause = SkipCause::kNone;
    bool wanted = snapshot.wanted.empty();
    for (std::int64_t i = streams[chunk].min; i <= streams[chunk].max && !wanted; ++i) {
      wanted = snapshot.Wants(i);
    }
    if (!wanted) cause = SkipCause::kZone;
    if (!wanted || !matcher.MayMatchChunk(chunk, cause)) {
      ++statistics.chunks_skipped;
      ++(cause == SkipCause::kText ? statistics.chunks_skipped_by_text
                                   : statistics.chunks_skipped_by_zone);
      statistics.rows_skipped += segment->RowsOfChunk(chunk);
      statistics.message_bytes_skipped += segment->chunk(chunk).message_bytes;
      continue;
    }
    queue_.push({.bound = BoundOf(times[chunk].min, times[chunk].max),
                 .group = item.group,
                 .file = nullptr,
                 .unit = {.group = &snapshot,
                          .segment = segment,
                          .chunk = chunk,
                          .rows = {},
                          .first_ms = times[chunk].min,
                          .last_ms = times[chunk].max}});
  }
  return {};
}

Result<std::optional<LogUnit>> LogPlan::Take(std::size_t reader,
                                             query::ScanStatistics& statistics) {
  const std::lock_guard lock(mutex_);
  taken_[reader] = std::nullopt;
  statistics += std::exchange(first_statistics_, {});
  while (!queue_.empty()) {
    Item item = queue_.top();
    queue_.pop();
    if (item.file != nullptr) {
      SB_TRY_OK(Expand(item, statistics));
      continue;
    }
    taken_[reader] = item.bound;
    return std::optional(std::move(item.unit));
  }
  return std::optional<LogUnit>();
}

void LogPlan::Deliver(std::size_t reader) {
  const std::lock_guard lock(mutex_);
  taken_[reader] = std::nullopt;
}

std::int64_t LogPlan::frontier() const {
  const std::lock_guard lock(mutex_);
  std::optional<std::int64_t> bound;
  if (!queue_.empty()) bound = queue_.top().bound;
  for (const auto& taken : taken_) {
    if (taken.has_value()) bound = std::max(bound.value_or(*taken), *taken);
  }
  // Nothing is to come: beyond every row.
  if (!bound.has_value()) return newest_first_ ? start_ms_ - 1 : end_ms_;
  return newest_first_ ? std::min(*bound, end_ms_ - 1) : std::max(-*bound, start_ms_);
}

}  // namespace securebase::events
