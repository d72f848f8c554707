#pragma once

// What a Plan holds.

#include <cstddef>
#include <vector>

#include "metrics/math/internal/expression.h"
#include "metrics/math/plan.h"

namespace securebase::metrics::math {

struct PlannedQuery {
  NodePtr root;  // null: a metric
  Type type = Type::kSeries;
  Duration period{0};  // 0: a scalar that reads nothing
  Reads reads;
  /// Queries that this one refers to, directly or not, each after those that it needs itself.
  std::vector<std::size_t> dependencies;
  bool referenced = false;  // by another query
};

struct PlanState {
  std::vector<MetricDataQuery> queries;
  std::vector<PlannedQuery> planned;  // one a query
};

}  // namespace securebase::metrics::math
