#include "api/internal/body.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace securebase::api {

Result<Body> Body::Make(const json::Value& value, std::initializer_list<std::string_view> allowed) {
  if (!value.IsObject()) return InvalidArgument("body", "must be a JSON object");
  for (const auto& [name, member] : value.AsObject()) {
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return InvalidArgument(name, "unknown member");
    }
  }
  return Body(value);
}

const json::Value* Body::Find(std::string_view name) const {
  const json::Value* member = value_->Find(name);
  return member == nullptr || member->IsNull() ? nullptr : member;
}

Result<std::optional<std::string>> Body::Text(std::string_view name, std::size_t bytes_max) const {
  const json::Value* member = Find(name);
  if (member == nullptr) return std::optional<std::string>();
  if (!member->IsString()) return InvalidArgument(std::string(name), "must be text");
  const std::string_view text = Trim(member->AsString());
  if (text.empty() || text.size() > bytes_max || ContainsControlCharacter(text)) {
    return InvalidArgument(std::string(name), "must have 1 to " + std::to_string(bytes_max) +
                                                  " bytes and no control characters");
  }
  return std::optional(std::string(text));
}

Result<std::string> Body::RequiredText(std::string_view name, std::size_t bytes_max) const {
  SB_TRY(std::optional<std::string> text, Text(name, bytes_max));
  if (!text) return InvalidArgument(std::string(name), "is required");
  return *std::move(text);
}

Result<std::optional<bool>> Body::Boolean(std::string_view name) const {
  const json::Value* member = Find(name);
  if (member == nullptr) return std::optional<bool>();
  if (!member->IsBool()) return InvalidArgument(std::string(name), "must be true or false");
  return std::optional(member->AsBool());
}

Result<std::optional<double>> Body::Number(std::string_view name) const {
  const json::Value* member = Find(name);
  if (member == nullptr) return std::optional<double>();
  if (!member->IsNumber() || !std::isfinite(member->AsNumber())) {
    return InvalidArgument(std::string(name), "must be a number");
  }
  return std::optional(member->AsNumber());
}

Result<std::optional<std::uint64_t>> Body::Count(std::string_view name) const {
  const json::Value* member = Find(name);
  if (member == nullptr) return std::optional<std::uint64_t>();
  if (!member->IsInt() || member->AsInt() < 0) {
    return InvalidArgument(std::string(name), "must be a whole number, not negative");
  }
  return std::optional(static_cast<std::uint64_t>(member->AsInt()));
}

Result<std::uint64_t> CountParameter(const Call& call, std::string_view name,
                                     std::uint64_t fallback, std::uint64_t min, std::uint64_t max) {
  const std::string* text = call.Parameter(name);
  if (text == nullptr) return fallback;
  const std::optional<std::int64_t> value = ParseInt(*text);
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < min ||
      static_cast<std::uint64_t>(*value) > max) {
    return InvalidArgument(std::string(name), "must be a whole number from " + std::to_string(min) +
                                                  " to " + std::to_string(max));
  }
  return static_cast<std::uint64_t>(*value);
}

http::Response JsonResponse(const json::Value& value, int status) {
  return http::Response::Json(status, json::Write(value));
}

}  // namespace securebase::api
