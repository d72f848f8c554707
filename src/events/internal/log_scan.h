#pragma once

// A scan of log groups as batches of columns.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "events/discovery.h"
#include "events/field_column.h"
#include "events/internal/log_match.h"
#include "events/internal/log_plan.h"
#include "events/internal/prefix_fields.h"
#include "events/log_store.h"

namespace securebase::events {

/// "group time arrival" as 40 hexadecimal digits: @ptr.
std::string PtrOf(std::uint32_t group_id, std::int64_t time_ms, std::uint64_t arrival);
struct PtrParts {
  std::uint32_t group_id = 0;
  std::int64_t time_ms = 0;
  std::uint64_t arrival = 0;
};
std::optional<PtrParts> ParsePtr(std::string_view ptr);

/// One of the sources of a scan. One thread at a time.
class LogScanSource final : public LogSource {
 public:
  LogScanSource(std::shared_ptr<LogPlan> plan, std::size_t reader,
                std::vector<std::string> columns);
  ~LogScanSource() override;

  const std::vector<std::string>& column_names() const override { return columns_; }
  Result<bool> Next(query::Batch& batch) override;
  const query::ScanStatistics& statistics() const override { return statistics_; }
  Instant frontier() const override { return FromUnixMillis(plan_->frontier()); }

 private:
  struct SegmentState;
  enum class What { kTime, kIngestion, kMessage, kStream, kLog, kPtr, kArrival, kSize, kField };

  Result<bool> FillFromSegment(const LogUnit& unit, query::Batch& batch);
  Result<bool> FillFromHead(const LogUnit& unit, query::Batch& batch);
  SegmentState& StateOf(const LogUnit& unit);
  Result<> SelectRows(const LogUnit& unit, LogChunk& chunk, RowMask& mask);
  /// The lines of the selected rows, all others empty; kept for the batch.
  Result<> RebuildLines(LogChunk& chunk, const RowMask& mask);
  Result<> FillField(LogChunk& chunk, SegmentState& state, const std::string& name,
                     const RowMask& mask, query::Column& column);
  Result<> FillLeaf(LogChunk& chunk, SegmentState& state, std::size_t leaf, query::Column& column);
  Result<bool> FillSlots(LogChunk& chunk, SegmentState& state, const std::string& name,
                         query::Column& column);
  Result<> FillMixed(LogChunk& chunk, SegmentState& state, const std::string& name,
                     std::size_t leaf, const RowMask& mask, query::Column& column);
  void FillSystem(What what, const LogUnit& unit, std::size_t rows, query::Column& column);

  const std::shared_ptr<LogPlan> plan_;
  const std::size_t reader_;
  const std::vector<std::string> columns_;
  std::vector<What> whats_;
  query::ScanStatistics statistics_;

  // Of the last segment, so that dictionaries are judged once.
  std::unique_ptr<SegmentState> state_;
  Discoverer discoverer_;
  std::vector<FieldColumnBuilder> builders_;
  FieldColumnBuilder builder_;

  // Of the present unit.
  std::vector<std::int64_t> times_, ingested_, arrivals_, streams_;
  bool lines_ready_ = false;
  std::shared_ptr<std::string> lines_;
  std::vector<std::string_view> line_views_;
};

}  // namespace securebase::events
