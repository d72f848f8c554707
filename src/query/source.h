#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/column.h"
#include "query/predicate.h"

namespace securebase::query {

/// Limits of one query, checked once per batch.
struct Control {
  const Clock* clock = nullptr;           // null: no deadline
  std::chrono::nanoseconds deadline{0};   // of Clock::Monotonic
  std::uint64_t memory_max = 256u << 20;  // bytes of groups and results
  const std::atomic<bool>* cancelled = nullptr;

  /// kCancelled, kDeadlineExceeded or success.
  Result<> Check() const;
};

struct ScanStatistics {
  std::uint64_t segments = 0;
  std::uint64_t segments_skipped = 0;
  std::uint64_t chunks = 0;
  std::uint64_t chunks_skipped = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  // Log scans only: UTF-8 bytes of the rows' messages, and what skipping saved, by its cause.
  std::uint64_t message_bytes = 0;
  std::uint64_t rows_skipped = 0;  // in chunks of the time range that were not read
  std::uint64_t message_bytes_skipped = 0;
  std::uint64_t chunks_skipped_by_time = 0;
  std::uint64_t chunks_skipped_by_zone = 0;  // smallest and largest values, dictionaries
  std::uint64_t chunks_skipped_by_text = 0;  // n-gram filters

  ScanStatistics& operator+=(const ScanStatistics& other);
};

/// Yields batches of the columns it was opened with, skipping what the pushed-down predicate
/// excludes by zone maps (rows that pass may still fail the predicate: filter them).
class Source {
 public:
  virtual ~Source() = default;
  /// The names of the columns, in batch order.
  virtual const std::vector<std::string>& column_names() const = 0;
  /// Fills `batch`; false at the end. A column absent in a segment comes as all-invalid.
  virtual Result<bool> Next(Batch& batch) = 0;
  virtual const ScanStatistics& statistics() const = 0;
};

}  // namespace securebase::query
