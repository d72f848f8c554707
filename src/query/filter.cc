#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "query/predicate.h"

namespace securebase::query {
namespace {

using Op = Predicate::Op;

/// One byte a row, 0 or 1.
using Mask = std::array<std::uint8_t, kBatchRowsMax>;

constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

// An operator as one that is false where the field is absent, and whether to turn its mask over.
struct Positive {
  Op op;
  bool negated;
};

Positive PositiveOf(Op op) {
  switch (op) {
    case Op::kNotEqual:
      return {Op::kEqual, true};
    case Op::kNotIn:
      return {Op::kIn, true};
    case Op::kNotExists:
      return {Op::kExists, true};
    default:
      return {op, false};
  }
}

template <class T>
bool Holds(Op op, const T& value, const T& literal) {
  switch (op) {
    case Op::kLess:
      return value < literal;
    case Op::kLessOrEqual:
      return value <= literal;
    case Op::kGreater:
      return value > literal;
    case Op::kGreaterOrEqual:
      return value >= literal;
    default:
      return value == literal;
  }
}

bool StringHolds(Op op, std::string_view value, std::string_view literal) {
  if (op == Op::kContains) return value.find(literal) != std::string_view::npos;
  if (op == Op::kStartsWith) return value.starts_with(literal);
  return Holds<std::string_view>(op, value, literal);
}

// The loops are branch-free: one comparison, or-ed into the mask.
template <class T, class As, class Compare>
void OrInto(const std::vector<T>& values, std::size_t rows, As literal, Mask& mask,
            Compare compare) {
  const T* data = values.data();
  for (std::size_t i = 0; i < rows; ++i) {
    mask[i] |= static_cast<std::uint8_t>(compare(static_cast<As>(data[i]), literal));
  }
}

template <class T, class As>
void OrComparison(Op op, const std::vector<T>& values, std::size_t rows, As literal, Mask& mask) {
  switch (op) {
    case Op::kLess:
      return OrInto(values, rows, literal, mask, [](As a, As b) { return a < b; });
    case Op::kLessOrEqual:
      return OrInto(values, rows, literal, mask, [](As a, As b) { return a <= b; });
    case Op::kGreater:
      return OrInto(values, rows, literal, mask, [](As a, As b) { return a > b; });
    case Op::kGreaterOrEqual:
      return OrInto(values, rows, literal, mask, [](As a, As b) { return a >= b; });
    case Op::kEqual:
    case Op::kIn:
      return OrInto(values, rows, literal, mask, [](As a, As b) { return a == b; });
    default:
      return;  // kContains and kStartsWith: no number does
  }
}

void OrNumber(Op op, const Column& column, std::size_t rows, const Literal& literal, Mask& mask) {
  if (const bool* b = std::get_if<bool>(&literal)) {
    if (column.type == Type::kBool) {
      OrComparison<std::int64_t, std::int64_t>(op, column.ints, rows, *b ? 1 : 0, mask);
    }
    return;
  }
  if (column.type == Type::kBool) return;
  if (const auto* i = std::get_if<std::int64_t>(&literal)) {
    if (column.type == Type::kDouble) {
      OrComparison(op, column.doubles, rows, static_cast<double>(*i), mask);
    } else {
      OrComparison(op, column.ints, rows, *i, mask);
    }
  } else if (const double* d = std::get_if<double>(&literal)) {
    if (column.type == Type::kDouble) {
      OrComparison(op, column.doubles, rows, *d, mask);
    } else {
      OrComparison(op, column.ints, rows, *d, mask);
    }
  }
}

void Clear(Mask& mask, std::size_t rows) { std::memset(mask.data(), 0, rows); }

bool Any(const Mask& mask, std::size_t rows) {
  return std::memchr(mask.data(), 1, rows) != nullptr;
}

void Negate(Mask& mask, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) mask[i] ^= 1;
}

void And(Mask& mask, const std::uint8_t* other, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) mask[i] &= other[i];
}

void Or(Mask& mask, const std::uint8_t* other, std::size_t rows) {
  for (std::size_t i = 0; i < rows; ++i) mask[i] |= other[i];
}

}  // namespace

struct Filter::Node {
  Op op = Op::kTrue;
  bool negated = false;
  std::size_t column = kNoColumn;
  std::vector<Literal> literals;
  std::vector<Node> children;

  // What each value of the dictionary seen last evaluates to, 0 or 1. A segment has one
  // dictionary a column, so this is computed once a segment.
  std::shared_ptr<const Dictionary> dictionary;
  std::vector<std::uint8_t> verdicts;

  void Evaluate(const Batch& batch, Mask& mask);

 private:
  void EvaluateAnd(const Batch& batch, Mask& mask);
  void EvaluateOr(const Batch& batch, Mask& mask);
  void EvaluateCondition(const Batch& batch, Mask& mask);
  void Judge(const std::shared_ptr<const Dictionary>& of);
  void JudgeSorted(const Dictionary& of, std::string_view literal);
};

