#include "server/routes.h"

#include <iterator>

#include "api/alarm_routes.h"
#include "api/analytics_routes.h"
#include "api/criteria_routes.h"
#include "api/dataset_routes.h"
#include "api/export_query.h"
#include "api/export_routes.h"
#include "api/key_routes.h"
#include "api/monitoring_routes.h"
#include "api/report_routes.h"

namespace securebase::server {
namespace {

void Append(std::vector<api::Route>& all, std::vector<api::Route> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<api::Route> MakeRoutes(const RouteParts& parts) {
  const documents::ProductTables& tables = parts.stores.tables();
  std::vector<api::Route> all;
  Append(all, api::AnalyticsRoutes(
                  {.service = parts.analytics, .workers = parts.workers, .clock = parts.clock}));
  Append(all, api::ExportRoutes({.exports = parts.exports,
                                 .workers = parts.workers,
                                 .clock = parts.clock,
                                 .queries = api::MakeExportQueries(parts.analytics, parts.documents,
                                                                   tables, parts.clock)}));
  Append(all, api::DatasetRoutes({.datasets = parts.stores.datasets(), .clock = parts.clock}));
  Append(all,
         api::KeyRoutes({.keys = parts.stores.keys(), .clock = parts.clock, .plans = parts.plans}));
  Append(all, api::ReportRoutes({.documents = parts.documents,
                                 .tables = tables,
                                 .random = parts.random,
                                 .clock = parts.clock,
                                 .analytics = &parts.analytics}));
  Append(all, api::AlarmRoutes({.alarms = parts.stores.alarms(), .clock = parts.clock}));
  Append(all, api::CriteriaRoutes({.evaluator = parts.evaluator, .clock = parts.clock}));
  Append(all, api::MonitoringRoutes({.metrics = parts.stores.metrics(),
                                     .documents = parts.documents,
                                     .tables = tables,
                                     .home = parts.home,
                                     .clock = parts.clock}));
  return all;
}

}  // namespace securebase::server
