#include "notify/topics/filter_policy.h"

#include <algorithm>

#include "base/text.h"
#include "net/address_policy.h"

namespace securebase::notify {
namespace {

constexpr std::size_t kKeysMax = 5;
constexpr std::size_t kCombinationsMax = 150;
constexpr std::size_t kBytesMax = 256u << 10;

Error Fault(std::string message) { return InvalidArgument("FilterPolicy", std::move(message)); }

bool IsScalar(const json::Value& value) {
  return value.IsString() || value.IsNumber() || value.IsBool() || value.IsNull();
}

Result<> CheckNumeric(const json::Value& value) {
  if (!value.IsArray() || value.AsArray().empty()) {
    return Fault("Value of numeric must be an array");
  }
  const json::Array& parts = value.AsArray();
  if (parts.size() != 2 && parts.size() != 4)
    return Fault("Too many elements in numeric expression");
  std::vector<double> bounds;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    if (!parts[i].IsString()) return Fault("Invalid member in numeric match: a string is expected");
    const std::string& op = parts[i].AsString();
    const bool known = op == "=" || op == "<" || op == "<=" || op == ">" || op == ">=";
    if (!known) return Fault("Unrecognized numeric range operator: " + op);
    if (!parts[i + 1].IsNumber()) return Fault("Value of " + op + " must be numeric");
    if (i == 2 && op != "<" && op != "<=") return Fault("Bad numeric range operator: " + op);
    if (i == 0 && parts.size() == 4 && op != ">" && op != ">=") {
      return Fault("Too many terms in numeric range expression");
    }
    bounds.push_back(parts[i + 1].AsNumber());
  }
  if (bounds.size() == 2 && bounds[0] >= bounds[1]) return Fault("Bottom must be less than top");
  return {};
}

Result<> CheckCondition(const json::Value& condition) {
  if (IsScalar(condition)) return {};
  if (!condition.IsObject())
    return Fault("Match value must be String, number, true, false, or null");
  if (condition.AsObject().size() != 1) return Fault("Only one key allowed in match expression");
  const auto& [name, value] = condition.AsObject()[0];
  if (name == "prefix" || name == "suffix" || name == "equals-ignore-case") {
    if (!value.IsString()) return Fault(name + " match pattern must be a string");
    return {};
  }
  if (name == "exists") {
    if (!value.IsBool()) return Fault("exists match pattern must be either true or false.");
    return {};
  }
  if (name == "numeric") return CheckNumeric(value);
  if (name == "cidr") {
    if (!value.IsString() || !net::Network::Parse(value.AsString()).ok()) {
      return Fault("Malformed CIDR, one '/' required");
    }
    return {};
  }
  if (name == "anything-but") {
    if (value.IsString() || value.IsNumber()) return {};
    if (value.IsArray()) {
      if (value.AsArray().empty()) return Fault("Empty arrays are not allowed");
      for (const json::Value& one : value.AsArray()) {
        if (!one.IsString() && !one.IsNumber()) {
          return Fault("Inside anything but list, start|null|boolean is not supported.");
        }
      }
      return {};
    }
    if (value.IsObject() && value.AsObject().size() == 1) {
      const auto& [inner, text] = value.AsObject()[0];
      if ((inner == "prefix" || inner == "suffix") && text.IsString()) return {};
      return Fault("Unsupported anything-but pattern: " + inner);
    }
    return Fault("Unsupported anything-but pattern");
  }
  return Fault("Unrecognized match type " + name);
}

struct Size {
  std::size_t keys = 0;
  std::size_t combinations = 1;
};

Result<> CheckPolicy(const json::Value& policy, bool of_body, std::size_t depth, Size& size) {
  for (const auto& [name, value] : policy.AsObject()) {
    if (name == "$or" && value.IsArray()) {
      if (value.AsArray().size() < 2) return Fault("$or must have at least two elements");
      for (const json::Value& branch : value.AsArray()) {
        if (!branch.IsObject()) return Fault("$or must hold objects");
        SB_TRY_OK(CheckPolicy(branch, of_body, depth, size));
      }
      continue;
    }
    if (value.IsObject() && of_body) {
      SB_TRY_OK(CheckPolicy(value, of_body, depth + 1, size));
      continue;
    }
    if (value.IsObject()) {
      return Error(ErrorCode::kInvalidArgument,
                   "Filter policy scope MessageAttributes does not support nested filter policy",
                   "");
    }
    if (!value.IsArray()) return Fault("\"" + name + "\" must be an object or an array");
    if (value.AsArray().empty()) return Fault("Empty arrays are not allowed");
    for (const json::Value& condition : value.AsArray()) SB_TRY_OK(CheckCondition(condition));
    ++size.keys;
    size.combinations *= value.AsArray().size() * depth;
    if (size.keys > kKeysMax) return Fault("Filter policy can not have more than 5 keys");
    if (size.combinations > kCombinationsMax) return Fault("Filter policy is too complex");
  }
  return {};
}

bool MatchesNumeric(const json::Array& parts, double number) {
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const std::string& op = parts[i].AsString();
    const double bound = parts[i + 1].AsNumber();
    const bool holds = op == "="    ? number == bound
                       : op == "<"  ? number < bound
                       : op == "<=" ? number <= bound
                       : op == ">"  ? number > bound
                                    : number >= bound;
    if (!holds) return false;
  }
  return true;
}

