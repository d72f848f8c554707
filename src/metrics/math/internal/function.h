#pragma once

// The functions of metric math (spec: cloudwatch-api 5.4).

#include <cstddef>
#include <string_view>

namespace securebase::metrics::math {

enum class FunctionId {
  // One point after the other: TS -> TS, TS[] -> TS[].
  kAbs,
  kCeil,
  kFloor,
  kLog,
  kLog10,
  kDiff,
  kDiffTime,
  kRate,
  kRunningSum,
  // TS -> S, TS[] -> TS.
  kAvg,
  kSum,
  kMin,
  kMax,
  kStddev,
  kDatapointCount,
  // Time of the bucket: TS -> TS.
  kMinute,
  kHour,
  kDay,
  kDate,
  kMonth,
  kYear,
  kEpoch,
  // Each with a signature of its own.
  kMetricCount,
  kFill,
  kFirst,
  kLast,
  kSlice,
  kSort,
  kRemoveEmpty,
  kIf,
  kMetrics,
  kTimeSeries,
  kPeriod,
  kBand,
  kSearch,
  // AWS has them, this server does not.
  kUnsupported,
};

struct Function {
  std::string_view name;
  FunctionId id;
  std::size_t arguments_min;
  std::size_t arguments_max;
};

/// Null for a name that AWS does not have either.
const Function* FindFunction(std::string_view name);

inline bool IsPointwise(FunctionId id) { return id <= FunctionId::kRunningSum; }
inline bool IsReduction(FunctionId id) {
  return id >= FunctionId::kAvg && id <= FunctionId::kDatapointCount;
}
inline bool IsTimePart(FunctionId id) {
  return id >= FunctionId::kMinute && id <= FunctionId::kEpoch;
}

}  // namespace securebase::metrics::math
