#pragma once

// OTLP/HTTP metrics: POST /v1/metrics (docs/ingest.md says what becomes what).

#include <string>
#include <vector>

#include "ingest/data_builder.h"
#include "ingest/ingest.h"
#include "ingest/metric_sink.h"
#include "ingest/otlp_metrics_model.h"
#include "ingest/settings.h"

namespace securebase::ingest {

/// Adds the points of a request to `data`. `owner`: whose totals are compared, the account's id.
void ConvertOtlpMetrics(const OtlpMetrics& request, const OtlpSettings& settings,
                        const std::string& owner, TotalsTracker& totals, TotalsTracker::Undo& undo,
                        DataBuilder& data);

Route OtlpMetricsRoute(MetricSink sink, OtlpSettings settings);

}  // namespace securebase::ingest
