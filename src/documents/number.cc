#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstdlib>

#include "documents/value.h"

namespace securebase::documents {
namespace {

constexpr int kDigitsMax = 38;
// Exponents of 0.ddd * 10^e: 1e-130 is 0.1e-129, 9.9e125 is 0.99e126.
constexpr int kExponentMin = -129;
constexpr int kExponentMax = 126;

/// 0.digits * 10^exponent; no leading or trailing zeros, no digits at all for zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Error NumberError(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), {}, "ValidationException");
}

Error NotNumeric(std::string_view text) {
  return NumberError("The parameter cannot be converted to a numeric value: " +
                     std::string(text.substr(0, 100)));
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void Normalise(Decimal& d) {
  std::size_t leading = d.digits.find_first_not_of('0');
  if (leading == std::string::npos) {
    d = Decimal{};
    return;
  }
  d.digits.erase(0, leading);
  d.exponent -= static_cast<int>(leading);
  d.digits.erase(d.digits.find_last_not_of('0') + 1);
}

/// Reads [sign] digits [. digits] [e [sign] digits]; false for anything else.
bool Scan(std::string_view text, Decimal& out) {
  constexpr int kExponentLimit = 100000;  // far beyond the range: the sum below cannot overflow
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) out.negative = text[at++] == '-';
  std::size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) out.digits += text[at++];
  out.exponent = static_cast<int>(at - whole);
  if (at < text.size() && text[at] == '.') {
    ++at;
    while (at < text.size() && IsDigit(text[at])) out.digits += text[at++];
  }
  if (out.digits.empty()) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && text[at] == '+') ++at;
  int exponent = 0;
  auto [end, code] = std::from_chars(text.data() + at, text.data() + text.size(), exponent);
  if (end != text.data() + text.size() || end == text.data() + at) return false;
  if (code == std::errc::result_out_of_range) {
    exponent = text[at] == '-' ? -kExponentLimit : kExponentLimit;
  }
  out.exponent += std::clamp(exponent, -kExponentLimit, kExponentLimit);
  return text[at] != '-' || text[at - 1] != '+';  // "1e+-2"
}

Result<> CheckRange(const Decimal& d) {
  if (d.digits.empty()) return {};
  if (d.digits.size() > kDigitsMax) {
    return NumberError("Attempting to store more than 38 significant digits in a Number");
  }
  if (d.exponent > kExponentMax) {
    return NumberError(
        "Number overflow. Attempting to store a number with magnitude larger than supported range");
  }
  if (d.exponent < kExponentMin) {
    return NumberError(
        "Number underflow. Attempting to store a number with magnitude smaller than supported "
        "range");
  }
  return {};
}

std::string ToText(const Decimal& d) {
  if (d.digits.empty()) return "0";
  std::string text = d.negative ? "-" : "";
  int size = static_cast<int>(d.digits.size());
  if (d.exponent <= 0) {
    text += "0.";
    text.append(static_cast<std::size_t>(-d.exponent), '0');
    return text + d.digits;
  }
  if (d.exponent > kDigitsMax) {
    // With its zeros it would look like more than 38 digits, which boto3 refuses to read.
    text += d.digits[0];
    if (size > 1) text += '.' + d.digits.substr(1);
    return text + "E+" + std::to_string(d.exponent - 1);
  }
  if (d.exponent >= size) {
    text += d.digits;
    text.append(static_cast<std::size_t>(d.exponent - size), '0');
    return text;
  }
  text += d.digits.substr(0, static_cast<std::size_t>(d.exponent));
  text += '.';
  return text + d.digits.substr(static_cast<std::size_t>(d.exponent));
}

Decimal ToDecimal(const std::string& text) {
  Decimal d;
  Scan(text, d);
  Normalise(d);
  return d;
}

/// Digits of both, padded with zeros to one length and one exponent.
void Align(Decimal& a, Decimal& b) {
  int exponent = std::max(a.exponent, b.exponent);
  for (Decimal* d : {&a, &b}) {
    d->digits.insert(0, static_cast<std::size_t>(exponent - d->exponent), '0');
    d->exponent = exponent;
  }
  std::size_t size = std::max(a.digits.size(), b.digits.size());
  a.digits.resize(size, '0');
  b.digits.resize(size, '0');
}

std::string AddDigits(const std::string& a, const std::string& b) {
  std::string sum(a.size() + 1, '0');
  int carry = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    int digit = (a[i] - '0') + (b[i] - '0') + carry;
    carry = digit / 10;
    sum[i + 1] = static_cast<char>('0' + digit % 10);
  }
  sum[0] = static_cast<char>('0' + carry);
  return sum;
}

