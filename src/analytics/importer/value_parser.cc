#include "analytics/importer/value_parser.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace securebase::analytics {
namespace {

constexpr double kAmountMax = 1e15;
constexpr std::int64_t kFirstMs = 631'152'000'000;   // 1990-01-01
constexpr std::int64_t kLastMs = 4'133'980'800'000;  // 2101-01-01

std::optional<double> ParsePlain(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) return std::nullopt;
  if (!(std::abs(value) <= kAmountMax)) return std::nullopt;  // also inf and NaN
  return value;
}

/// Reads digits up to `separator` (or the end, for '\0') and takes them off the text.
std::optional<int> TakeNumber(std::string_view& text, char separator) {
  std::size_t size = separator == '\0' ? text.size() : text.find(separator);
  if (size == std::string_view::npos || size == 0 || size > 4) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, size)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(separator == '\0' ? size : size + 1);
  return value;
}

/// Month/day/year.
std::optional<Instant> ParseUsDate(std::string_view text) {
  const auto month = TakeNumber(text, '/');
  const auto day = month ? TakeNumber(text, '/') : std::nullopt;
  const bool short_year = text.size() == 2;
  const auto year = day ? TakeNumber(text, '\0') : std::nullopt;
  if (!year || !(short_year || *year > 999)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(short_year ? 2000 + *year : *year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<Instant> ParseEpoch(std::string_view text) {
  const auto number = ParseInt(text);
  if (!number) return std::nullopt;
  // Ten digits or fewer are seconds until the year 2286.
  if (*number > 99'999'999'999 || *number < 0) return FromUnixMillis(*number);
  return FromUnixSeconds(*number);
}

std::optional<Instant> ParseAny(std::string_view text) {
  if (text.size() > 40) return std::nullopt;
  if (text.find('/') != std::string_view::npos) return ParseUsDate(text);
  if (text.size() >= 10 && text[4] == '-') {
    auto time = ParseIso(text);
    if (!time.ok()) return std::nullopt;
    return *time;
  }
  return ParseEpoch(text);
}

}  // namespace

bool IsAbsent(std::string_view cell) {
  return cell.empty() || (cell.size() == 4 && EqualsIgnoreCase(cell, "null"));
}

std::optional<double> ParseAmount(std::string_view cell) {
  if (const auto plain = ParsePlain(cell)) return plain;
  std::string_view text = Trim(cell);
  const bool parenthesised = text.size() > 2 && text.front() == '(' && text.back() == ')';
  if (parenthesised) text = text.substr(1, text.size() - 2);
  bool negative = parenthesised;
  if (text.starts_with('-') && !parenthesised) {
    negative = true;
    text.remove_prefix(1);
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with('$')) text.remove_prefix(1);
  std::string digits;
  for (char c : text) {
    if (c != ',') digits.push_back(c);
  }
  if (digits.empty() || digits.size() > 64 ||
      (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9'))) {
    return std::nullopt;
  }
  const auto value = ParsePlain(digits);
  if (!value) return std::nullopt;
  return negative ? -*value : *value;
}

std::optional<Instant> TimeParser::Parse(std::string_view cell) {
  // The cheap hash looks at what differs between times of one file: the end of the text.
  std::uint64_t tail = 0;
  std::uint64_t head = 0;
  if (cell.size() >= 8) {
    std::memcpy(&head, cell.data(), 8);
    std::memcpy(&tail, cell.data() + (cell.size() >= 13 ? 5 : cell.size() - 8), 8);
  }
  const std::size_t slot = ((head * 0x9E3779B97F4A7C15u) ^ (tail * 0xC2B2AE3D27D4EB4Fu)) >> 54;
  Remembered& memory = remembered_[slot];
  const bool fits = cell.size() >= 6 && cell.size() <= memory.text.size();
  if (fits && memory.size == cell.size() &&
      std::memcmp(memory.text.data(), cell.data(), cell.size()) == 0) {
    return memory.time;
  }
  const auto time = ParseAny(Trim(cell));
  if (!time) {
    problem_ = "is no date or time";
    return std::nullopt;
  }
  if (ToUnixMillis(*time) < kFirstMs || ToUnixMillis(*time) >= kLastMs) {
    problem_ = "is outside of the years 1990 to 2100";
    return std::nullopt;
  }
  if (fits) {
    std::memcpy(memory.text.data(), cell.data(), cell.size());
    memory.size = static_cast<std::uint8_t>(cell.size());
    memory.time = *time;
  }
  return time;
}

std::string MonthOf(Instant time) { return FormatDate(time).substr(0, 7); }

}  // namespace securebase::analytics
