#pragma once

// What an operation takes: the members of its input, their types and constraints, described once
// and read by every codec.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/value.h"
#include "base/result.h"

namespace securebase::aws {

struct Shape;
using ShapePtr = std::shared_ptr<const Shape>;

/// What becomes of a member that a client sends.
enum class Use {
  kEvaluated,
  kAccepted,  // taken and without effect here, as its documentation says
  kRefused,   // AWS knows it, we do not yet: refused by name
};

struct Member {
  std::string name;
  ShapePtr shape;
  bool required = false;
  Use use = Use::kEvaluated;
};

struct Shape {
  enum class Kind {
    kStruct,
    kList,
    kMap,
    kText,
    kInt,
    kDouble,
    kBool,
    kTime,
    kBlob,
    kDocument,
  };
  Kind kind = Kind::kText;
  std::vector<Member> members;  // of a structure
  ShapePtr element;             // of a list; the values of a map
  // Length of a text, a list or a map; value of an integer.
  std::optional<std::int64_t> min;
  std::optional<std::int64_t> max;
  std::vector<std::string> choices;  // of a text: the only values allowed

  const Member* Find(std::string_view name) const;
};

// Builders, so that a description reads like the service's model.
ShapePtr Struct(std::vector<Member> members);
ShapePtr ListOf(ShapePtr element, std::optional<std::int64_t> min = {},
                std::optional<std::int64_t> max = {});
ShapePtr MapOf(ShapePtr values);
ShapePtr Text(std::optional<std::int64_t> min = {}, std::optional<std::int64_t> max = {});
ShapePtr OneOf(std::vector<std::string> choices);
ShapePtr Int(std::optional<std::int64_t> min = {}, std::optional<std::int64_t> max = {});
ShapePtr Double();
ShapePtr Bool();
ShapePtr Time();
ShapePtr Blob();
ShapePtr Document();
Member Required(std::string name, ShapePtr shape);
Member Optional(std::string name, ShapePtr shape);
Member Accepted(std::string name, ShapePtr shape);
Member Refused(std::string name);

/// The member a client names. Errors, wire code ValidationError: a name that the structure does
/// not have, or one that is refused. `path` is the structure's, "" or "MetricData.member.1".
Result<const Member*> FindMember(const Shape& shape, std::string_view name, std::string_view path);

/// The wire code of a violated constraint; each service has its own name for it.
inline constexpr std::string_view kConstraintCode = "ConstraintViolation";

/// Checks a decoded value against the constraints. Error: wire code kConstraintCode, with all
/// faults in AWS's form, "2 validation errors detected: Value null at 'tableName' failed to
/// satisfy constraint: Member must not be null; ..".
Result<> CheckConstraints(const Shape& shape, const Value& value);

/// "Foo" below "A.member.1" is "A.member.1.Foo".
std::string JoinPath(std::string_view path, std::string_view name);

}  // namespace securebase::aws
