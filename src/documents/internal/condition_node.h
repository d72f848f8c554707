#pragma once

// The tree of a condition; Query's key condition is read from the same tree.

#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "documents/expression.h"

namespace securebase::documents {

struct Condition::Node {
  enum class Op {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
    kBetween,
    kIn,
    kExists,
    kNotExists,
    kHasType,
    kBeginsWith,
    kContains,
  };
  struct Operand {
    enum class Kind { kPath, kValue, kSize } kind = Kind::kPath;
    Path path;  // of kPath and kSize
    Value value;
    bool operator==(const Operand&) const = default;
  };

  Op op = Op::kAnd;
  std::vector<std::unique_ptr<Node>> children;  // of kAnd, kOr and kNot
  std::vector<Operand> operands;                // of the others
  bool bracketed = false;
};

namespace internal {

/// As the expression writes it: "AND", "<=", "begins_with".
std::string_view ToText(Condition::Node::Op op);

/// The order of two numbers, strings or binaries; none for other or different types.
std::optional<std::strong_ordering> Compare(const Value& a, const Value& b);

/// "{S:abc}", as some messages show a literal.
std::string Describe(const Value& value);

}  // namespace internal
}  // namespace securebase::documents
