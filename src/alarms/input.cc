#include "alarms/input.h"

#include <cmath>

#include "alarms/definition.h"

namespace securebase::alarms {

const json::Value* Input::Find(std::string_view name) const {
  const json::Value* found = object_.Find(name);
  return found == nullptr || found->IsNull() ? nullptr : found;
}

bool Input::Has(std::string_view name) const { return Find(name) != nullptr; }

std::string Input::PathOf(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

Error Input::WrongType(std::string_view name, std::string_view wanted) const {
  return ValidationFault(PathOf(name), PathOf(name) + " must be " + std::string(wanted));
}

Result<std::optional<std::string>> Input::Text(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::optional<std::string>();
  if (!found->IsString()) return WrongType(name, "a string");
  return std::optional(found->AsString());
}

Result<std::optional<std::int64_t>> Input::Int(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::optional<std::int64_t>();
  if (found->IsInt()) return std::optional(found->AsInt());
  if (found->IsDouble() && found->AsNumber() == std::floor(found->AsNumber()) &&
      std::abs(found->AsNumber()) < 1e15) {
    return std::optional(static_cast<std::int64_t>(found->AsNumber()));
  }
  return WrongType(name, "an integer");
}

Result<std::optional<double>> Input::Number(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::optional<double>();
  if (!found->IsNumber()) return WrongType(name, "a number");
  return std::optional(found->AsNumber());
}

Result<std::optional<bool>> Input::Bool(std::string_view name) const {
  const json::Value* found = Find(name);
  if (found == nullptr) return std::optional<bool>();
  if (!found->IsBool()) return WrongType(name, "true or false");
  return std::optional(found->AsBool());
}

Result<std::vector<std::string>> Input::Texts(std::string_view name) const {
  std::vector<std::string> out;
  const json::Value* found = Find(name);
  if (found == nullptr) return out;
  if (!found->IsArray()) return WrongType(name, "a list of strings");
  for (const json::Value& one : found->AsArray()) {
    if (!one.IsString()) return WrongType(name, "a list of strings");
    out.push_back(one.AsString());
  }
  return out;
}

Result<const json::Array*> Input::Objects(std::string_view name) const {
  static const json::Array kNone;
  const json::Value* found = Find(name);
  if (found == nullptr) return &kNone;
  if (!found->IsArray()) return WrongType(name, "a list");
  for (const json::Value& one : found->AsArray()) {
    if (!one.IsObject()) return WrongType(name, "a list of objects");
  }
  return &found->AsArray();
}

Error ConstraintFault(std::string_view shown, std::string_view path, std::string_view rule) {
  std::string message = "1 validation error detected: Value ";
  message.append(shown).append(" at '").append(path);
  message.append("' failed to satisfy constraint: ").append(rule);
  return ValidationFault(std::string(path), std::move(message));
}

}  // namespace securebase::alarms
