#pragma once

// Types of an expression's parts (spec: cloudwatch-api 5.1, 5.3, 5.4).

#include <string_view>

#include "base/result.h"
#include "metrics/math/internal/expression.h"

namespace securebase::metrics::math {

/// What the check must know of the queries that an expression refers to.
class QueryTypes {
 public:
  virtual ~QueryTypes() = default;
  virtual Type TypeOf(std::size_t query) const = 0;
  virtual bool IsMetric(std::size_t query) const = 0;
};

/// Fills in types, and what calls of SEARCH ask. References must be resolved (Node::queries).
/// Errors: kInvalidArgument; the message ends with the place, "(at character N)".
Result<> CheckTypes(Node& node, std::string_view expression, const QueryTypes& queries);

}  // namespace securebase::metrics::math
