#pragma once

// Reads the members of a request's JSON object, naming the one at fault.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "api/route.h"
#include "base/json.h"
#include "base/result.h"

namespace securebase::api {

/// A view of an object; members that are null count as absent. Errors are kInvalidArgument (422)
/// with the member as field.
class Body {
 public:
  /// kInvalidArgument where the value is no object or has a member that is not `allowed`.
  static Result<Body> Make(const json::Value& value,
                           std::initializer_list<std::string_view> allowed);

  const json::Value* Find(std::string_view name) const;
  /// Trimmed text of 1 to `bytes_max` bytes without control characters.
  Result<std::optional<std::string>> Text(std::string_view name, std::size_t bytes_max) const;
  Result<std::string> RequiredText(std::string_view name, std::size_t bytes_max) const;
  Result<std::optional<bool>> Boolean(std::string_view name) const;
  Result<std::optional<double>> Number(std::string_view name) const;
  Result<std::optional<std::uint64_t>> Count(std::string_view name) const;

 private:
  explicit Body(const json::Value& value) : value_(&value) {}
  const json::Value* value_;
};

/// A query parameter that is a whole number from `min` to `max`; `fallback` where it is absent.
Result<std::uint64_t> CountParameter(const Call& call, std::string_view name,
                                     std::uint64_t fallback, std::uint64_t min, std::uint64_t max);

/// 200, or another status, with a JSON body.
http::Response JsonResponse(const json::Value& value, int status = 200);

}  // namespace securebase::api
