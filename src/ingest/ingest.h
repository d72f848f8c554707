#pragma once

// The doors for data in other people's protocols: OpenTelemetry, Prometheus, .. One table of
// routes beside /v1 and the AWS APIs, with their authentication and their way to a worker.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/key_store.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/tenant.h"
#include "base/worker_pool.h"
#include "net/sigv4.h"

namespace securebase::ingest {

/// A request on its way into the stores: authenticated, its body decompressed.
struct Delivery {
  http::Request request;
  std::string body;  // without Content-Encoding, but for snappy, which is its protocol's
  /// Whose data it becomes (docs/decisions/0020-whose-metrics-are-ingested.md).
  Account account;
  api::Caller caller;
  Instant now;
};

/// One address that takes data.
struct Route {
  std::string method = "POST";
  std::string path;                      // exact: "/v1/metrics"
  api::Role role = api::Role::kAnalyst;  // that a key needs
  std::size_t body_max = 16u << 20;      // decompressed
  /// Runs on a worker. Calls `respond` exactly once, then or later, from any thread.
  std::function<void(Delivery delivery, http::Respond respond)> handler;
  /// How the protocol says an error: to a request that did not reach the handler (no key, a full
  /// queue: kThrottled) too. Empty: ErrorText.
  std::function<http::Response(const http::Request& request, const Error& error)> refuse;
};

/// The status of an error, for protocols that say the rest in words.
int StatusOf(const Error& error);
/// The message as plain text; 503 with Retry-After where the client should send it again.
http::Response ErrorText(const http::Request& request, const Error& error);

struct IngestOptions {
  bool authentication_required = true;
  Account home;
};

/// All outlive the handler.
struct IngestDependencies {
  const api::Api& api;  // for its keys and tokens
  const api::KeyStore& keys;
  WorkerPool& workers;
  const Clock& clock;
};

/// Thread-safe once all routes are added.
class Ingest final : public http::Handler {
 public:
  Ingest(IngestOptions options, IngestDependencies dependencies);

  /// Before the first request.
  void Add(std::vector<Route> routes);

  /// Whether the path is one of the routes'.
  bool Claims(std::string_view path) const;
  void Handle(http::Request request, http::Respond respond) override;

  /// Who sends: an API key or token (Authorization: Bearer, or the password of Basic), or an AWS
  /// signature of any service. Errors: kUnauthenticated, kForbidden.
  struct Sender {
    Account account;
    api::Caller caller;
  };
  Result<Sender> Authenticate(const http::Request& request) const;

 private:
  const Route* Find(std::string_view method, std::string_view path) const;

  const IngestOptions options_;
  const IngestDependencies dependencies_;
  const net::SigV4Verifier verifier_;
  std::vector<Route> routes_;
};

}  // namespace securebase::ingest
