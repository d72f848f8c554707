#pragma once

// Lines of a piece of a file as a scan's source.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insights/internal/event_batch.h"
#include "query/source.h"

namespace securebase::insights::internal {

struct LinePiece {
  std::string_view whole;  // the file
  std::size_t begin = 0;   // of the piece, at a line's begin
  std::size_t end = 0;
  std::int64_t arrival = 0;  // of the file's first byte
  std::int64_t modified_ms = 0;
  std::string stream;
  std::string group;
  bool json = true;
};

/// Epoch seconds (with a fraction), milli-, micro- or nanoseconds by their size, or ISO 8601.
std::optional<std::int64_t> ReadAnyTime(std::string_view text);

class LineSource final : public query::Source {
 public:
  LineSource(LinePiece piece, const ScanRequest& request, std::string account);
  const std::vector<std::string>& column_names() const override { return names_; }
  const query::ScanStatistics& statistics() const override { return statistics_; }
  Result<bool> Next(query::Batch& batch) override;

 private:
  std::int64_t FallbackTime(std::size_t line_begin);

  const LinePiece piece_;
  const ScanRequest request_;
  const std::string account_;
  std::vector<std::string> names_;
  std::unique_ptr<EventBatch> batch_;  // made when reading begins
  std::size_t at_;
  bool valid_ = true;  // the piece is UTF-8
  std::optional<std::int64_t> lines_before_;
  std::size_t counted_to_ = 0;
  query::ScanStatistics statistics_;
};

}  // namespace securebase::insights::internal
