#pragma once

// Exports (spec: analytics-api, "POST /analytics/export"; bodies and limits: docs/exports.md).

#include <functional>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/worker_pool.h"
#include "reports/export.h"
#include "reports/export_store.h"

namespace securebase::api {

/// Where rows come from that the client does not send. Errors: kInvalidArgument naming the
/// parameter, kNotFound. Called on a worker.
struct ExportQueries {
  /// The members of `query` are the parameters of GET /analytics.
  std::function<Result<reports::ExportTable>(const Caller&, const json::Value& query)> run_query;
  /// A saved report of the caller's customer.
  std::function<Result<reports::ExportTable>(const Caller&, std::string_view report_id)> run_report;
};

/// All outlive the routes.
struct ExportRouteDependencies {
  reports::ExportStore& exports;
  WorkerPool& workers;
  const Clock& clock;
  ExportQueries queries;
};

/// POST /analytics/export: the file, or 202 {"id", "status", "statusUrl"} for more than 1,000 rows
/// or `async`. GET /analytics/exports, /analytics/exports/{id} and
/// /analytics/exports/{id}/download.
std::vector<Route> ExportRoutes(ExportRouteDependencies dependencies);

}  // namespace securebase::api