bool Equal(const json::Value& a, const json::Value& b) {
  return a.IsNumber() && b.IsNumber() ? a.AsNumber() == b.AsNumber() : a == b;
}

/// Whether a value that is there satisfies a condition.
bool Matches(const json::Value& condition, const json::Value& value) {
  if (IsScalar(condition)) return Equal(condition, value);
  const auto& [name, pattern] = condition.AsObject()[0];
  const std::string* text = value.IsString() ? &value.AsString() : nullptr;
  if (name == "exists") return pattern.AsBool();
  if (name == "numeric")
    return value.IsNumber() && MatchesNumeric(pattern.AsArray(), value.AsNumber());
  if (name == "anything-but") {
    if (pattern.IsArray()) {
      return std::none_of(pattern.AsArray().begin(), pattern.AsArray().end(),
                          [&](const json::Value& one) { return Equal(one, value); });
    }
    if (pattern.IsObject()) return text != nullptr && !Matches(pattern, value);
    return !Equal(pattern, value);
  }
  if (text == nullptr) return false;
  const std::string& wanted = pattern.AsString();
  if (name == "prefix") return text->starts_with(wanted);
  if (name == "suffix") return text->ends_with(wanted);
  if (name == "equals-ignore-case") return EqualsIgnoreCase(*text, wanted);
  const auto address = net::ParseIpAddress(*text);
  return address && net::Network::Parse(wanted)->Contains(*address);
}

/// `values`: what stands under a key; none: the key is absent.
bool MatchesAny(const json::Array& conditions, const json::Array& values) {
  for (const json::Value& condition : conditions) {
    if (values.empty()) {
      const json::Value* exists = condition.Find("exists");
      if (exists != nullptr && !exists->AsBool()) return true;
      continue;
    }
    for (const json::Value& value : values) {
      if (Matches(condition, value)) return true;
    }
  }
  return false;
}

template <class ValuesOf>
bool MatchesPolicy(const json::Value& policy, const ValuesOf& values_of) {
  for (const auto& [name, value] : policy.AsObject()) {
    bool holds = false;
    if (name == "$or" && value.IsArray()) {
      holds =
          std::any_of(value.AsArray().begin(), value.AsArray().end(),
                      [&](const json::Value& branch) { return MatchesPolicy(branch, values_of); });
    } else if (value.IsObject()) {
      holds = values_of.Nested(name, value);
    } else {
      holds = MatchesAny(value.AsArray(), values_of.Of(name));
    }
    if (!holds) return false;
  }
  return true;
}

struct AttributeValues {
  const MessageAttributes& attributes;

  bool Nested(const std::string&, const json::Value&) const { return false; }
  json::Array Of(const std::string& name) const {
    const auto found = attributes.find(name);
    if (found == attributes.end()) return {};
    const MessageAttribute& attribute = found->second;
    if (attribute.type.starts_with("String.Array")) {
      const auto array = json::Parse(attribute.value);
      return array.ok() && array->IsArray() ? array->AsArray() : json::Array{};
    }
    if (attribute.type.starts_with("Number")) {
      const auto number = ParseDouble(attribute.value);
      return number ? json::Array{*number} : json::Array{};
    }
    if (attribute.type.starts_with("Binary")) return {};
    return {attribute.value};
  }
};

struct BodyValues {
  const json::Value& object;

  bool Nested(const std::string& name, const json::Value& policy) const {
    static const json::Value kEmpty = json::Object{};
    const json::Value* inner = object.Find(name);
    // An absent object has absent members, which `exists: false` may ask for.
    if (inner == nullptr) return MatchesPolicy(policy, BodyValues{kEmpty});
    if (inner->IsArray()) {
      return std::any_of(inner->AsArray().begin(), inner->AsArray().end(),
                         [&](const json::Value& one) {
                           return one.IsObject() && MatchesPolicy(policy, BodyValues{one});
                         });
    }
    return inner->IsObject() && MatchesPolicy(policy, BodyValues{*inner});
  }
  json::Array Of(const std::string& name) const {
    const json::Value* value = object.Find(name);
    if (value == nullptr || value->IsObject()) return {};
    return value->IsArray() ? value->AsArray() : json::Array{*value};
  }
};

}  // namespace

Result<FilterPolicy> FilterPolicy::Parse(std::string_view text, bool of_body) {
  if (text.size() > kBytesMax) return Fault("Filter policy is too large");
  auto policy = json::Parse(text);
  if (!policy.ok()) return Fault("failed to parse JSON. " + policy.error().message());
  if (!policy->IsObject()) return Fault("failed to parse JSON. Filter policy must be an object");
  Size size;
  SB_TRY_OK(CheckPolicy(*policy, of_body, 1, size));
  FilterPolicy compiled;
  compiled.policy_ = std::make_shared<const json::Value>(*std::move(policy));
  return compiled;
}

bool FilterPolicy::MatchesAttributes(const MessageAttributes& attributes) const {
  return MatchesPolicy(*policy_, AttributeValues{attributes});
}

bool FilterPolicy::MatchesBody(std::string_view body) const {
  const auto parsed = json::Parse(body);
  return parsed.ok() && parsed->IsObject() && MatchesPolicy(*policy_, BodyValues{*parsed});
}

}  // namespace securebase::notify
