#pragma once

// The MetricDataQuery of the model, as GetMetricData, alarms and anomaly detectors take it.

#include <string>
#include <string_view>
#include <vector>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"
#include "metrics/math/query.h"

namespace securebase::aws::cloudwatch {

ShapePtr MetricShape();
ShapePtr MetricDataQueryShape();

/// Reads a checked list of them. `list`: its name as the client knows it, "MetricDataQueries".
/// Errors: the service's own texts, naming the member at fault. What the expressions say is
/// checked by math::Plan::Make.
Result<std::vector<metrics::math::MetricDataQuery>> MetricDataQueriesOf(const Value::List& list,
                                                                        std::string_view list_name);

/// What was sent, from what was understood: for answers that show a definition.
Value MetricDataQueryValue(const metrics::math::MetricDataQuery& query);
Value MetricValue(const metrics::Metric& metric);

}  // namespace securebase::aws::cloudwatch
