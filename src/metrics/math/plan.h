#pragma once

// Queries, parsed and type-checked once, that can be evaluated any number of times.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/math/query.h"

namespace securebase::metrics::math {

/// What an expression is (spec: cloudwatch-api 5.1).
enum class Type {
  kScalar,  // one number
  kSeries,  // one time series
  kArray,   // an ordered list of time series
};

/// What one query reads, itself and through the expressions that it refers to.
struct Reads {
  /// Places in Plan::queries() of the metrics, ascending. METRICS() reads those that match.
  std::vector<std::size_t> metrics;
  bool uses_metrics_function = false;  // METRICS()
  bool uses_search = false;
  bool uses_insights = false;     // SELECT
  bool insights_grouped = false;  // with GROUP BY: several series
  bool insights_ordered = false;  // with ORDER BY
  std::size_t bands = 0;          // calls of ANOMALY_DETECTION_BAND
};

struct PlanState;  // internal/plan_state.h

/// Immutable, cheap to copy, safe to use from several threads.
class Plan {
 public:
  /// Parses and checks all queries together. Errors: kInvalidArgument, wire code ValidationError,
  /// field the query's Id; the text is AWS's where it is known, "Error in expression 'e1':
  /// Function 'X' not found (at character 3)"; characters count from 1. Ids that are malformed or
  /// not unique, unknown Ids, cycles, scalar results of queries that return data, functions that
  /// are not supported are all refused here.
  static Result<Plan> Make(std::vector<MetricDataQuery> queries);

  const std::vector<MetricDataQuery>& queries() const;
  Type type(std::size_t query) const;
  /// The period at which a query is evaluated: a metric's own; the largest of the metrics that an
  /// expression reads; else the expression's own (SEARCH: its third argument first, else 300 s).
  Duration period(std::size_t query) const;
  const Reads& reads(std::size_t query) const;
  /// The queries that a query refers to, directly or not.
  const std::vector<std::size_t>& dependencies(std::size_t query) const;

  const PlanState& state() const { return *state_; }

 private:
  explicit Plan(std::shared_ptr<const PlanState> state) : state_(std::move(state)) {}
  std::shared_ptr<const PlanState> state_;
};

/// Whether a text may be the Id of a query: ^[a-z][A-Za-z0-9_]*$, at most 255 characters.
bool IsQueryId(std::string_view text);

}  // namespace securebase::metrics::math
