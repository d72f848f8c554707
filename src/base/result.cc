#include "base/result.h"

#include <fmt/format.h>

namespace securebase {

std::string_view ToText(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kUnauthenticated:
      return "unauthenticated";
    case ErrorCode::kLimitExceeded:
      return "limit exceeded";
    case ErrorCode::kThrottled:
      return "throttled";
    case ErrorCode::kDeadlineExceeded:
      return "deadline exceeded";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kUnimplemented:
      return "not implemented";
    case ErrorCode::kInternal:
      return "internal error";
  }
  return "unknown";
}

Error::Error(ErrorCode code, std::string message, std::string field, std::string wire_code)
    : state_(std::make_shared<const State>(
          State{code, std::move(message), std::move(field), std::move(wire_code)})) {}

Error Error::Within(std::string_view context) const {
  return Error(code(), fmt::format("{}: {}", context, message()), field(), wire_code());
}

}  // namespace securebase
