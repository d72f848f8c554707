#include "server/routes.h"

#include <iterator>

#include "api/criteria_routes.h"
#include "api/key_routes.h"
#include "api/monitoring_routes.h"
#include "api/report_routes.h"

namespace securebase::server {
namespace {

void Append(std::vector<api::Route>& all, std::vector<api::Route> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()),
             std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<api::Route> MakeRoutes(const RouteParts& parts) {
  const documents::ProductTables& tables = parts.stores.tables();
  std::vector<api::Route> all;
  Append(all, api::KeyRoutes(
                  {.keys = parts.stores.keys(), .clock = parts.clock, .plans = parts.plans}));
  Append(all, api::ReportRoutes({.documents = parts.documents,
                                 .tables = tables,
                                 .random = parts.random,
                                 .clock = parts.clock}));
  Append(all, api::CriteriaRoutes({.evaluator = parts.evaluator, .clock = parts.clock}));
  Append(all, api::MonitoringRoutes({.metrics = parts.stores.metrics(),
                                     .documents = parts.documents,
                                     .tables = tables,
                                     .home = parts.home,
                                     .clock = parts.clock}));
  return all;
}

}  // namespace securebase::server
