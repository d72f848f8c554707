#pragma once

// The query as it was written. Source: logs-insights, Grammar.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "insights/query.h"

namespace securebase::insights::internal {

struct QueryAst;

/// Half-open range of bytes of the query's text.
struct Span {
  std::size_t start = 0;
  std::size_t end = 0;
};

/// A calendar or fixed period of bin() and its kin.
struct Period {
  enum class Unit : std::uint8_t { kFixed, kWeek, kMonth };  // kMonth: months, quarters, years
  Unit unit = Unit::kFixed;
  std::int64_t count = 0;  // milliseconds, weeks, months
};

struct Expr {
  enum class Op : std::uint8_t {
    kNumber,
    kString,
    kRegex,
    kPeriod,
    kName,   // name, parts
    kCall,   // name: lower case, without underscores; args
    kPath,   // args[0] with one step: `name`, or args[1] as an index
    kMinus,  // unary
    kNot,
    kAnd,
    kOr,
    kBinary,   // name: + - * / % ^
    kCompare,  // name: = != < <= > >=
    kLike,     // args[0] like args[1]; negated
    kIn,       // args[0] in args[1..], or in `query`; negated
  };
  Op op = Op::kNumber;
  Span span;
  double number = 0;
  std::string name;  // also text of kString, kRegex; digits of kNumber
  std::vector<std::string> parts;
  Period period;
  bool negated = false;
  bool regex = false;     // kLike of =~: a string operand is a regular expression
  bool star = false;      // kCall: f(*)
  bool distinct = false;  // kCall: count(distinct f)
  std::vector<std::unique_ptr<Expr>> args;
  std::unique_ptr<QueryAst> query;
};
using ExprPtr = std::unique_ptr<Expr>;

struct Item {
  ExprPtr expr;
  std::string label;  // the alias, or the text as typed
  bool has_alias = false;
  Span span;
  bool descending = false;  // sort keys
};

struct Name {
  std::string text;
  std::vector<std::string> parts;
  Span span;
};

struct Command {
  enum class Kind : std::uint8_t {
    kFields,
    kDisplay,
    kExtend,
    kFilter,
    kStats,
    kSort,
    kLimit,
    kTail,
    kParse,
    kJsonField,
    kDedup,
    kPattern,
    kDiff,
    kAnomaly,
    kUnmask,
    kUnnest,
    kExpand,
    kLookup,
    kCidrLookup,
    kJoin,
    kAppendCols,
    kAddTotals,
    kAccum,
    kAutoRegress,
    kFillDown,
    kFillMissing,
    kOutlier,
    kSessionize,
    kCountFrequent,
    kRelevantFields,
    kLogCompare,
    kEstimate,
  };
  enum class ParseForm : std::uint8_t { kGlob, kRegex, kLogfmt, kCsv };

  Kind kind = Kind::kFields;
  Span span;     // of the whole command
  Span keyword;  // of its name
  std::vector<Item> items;
  std::vector<Item> by;               // stats
  std::optional<Period> period;       // stats offset, sessionize maxspan
  std::uint64_t count = 0;            // limit; appendcols max; autoregress from
  std::uint64_t count_to = 0;         // autoregress to
  bool any = false;                   // limit any
  ParseForm form = ParseForm::kGlob;  // parse
  bool multi = false;                 // parse
  std::string text;                   // glob, regex, path, table, diff word
  Span text_span;
  std::vector<Name> names;                     // outputs and targets
  std::vector<Name> keys;                      // lookup: columns of the table; join: the two fields
  std::vector<Name> fields;                    // lookup: fields that `keys` are compared with
  std::map<std::string, std::string> options;  // join, addtotals, outlier, ...
  std::unique_ptr<QueryAst> query;
};

struct QueryAst {
  GroupSelection groups;
  bool has_source = false;
  std::vector<Command> commands;
};

}  // namespace securebase::insights::internal
