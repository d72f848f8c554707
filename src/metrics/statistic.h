#pragma once

// What can be asked of a bucket: the five simple statistics and the extended ones
// (spec: cloudwatch-api 3.3).

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase::metrics {

/// A parsed statistic: "Average", "p95", "TM(10%:90%)", "PR(:300)", ..
struct Statistic {
  enum class Kind {
    kSampleCount,
    kSum,
    kAverage,
    kMinimum,
    kMaximum,
    kPercentile,
    kTrimmedMean,
    kWinsorizedMean,
    kTrimmedCount,
    kTrimmedSum,
    kPercentileRank,
  };
  Kind kind = Kind::kAverage;
  double percentile = 0;        // of kPercentile, 0..100
  bool percent_bounds = false;  // bounds are percentiles rather than values
  std::optional<double> lower;
  std::optional<double> upper;
  std::string text;  // as asked

  bool simple() const { return kind <= Kind::kMaximum; }
};

/// Errors: kInvalidArgument with an empty field (the caller knows which parameter it was).
Result<Statistic> ParseStatistic(std::string_view text);

}  // namespace securebase::metrics
