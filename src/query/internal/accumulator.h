#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "query/aggregate.h"
#include "query/column.h"

namespace securebase::query {

/// The state of one aggregate for all groups.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  /// Adds row `rows[i]` of the column to group `groups[i]`; groups are below `group_count`.
  /// Errors: kInvalidArgument for a field whose type has no such aggregate.
  virtual Result<> Add(const Column& column, std::span<const std::uint16_t> rows,
                       const std::uint32_t* groups, std::uint32_t group_count) = 0;
  /// The group's value; absent where no value was added (a count is then 0).
  virtual Cell Value(std::uint32_t group) const = 0;
  virtual std::uint64_t memory_bytes() const = 0;
};

/// For every aggregate but the count of rows, which needs no column.
std::unique_ptr<Accumulator> MakeAccumulator(const Aggregate& aggregate);

}  // namespace securebase::query