void Filter::Node::Evaluate(const Batch& batch, Mask& mask) {
  switch (op) {
    case Op::kTrue:
      std::memset(mask.data(), 1, batch.rows);
      break;
    case Op::kAnd:
      EvaluateAnd(batch, mask);
      break;
    case Op::kOr:
      EvaluateOr(batch, mask);
      break;
    case Op::kNot:
      // A negation of nothing holds, as an AND of nothing does.
      if (children.empty()) {
        Clear(mask, batch.rows);
      } else {
        children.front().Evaluate(batch, mask);
      }
      break;
    default:
      EvaluateCondition(batch, mask);
  }
  if (negated) Negate(mask, batch.rows);
}

void Filter::Node::EvaluateAnd(const Batch& batch, Mask& mask) {
  std::memset(mask.data(), 1, batch.rows);
  Mask other;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i].Evaluate(batch, i == 0 ? mask : other);
    if (i > 0) And(mask, other.data(), batch.rows);
    if (!Any(mask, batch.rows)) return;
  }
}

void Filter::Node::EvaluateOr(const Batch& batch, Mask& mask) {
  Clear(mask, batch.rows);
  Mask other;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i].Evaluate(batch, i == 0 ? mask : other);
    if (i > 0) Or(mask, other.data(), batch.rows);
  }
}

void Filter::Node::EvaluateCondition(const Batch& batch, Mask& mask) {
  if (column == kNoColumn || batch.columns[column].all_absent) return Clear(mask, batch.rows);
  const Column& values = batch.columns[column];
  if (op == Op::kExists) {
    std::memset(mask.data(), 1, batch.rows);
  } else if (values.type == Type::kString) {
    Judge(values.dictionary);
    const std::uint8_t* verdict = verdicts.data();
    for (std::size_t i = 0; i < batch.rows; ++i) mask[i] = verdict[values.codes[i]];
  } else {
    Clear(mask, batch.rows);
    for (const Literal& literal : literals) OrNumber(op, values, batch.rows, literal, mask);
  }
  if (!values.valid.empty()) And(mask, values.valid.data(), batch.rows);
}

void Filter::Node::Judge(const std::shared_ptr<const Dictionary>& of) {
  if (dictionary == of) return;
  dictionary = of;
  verdicts.assign(of->values.size(), 0);
  for (const Literal& literal : literals) {
    const auto* text = std::get_if<std::string>(&literal);
    if (text == nullptr) continue;
    if (of->sorted && op != Op::kContains) {
      JudgeSorted(*of, *text);
      continue;
    }
    for (std::size_t code = 0; code < verdicts.size(); ++code) {
      verdicts[code] |= static_cast<std::uint8_t>(StringHolds(op, of->values[code], *text));
    }
  }
}

// In a sorted dictionary the values that satisfy a comparison or have a prefix lie side by side.
void Filter::Node::JudgeSorted(const Dictionary& of, std::string_view literal) {
  const auto begin = of.values.begin();
  const auto end = of.values.end();
  auto first = begin;
  auto last = end;
  switch (op) {
    case Op::kLess:
      last = std::lower_bound(begin, end, literal);
      break;
    case Op::kLessOrEqual:
      last = std::upper_bound(begin, end, literal);
      break;
    case Op::kGreater:
      first = std::upper_bound(begin, end, literal);
      break;
    case Op::kGreaterOrEqual:
      first = std::lower_bound(begin, end, literal);
      break;
    case Op::kStartsWith:
      first = std::lower_bound(begin, end, literal);
      last = std::partition_point(
          first, end, [&](std::string_view value) { return value.starts_with(literal); });
      break;
    default:
      std::tie(first, last) = std::equal_range(begin, end, literal);
  }
  std::fill(verdicts.begin() + (first - begin), verdicts.begin() + (last - begin), 1);
}

namespace {

template <class Node>
Node Compile(const Predicate& predicate, const std::vector<std::string>& names) {
  Node node;
  const auto [op, negated] = PositiveOf(predicate.op);
  node.op = op;
  node.negated = negated != (op == Op::kNot);
  const auto name = std::find(names.begin(), names.end(), predicate.field);
  if (name != names.end()) node.column = static_cast<std::size_t>(name - names.begin());
  node.literals = predicate.literals;
  for (const Predicate& child : predicate.children) {
    node.children.push_back(Compile<Node>(child, names));
  }
  return node;
}

}  // namespace

Filter::Filter(const Predicate& predicate, std::vector<std::string> column_names)
    : root_(std::make_unique<Node>(Compile<Node>(predicate, column_names))) {}
Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;

void Filter::Apply(Batch& batch) const {
  if (root_->op == Op::kTrue) return;
  SB_CHECK(batch.rows <= kBatchRowsMax);
  Mask mask;
  root_->Evaluate(batch, mask);
  std::size_t count = 0;
  if (batch.filtered) {
    for (const std::uint16_t row : batch.selection) {
      batch.selection[count] = row;
      count += mask[row];
    }
  } else {
    batch.selection.resize(batch.rows + 1);  // the loop writes one past the last that is kept
    for (std::size_t row = 0; row < batch.rows; ++row) {
      batch.selection[count] = static_cast<std::uint16_t>(row);
      count += mask[row];
    }
    batch.filtered = count != batch.rows;
  }
  batch.selection.resize(count);
}

}  // namespace securebase::query
