#pragma once

// GET /metrics: what the server knows of itself, for Prometheus.

#include <functional>

#include "base/clock.h"
#include "base/worker_pool.h"
#include "ingest/ingest.h"
#include "server/internal/request_meter.h"
#include "server/metric_receivers.h"
#include "server/stores.h"
#include "server/telemetry_pipeline.h"

namespace securebase::server {

/// All outlive the route.
struct SelfMetricsParts {
  Stores& stores;
  const TelemetryPipeline& telemetry;
  const WorkerPool& workers;
  RequestMeter& meter;
  const MetricReceivers& receivers;
  const Clock& clock;
};

/// Prometheus's text, or OpenMetrics where the Accept header prefers it. Where keys are required it
/// needs one with the role admin: the figures are the whole server's.
ingest::Route SelfMetricsRoute(const SelfMetricsParts& parts);

}  // namespace securebase::server
