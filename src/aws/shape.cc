#include "aws/shape.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace securebase::aws {
namespace {

ShapePtr Make(Shape shape) { return std::make_shared<const Shape>(std::move(shape)); }

/// Collects faults in the form of AWS's model validation.
class Faults {
 public:
  void Add(std::string_view value, std::string_view path, std::string_view rule) {
    if (!text_.empty()) text_ += "; ";
    if (count_ == 0) field_ = path;
    text_.append(value.empty() ? "Value" : "Value ").append(value).append(" at '").append(path);
    text_.append("' failed to satisfy constraint: ").append(rule);
    ++count_;
  }
  Result<> ToResult() && {
    if (count_ == 0) return {};
    std::string message = std::to_string(count_);
    message += count_ == 1 ? " validation error detected: " : " validation errors detected: ";
    return Error(ErrorCode::kInvalidArgument, message + text_, std::move(field_),
                 std::string(kConstraintCode));
  }

 private:
  int count_ = 0;
  std::string text_;
  std::string field_;
};

std::string LowerCamel(std::string_view name) {
  std::string out(name);
  if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] += 'a' - 'A';
  return out;
}

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

void CheckLength(const Shape& shape, std::int64_t length, std::string_view shown,
                 const std::string& path, Faults& faults) {
  if (shape.min && length < *shape.min) {
    faults.Add(shown, path,
               "Member must have length greater than or equal to " + std::to_string(*shape.min));
  }
  if (shape.max && length > *shape.max) {
    faults.Add(shown, path,
               "Member must have length less than or equal to " + std::to_string(*shape.max));
  }
}

void CheckText(const Shape& shape, const std::string& text, const std::string& path,
               Faults& faults) {
  CheckLength(shape, static_cast<std::int64_t>(text.size()), Quoted(text), path, faults);
  if (shape.choices.empty()) return;
  if (std::find(shape.choices.begin(), shape.choices.end(), text) != shape.choices.end()) return;
  std::string set;
  for (const std::string& choice : shape.choices) {
    if (!set.empty()) set += ", ";
    set += choice;
  }
  faults.Add(Quoted(text), path, "Member must satisfy enum value set: [" + set + "]");
}

void CheckInt(const Shape& shape, std::int64_t number, const std::string& path, Faults& faults) {
  if (shape.min && number < *shape.min) {
    faults.Add(Quoted(std::to_string(number)), path,
               "Member must have value greater than or equal to " + std::to_string(*shape.min));
  }
  if (shape.max && number > *shape.max) {
    faults.Add(Quoted(std::to_string(number)), path,
               "Member must have value less than or equal to " + std::to_string(*shape.max));
  }
}

void Check(const Shape& shape, const Value& value, const std::string& path, Faults& faults);

void CheckStruct(const Shape& shape, const Value& value, const std::string& path, Faults& faults) {
  for (const Member& member : shape.members) {
    const std::string member_path = JoinPath(path, LowerCamel(member.name));
    const Value* present = value.Find(member.name);
    if (present != nullptr) {
      Check(*member.shape, *present, member_path, faults);
    } else if (member.required) {
      faults.Add("null", member_path, "Member must not be null");
    }
  }
}

void Check(const Shape& shape, const Value& value, const std::string& path, Faults& faults) {
  switch (shape.kind) {
    case Shape::Kind::kStruct:
      CheckStruct(shape, value, path, faults);
      return;
    case Shape::Kind::kList: {
      const Value::List& list = *value.As<Value::List>();
      CheckLength(shape, static_cast<std::int64_t>(list.size()), "", path, faults);
      for (std::size_t i = 0; i < list.size(); ++i) {
        Check(*shape.element, list[i], path + "." + std::to_string(i + 1) + ".member", faults);
      }
      return;
    }
    case Shape::Kind::kMap:
      for (const auto& [key, entry] : value.As<Value::Map>()->entries) {
        Check(*shape.element, entry, JoinPath(path, key) + ".member", faults);
      }
      return;
    case Shape::Kind::kText:
      CheckText(shape, *value.As<std::string>(), path, faults);
      return;
    case Shape::Kind::kInt:
      CheckInt(shape, *value.As<std::int64_t>(), path, faults);
      return;
    default:
      return;
  }
}

}  // namespace

const Member* Shape::Find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

ShapePtr Struct(std::vector<Member> members) {
  return Make({.kind = Shape::Kind::kStruct, .members = std::move(members)});
}
ShapePtr ListOf(ShapePtr element, std::optional<std::int64_t> min,
                std::optional<std::int64_t> max) {
  return Make({.kind = Shape::Kind::kList, .element = std::move(element), .min = min, .max = max});
}
ShapePtr MapOf(ShapePtr values) {
  return Make({.kind = Shape::Kind::kMap, .element = std::move(values)});
}
ShapePtr Text(std::optional<std::int64_t> min, std::optional<std::int64_t> max) {
  return Make({.kind = Shape::Kind::kText, .min = min, .max = max});
}
ShapePtr OneOf(std::vector<std::string> choices) {
  return Make({.kind = Shape::Kind::kText, .choices = std::move(choices)});
}
ShapePtr Int(std::optional<std::int64_t> min, std::optional<std::int64_t> max) {
  return Make({.kind = Shape::Kind::kInt, .min = min, .max = max});
}
ShapePtr Double() { return Make({.kind = Shape::Kind::kDouble}); }
ShapePtr Bool() { return Make({.kind = Shape::Kind::kBool}); }
ShapePtr Time() { return Make({.kind = Shape::Kind::kTime}); }
ShapePtr Blob() { return Make({.kind = Shape::Kind::kBlob}); }
ShapePtr Document() { return Make({.kind = Shape::Kind::kDocument}); }

Member Required(std::string name, ShapePtr shape) {
  return {std::move(name), std::move(shape), true, Use::kEvaluated};
}
Member Optional(std::string name, ShapePtr shape) {
  return {std::move(name), std::move(shape), false, Use::kEvaluated};
}
Member Accepted(std::string name, ShapePtr shape) {
  return {std::move(name), std::move(shape), false, Use::kAccepted};
}
Member Refused(std::string name) { return {std::move(name), Text(), false, Use::kRefused}; }

std::string JoinPath(std::string_view path, std::string_view name) {
  std::string out(path);
  if (!out.empty()) out += '.';
  return out.append(name);
}

Result<const Member*> FindMember(const Shape& shape, std::string_view name, std::string_view path) {
  const Member* member = shape.Find(name);
  if (member != nullptr && member->use != Use::kRefused) return member;
  std::string full = JoinPath(path, name);
  std::string message = member == nullptr
                            ? "The parameter " + full + " is unknown."
                            : "The parameter " + full + " is not supported by SecureBase yet.";
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(full), "ValidationError");
}

Result<> CheckConstraints(const Shape& shape, const Value& value) {
  Faults faults;
  Check(shape, value, "", faults);
  return std::move(faults).ToResult();
}

}  // namespace securebase::aws
