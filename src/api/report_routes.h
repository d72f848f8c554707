#pragma once

// Reports: CRUD on /reports and /reports/{id}, GET /reports/templates and
// POST /reports/templates/{id}, POST /reports/{id}/run (spec: analytics-api, "Reports").

#include <vector>

#include "analytics/service.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/random.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"

namespace securebase::api {

/// All outlive the routes.
struct ReportRouteDependencies {
  documents::DocumentStore& documents;
  const documents::ProductTables& tables;
  Random& random;
  const Clock& clock;
  /// Answers POST /reports/{id}/run; without it there is no such route.
  analytics::AnalyticsService* analytics = nullptr;
};

/// A run answers {"reportId", "name", "runAt", "visualizations", "result": the answer of
/// GET /analytics for the report's config}.
/// Records live in the product table `reports` of the caller's account.
std::vector<Route> ReportRoutes(ReportRouteDependencies dependencies);

}  // namespace securebase::api
