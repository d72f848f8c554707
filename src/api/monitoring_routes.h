#pragma once

// What the web page shows live: GET /monitoring/summary, GET and POST /loadtests.

#include <vector>

#include "api/route.h"
#include "base/clock.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"
#include "metrics/metric_store.h"

namespace securebase::api {

/// All outlive the routes.
struct MonitoringRouteDependencies {
  metrics::MetricStore& metrics;
  documents::DocumentStore& documents;
  const documents::ProductTables& tables;
  Account home;
  const Clock& clock;
};

/// GET /monitoring/summary?window=15m (1 minute to 24 hours; the whole product, not one customer):
/// {"generatedAt", "window", "periodSeconds",
///  "points": [{"time", "requests", "requestsPerMinute", "p50", "p95", "p99" (milliseconds, null
///    without requests), "errors4xx", "errors5xx"}], oldest first, no gaps,
///  "totals": {"requests", "errors4xx", "errors5xx", "p50", "p95", "p99"},
///  "customers": {"total", "active"}, "lastLoadtest": null or the newest of GET /loadtests}
///
/// POST /loadtests: a result as `securebase loadtest --format json` prints it, up to 1 MB;
/// answers 201 {"id", "storedAt"}. Its member sortedLatenciesSeconds is dropped.
/// GET /loadtests?limit=20: {"loadtests": [{"id", "storedAt", "result": {..}}]}, newest first; the
/// newest 100 are kept.
std::vector<Route> MonitoringRoutes(MonitoringRouteDependencies dependencies);

}  // namespace securebase::api
