#include "events/internal/segment_source.h"

#include <algorithm>

namespace securebase::events {
namespace {

constexpr std::size_t kTimeColumn = 0;

// What the codes of an absent string column index.
const std::shared_ptr<const query::Dictionary>& EmptyTextDictionary() {
  static const auto dictionary = std::make_shared<const query::Dictionary>(
      query::Dictionary{.values = {std::string_view("")}, .sorted = true, .owner = nullptr});
  return dictionary;
}

}  // namespace

SegmentSource::SegmentSource(std::shared_ptr<const SegmentList> segments, ScanRequest request,
                             std::vector<query::Type> types)
    : segments_(std::move(segments)),
      request_(std::move(request)),
      types_(std::move(types)),
      where_fields_(query::FieldsOf(request_.where)) {}

Result<bool> SegmentSource::OpenNextSegment() {
  segment_ = nullptr;
  handle_ = nullptr;
  while (segments_ != nullptr && next_segment_ < segments_->size()) {
    const auto& handle = (*segments_)[next_segment_++];
    ++statistics_.segments;
    if (handle->entry().last_ms < ToUnixMillis(request_.start) ||
        handle->entry().first_ms >= ToUnixMillis(request_.end)) {
      ++statistics_.segments_skipped;
      continue;
    }
    SB_TRY(segment_, handle->Open());
    handle_ = handle;
    columns_.clear();
    where_columns_.clear();
    for (const std::string& name : request_.columns) {
      columns_.push_back(segment_->FindColumn(name));
    }
    for (const std::string& name : where_fields_) {
      where_columns_.push_back(segment_->FindColumn(name));
    }
    next_chunk_ = 0;
    return true;
  }
  return false;
}

Result<bool> SegmentSource::MayMatchChunk(std::size_t chunk) const {
  if (where_fields_.empty()) return true;
  std::vector<std::optional<query::Zone>> zones(where_fields_.size());
  for (std::size_t i = 0; i < zones.size(); ++i) {
    if (where_columns_[i] == Segment::kNoColumn) continue;
    SB_TRY(zones[i], segment_->ZoneOf(where_columns_[i], chunk));
  }
  return query::MayMatch(request_.where, [&](std::string_view field) -> const query::Zone* {
    for (std::size_t i = 0; i < zones.size(); ++i) {
      if (where_fields_[i] == field) return zones[i].has_value() ? &*zones[i] : nullptr;
    }
    return nullptr;
  });
}

// The rows of a chunk ascend in time: those in the request's range lie side by side.
Result<SegmentSource::RowRange> SegmentSource::RowsInRange(std::size_t chunk) {
  const std::int64_t start = ToUnixMillis(request_.start);
  const std::int64_t end = ToUnixMillis(request_.end);
  const std::size_t rows = segment_->RowsOfChunk(chunk);
  SB_TRY(const query::Zone zone, segment_->ZoneOf(kTimeColumn, chunk));
  if (zone.int_max < start || zone.int_min >= end) return RowRange{};
  if (zone.int_min >= start && zone.int_max < end) return RowRange{.first = 0, .count = rows};
  SB_TRY_OK(segment_->Read(kTimeColumn, chunk, 0, rows, times_));
  const auto& times = times_.ints;
  const auto first = std::lower_bound(times.begin(), times.end(), start);
  const auto last = std::lower_bound(first, times.end(), end);
  return RowRange{.first = static_cast<std::size_t>(first - times.begin()),
                  .count = static_cast<std::size_t>(last - first)};
}

void SegmentSource::FillAbsent(query::Type type, std::size_t count, query::Column& column) const {
  column.type = type;
  column.all_absent = true;
  column.valid.assign(count, 0);
  if (type == query::Type::kString) {
    column.codes.assign(count, 0);
    column.dictionary = EmptyTextDictionary();
  } else if (type == query::Type::kDouble) {
    column.doubles.assign(count, 0);
  } else {
    column.ints.assign(count, 0);
  }
}

Result<> SegmentSource::ReadChunk(std::size_t chunk, RowRange range, query::Batch& batch) {
  batch.rows = range.count;
  batch.filtered = false;
  batch.selection.clear();
  batch.columns.resize(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i] == Segment::kNoColumn) {
      FillAbsent(types_[i], range.count, batch.columns[i]);
      continue;
    }
    SB_TRY_OK(segment_->Read(columns_[i], chunk, range.first, range.count, batch.columns[i]));
    statistics_.bytes += segment_->BlockBytes(columns_[i], chunk);
  }
  statistics_.rows += range.count;
  return {};
}

Result<bool> SegmentSource::Next(query::Batch& batch) {
  while (true) {
    if (segment_ == nullptr || next_chunk_ == segment_->chunk_count()) {
      SB_TRY(const bool opened, OpenNextSegment());
      if (!opened) return false;
    }
    const std::size_t chunk = next_chunk_++;
    ++statistics_.chunks;
    SB_TRY(const RowRange range, RowsInRange(chunk));
    bool wanted = range.count > 0;
    if (wanted) {
      SB_TRY(wanted, MayMatchChunk(chunk));
    }
    if (!wanted) {
      ++statistics_.chunks_skipped;
      continue;
    }
    SB_TRY_OK(ReadChunk(chunk, range, batch));
    return true;
  }
}

}  // namespace securebase::events
