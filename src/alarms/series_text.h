#pragma once

// Series in test files: "1 2 _ 5*3 0+2*4 {n:3 sum:12 min:1 max:8}".

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/bucket.h"

namespace securebase::alarms {

struct SeriesPoint {
  double value = 0;
  std::optional<metrics::StatisticSet> set;
};

/// One point a period; none for `_` (or `-`). `5*3` is 5 5 5, `0+2*4` is 0 2 4 6; `1+2x3` is 1 3 5
/// 7, as promtool counts. Errors: kInvalidArgument naming the token.
Result<std::vector<std::optional<SeriesPoint>>> ParseSeries(const std::vector<std::string>& words);

}  // namespace securebase::alarms
