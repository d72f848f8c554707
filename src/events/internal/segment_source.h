#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "events/dataset_store.h"
#include "events/internal/dataset_catalogue.h"
#include "query/source.h"

namespace securebase::events {

/// Yields the rows of a list of segments whose times lie in the request's range, segment after
/// segment, skipping chunks whose zones exclude the request's predicate. Not thread-safe.
class SegmentSource final : public query::Source {
 public:
  /// `types`: of the request's columns, for segments that lack them.
  SegmentSource(std::shared_ptr<const SegmentList> segments, ScanRequest request,
                std::vector<query::Type> types);

  const std::vector<std::string>& column_names() const override { return request_.columns; }
  Result<bool> Next(query::Batch& batch) override;
  const query::ScanStatistics& statistics() const override { return statistics_; }

 private:
  struct RowRange {
    std::size_t first = 0;
    std::size_t count = 0;
  };

  Result<bool> OpenNextSegment();
  Result<bool> MayMatchChunk(std::size_t chunk) const;
  Result<RowRange> RowsInRange(std::size_t chunk);
  Result<> ReadChunk(std::size_t chunk, RowRange range, query::Batch& batch);
  void FillAbsent(query::Type type, std::size_t count, query::Column& column) const;

  const std::shared_ptr<const SegmentList> segments_;
  const ScanRequest request_;
  const std::vector<query::Type> types_;
  const std::vector<std::string> where_fields_;
  query::ScanStatistics statistics_;

  std::size_t next_segment_ = 0;
  std::shared_ptr<SegmentHandle> handle_;  // keeps the file until the scan has left it
  std::shared_ptr<const Segment> segment_;
  std::vector<std::size_t> columns_;        // in segment_, or kNoColumn
  std::vector<std::size_t> where_columns_;  // the same for where_fields_
  std::size_t next_chunk_ = 0;
  query::Column times_;  // scratch
};

}  // namespace securebase::events
