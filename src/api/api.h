#pragma once

// The /v1 REST API: authentication, roles, rate limits, routing, self-measurement of each call.

#include <memory>
#include <string>
#include <vector>

#include "api/key_store.h"
#include "api/rate_limit.h"
#include "api/route.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/telemetry.h"
#include "base/worker_pool.h"

namespace securebase::api {

struct JwtKey {
  std::string algorithm;  // HS256, RS256 or ES256: pinned per key
  std::string key_id;     // `kid`, or empty
  std::string material;   // shared secret, or PEM public key
};

struct JwtOptions {
  std::vector<JwtKey> keys;
  std::string issuer;    // checked where not empty
  std::string audience;  // checked where not empty
};

struct ApiOptions {
  bool authentication_required = true;
  Account home;  // account of our keys' customers
  std::string environment = "dev";
  JwtOptions jwt;
  std::vector<Plan> plans;  // added to the built-in ones
};

/// What the API works with; all outlive it.
struct ApiDependencies {
  KeyStore& keys;
  WorkerPool& workers;
  Telemetry& telemetry;
  const Clock& clock;
};

class Api final : public http::Handler {
 public:
  Api(ApiOptions options, ApiDependencies dependencies);
  ~Api() override;

  /// Adds routes; before the first request.
  void Add(std::vector<Route> routes);

  /// Requests below /v1. Publishes SecureBase/Analytics APIErrors and ThrottledRequests.
  void Handle(http::Request request, http::Respond respond) override;

  /// The pattern that a request would take ("/v1/reports/{id}"), for the Resource dimension of
  /// AWS/ApiGateway; "/v1" where none fits.
  std::string ResourceOf(std::string_view method, std::string_view path) const;

  /// Whose request it is: API key, JWT, or, without required authentication, X-Customer-Id.
  /// kUnauthenticated else.
  Result<Caller> Authenticate(const http::Request& request) const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::api
