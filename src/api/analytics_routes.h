#pragma once

// The analytics questions: GET /analytics, /analytics/summary, /cost-breakdown, /security,
// /compliance and /usage. Parameters and answers: docs/analytics.md.

#include <vector>

#include "analytics/service.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/worker_pool.h"

namespace securebase::api {

/// All outlive the routes.
struct AnalyticsRouteDependencies {
  analytics::AnalyticsService& service;
  WorkerPool& workers;
  const Clock& clock;
};

/// Answers from the cache, and small queries of data that is open, on the calling thread; what
/// takes longer goes to the workers (429 when their queue is full). The header X-Cache says HIT or
/// MISS.
std::vector<Route> AnalyticsRoutes(AnalyticsRouteDependencies dependencies);

}  // namespace securebase::api
