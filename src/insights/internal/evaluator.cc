#include "insights/internal/evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace securebase::insights::internal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool IsConst(const VectorRef& vector) { return vector->form == Vector::Form::kConst; }

// A column of doubles, or a constant number.
struct Numbers {
  const double* data = nullptr;
  double constant = kNaN;
  double operator[](std::size_t i) const { return data != nullptr ? data[i] : constant; }
};

bool AsNumbers(const VectorRef& vector, Numbers& out) {
  if (vector->form == Vector::Form::kNumbers) {
    out.data = vector->numbers.data();
    return true;
  }
  if (!IsConst(vector)) return false;
  const auto number = ArithmeticOf(vector->constant);
  if (!number) return false;
  out.constant = *number;
  return true;
}

template <class F>
VectorRef Arithmetic(const Numbers& a, const Numbers& b, std::size_t rows, F&& f) {
  auto out = std::make_shared<Vector>();
  out->form = Vector::Form::kNumbers;
  out->size = rows;
  out->numbers.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const double value = f(a[i], b[i]);
    out->numbers[i] = value - value == 0 ? value : kNaN;
  }
  return out;
}

template <class F>
void SelectWhere(std::size_t rows, std::vector<std::uint32_t>& out, F&& test) {
  out.resize(rows);
  std::size_t n = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    out[n] = static_cast<std::uint32_t>(i);
    n += test(i) ? 1 : 0;
  }
  out.resize(n);
}

}  // namespace

Evaluator::Evaluator(const QueryTimes& times, const std::vector<std::shared_ptr<const InSet>>& sets,
                     int node_count)
    : memos_(static_cast<std::size_t>(node_count)) {
  context_.times = &times;
  context_.sets = &sets;
}

VectorRef Evaluator::Evaluate(const Node& node, const Frame& frame) {
  switch (node.op) {
    case Node::Op::kConst:
      return ConstVector(node.constant, frame.rows);
    case Node::Op::kSlot: {
      const VectorRef& vector = frame[node.slot];
      return vector ? vector : ConstVector({}, frame.rows);
    }
    case Node::Op::kCall:
      return Call(node, frame);
    case Node::Op::kAnd:
    case Node::Op::kOr:
      return Logic(node, frame);
  }
  return nullptr;
}

VectorRef Evaluator::Logic(const Node& node, const Frame& frame) {
  std::vector<std::uint32_t> left, right;
  Select(*node.args[0], frame, left);
  Select(*node.args[1], frame, right);
  std::vector<std::uint8_t> truth(frame.rows, 0);
  const bool both = node.op == Node::Op::kAnd;
  for (const std::uint32_t row : left) truth[row] = 1;
  for (const std::uint32_t row : right) truth[row] |= 2;
  std::vector<Cell> cells(frame.rows);
  for (std::size_t i = 0; i < frame.rows; ++i) {
    cells[i] = Cell::Bool(both ? truth[i] == 3 : truth[i] != 0);
  }
  return CellVector(std::move(cells));
}

VectorRef Evaluator::Call(const Node& node, const Frame& frame) {
  std::vector<VectorRef> args;
  args.reserve(node.args.size());
  for (const NodePtr& arg : node.args) args.push_back(Evaluate(*arg, frame));
  return CallWith(node, frame, args);
}

VectorRef Evaluator::CallWith(const Node& node, const Frame& frame,
                              const std::vector<VectorRef>& args) {
  std::size_t varying = 0, which = 0;
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (IsConst(args[i])) continue;
    ++varying;
    which = i;
  }
  context_.node = &node;
  if (varying == 0) {
    std::vector<Cell> cells;
    for (const VectorRef& arg : args) cells.push_back(arg->constant);
    context_.arena = frame.arena.get();
    Cell result = node.function->scalar(context_, cells.data(), cells.size());
    auto vector = std::make_shared<Vector>();
    vector->constant = result;
    vector->size = frame.rows;
    vector->owner = frame.arena;
    return vector;
  }
  if (varying == 1 && args[which]->form == Vector::Form::kDict) {
    return CallOnDictionary(node, args, which);
  }
  if (varying == 1 && args[which]->form == Vector::Form::kTimes &&
      node.function->scalar == kBinFunction.scalar && node.period.unit == Period::Unit::kFixed) {
    auto out = std::make_shared<Vector>();
    out->form = Vector::Form::kTimes;
    out->size = frame.rows;
    out->times.resize(frame.rows);
    const std::int64_t unit = node.period.count;
    const std::vector<std::int64_t>& from = args[which]->times;
    std::int64_t low = 1, high = 0, floor = 0;  // the last bin: neighbours share it
    for (std::size_t i = 0; i < frame.rows; ++i) {
      const std::int64_t t = from[i];
      if (t < low || t >= high) {
        if (t == kNoTime) {
          out->times[i] = kNoTime;
          continue;
        }
        floor = FloorTime(t, node.period);
        low = floor;
        high = floor + unit;
      }
      out->times[i] = floor;
    }
    return out;
  }
  if (args.size() <= 2) {
    if (VectorRef numbers = CallOnNumbers(node, args, frame.rows)) return numbers;
  }
  return CallByRow(node, frame, args);
}

