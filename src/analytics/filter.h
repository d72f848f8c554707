#pragma once

#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "events/dataset_store.h"
#include "query/predicate.h"

namespace securebase::analytics {

/// Reads the filter language of /v1 (docs/analytics.md):
///   {"region": "us-east-1", "cost": {"gt": 2, "lte": 10}, "tags.env": {"exists": true},
///    "or": [{..}, {..}], "and": [{..}, {..}]}
/// Fields of one object are ANDed, so are the operators of one field. Values must have the
/// field's type; times are ISO 8601 texts. Errors: kInvalidArgument whose field is the path
/// ("filters.or.1.cost.gt"): not JSON (400), unknown field or operator, wrong type, deeper than 8
/// or more than 1,000 conditions or 10,000 values.
Result<query::Predicate> ParseFilters(std::string_view text, const events::Schema& schema);
Result<query::Predicate> FilterOf(const json::Value& filters, const events::Schema& schema);

}  // namespace securebase::analytics
