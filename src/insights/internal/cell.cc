#include "insights/internal/cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace securebase::insights::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void CutZeros(std::string& text, std::size_t from) {
  const std::size_t point = text.find('.', from);
  if (point == std::string::npos) return;
  std::size_t end = text.size();
  while (end > point + 1 && text[end - 1] == '0') --end;
  if (end == point + 1) end = point;
  text.resize(end);
  if (std::string_view(text).substr(from) == "-0") text.erase(from, 1);
}

template <class T>
bool Decide(Comparison op, const T& a, const T& b) {
  switch (op) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessOrEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterOrEqual:
      return a >= b;
  }
  return false;
}

// A boolean beside another value, as 1 or 0; nothing where the other is no truth value.
std::optional<double> TruthOf(const Cell& cell) {
  if (cell.kind == Kind::kBool) return static_cast<double>(cell.integer);
  if (cell.kind == Kind::kString) {
    if (EqualsIgnoreCase(cell.text(), "true")) return 1;
    if (EqualsIgnoreCase(cell.text(), "false")) return 0;
  }
  return NumberOf(cell);
}

}  // namespace

void Arena::Grow(std::size_t size) {
  const std::size_t block = std::max<std::size_t>(size, blocks_.empty() ? 4096 : 64 << 10);
  blocks_.push_back(std::unique_ptr<char[]>(new char[block]));
  next_ = blocks_.back().get();
  left_ = block;
  bytes_ += block;
}

std::optional<double> ReadNumber(std::string_view text) {
  if (text.empty() || text.size() > 400) return std::nullopt;
  std::size_t i = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const std::size_t first = i;
  std::uint64_t whole = 0;
  while (i < text.size() && IsDigit(text[i])) whole = whole * 10 + (text[i++] - '0');
  const std::size_t digits = i - first;
  if (i == text.size() && digits > 0 && digits <= 18) {
    const auto value = static_cast<double>(whole);
    return text[0] == '-' ? -value : value;
  }
  bool any = digits > 0;
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && IsDigit(text[i])) any = true, ++i;
  }
  if (!any) return std::nullopt;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (i == text.size()) return std::nullopt;
    while (i < text.size() && IsDigit(text[i])) ++i;
  }
  if (i != text.size()) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> NumberOf(const Cell& cell) {
  switch (cell.kind) {
    case Kind::kNumber:
    case Kind::kSourceNumber:
      return cell.number;
    case Kind::kNumberText:
    case Kind::kString:
      return ReadNumber(cell.text());
    default:
      return std::nullopt;
  }
}

std::optional<double> ArithmeticOf(const Cell& cell) {
  if (cell.kind == Kind::kBool || cell.kind == Kind::kTime) {
    return static_cast<double>(cell.integer);
  }
  return NumberOf(cell);
}

bool IsTrue(const Cell& cell) {
  switch (cell.kind) {
    case Kind::kMissing:
      return false;
    case Kind::kBool:
      return cell.integer != 0;
    case Kind::kNumber:
    case Kind::kSourceNumber:
      return cell.number != 0;
    case Kind::kNumberText:
      return NumberOf(cell).value_or(0) != 0;
    case Kind::kTime:
      return true;
    case Kind::kString:
    case Kind::kTree:
      return cell.size != 0;
  }
  return false;
}

std::optional<std::int64_t> TimeOf(const Cell& cell) {
  if (cell.kind == Kind::kTime) return cell.integer;
  if (cell.kind == Kind::kTree || cell.kind == Kind::kBool) return std::nullopt;
  if (const auto n = NumberOf(cell); n && std::abs(*n) < 9e15) {
    return static_cast<std::int64_t>(std::floor(*n));
  }
  return cell.kind == Kind::kString ? ReadTime(cell.text()) : std::nullopt;
}

std::string FormatTime(std::int64_t ms) {
  std::string text = FormatIsoMillis(FromUnixMillis(ms));
  if (text.size() < 5) return text;
  text.pop_back();
  if (const std::size_t t = text.find('T'); t != std::string::npos) text[t] = ' ';
  return text;
}

std::optional<std::int64_t> ReadTime(std::string_view text) {
  if (text.size() < 10 || !IsDigit(text[0]) || text[4] != '-') return std::nullopt;
  const auto time = ParseIso(text);
  if (!time.ok()) return std::nullopt;
  return ToUnixMillis(*time);
}

void AppendNumber(std::string& out, double value) {
  const std::size_t from = out.size();
  const double magnitude = std::abs(value);
  if (value == std::floor(value) && magnitude < 1e15) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(value));
    return;
  }
  if (magnitude >= 0.001) {
    fmt::format_to(std::back_inserter(out), "{:.4f}", value);
  } else {
    const int exponent = static_cast<int>(std::floor(std::log10(magnitude)));
    fmt::format_to(std::back_inserter(out), "{:.{}f}", value, std::min(3 - exponent, 330));
  }
  CutZeros(out, from);
}

void AppendSourceNumber(std::string& out, double value, int decimals) {
  if (decimals > 0) {
    fmt::format_to(std::back_inserter(out), "{:.{}f}", value, decimals);
    return;
  }
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(value));
    return;
  }
  char text[64];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  std::string_view shortest(text, static_cast<std::size_t>(end - text));
  if (shortest.find('e') == std::string_view::npos) {
    out += shortest;
    return;
  }
  const std::size_t from = out.size();
  if (std::abs(value) >= 1) {
    fmt::format_to(std::back_inserter(out), "{:.0f}", value);
    return;
  }
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  fmt::format_to(std::back_inserter(out), "{:.{}f}", value, std::min(16 - exponent, 340));
  CutZeros(out, from);
}