/// a - b for a >= b.
std::string SubtractDigits(const std::string& a, const std::string& b) {
  std::string difference(a.size(), '0');
  int borrow = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    int digit = a[i] - b[i] - borrow;
    borrow = digit < 0 ? 1 : 0;
    difference[i] = static_cast<char>('0' + digit + borrow * 10);
  }
  return difference;
}

Decimal Sum(Decimal a, Decimal b) {
  if (a.digits.empty()) return b;
  if (b.digits.empty()) return a;
  Align(a, b);
  Decimal sum;
  sum.exponent = a.exponent;
  if (a.negative == b.negative) {
    sum.negative = a.negative;
    sum.digits = AddDigits(a.digits, b.digits);
    ++sum.exponent;
  } else {
    bool a_is_larger = a.digits >= b.digits;
    sum.negative = a_is_larger ? a.negative : b.negative;
    sum.digits =
        a_is_larger ? SubtractDigits(a.digits, b.digits) : SubtractDigits(b.digits, a.digits);
  }
  Normalise(sum);
  return sum;
}

std::strong_ordering CompareMagnitude(const Decimal& a, const Decimal& b) {
  if (a.exponent != b.exponent) return a.exponent <=> b.exponent;
  return a.digits.compare(b.digits) <=> 0;
}

}  // namespace

Result<Number> Number::Parse(std::string_view text) {
  Decimal d;
  // A longer text holds at best zeros without meaning.
  if (text.size() > 1000 || !Scan(text, d)) return NotNumeric(text);
  Normalise(d);
  SB_TRY_OK(CheckRange(d));
  Number number;
  number.text_ = documents::ToText(d);
  return number;
}

Number Number::FromInt(std::int64_t value) {
  Number number;
  number.text_ = std::to_string(value);
  return number;
}

Number Number::FromDouble(double value) {
  // The range of a double is wider than a Number's: what does not fit becomes the nearest end.
  if (std::isnan(value)) return Number();
  if (std::abs(value) < 1e-130) return Number();
  value = std::clamp(value, -9.9e125, 9.9e125);
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  auto number = Parse(std::string_view(buffer, end));
  return number.ok() ? *std::move(number) : Number();
}

double Number::ToDouble() const { return std::strtod(text_.c_str(), nullptr); }

// First byte: 0x7f negative, 0x80 zero, 0x81 positive. Then the exponent (biased, big endian) and
// the digits in pairs, each pair + 1 in a byte. Of a negative number all are complemented, and a
// 0xff ends them, so that a longer one is smaller.
std::string Number::OrderedBytes() const {
  Decimal d = ToDecimal(text_);
  if (d.digits.empty()) return "\x80";
  int biased = d.exponent + 1024;
  std::string bytes;
  bytes += static_cast<char>(biased >> 8);
  bytes += static_cast<char>(biased & 0xff);
  if (d.digits.size() % 2 == 1) d.digits += '0';
  for (std::size_t i = 0; i < d.digits.size(); i += 2) {
    bytes += static_cast<char>((d.digits[i] - '0') * 10 + (d.digits[i + 1] - '0') + 1);
  }
  if (!d.negative) return "\x81" + bytes;
  for (char& byte : bytes) byte = static_cast<char>(~byte);
  return "\x7f" + bytes + "\xff";
}

Result<Number> Add(const Number& a, const Number& b) {
  Decimal sum = Sum(ToDecimal(a.text_), ToDecimal(b.text_));
  SB_TRY_OK(CheckRange(sum));
  Number number;
  number.text_ = ToText(sum);
  return number;
}

Result<Number> Subtract(const Number& a, const Number& b) {
  Decimal negated = ToDecimal(b.text_);
  negated.negative = !negated.negative;
  Decimal sum = Sum(ToDecimal(a.text_), std::move(negated));
  SB_TRY_OK(CheckRange(sum));
  Number number;
  number.text_ = ToText(sum);
  return number;
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  Decimal a = ToDecimal(text_);
  Decimal b = ToDecimal(other.text_);
  auto sign = [](const Decimal& d) { return d.digits.empty() ? 0 : d.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) <=> sign(b);
  return sign(a) < 0 ? CompareMagnitude(b, a) : CompareMagnitude(a, b);
}

}  // namespace securebase::documents
