#pragma once

// Typed expressions: names resolved to slots, functions to code.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "insights/internal/ast.h"
#include "insights/internal/cell.h"
#include "insights/internal/vector.h"

namespace re2 {
class RE2;
}

namespace securebase::insights::internal {

/// What functions know of the query that runs.
struct QueryTimes {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::int64_t now_ms = 0;
};

struct Node;
struct InSet;

/// What a function computes with besides its arguments. One thread's.
struct CallContext {
  Arena* arena = nullptr;
  const Node* node = nullptr;
  const QueryTimes* times = nullptr;
  const std::vector<std::shared_ptr<const InSet>>* sets = nullptr;  // rows of subqueries
  std::string scratch[4];

  /// Text of an argument in a scratch buffer of its own.
  std::string_view Text(const Cell& cell, int buffer = 0) { return TextOf(cell, scratch[buffer]); }
  Cell Keep(std::string_view text, Kind kind = Kind::kString) {
    return Cell::Text(arena->Copy(text), kind);
  }
};

using Scalar = Cell (*)(CallContext& context, const Cell* args, std::size_t count);

/// A function of the language. `name` is lower case without underscores.
struct Function {
  std::string_view name;
  int args_min;
  int args_max;  // kMany: any number
  Scalar scalar;
  /// Letters: 't' the first argument may be an inner node of the event's JSON; 'r' the second is
  /// a regular expression; 'c' constant whatever the row (but for the query's times).
  std::string_view traits = {};
};
inline constexpr int kMany = 1000;

/// The function of that name, or null.
const Function* FindFunction(std::string_view name);
/// All names, for "did you mean".
std::vector<std::string_view> FunctionNames();

struct Node {
  enum class Op : std::uint8_t { kConst, kSlot, kCall, kAnd, kOr };
  Op op = Op::kConst;
  int id = 0;  // of this plan, for memos
  Cell constant;
  std::string text;  // owns the text of `constant`; the step of a path
  int slot = -1;
  const Function* function = nullptr;
  std::vector<std::unique_ptr<Node>> args;
  std::shared_ptr<const re2::RE2> regex;
  std::string literal;   // like: a plain text; regex: a text every match holds
  bool negated = false;  // like
  Comparison comparison = Comparison::kEqual;
  Period period;
  std::vector<std::string> steps;    // path
  std::shared_ptr<const InSet> set;  // in, of constants
  int subquery = -1;                 // in, of a subquery's rows
};
using NodePtr = std::unique_ptr<Node>;

// Functions that operators stand for.
Cell CallCompare(CallContext& context, const Cell* args, std::size_t count);
Cell CallLike(CallContext& context, const Cell* args, std::size_t count);
Cell CallIn(CallContext& context, const Cell* args, std::size_t count);
Cell CallPath(CallContext& context, const Cell* args, std::size_t count);
Cell CallIndex(CallContext& context, const Cell* args, std::size_t count);
extern const Function kCompareFunction, kLikeFunction, kInFunction, kPathFunction, kIndexFunction,
    kNotFunction, kMinusFunction, kAddFunction, kSubtractFunction, kMultiplyFunction,
    kDivideFunction, kModuloFunction, kPowerFunction, kBinFunction;

// The tables of functions, by kind.
std::span<const Function> NumericFunctions();
std::span<const Function> GeneralFunctions();
std::span<const Function> StringFunctions();
std::span<const Function> DateFunctions();
std::span<const Function> StructureFunctions();
std::span<const Function> AddressFunctions();

/// floor and ceiling of a time to a period. Source: logs-insights, Date and time.
std::int64_t FloorTime(std::int64_t ms, const Period& period);
std::int64_t CeilTime(std::int64_t ms, const Period& period);
/// Begin of the next period after the one that begins at `floor`.
std::int64_t NextPeriod(std::int64_t floor, const Period& period);

}  // namespace securebase::insights::internal
