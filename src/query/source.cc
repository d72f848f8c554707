#include "query/source.h"

namespace securebase::query {

Result<> Control::Check() const {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    return Error(ErrorCode::kCancelled, "the query was cancelled");
  }
  if (clock != nullptr && clock->Monotonic() >= deadline) {
    return Error(ErrorCode::kDeadlineExceeded, "the query took longer than its time limit");
  }
  return {};
}

ScanStatistics& ScanStatistics::operator+=(const ScanStatistics& other) {
  segments += other.segments;
  segments_skipped += other.segments_skipped;
  chunks += other.chunks;
  chunks_skipped += other.chunks_skipped;
  rows += other.rows;
  bytes += other.bytes;
  message_bytes += other.message_bytes;
  rows_skipped += other.rows_skipped;
  message_bytes_skipped += other.message_bytes_skipped;
  chunks_skipped_by_time += other.chunks_skipped_by_time;
  chunks_skipped_by_zone += other.chunks_skipped_by_zone;
  chunks_skipped_by_text += other.chunks_skipped_by_text;
  return *this;
}

}  // namespace securebase::query
