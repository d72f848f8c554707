#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "alarms/definition.h"
#include "alarms/input.h"

namespace securebase::alarms {

/// The words of ComparisonOperator, in the model's order.
inline constexpr std::pair<std::string_view, Comparison> kComparisons[] = {
    {"GreaterThanOrEqualToThreshold", Comparison::kGreaterOrEqual},
    {"GreaterThanThreshold", Comparison::kGreater},
    {"LessThanThreshold", Comparison::kLess},
    {"LessThanOrEqualToThreshold", Comparison::kLessOrEqual},
    {"LessThanLowerOrGreaterThanUpperThreshold", Comparison::kOutsideBand},
    {"LessThanLowerThreshold", Comparison::kBelowBand},
    {"GreaterThanUpperThreshold", Comparison::kAboveBand},
};

inline std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// Reads what a metric alarm watches and when it is breached: metric or Metrics, threshold,
/// periods, treatments, timing. `moved_statistic` becomes the extended statistic that came as
/// Statistic.
Result<> ParseMetricCondition(const Input& input, const Account& account,
                              MetricCondition& condition, std::string& moved_statistic);

}  // namespace securebase::alarms
