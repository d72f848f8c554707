#pragma once

// Notification: targets, deliveries and tests.

#include <functional>
#include <vector>

#include "api/route.h"
#include "base/clock.h"
#include "base/random.h"
#include "notify/delivery_queue.h"
#include "notify/targets.h"

namespace securebase::api {

/// All outlive the routes.
struct NotifyRouteDependencies {
  notify::DeliveryQueue& queue;
  const notify::CurrentTargets& targets;
  const Clock& clock;
  Random& random;
};

/// GET /notify/targets: {"targets": [{name, type}]}, never a secret.
/// POST /notify/test {"target": name}: sends a test message; 202 {"deliveries": [id]}.
/// GET /notify/deliveries?status=failed&source=ARN&limit=50&after=ID: newest first.
/// GET /notify/deliveries/{id}: one with its attempts.
/// POST /notify/deliveries/{id}/resend: a failed or expired one is tried again; 202.
std::vector<Route> NotifyRoutes(NotifyRouteDependencies dependencies);

}  // namespace securebase::api
