#pragma once

// Metrics Insights: a small SQL over metrics (spec: cloudwatch-api 5.7).

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/math/source.h"
#include "metrics/statistic.h"

namespace securebase::metrics::math {

enum class InsightsFunction { kAvg, kCount, kMax, kMin, kSum };
std::string_view ToText(InsightsFunction function);

struct InsightsCondition {
  enum class Kind { kAnd, kOr, kIn, kNotIn };
  Kind kind = Kind::kIn;
  std::vector<std::unique_ptr<InsightsCondition>> children;
  std::string key;
  std::vector<std::string> values;  // one for "=" and "!="
};

struct InsightsQuery {
  InsightsFunction function = InsightsFunction::kAvg;
  std::string metric;
  std::string namespace_name;
  bool schema = false;                       // SCHEMA(..): exactly these dimensions
  std::vector<std::string> keys;             // of the schema, sorted
  std::unique_ptr<InsightsCondition> where;  // null: none
  std::vector<std::string> group_by;
  std::optional<InsightsFunction> order_by;
  bool descending = false;
  std::optional<std::size_t> limit;  // 1..500

  /// The metrics that it reads; holds on to *this.
  MetricSelection Selection() const;
  Statistic statistic() const;
  /// The group of a metric, and its label: the keys' values joined by blanks.
  std::vector<std::string> GroupOf(const Metric& metric) const;
};

inline constexpr std::size_t kInsightsSeriesMax = 500;

/// Errors: kInvalidArgument; the message ends with the place, "(at character N)".
Result<InsightsQuery> ParseInsights(std::string_view text);

/// A text that parses to the same query.
std::string ToText(const InsightsQuery& query);

}  // namespace securebase::metrics::math
