#include "api/route.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.h"
#include "base/text.h"

namespace securebase::api {
namespace {

struct WireError {
  int status;
  std::string_view code;
};

constexpr std::string_view kInvalidRequestCode = "INVALID_REQUEST";

// Of throttling that no plan's window ends: the queue is full.
constexpr int kRetryAfterSeconds = 1;

// The errors of /v1 that a wire code may choose; a wire code of another API is not one of them.
constexpr std::array<WireError, 12> kWireErrors{{
    {400, kInvalidRequestCode},
    {401, "UNAUTHORIZED"},
    {403, "FORBIDDEN"},
    {404, "NOT_FOUND"},
    {405, "METHOD_NOT_ALLOWED"},
    {409, "CONFLICT"},
    {413, "PAYLOAD_TOO_LARGE"},
    {422, "VALIDATION_ERROR"},
    {429, "RATE_LIMIT_EXCEEDED"},
    {500, "INTERNAL_ERROR"},
    {501, "NOT_IMPLEMENTED"},
    {503, "SERVICE_UNAVAILABLE"},
}};

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return 422;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kLimitExceeded:
      return 413;
    case ErrorCode::kThrottled:
      return 429;
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kCancelled:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kUnimplemented:
      return 501;
    case ErrorCode::kInternal:
      break;
  }
  return 500;
}

WireError WireErrorOf(const Error& error) {
  const int status = StatusOf(error.code());
  const WireError* by_status = nullptr;
  for (const WireError& wire : kWireErrors) {
    if (!error.wire_code().empty() && wire.code == error.wire_code()) return wire;
    if (wire.status == status) by_status = &wire;
  }
  return *by_status;
}

}  // namespace

std::string_view Call::PathValue(std::string_view name) const {
  for (const auto& [key, value] : path_values) {
    if (key == name) return value;
  }
  return {};
}

const std::string* Call::Parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<> Call::CheckParameters(std::initializer_list<std::string_view> allowed) const {
  for (auto it = parameters.begin(); it != parameters.end(); ++it) {
    if (std::find(allowed.begin(), allowed.end(), it->first) == allowed.end()) {
      return InvalidArgument(it->first, "unknown query parameter");
    }
    if (std::any_of(parameters.begin(), it, [&](const auto& p) { return p.first == it->first; })) {
      return InvalidArgument(it->first, "query parameter given more than once");
    }
  }
  return {};
}

Result<json::Value> Call::JsonBody(std::size_t size_max) const {
  Result<std::string> body = http::DecodedBody(request, size_max);
  if (!body.ok()) {
    if (body.error().code() == ErrorCode::kLimitExceeded) return body.error();
    return InvalidRequest(body.error().field(), body.error().message());
  }
  if (Trim(*body).empty()) return InvalidRequest("body", "the body is empty; JSON is expected");
  Result<json::Value> value = json::Parse(*body, {.depth_max = 64, .size_max = size_max});
  if (!value.ok()) {
    const std::string& field = value.error().field();
    return InvalidRequest(field.empty() ? "body" : field, value.error().message());
  }
  return value;
}

http::Response ErrorResponse(const Error& error, Instant now) {
  const WireError wire = WireErrorOf(error);
  std::string message = error.message();
  if (wire.status == 500) {
    // What broke inside is for the operator's log, not for the client.
    Log(LogLevel::kError, "internal error", {{"error", message}, {"field", error.field()}});
    message = "internal error; the server's log says more under this request id";
  }
  http::Response response = http::Response::Json(wire.status, {});
  json::Writer writer(response.body);
  writer.BeginObject().Member("error", message).Member("code", wire.code);
  writer.Key("details").BeginObject();
  if (!error.field().empty()) writer.Member(error.field(), message);
  writer.EndObject();
  if (wire.status == 429) {
    writer.Member("retryAfter", kRetryAfterSeconds);
    response.headers.Add("Retry-After", std::to_string(kRetryAfterSeconds));
  }
  writer.Member("timestamp", FormatIsoMillis(now)).EndObject();
  response.headers.Add(std::string(kErrorTypeHeader), std::string(wire.code));
  if (wire.status == 401) response.headers.Add("WWW-Authenticate", "Bearer");
  return response;
}

std::function<void(Call, http::Respond)> Answering(
    const Clock& clock, std::function<Result<http::Response>(const Call&)> answer) {
  return [&clock, answer = std::move(answer)](const Call& call, const http::Respond& respond) {
    Result<http::Response> response = answer(call);
    respond(response.ok() ? *std::move(response) : ErrorResponse(response.error(), clock.Now()));
  };
}

Error InvalidRequest(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               std::string(kInvalidRequestCode));
}

}  // namespace securebase::api
