#pragma once

// Rows gathered from batches that come in any order: all of them, or the first few by a sort.

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "insights/internal/table_stages.h"
#include "insights/internal/vector.h"

namespace securebase::insights::internal {

struct CollectorOptions {
  std::vector<int> slots;         // kept columns
  std::vector<SortKeySlot> keys;  // before "newest first, last ingested first"
  std::optional<std::size_t> limit;
  bool any = false;  // whichever rows come first
};

/// Copies what it keeps. One thread's.
class Collector {
 public:
  explicit Collector(const CollectorOptions& options);
  void Add(const Frame& frame);
  void Merge(const Collector& other);
  /// The rows in order, at most the limit.
  Frame Finish(int slot_count) const;
  /// Rows older than this cannot be among the answer (kNoTime: any may).
  std::int64_t oldest_wanted() const { return oldest_wanted_; }
  bool full() const { return options_.any && options_.limit && rows_ >= *options_.limit; }
  std::uint64_t bytes() const { return arena_->bytes() + rows_ * (16 * columns_.size() + 16); }

 private:
  bool OnlyByTime() const;
  bool Worse(const Frame& frame, std::size_t row) const;
  Frame ToFrame(int slot_count) const;
  std::vector<std::uint32_t> Order(const Frame& frame) const;
  void Prune();

  const CollectorOptions& options_;
  std::vector<std::vector<Cell>> columns_;
  std::vector<std::int64_t> times_, sequences_;
  std::size_t rows_ = 0;
  std::shared_ptr<Arena> arena_ = std::make_shared<Arena>();
  bool pruned_ = false;      // at least `limit` rows are kept; the worst of them:
  std::vector<Cell> worst_;  // its keys
  std::int64_t oldest_wanted_ = kNoTime;
};

}  // namespace securebase::insights::internal
