#include "server/dispatcher.h"

#include <exception>
#include <utility>

#include "base/json.h"
#include "base/log.h"

namespace securebase::server {
namespace {

bool IsHealthPath(std::string_view path) { return path == "/healthz" || path == "/readyz"; }

bool IsApiPath(std::string_view path) {
  return path.starts_with("/v1") && (path.size() == 3 || path[3] == '/');
}

/// Hands the request over; the last catch of a request: a library's exception that no wrapper
/// turned into a value answers 500.
void HandleSafely(http::Handler& handler, http::Request request, const http::Respond& respond) {
  const std::string id = request.request_id;
  try {
    handler.Handle(std::move(request), respond);
  } catch (const std::exception& exception) {
    Log(LogLevel::kError, "a request ended by an exception",
        {{"requestId", id}, {"error", exception.what()}});
    respond(http::Response::Json(
        500, R"({"error":"internal error","code":"INTERNAL_ERROR","details":{}})"));
  }
}

}  // namespace

Dispatcher::Dispatcher(DispatcherParts parts, RequestMeter& meter)
    : parts_(std::move(parts)), meter_(meter) {}

void Dispatcher::Handle(http::Request request, http::Respond respond) {
  // AWS requests first: a signature covers the method and the path as they came.
  if (parts_.is_aws(request)) {
    const std::string operation = parts_.aws_operation(request);
    return Measured(parts_.aws, operation, /*function=*/false, std::move(request),
                    std::move(respond));
  }
  if (request.method == "HEAD") request.method = "GET";
  if (parts_.ingest != nullptr && parts_.is_ingest(request.path)) {
    const std::string resource = request.path;
    return Measured(*parts_.ingest, resource, /*function=*/false, std::move(request),
                    std::move(respond));
  }
  if (IsApiPath(request.path)) {
    const std::string resource = parts_.api_resource(request);
    return Measured(parts_.api, resource, /*function=*/true, std::move(request),
                    std::move(respond));
  }
  // Pages and health checks are not the API: they would dilute its figures.
  if (IsHealthPath(request.path)) return respond(Health(request));
  if (parts_.beside_page && request.method == "GET") {
    if (std::optional<http::Response> response = parts_.beside_page(request.path)) {
      return respond(*std::move(response));
    }
  }
  HandleSafely(parts_.page, std::move(request), respond);
}

http::Response Dispatcher::Health(const http::Request& request) const {
  if (request.method != "GET") {
    http::Response response = http::Response::Json(405, R"({"error":"only GET is allowed"})");
    response.headers.Add("Allow", "GET, HEAD");
    return response;
  }
  if (request.path == "/healthz") return http::Response::Json(200, R"({"status":"ok"})");
  const Result<> ready = parts_.ready();
  if (ready.ok()) return http::Response::Json(200, R"({"status":"ready"})");
  std::string body;
  json::Writer(body)
      .BeginObject()
      .Member("status", "unavailable")
      .Member("reason", ready.error().message())
      .EndObject();
  return http::Response::Json(503, std::move(body));
}

void Dispatcher::Measured(http::Handler& handler, std::string_view resource, bool function,
                          http::Request request, http::Respond respond) {
  auto measure = [&meter = meter_, running = meter_.Start(request, resource, function),
                  respond = std::move(respond)](http::Response response) mutable {
    meter.Finish(std::move(running), response);
    respond(std::move(response));
  };
  HandleSafely(handler, std::move(request), std::move(measure));
}

}  // namespace securebase::server
