#pragma once

// What blocks come from: heads, and smaller or older blocks. Roll-ups and retention happen here.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "metrics/block.h"
#include "metrics/head.h"
#include "metrics/retention.h"

namespace securebase::metrics {

/// A block's bytes and what the catalogue says of it.
struct NewBlock {
  std::string bytes;  // empty: nothing is left
  std::int64_t first_s = 0;
  std::int64_t last_s = 0;
  /// When all that retention would fold or drop in it first can be: it is worth writing anew.
  std::int64_t due_s = 0;
};

/// The parts of one series as one: each bucket in the resolution of its age, hours beside them
/// where they save a query much or where base buckets are gone.
SeriesBuckets MergeSeries(std::span<SeriesBuckets> parts, const Ages& ages);

NewBlock BuildBlock(const Head& head, const Ages& ages, const Retention& retention);
/// One block of several (or of one, to age it). Errors: a block that is damaged, by its name.
Result<NewBlock> MergeBlocks(std::span<const std::shared_ptr<const Block>> blocks, const Ages& ages,
                             const Retention& retention);

}  // namespace securebase::metrics
