#pragma once

// The tree of an expression, and its parser (spec: cloudwatch-api 5.2).

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metrics/math/internal/function.h"
#include "metrics/math/internal/insights.h"
#include "metrics/math/internal/search.h"
#include "metrics/math/plan.h"

namespace securebase::metrics::math {

enum class Operator {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLessOrEqual,
  kGreaterOrEqual,
  kLess,
  kGreater,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
};
std::string_view ToText(Operator op);

struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Node {
  enum class Kind {
    kNumber,     // number
    kText,       // text; only as an argument
    kWord,       // text: REPEAT, ASC, AVG, ..; only as an argument
    kReference,  // text: the Id of a query
    kNegate,     // children[0]
    kBinary,     // op, children[0], children[1]
    kCall,       // function, children
    kList,       // children: [a, b]
    kSelect,     // insights
  };
  Kind kind = Kind::kNumber;
  std::size_t at = 0;  // byte offset in the expression
  double number = 0;
  std::string text;
  Operator op = Operator::kAdd;
  const Function* function = nullptr;
  std::vector<NodePtr> children;
  std::shared_ptr<const InsightsQuery> insights;

  // What the check adds (internal/check.h).
  Type type = Type::kScalar;
  std::vector<std::size_t> queries;      // of a reference: one; of METRICS(): those that match
  std::shared_ptr<const Search> search;  // of a call of SEARCH
  std::shared_ptr<const Statistic> statistic;
};

inline constexpr std::size_t kExpressionBytesMax = 2048;
inline constexpr int kNestingMax = 64;

/// Errors: kInvalidArgument; the message ends with the place, "(at character N)".
Result<NodePtr> ParseExpression(std::string_view text);

/// A text that parses to the same tree.
std::string ToText(const Node& node);

}  // namespace securebase::metrics::math
