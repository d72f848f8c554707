#pragma once

// Keys: POST, GET and DELETE /keys; role admin.

#include <vector>

#include "api/key_store.h"
#include "api/rate_limit.h"
#include "api/route.h"
#include "base/clock.h"

namespace securebase::api {

/// All outlive the routes.
struct KeyRouteDependencies {
  KeyStore& keys;
  const Clock& clock;
  /// Names that POST /keys accepts.
  std::vector<std::string> plans = {"unlimited", "standard"};
};

/// POST /keys {"customer", "role" (viewer), "plan" (unlimited), "aws" (false)}: 201 {"key"} or
/// {"accessKeyId", "secretAccessKey"}, each with "id": shown once. With "aws" and no customer the
/// pair sees the whole account.
/// GET /keys: {"keys": [{"id", "aws", "customer", "role", "plan", "wholeAccount", "createdAt"}]}.
/// DELETE /keys/{id}: 204.
/// An administrator manages the keys of every customer of the account.
std::vector<Route> KeyRoutes(KeyRouteDependencies dependencies);

}  // namespace securebase::api
