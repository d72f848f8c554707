#include "metrics/math/internal/vector_ops.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace securebase::metrics::math {
namespace {

// Adding zero makes a negative zero a plain one.
double FiniteOrMissing(double value) { return std::isfinite(value) ? value + 0.0 : kMissing; }
double Truth(bool holds) { return holds ? 1.0 : 0.0; }

/// Calls `use` with the operator as a function of two numbers that both exist, so that the loop in
/// `use` is compiled once an operator.
template <class Use>
auto WithOperator(Operator op, Use use) {
  switch (op) {
    case Operator::kOr:
      return use([](double a, double b) { return Truth(a != 0 || b != 0); });
    case Operator::kAnd:
      return use([](double a, double b) { return Truth(a != 0 && b != 0); });
    case Operator::kEqual:
      return use([](double a, double b) { return Truth(a == b); });
    case Operator::kNotEqual:
      return use([](double a, double b) { return Truth(a != b); });
    case Operator::kLessOrEqual:
      return use([](double a, double b) { return Truth(a <= b); });
    case Operator::kGreaterOrEqual:
      return use([](double a, double b) { return Truth(a >= b); });
    case Operator::kLess:
      return use([](double a, double b) { return Truth(a < b); });
    case Operator::kGreater:
      return use([](double a, double b) { return Truth(a > b); });
    case Operator::kAdd:
      return use([](double a, double b) { return a + b; });
    case Operator::kSubtract:
      return use([](double a, double b) { return a - b; });
    case Operator::kMultiply:
      return use([](double a, double b) { return a * b; });
    case Operator::kDivide:
      return use([](double a, double b) { return a / b; });
    case Operator::kPower:
      break;
  }
  return use([](double a, double b) { return std::pow(a, b); });
}

template <class F>
Values Map(const Values& a, F f) {
  Values out(a.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    out[k] = IsMissing(a[k]) ? kMissing : FiniteOrMissing(f(a[k]));
  }
  return out;
}

/// What becomes of a point, given how far it is from the one before: `f(value, before, seconds)`.
template <class F>
Values FromPrevious(const Values& a, const Grid& grid, F f) {
  Values out(a.size(), kMissing);
  const double period_s = static_cast<double>(grid.period.count()) / 1000;
  std::optional<std::size_t> before;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (IsMissing(a[k])) continue;
    if (before) {
      out[k] = FiniteOrMissing(f(a[k], a[*before], static_cast<double>(k - *before) * period_s));
    }
    before = k;
  }
  return out;
}

Values RunningSum(const Values& a) {
  double sum = 0;
  return Map(a, [&sum](double value) { return sum += value; });
}

}  // namespace

double Combine(Operator op, double a, double b) {
  if (IsMissing(a) || IsMissing(b)) return kMissing;
  return WithOperator(op, [=](auto f) { return FiniteOrMissing(f(a, b)); });
}

Values Combine(Operator op, const Values& a, const Values& b) {
  Values out(a.size());
  WithOperator(op, [&](auto f) {
    for (std::size_t k = 0; k < a.size(); ++k) {
      const bool no_a = IsMissing(a[k]), no_b = IsMissing(b[k]);
      const double value = f(no_a ? 0 : a[k], no_b ? 0 : b[k]);
      out[k] = no_a && no_b ? kMissing : FiniteOrMissing(value);
    }
    return 0;
  });
  return out;
}

Values Combine(Operator op, const Values& a, double b) {
  if (IsMissing(b)) return Values(a.size(), kMissing);
  return WithOperator(op, [&](auto f) { return Map(a, [=](double x) { return f(x, b); }); });
}

Values Combine(Operator op, double a, const Values& b) {
  if (IsMissing(a)) return Values(b.size(), kMissing);
  return WithOperator(op, [&](auto f) { return Map(b, [=](double x) { return f(a, x); }); });
}

Values Negate(const Values& a) {
  return Map(a, [](double x) { return -x; });
}

Values Pointwise(FunctionId id, const Values& a, const Grid& grid) {
  switch (id) {
    case FunctionId::kAbs:
      return Map(a, [](double x) { return std::fabs(x); });
    case FunctionId::kCeil:
      return Map(a, [](double x) { return std::ceil(x); });
    case FunctionId::kFloor:
      return Map(a, [](double x) { return std::floor(x); });
    case FunctionId::kLog:
      return Map(a, [](double x) { return std::log(x); });
    case FunctionId::kLog10:
      return Map(a, [](double x) { return std::log10(x); });
    case FunctionId::kDiff:
      return FromPrevious(a, grid, [](double x, double y, double) { return x - y; });
    case FunctionId::kDiffTime:
      return FromPrevious(a, grid, [](double, double, double seconds) { return seconds; });
    case FunctionId::kRate:
      return FromPrevious(a, grid, [](double x, double y, double s) { return (x - y) / s; });
    default:
      return RunningSum(a);
  }
}

