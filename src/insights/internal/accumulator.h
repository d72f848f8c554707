#pragma once

// The statistics of `stats`, for all groups at once. Source: logs-insights, stats functions.

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "insights/internal/vector.h"

namespace securebase::insights::internal {

/// Rows as an accumulator takes them: their groups, and when they happened.
struct GroupedRows {
  std::span<const std::uint32_t> groups;
  const Vector* times = nullptr;      // null: no timestamps
  const Vector* sequences = nullptr;  // order of ingestion
};

/// State of one statistic (or of several that share it) of every group. Not thread-safe.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual void Resize(std::size_t groups) = 0;
  virtual void Add(const GroupedRows& rows, const std::vector<VectorRef>& args) = 0;
  /// Adds `other`, whose group g is group `groups[g]` here.
  virtual void Merge(const Accumulator& other, std::span<const std::uint32_t> groups) = 0;
  /// The value of a group; `parameter` as the plan has it (percentile, k).
  virtual Cell Finish(std::size_t group, double parameter, Arena& arena) const = 0;
  virtual std::uint64_t bytes() const = 0;
};

enum class Statistic : std::uint8_t {
  kCountRows,
  kCount,
  kCountDistinct,
  kSum,
  kAverage,
  kMin,
  kMax,
  kPercentile,
  kMedian,
  kVariance,
  kDeviation,
  kEarliest,
  kLatest,
  kSortsFirst,
  kSortsLast,
  kValues,
  kTopK,
  kRate,
};

/// What the language calls it; `accumulator` is the statistic whose state it shares.
struct StatisticName {
  std::string_view name;  // lower case, without underscores
  Statistic statistic;
  Statistic accumulator;
  int args_min, args_max;
};
const StatisticName* FindStatistic(std::string_view name);

std::unique_ptr<Accumulator> MakeAccumulator(Statistic accumulator);
/// The value when it counts or sums nothing: 0 for counts and sums, else missing.
Cell FinishStatistic(Statistic statistic, const Accumulator& accumulator, std::size_t group,
                     double parameter, Arena& arena);

}  // namespace securebase::insights::internal
