#pragma once

// Routes of /v1: a table of method, path pattern, rights and handler. A new route is one entry.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/caller.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/json.h"
#include "base/result.h"

namespace securebase::api {

/// One request to a route, authenticated and within its rate limit.
struct Call {
  http::Request request;
  Caller caller;
  /// Values of the pattern's {names}.
  std::vector<std::pair<std::string, std::string>> path_values;
  /// Decoded query parameters, in order.
  std::vector<std::pair<std::string, std::string>> parameters;

  std::string_view PathValue(std::string_view name) const;
  /// First value of a parameter, or null.
  const std::string* Parameter(std::string_view name) const;
  /// kInvalidArgument (422 VALIDATION_ERROR) naming the first parameter that is not in `allowed`,
  /// or that occurs twice.
  Result<> CheckParameters(std::initializer_list<std::string_view> allowed) const;
  /// The body, decompressed and parsed. Errors: 400 INVALID_REQUEST, 413.
  Result<json::Value> JsonBody(std::size_t size_max = 16u << 20) const;
};

enum class RateClass { kNone, kQueries, kExports, kReports };

struct Route {
  std::string method;
  std::string pattern;  // below /v1: "/reports/{id}"
  Role role = Role::kViewer;
  RateClass rate = RateClass::kNone;
  /// kInline handlers run on the I/O thread and must not block; kPool ones run on a worker.
  enum class Where { kInline, kPool } where = Where::kPool;
  /// Must call `respond` exactly once.
  std::function<void(Call call, http::Respond respond)> handler;
};

/// The /v1 error body for an error: {"error", "code", "details", "timestamp"} with its status
/// (spec: analytics-api, "Errors"). wire_code of the Error, where set, is the CODE.
http::Response ErrorResponse(const Error& error, Instant now);

/// A route's handler from a function that returns its answer; an Error becomes an ErrorResponse.
/// The clock outlives the handler.
std::function<void(Call, http::Respond)> Answering(
    const Clock& clock, std::function<Result<http::Response>(const Call&)> answer);

/// The header of an error answer that repeats its CODE: clients and our own measurements read it
/// without parsing the body.
inline constexpr std::string_view kErrorTypeHeader = "X-Error-Type";

/// kInvalidArgument whose wire code makes it a 400 INVALID_REQUEST (cannot be parsed) rather than
/// a 422 VALIDATION_ERROR.
Error InvalidRequest(std::string field, std::string message);

}  // namespace securebase::api
