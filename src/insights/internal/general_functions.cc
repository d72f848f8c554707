#include <re2/re2.h>

#include <algorithm>
#include <cstring>

#include "insights/internal/expression.h"
#include "insights/internal/in_set.h"
#include "insights/internal/json_text.h"

// Source: logs-insights, Functions, General; Values, Comparison and Logic.

namespace securebase::insights::internal {
namespace {

Cell IsPresent(CallContext&, const Cell* a, std::size_t) { return Cell::Bool(!a[0].missing()); }

Cell Coalesce(CallContext&, const Cell* a, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!a[i].missing()) return a[i];
  }
  return {};
}

Cell If(CallContext&, const Cell* a, std::size_t n) {
  if (IsTrue(a[0])) return a[1];
  return n > 2 ? a[2] : Cell::Missing();
}

Cell Case(CallContext&, const Cell* a, std::size_t n) {
  std::size_t i = 0;
  for (; i + 1 < n; i += 2) {
    if (IsTrue(a[i])) return a[i + 1];
  }
  return i < n ? a[i] : Cell::Missing();
}

Cell IsNumeric(CallContext&, const Cell* a, std::size_t) {
  return Cell::Bool(NumberOf(a[0]).has_value());
}

Cell MessageSize(CallContext& context, const Cell* a, std::size_t) {
  if (a[0].missing()) return {};
  return Cell::Number(static_cast<double>(context.Text(a[0]).size()));
}

Cell QueryStartTime(CallContext& context, const Cell*, std::size_t) {
  return Cell::Number(static_cast<double>(context.times->start_ms));
}
// The end is a whole second: the range goes to its last millisecond.
Cell QueryEndTime(CallContext& context, const Cell*, std::size_t) {
  const std::int64_t end = context.times->end_ms;
  return Cell::Number(static_cast<double>(end % 1000 == 999 ? end - 999 : end));
}
Cell QueryTimeRange(CallContext& context, const Cell* a, std::size_t n) {
  return Cell::Number(QueryEndTime(context, a, n).number - QueryStartTime(context, a, n).number);
}

Cell Not(CallContext&, const Cell* a, std::size_t) { return Cell::Bool(!IsTrue(a[0])); }

constexpr Function kFunctions[] = {
    {"ispresent", 1, 1, IsPresent, "t"},
    {"coalesce", 1, kMany, Coalesce},
    {"if", 2, 3, If},
    {"case", 2, 21, Case},
    {"isnumeric", 1, 1, IsNumeric},
    {"messagesize", 1, 1, MessageSize},
    {"querystarttime", 0, 0, QueryStartTime},
    {"queryendtime", 0, 0, QueryEndTime},
    {"querytimerange", 0, 0, QueryTimeRange},
};

}  // namespace

Cell CallCompare(CallContext& context, const Cell* a, std::size_t) {
  return Cell::Bool(Compare(a[0], context.node->comparison, a[1]));
}

Cell CallLike(CallContext& context, const Cell* a, std::size_t n) {
  const Node& node = *context.node;
  if (a[0].missing() || a[0].kind == Kind::kTree) return Cell::Bool(false);
  const std::string_view text = context.Text(a[0], 0);
  bool found;
  if (node.regex) {
    const auto has = [&](std::string_view literal) {
      return memmem(text.data(), text.size(), literal.data(), literal.size()) != nullptr;
    };
    found = (node.literal.empty() || has(node.literal)) &&
            node.regex->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                              re2::RE2::UNANCHORED, nullptr, 0);
  } else if (n < 2) {
    found = memmem(text.data(), text.size(), node.literal.data(), node.literal.size()) != nullptr;
  } else {
    if (a[1].missing() || a[1].kind == Kind::kTree) return Cell::Bool(false);
    found = text.find(context.Text(a[1], 1)) != std::string_view::npos;
  }
  return Cell::Bool(found != node.negated);
}

Cell CallIn(CallContext& context, const Cell* a, std::size_t n) {
  const Node& node = *context.node;
  if (a[0].missing() || a[0].kind == Kind::kTree) return Cell::Bool(false);
  const InSet* set = node.subquery >= 0
                         ? (*context.sets)[static_cast<std::size_t>(node.subquery)].get()
                         : node.set.get();
  bool found = set != nullptr && set->Contains(a[0]);
  for (std::size_t i = 1; i < n && !found; ++i) found = Compare(a[0], Comparison::kEqual, a[i]);
  return Cell::Bool(found != node.negated);
}

Cell CallPath(CallContext& context, const Cell* a, std::size_t n) {
  if (a[0].kind == Kind::kTree) return JsonAt(a[0].text(), context.node->steps, *context.arena);
  return n > 1 ? a[1] : Cell::Missing();
}

Cell CallIndex(CallContext& context, const Cell* a, std::size_t) {
  if (a[0].kind != Kind::kTree || a[1].missing()) return {};
  return JsonAt(a[0].text(), {std::string(context.Text(a[1]))}, *context.arena);
}

void InSet::Add(Cell cell) {
  if (cell.missing() || cell.kind == Kind::kTree) return;
  cell = arena_.Keep(cell);
  if (cell.kind == Kind::kBool || cell.kind == Kind::kTime) {
    others_.push_back(cell);
    return;
  }
  if (const auto number = NumberOf(cell)) {
    numbers_.emplace(*number, cell);
  } else {
    texts_.insert(cell.text());
    // "true" and a time's text may equal a boolean or a time.
  }
  all_.push_back(cell);
}

bool InSet::Contains(const Cell& cell) const {
  for (const Cell& other : others_) {
    if (Compare(cell, Comparison::kEqual, other)) return true;
  }
  if (cell.kind == Kind::kBool || cell.kind == Kind::kTime) {
    return std::any_of(all_.begin(), all_.end(),
                       [&](const Cell& other) { return Compare(cell, Comparison::kEqual, other); });
  }
  if (const auto number = NumberOf(cell)) {
    const auto [first, last] = numbers_.equal_range(*number);
    return std::any_of(first, last, [&](const auto& entry) {
      return Compare(cell, Comparison::kEqual, entry.second);
    });
  }
  return cell.is_text() && texts_.contains(cell.text());
}

const Function kCompareFunction{"compare", 2, 2, CallCompare};
const Function kLikeFunction{"like", 1, 2, CallLike};
const Function kInFunction{"in", 1, kMany, CallIn};
const Function kPathFunction{"path", 1, 2, CallPath};
const Function kIndexFunction{"index", 2, 2, CallIndex};
const Function kNotFunction{"not", 1, 1, Not};

std::span<const Function> GeneralFunctions() { return kFunctions; }

}  // namespace securebase::insights::internal