double Reduce(FunctionId id, const Values& a) {
  double sum = 0, least = INFINITY, greatest = -INFINITY, mean = 0, squares = 0;
  double count = 0;
  for (double value : a) {
    if (IsMissing(value)) continue;
    ++count;
    sum += value;
    least = std::min(least, value);
    greatest = std::max(greatest, value);
    const double distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
  }
  if (id == FunctionId::kDatapointCount) return count;
  if (count == 0) return kMissing;
  switch (id) {
    case FunctionId::kAvg:
      return FiniteOrMissing(sum / count);
    case FunctionId::kSum:
      return FiniteOrMissing(sum);
    case FunctionId::kMin:
      return least;
    case FunctionId::kMax:
      return greatest;
    default:
      return FiniteOrMissing(std::sqrt(squares / count));
  }
}

Reduction::Reduction(FunctionId id, std::size_t count)
    : id_(id), values_(count, 0.0), counts_(count, 0.0) {
  if (id == FunctionId::kStddev) squares_.assign(count, 0.0);
}

void Reduction::Add(const Values& series) {
  ++series_;
  auto each = [&](auto use) {
    for (std::size_t k = 0; k < series.size(); ++k) {
      if (IsMissing(series[k])) continue;
      ++counts_[k];
      use(k, series[k]);
    }
  };
  switch (id_) {
    case FunctionId::kMin:
      each([&](std::size_t k, double v) {
        values_[k] = counts_[k] == 1 ? v : std::min(values_[k], v);
      });
      break;
    case FunctionId::kMax:
      each([&](std::size_t k, double v) {
        values_[k] = counts_[k] == 1 ? v : std::max(values_[k], v);
      });
      break;
    case FunctionId::kStddev:
      each([&](std::size_t k, double v) {
        const double distance = v - values_[k];
        values_[k] += distance / counts_[k];
        squares_[k] += distance * (v - values_[k]);
      });
      break;
    default:
      each([&](std::size_t k, double v) { values_[k] += v; });
      break;
  }
}

Values Reduction::Finish() {
  for (std::size_t k = 0; k < values_.size(); ++k) {
    double value = values_[k];
    if (id_ == FunctionId::kAvg) value /= static_cast<double>(series_);
    if (id_ == FunctionId::kStddev) value = std::sqrt(squares_[k] / counts_[k]);
    if (id_ == FunctionId::kDatapointCount) value = counts_[k];
    values_[k] = counts_[k] == 0 ? kMissing : FiniteOrMissing(value);
  }
  return std::move(values_);
}

Values TimePart(FunctionId id, const Grid& grid) {
  Values out(grid.count());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const Instant t = grid.at(k);
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(t - day);
    switch (id) {
      case FunctionId::kMinute:
        out[k] = static_cast<double>(time.minutes().count());
        break;
      case FunctionId::kHour:
        out[k] = static_cast<double>(time.hours().count());
        break;
      case FunctionId::kDay:
        out[k] = static_cast<double>(std::chrono::weekday(day).iso_encoding());
        break;
      case FunctionId::kDate:
        out[k] = static_cast<double>(static_cast<unsigned>(date.day()));
        break;
      case FunctionId::kMonth:
        out[k] = static_cast<double>(static_cast<unsigned>(date.month()));
        break;
      case FunctionId::kYear:
        out[k] = static_cast<double>(static_cast<int>(date.year()));
        break;
      default:
        out[k] = static_cast<double>(ToUnixSeconds(t));
        break;
    }
  }
  return out;
}

Values FillWith(const Values& a, double filler) {
  Values out = a;
  std::replace_if(out.begin(), out.end(), IsMissing, filler);
  return out;
}

Values FillWith(const Values& a, const Values& filler) {
  Values out = a;
  for (std::size_t k = 0; k < out.size(); ++k) {
    if (IsMissing(out[k])) out[k] = filler[k];
  }
  return out;
}

Values FillRepeat(const Values& a) {
  Values out = a;
  for (std::size_t k = 1; k < out.size(); ++k) {
    if (IsMissing(out[k])) out[k] = out[k - 1];
  }
  return out;
}

Values FillLinear(const Values& a) {
  Values out = a;
  std::optional<std::size_t> before;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (IsMissing(a[k])) continue;
    if (before) {
      const double step = (a[k] - a[*before]) / static_cast<double>(k - *before);
      for (std::size_t gap = *before + 1; gap < k; ++gap) {
        out[gap] = FiniteOrMissing(a[*before] + step * static_cast<double>(gap - *before));
      }
    }
    before = k;
  }
  return out;
}

Values Select(const Values& condition, const Choice& then, const std::optional<Choice>& otherwise) {
  Values out(condition.size(), kMissing);
  for (std::size_t k = 0; k < condition.size(); ++k) {
    if (IsMissing(condition[k])) continue;
    if (condition[k] != 0) {
      // A series that has no value where the condition holds counts as 0 there.
      out[k] = then.series == nullptr ? then.number : (*then.series)[k];
      if (then.series != nullptr && IsMissing(out[k])) out[k] = 0;
    } else if (otherwise) {
      out[k] = otherwise->series == nullptr ? otherwise->number : (*otherwise->series)[k];
    }
  }
  return out;
}

}  // namespace securebase::metrics::math