void AppendText(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case Kind::kMissing:
      return;
    case Kind::kBool:
      out += cell.integer != 0 ? '1' : '0';
      return;
    case Kind::kNumber:
      AppendNumber(out, cell.number);
      return;
    case Kind::kSourceNumber:
      AppendSourceNumber(out, cell.number,
                         cell.kind == Kind::kSourceNumber ? static_cast<int>(cell.size) - 1 : -1);
      return;
    case Kind::kTime:
      out += FormatTime(cell.integer);
      return;
    case Kind::kNumberText:
    case Kind::kString:
    case Kind::kTree:
      out += cell.text();
      return;
  }
}

std::string_view TextOf(const Cell& cell, std::string& scratch) {
  if (cell.is_text()) return cell.text();
  scratch.clear();
  AppendText(scratch, cell);
  return scratch;
}

void AppendJson(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case Kind::kMissing:
      out += "null";
      return;
    case Kind::kBool:
      out += cell.integer != 0 ? "true" : "false";
      return;
    case Kind::kString:
      json::AppendQuoted(out, cell.text());
      return;
    case Kind::kTime:
      json::AppendQuoted(out, FormatTime(cell.integer));
      return;
    default:
      AppendText(out, cell);
  }
}

bool Compare(const Cell& a, Comparison op, const Cell& b) {
  if (a.missing() || b.missing() || a.kind == Kind::kTree || b.kind == Kind::kTree) return false;
  if (a.kind == Kind::kBool || b.kind == Kind::kBool) {
    const auto x = TruthOf(a);
    const auto y = TruthOf(b);
    if (x && y) return Decide(op, *x, *y);
    return op == Comparison::kNotEqual;
  }
  if (a.kind == Kind::kTime || b.kind == Kind::kTime) {
    const auto x = TimeOf(a);
    const auto y = TimeOf(b);
    if (x && y) {
      // A number may have a fraction of a millisecond.
      const auto p = ArithmeticOf(a);
      const auto q = ArithmeticOf(b);
      return p && q ? Decide(op, *p, *q) : Decide(op, *x, *y);
    }
  } else {
    const auto x = NumberOf(a);
    if (x) {
      if (const auto y = NumberOf(b)) {
        // Integers beyond 2^53 differ in their text alone.
        if (*x == *y && std::abs(*x) > 9e15 && a.is_text() && b.is_text()) {
          if (op == Comparison::kEqual) return a.text() == b.text();
          if (op == Comparison::kNotEqual) return a.text() != b.text();
        }
        return Decide(op, *x, *y);
      }
    }
  }
  std::string p, q;
  return Decide(op, TextOf(a, p), TextOf(b, q));
}

namespace {

// The value as a number for sorting: only what is purely a number.
std::optional<double> SortNumber(const Cell& cell) {
  if (cell.kind == Kind::kBool || cell.kind == Kind::kTime) {
    return static_cast<double>(cell.integer);
  }
  return NumberOf(cell);
}

// Digits against digits by length, then value; other runs by code point.
int NaturalText(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const bool digits = IsDigit(a[i]);
    if (digits != IsDigit(b[j])) {
      return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]) ? -1 : 1;
    }
    std::size_t p = i, q = j;
    while (p < a.size() && IsDigit(a[p]) == digits) ++p;
    while (q < b.size() && IsDigit(b[q]) == digits) ++q;
    const std::string_view x = a.substr(i, p - i);
    const std::string_view y = b.substr(j, q - j);
    if (digits && x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (const int order = x.compare(y); order != 0) return order;
    i = p;
    j = q;
  }
  if (i < a.size()) return 1;
  return j < b.size() ? -1 : 0;
}

}  // namespace

int NaturalOrder(const Cell& a, const Cell& b) {
  if (a.missing() || b.missing()) return static_cast<int>(!a.missing()) - !b.missing();
  if (a.kind == Kind::kTime && b.kind == Kind::kTime) {
    return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  }
  const auto x = SortNumber(a);
  const auto y = SortNumber(b);
  if (x.has_value() != y.has_value()) return x ? 1 : -1;
  std::string p, q;
  if (x) {
    if (*x != *y) return *x < *y ? -1 : 1;
    // "01" stands before "1", as the documented order has it.
    if (a.kind == Kind::kString && b.kind == Kind::kString && a.size != b.size) {
      if (a.text().starts_with('0') || b.text().starts_with('0')) return a.size > b.size ? -1 : 1;
    }
    return 0;
  }
  return NaturalText(TextOf(a, p), TextOf(b, q));
}

void AppendKey(std::string& out, const Cell& cell) {
  switch (cell.kind) {
    case Kind::kMissing:
      out += '\0';
      return;
    case Kind::kTime:
      out += '\2';
      out.append(reinterpret_cast<const char*>(&cell.integer), sizeof cell.integer);
      return;
    case Kind::kNumber:
    case Kind::kSourceNumber: {
      out += '\1';
      AppendSourceNumber(out, cell.number,
                         cell.kind == Kind::kSourceNumber ? static_cast<int>(cell.size) - 1 : -1);
      return;
    }
    default:
      out += '\1';
      AppendText(out, cell);
  }
}

}  // namespace securebase::insights::internal
