#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "insights/internal/expression.h"

// Source: logs-insights, Functions, Numeric; Values, Arithmetic.

namespace securebase::insights::internal {
namespace {

template <class F>
Cell One(const Cell* args, F&& f) {
  const auto a = ArithmeticOf(args[0]);
  return a ? Cell::Number(f(*a)) : Cell::Missing();
}

template <class F>
Cell Two(const Cell* args, F&& f) {
  const auto a = ArithmeticOf(args[0]);
  if (!a) return {};
  const auto b = ArithmeticOf(args[1]);
  return b ? Cell::Number(f(*a, *b)) : Cell::Missing();
}

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

Cell Abs(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return std::abs(x); });
}
Cell Ceil(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return std::ceil(x); });
}
Cell Floor(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return std::floor(x); });
}
Cell Sqrt(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return x < 0 ? kNothing : std::sqrt(x); });
}
Cell Log(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return x <= 0 ? kNothing : std::log(x); });
}
Cell Minus(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return -x; });
}
Cell Add(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return x + y; });
}
Cell Subtract(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return x - y; });
}
Cell Multiply(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return x * y; });
}
Cell Divide(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return y == 0 ? kNothing : x / y; });
}
Cell Modulo(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return y == 0 ? kNothing : std::fmod(x, y); });
}
Cell Power(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double y) { return std::pow(x, y); });
}

// The largest or smallest of the numbers; what is none is left out.
template <class Better>
Cell Best(const Cell* args, std::size_t count, Better better) {
  double best = kNothing;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = ArithmeticOf(args[i]);
    if (value && (best != best || better(*value, best))) best = *value;
  }
  return Cell::Number(best);
}
Cell Greatest(CallContext&, const Cell* a, std::size_t n) {
  return Best(a, n, [](double x, double y) { return x > y; });
}
Cell Least(CallContext&, const Cell* a, std::size_t n) {
  return Best(a, n, [](double x, double y) { return x < y; });
}

Cell Round(CallContext&, const Cell* a, std::size_t n) {
  const auto x = ArithmeticOf(a[0]);
  if (!x) return {};
  double digits = 0;
  if (n > 1) {
    const auto d = ArithmeticOf(a[1]);
    if (!d) return {};
    digits = std::clamp(std::trunc(*d), -15.0, 15.0);
  }
  const double scale = std::pow(10.0, std::abs(digits));
  const double scaled = digits < 0 ? *x / scale : *x * scale;
  if (!(std::abs(scaled) < 1e15)) return Cell::Number(*x);
  // Half away from zero in decimal: 2.675 is a little less than itself, yet rounds up.
  double rounded = std::round(scaled);
  const double eps = std::abs(scaled) * 4 * std::numeric_limits<double>::epsilon();
  if (std::abs(std::abs(scaled) - std::floor(std::abs(scaled)) - 0.5) <= eps) {
    rounded = std::copysign(std::floor(std::abs(scaled)) + 1, scaled);
  }
  return Cell::Number(digits < 0 ? rounded * scale : rounded / scale);
}

Cell Haversine(CallContext&, const Cell* a, std::size_t) {
  double v[4];
  for (int i = 0; i < 4; ++i) {
    const auto x = ArithmeticOf(a[i]);
    if (!x) return {};
    v[i] = *x * std::numbers::pi / 180;
  }
  const double lat = std::sin((v[2] - v[0]) / 2);
  const double lon = std::sin((v[3] - v[1]) / 2);
  const double h = lat * lat + std::cos(v[0]) * std::cos(v[2]) * lon * lon;
  return Cell::Number(2 * 6371.0 * std::asin(std::min(1.0, std::sqrt(h))));
}

Cell ToNumber(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) { return x; });
}
Cell ToInt(CallContext&, const Cell* a, std::size_t) {
  return One(a, [](double x) {
    const double whole = std::trunc(x);
    return whole < -2147483648.0 || whole > 2147483647.0 ? kNothing : whole;
  });
}
Cell ToLong(CallContext&, const Cell* a, std::size_t) {
  const auto x = ArithmeticOf(a[0]);
  if (!x || !(std::abs(*x) < 9.3e18)) return {};
  // Integer text beyond 2^53 keeps its digits.
  if (a[0].is_text() && std::abs(*x) > 9e15 &&
      a[0].text().find_first_not_of("+-0123456789") == std::string_view::npos) {
    return Cell::Text(a[0].text(), Kind::kNumberText);
  }
  return Cell::Number(std::trunc(*x));
}

// Used in `by`: lower edge of the bucket of width w.
Cell Histogram(CallContext&, const Cell* a, std::size_t) {
  return Two(a, [](double x, double w) { return w <= 0 ? kNothing : std::floor(x / w) * w; });
}

constexpr Function kFunctions[] = {
    {"abs", 1, 1, Abs},
    {"ceil", 1, 1, Ceil},
    {"floor", 1, 1, Floor},
    {"sqrt", 1, 1, Sqrt},
    {"log", 1, 1, Log},
    {"greatest", 1, kMany, Greatest},
    {"least", 1, kMany, Least},
    {"round", 1, 2, Round},
    {"haversine", 4, 4, Haversine},
    {"tonumber", 1, 1, ToNumber},
    {"toint", 1, 1, ToInt},
    {"tolong", 1, 1, ToLong},
    {"todouble", 1, 1, ToNumber},
    {"histogram", 2, 2, Histogram},
};

}  // namespace

const Function kMinusFunction{"-", 1, 1, Minus};
const Function kAddFunction{"+", 2, 2, Add};
const Function kSubtractFunction{"-", 2, 2, Subtract};
const Function kMultiplyFunction{"*", 2, 2, Multiply};
const Function kDivideFunction{"/", 2, 2, Divide};
const Function kModuloFunction{"%", 2, 2, Modulo};
const Function kPowerFunction{"^", 2, 2, Power};

std::span<const Function> NumericFunctions() { return kFunctions; }

}  // namespace securebase::insights::internal
