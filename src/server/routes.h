#pragma once

#include <vector>

#include "analytics/service.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/worker_pool.h"
#include "criteria/evaluator.h"
#include "documents/document_store.h"
#include "reports/export_store.h"
#include "server/notification.h"
#include "server/stores.h"

namespace securebase::server {

/// What the routes work with; all outlive them.
struct RouteParts {
  Stores& stores;
  documents::DocumentStore& documents;  // measured
  analytics::AnalyticsService& analytics;
  const criteria::Evaluator& evaluator;
  reports::ExportStore& exports;
  Notification& notification;
  WorkerPool& workers;
  const Clock& clock;
  Random& random;
  Account home;
  std::vector<std::string> plans;  // names
};

/// Every route of /v1. A new family of routes is a line there.
std::vector<api::Route> MakeRoutes(const RouteParts& parts);

}  // namespace securebase::server
