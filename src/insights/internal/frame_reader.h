#pragma once

// Batches of a scan to frames.

#include <memory>
#include <vector>

#include "insights/internal/plan.h"
#include "insights/internal/vector.h"
#include "query/column.h"

namespace securebase::insights::internal {

/// One thread's. Dictionaries that batches share are converted once.
class FrameReader {
 public:
  /// `slots`: of the batch's columns, in order; kTimeSlot and kSequenceSlot
  /// come first.
  FrameReader(std::vector<int> slots, int slot_count, std::int64_t start_ms, std::int64_t end_ms);

  /// The batch's selected rows within the range. The batch is used up.
  Frame Read(query::Batch& batch);

 private:
  struct Cached {
    std::shared_ptr<const query::Dictionary> from;
    std::shared_ptr<CellDictionary> cells;
    Kind kind = Kind::kString;
  };
  VectorRef Convert(query::Column& column, std::size_t rows, std::size_t which, Arena& arena);
  VectorRef ConvertStrings(query::Column& column, std::size_t rows, Kind kind, Cached& cached);
  VectorRef ConvertMixed(query::Column& column, std::size_t rows);

  const std::vector<int> slots_;
  const int slot_count_;
  const std::int64_t start_ms_, end_ms_;
  std::vector<Cached> cached_;
  std::shared_ptr<CellDictionary> booleans_;
};

}  // namespace securebase::insights::internal
