#include "metrics/math/internal/function.h"

#include <array>

namespace securebase::metrics::math {
namespace {

constexpr std::size_t kAny = 100;

constexpr std::array kFunctions = {
    Function{"ABS", FunctionId::kAbs, 1, 1},
    Function{"CEIL", FunctionId::kCeil, 1, 1},
    Function{"FLOOR", FunctionId::kFloor, 1, 1},
    Function{"LOG", FunctionId::kLog, 1, 1},
    Function{"LOG10", FunctionId::kLog10, 1, 1},
    Function{"DIFF", FunctionId::kDiff, 1, 1},
    Function{"DIFF_TIME", FunctionId::kDiffTime, 1, 1},
    Function{"RATE", FunctionId::kRate, 1, 1},
    Function{"RUNNING_SUM", FunctionId::kRunningSum, 1, 1},
    Function{"AVG", FunctionId::kAvg, 1, 1},
    Function{"SUM", FunctionId::kSum, 1, 1},
    Function{"MIN", FunctionId::kMin, 1, 1},
    Function{"MAX", FunctionId::kMax, 1, 1},
    Function{"STDDEV", FunctionId::kStddev, 1, 1},
    Function{"DATAPOINT_COUNT", FunctionId::kDatapointCount, 1, 1},
    Function{"MINUTE", FunctionId::kMinute, 1, 1},
    Function{"HOUR", FunctionId::kHour, 1, 1},
    Function{"DAY", FunctionId::kDay, 1, 1},
    Function{"DATE", FunctionId::kDate, 1, 1},
    Function{"MONTH", FunctionId::kMonth, 1, 1},
    Function{"YEAR", FunctionId::kYear, 1, 1},
    Function{"EPOCH", FunctionId::kEpoch, 1, 1},
    Function{"METRIC_COUNT", FunctionId::kMetricCount, 1, 1},
    Function{"FILL", FunctionId::kFill, 2, 2},
    Function{"FIRST", FunctionId::kFirst, 1, 1},
    Function{"LAST", FunctionId::kLast, 1, 1},
    Function{"SLICE", FunctionId::kSlice, 2, 3},
    Function{"SORT", FunctionId::kSort, 3, 4},
    Function{"REMOVE_EMPTY", FunctionId::kRemoveEmpty, 1, 1},
    Function{"IF", FunctionId::kIf, 2, 3},
    Function{"METRICS", FunctionId::kMetrics, 0, 1},
    Function{"TIME_SERIES", FunctionId::kTimeSeries, 1, 1},
    Function{"PERIOD", FunctionId::kPeriod, 1, 1},
    Function{"ANOMALY_DETECTION_BAND", FunctionId::kBand, 1, 2},
    Function{"SEARCH", FunctionId::kSearch, 2, 3},
    Function{"INSIGHT_RULE_METRIC", FunctionId::kUnsupported, 0, kAny},
    Function{"SERVICE_QUOTA", FunctionId::kUnsupported, 0, kAny},
    Function{"DB_PERF_INSIGHTS", FunctionId::kUnsupported, 0, kAny},
    Function{"LAMBDA", FunctionId::kUnsupported, 0, kAny},
};

}  // namespace

const Function* FindFunction(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

}  // namespace securebase::metrics::math
