#pragma once

// Alarms below /v1: what they are, why they are so, when they would have gone off
// (docs/alarms.md).

#include <vector>

#include "alarms/alarm_service.h"
#include "api/route.h"
#include "base/clock.h"

namespace securebase::api {

/// All outlive the routes.
struct AlarmRouteParts {
  alarms::AlarmService& alarms;
  const Clock& clock;
};

/// GET /alarms, GET /alarms/{name}, POST /alarms, DELETE /alarms/{name},
/// GET /alarms/{name}/history, GET /alarms/{name}/why?at=,
/// GET /alarms/{name}/replay?from=&to=, POST /alarms/replay.
std::vector<Route> AlarmRoutes(const AlarmRouteParts& parts);

}  // namespace securebase::api
