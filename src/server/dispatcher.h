#pragma once

// One port for everything: tells by the request which part of the product is meant, hands it
// over, and measures the answer.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/http.h"
#include "base/result.h"
#include "server/internal/request_meter.h"

namespace securebase::server {

/// The parts that answer. All outlive the dispatcher.
struct DispatcherParts {
  http::Handler& aws;
  http::Handler& api;
  http::Handler& page;
  /// Answers that stand beside the page, by path: a certificate; may be empty.
  std::function<std::optional<http::Response>(const std::string& path)> beside_page;
  /// What takes data in other protocols, and whether a path is one of its own; none: no path is.
  http::Handler* ingest = nullptr;
  std::function<bool(std::string_view path)> is_ingest;
  /// Whether the request is one for an AWS API.
  std::function<bool(const http::Request&)> is_aws;
  /// The AWS operation, and the pattern of the /v1 route: Resource of AWS/ApiGateway.
  std::function<std::string(const http::Request&)> aws_operation;
  std::function<std::string(const http::Request&)> api_resource;
  /// Success, or why the server cannot do all its work just now.
  std::function<Result<>()> ready;
};

/// GET /healthz: 200 {"status":"ok"} while the process answers at all. GET /readyz: 200
/// {"status":"ready"}, or 503 {"status":"unavailable","reason"}. A HEAD request is handed on as
/// GET; the server leaves its body out. Thread-safe.
class Dispatcher final : public http::Handler {
 public:
  Dispatcher(DispatcherParts parts, RequestMeter& meter);
  void Handle(http::Request request, http::Respond respond) override;

 private:
  http::Response Health(const http::Request& request) const;
  void Measured(http::Handler& handler, std::string_view resource, bool function,
                http::Request request, http::Respond respond);

  const DispatcherParts parts_;
  RequestMeter& meter_;
};

}  // namespace securebase::server
