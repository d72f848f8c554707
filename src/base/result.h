#pragma once

// Errors as values. A function that can fail for a reason outside the program returns Result<T>;
// exceptions exist only inside libraries and are caught in the wrapper that calls them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace securebase {

/// What the caller can do about an error. Wire names (ResourceNotFoundException,
/// VALIDATION_ERROR) are chosen at the border from the code and `Error::wire_code`.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument,  // fix the request
  kNotFound,
  kConflict,  // re-read, then retry
  kForbidden,
  kUnauthenticated,
  kLimitExceeded,  // a quota or size limit
  kThrottled,      // wait, then retry
  kDeadlineExceeded,
  kCancelled,
  kUnavailable,  // retry the call; also: disk full
  kUnimplemented,
  kInternal,  // also damaged data: the file is named
};

std::string_view ToText(ErrorCode code);

/// An error: code, sentence for a person, and, where one is at fault, the name of the field.
/// One pointer to immutable state, so that Result<T> stays small; copying is cheap.
class Error {
 public:
  Error(ErrorCode code, std::string message, std::string field = {}, std::string wire_code = {});

  ErrorCode code() const { return state_->code; }
  const std::string& message() const { return state_->message; }
  /// Path of the field at fault as the client wrote it (`MetricData.member.1.Value`), or empty.
  const std::string& field() const { return state_->field; }
  /// The API's own name of the error where the code alone does not tell it
  /// (`InvalidParameterCombination`), or empty.
  const std::string& wire_code() const { return state_->wire_code; }

  /// The same error, its message prefixed: Within("segment 000412.seg") gives
  /// "segment 000412.seg: <message>". Once per layer, where it says something new.
  Error Within(std::string_view context) const;

 private:
  struct State {
    ErrorCode code;
    std::string message;
    std::string field;
    std::string wire_code;
  };
  std::shared_ptr<const State> state_;
};

/// A value or an Error. `*result` is unchecked: test ok() first, or use SB_TRY.
template <class T = void>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result(Error error) : Base(tl::unexpect, std::move(error)) {}
  Result(Base base) : Base(std::move(base)) {}
  bool ok() const { return this->has_value(); }
};

inline Error InvalidArgument(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field));
}
inline Error NotFound(std::string message) {
  return Error(ErrorCode::kNotFound, std::move(message));
}
inline Error Conflict(std::string message) {
  return Error(ErrorCode::kConflict, std::move(message));
}
inline Error Forbidden(std::string message) {
  return Error(ErrorCode::kForbidden, std::move(message));
}
inline Error Unauthenticated(std::string message) {
  return Error(ErrorCode::kUnauthenticated, std::move(message));
}
inline Error LimitExceeded(std::string field, std::string message) {
  return Error(ErrorCode::kLimitExceeded, std::move(message), std::move(field));
}
inline Error Unavailable(std::string message) {
  return Error(ErrorCode::kUnavailable, std::move(message));
}
inline Error Unimplemented(std::string message) {
  return Error(ErrorCode::kUnimplemented, std::move(message));
}
inline Error Internal(std::string message) {
  return Error(ErrorCode::kInternal, std::move(message));
}

}  // namespace securebase

#define SB_CONCAT_(a, b) a##b
#define SB_CONCAT(a, b) SB_CONCAT_(a, b)
#define SB_TRY_(result, decl, ...)    \
  auto result = (__VA_ARGS__);        \
  if (!result.ok()) [[unlikely]] {    \
    return std::move(result).error(); \
  }                                   \
  decl = *std::move(result)
/// SB_TRY(T x, call()): declares x from the result's value, or returns its error.
#define SB_TRY(decl, ...) SB_TRY_(SB_CONCAT(sb_result_, __COUNTER__), decl, __VA_ARGS__)
/// SB_TRY_OK(call()): returns the error of a Result<>, if there is one.
#define SB_TRY_OK(...)                                                \
  if (auto sb_result = (__VA_ARGS__); !sb_result.ok()) [[unlikely]] { \
    return std::move(sb_result).error();                              \
  }                                                                   \
  static_assert(true)