VectorRef Evaluator::CallOnNumbers(const Node& node, const std::vector<VectorRef>& args,
                                   std::size_t rows) {
  Numbers a, b;
  if (args.size() != 2 || !AsNumbers(args[0], a) || !AsNumbers(args[1], b)) return nullptr;
  const Scalar scalar = node.function->scalar;
  if (scalar == kAddFunction.scalar) {
    return Arithmetic(a, b, rows, [](double x, double y) { return x + y; });
  }
  if (scalar == kSubtractFunction.scalar) {
    return Arithmetic(a, b, rows, [](double x, double y) { return x - y; });
  }
  if (scalar == kMultiplyFunction.scalar) {
    return Arithmetic(a, b, rows, [](double x, double y) { return x * y; });
  }
  if (scalar == kDivideFunction.scalar) {
    return Arithmetic(a, b, rows, [](double x, double y) { return y == 0 ? kNaN : x / y; });
  }
  return nullptr;
}

VectorRef Evaluator::CallOnDictionary(const Node& node, const std::vector<VectorRef>& args,
                                      std::size_t which) {
  Memo& memo = memos_[static_cast<std::size_t>(node.id)];
  const Vector& vector = *args[which];
  if (memo.input != vector.dictionary) {
    memo.input = vector.dictionary;
    memo.output = std::make_shared<CellDictionary>();
    memo.output->cells.resize(vector.dictionary->cells.size());
    memo.output->filled.resize(vector.dictionary->cells.size());
    memo.output->owner = vector.dictionary;  // results may be the argument itself
  }
  std::vector<Cell> cells(args.size());
  for (std::size_t i = 0; i < args.size(); ++i) cells[i] = args[i]->constant;
  CellDictionary& output = *memo.output;
  context_.arena = &output.arena;
  for (const std::uint32_t code : *vector.codes) {
    if (output.filled[code] != 0) continue;
    output.filled[code] = 1;
    cells[which] = memo.input->cells[code];
    Cell result = node.function->scalar(context_, cells.data(), cells.size());
    // A constant argument may be what comes out (if, coalesce): its text may not live on.
    output.cells[code] = args.size() > 1 ? output.arena.Keep(result) : result;
  }
  auto out = std::make_shared<Vector>();
  out->form = Vector::Form::kDict;
  out->size = vector.size;
  out->codes = vector.codes;
  out->dictionary = memo.output;
  return out;
}

VectorRef Evaluator::CallByRow(const Node& node, const Frame& frame,
                               const std::vector<VectorRef>& args) {
  context_.arena = frame.arena.get();
  std::vector<Cell> out(frame.rows);
  std::vector<Cell> cells(args.size());
  for (std::size_t row = 0; row < frame.rows; ++row) {
    for (std::size_t i = 0; i < args.size(); ++i) cells[i] = args[i]->At(row);
    out[row] = node.function->scalar(context_, cells.data(), cells.size());
  }
  // Results may be an argument's text: keep them all.
  auto owners = std::make_shared<std::pair<std::shared_ptr<Arena>, std::vector<VectorRef>>>(
      frame.arena, args);
  return CellVector(std::move(out), std::move(owners));
}

void Evaluator::Select(const Node& node, const Frame& frame, std::vector<std::uint32_t>& rows) {
  VectorRef truth;
  if (node.op == Node::Op::kCall && node.function->scalar == kCompareFunction.scalar) {
    const VectorRef left = Evaluate(*node.args[0], frame);
    const VectorRef right = Evaluate(*node.args[1], frame);
    if (left->form == Vector::Form::kNumbers && IsConst(right) && NumberOf(right->constant)) {
      const double* a = left->numbers.data();
      const double b = *NumberOf(right->constant);
      switch (node.comparison) {
        case Comparison::kEqual:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] == b; });
        case Comparison::kNotEqual:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] < b || a[i] > b; });
        case Comparison::kLess:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] < b; });
        case Comparison::kLessOrEqual:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] <= b; });
        case Comparison::kGreater:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] > b; });
        case Comparison::kGreaterOrEqual:
          return SelectWhere(frame.rows, rows, [&](std::size_t i) { return a[i] >= b; });
      }
    }
    truth = CallWith(node, frame, {left, right});
  } else {
    truth = Evaluate(node, frame);
  }
  if (IsConst(truth)) {
    const bool all = IsTrue(truth->constant);
    return SelectWhere(frame.rows, rows, [&](std::size_t) { return all; });
  }
  if (truth->form == Vector::Form::kDict) {
    const std::vector<std::uint32_t>& codes = *truth->codes;
    const std::vector<Cell>& cells = truth->dictionary->cells;
    return SelectWhere(frame.rows, rows, [&](std::size_t i) {
      const Cell& cell = cells[codes[i]];
      return cell.kind == Kind::kBool ? cell.integer != 0 : IsTrue(cell);
    });
  }
  SelectWhere(frame.rows, rows, [&](std::size_t i) { return IsTrue(truth->At(i)); });
}

void SlotsOf(const Node& node, std::vector<int>& slots) {
  if (node.op == Node::Op::kSlot) slots.push_back(node.slot);
  for (const NodePtr& arg : node.args) SlotsOf(*arg, slots);
}

}  // namespace securebase::insights::internal
