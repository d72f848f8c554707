#pragma once

// What is asked: the metric data queries of GetMetricData, PutMetricAlarm, dashboards.

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "metrics/metric_store.h"
#include "metrics/statistic.h"

namespace securebase::metrics::math {

/// One statistic of one metric at one period.
struct MetricStat {
  Metric metric;  // dimensions sorted by name
  Duration period{60'000};
  Statistic statistic;
  std::optional<std::string> unit;  // none: the alphabetically first that has data
};

/// Exactly one of metric_stat and expression is given.
struct MetricDataQuery {
  std::string id;
  std::optional<MetricStat> metric_stat;
  std::string expression;
  std::optional<std::string> label;  // may hold ${...}
  /// Of an expression that reads no metric of the request (SEARCH, SELECT, TIME_SERIES).
  std::optional<Duration> period;
  bool return_data = true;
};

}  // namespace securebase::metrics::math
