#pragma once

#include <string>

#include "alarms/definition.h"
#include "alarms/input.h"

namespace securebase::alarms {

/// Reads what a metric alarm watches and when it is breached: metric or Metrics, threshold,
/// periods, treatments, timing. `moved_statistic` becomes the extended statistic that came as
/// Statistic.
Result<> ParseMetricCondition(const Input& input, const Account& account,
                              MetricCondition& condition, std::string& moved_statistic);

}  // namespace securebase::alarms
