#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace securebase {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr Instant kFirst = sys_days(std::chrono::year(1) / 1 / 1);
constexpr Instant kLast = sys_days(std::chrono::year(10000) / 1 / 1) - Duration(1);

struct Fields {
  int year, month, day, hour, minute, second, millisecond;
};

Fields ToFields(Instant t) {
  t = std::clamp(t, kFirst, kLast);
  const sys_days day = std::chrono::floor<days>(t);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss time(t - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()),
          static_cast<int>(time.seconds().count()),
          static_cast<int>(time.subseconds().count())};
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes pieces off the front of a text; after the first that is missing, ok() stays false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  bool TakeIf(char c) {
    if (Peek() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void Expect(char c) { ok_ = TakeIf(c) && ok_; }

  // Exactly `digits` digits, with a value from `min` to `max`.
  int Number(std::size_t digits, int min, int max) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!IsDigit(Peek())) {
        ok_ = false;
        return min;
      }
      value = value * 10 + (Peek() - '0');
      rest_.remove_prefix(1);
    }
    if (value < min || value > max) ok_ = false;
    return value;
  }

  // Digits after a point, at least one, as milliseconds; from the fourth on they are cut.
  Duration Fraction() {
    if (!IsDigit(Peek())) ok_ = false;
    int value = 0;
    for (int scale = 100; IsDigit(Peek()); scale /= 10) {
      value += (Peek() - '0') * scale;
      rest_.remove_prefix(1);
    }
    return Duration(value);
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// "Z", "+hh:mm", "+hhmm" or nothing: how far local time is ahead of UTC.
Duration ScanOffset(Scanner& scanner) {
  if (scanner.empty() || scanner.TakeIf('Z')) return Duration(0);
  const bool behind = scanner.TakeIf('-');
  if (!behind) scanner.Expect('+');
  Duration offset = hours(scanner.Number(2, 0, 23));
  scanner.TakeIf(':');
  offset += minutes(scanner.Number(2, 0, 59));
  return behind ? -offset : offset;
}

Duration ScanTimeOfDay(Scanner& scanner) {
  Duration time = hours(scanner.Number(2, 0, 23));
  scanner.Expect(':');
  time += minutes(scanner.Number(2, 0, 59));
  if (scanner.TakeIf(':')) {
    time += seconds(scanner.Number(2, 0, 59));
    if (scanner.TakeIf('.')) time += scanner.Fraction();
  }
  return time;
}

Error OutOfYears() { return InvalidArgument({}, "must be in the years 1 to 9999"); }

bool LooksLikeEpoch(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
}

Result<Instant> ParseEpoch(std::string_view text) {
  const Error malformed = InvalidArgument({}, "must be ISO 8601 or epoch seconds");
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  if (whole.empty()) return malformed;
  Duration fraction(0);
  if (point < text.size()) {
    Scanner scanner(text.substr(point + 1));
    fraction = scanner.Fraction();
    if (!scanner.ok() || !scanner.empty()) return malformed;
  }
  const auto count = ParseInt(whole);
  if (!count || *count > ToUnixSeconds(kLast)) return OutOfYears();
  const Duration since = seconds(*count) + fraction;
  const Instant instant(negative ? -since : since);
  if (instant < kFirst || instant > kLast) return OutOfYears();
  return instant;
}

struct DurationUnit {
  std::string_view name;
  Duration size;
};

constexpr std::array<DurationUnit, 6> kUnits = {{{"w", days(7)},
                                                 {"d", days(1)},
                                                 {"h", hours(1)},
                                                 {"m", minutes(1)},
                                                 {"s", seconds(1)},
                                                 {"ms", Duration(1)}}};

std::string_view TakeWhile(std::string_view& text, bool digits) {
  std::size_t size = 0;
  while (size < text.size() && IsDigit(text[size]) == digits) ++size;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

}  // namespace

std::string FormatIso(Instant t) {
  const Fields f = ToFields(t);
  if (f.millisecond != 0) return FormatIsoMillis(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", f.year, f.month, f.day, f.hour,
                     f.minute, f.second);
}

std::string FormatIsoMillis(Instant t) {
  const Fields f = ToFields(t);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", f.year, f.month, f.day, f.hour,
                     f.minute, f.second, f.millisecond);
}

std::string FormatDate(Instant t) {
  const Fields f = ToFields(t);
  return fmt::format("{:04}-{:02}-{:02}", f.year, f.month, f.day);
}

std::string FormatIsoBasic(Instant t) {
  const Fields f = ToFields(t);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", f.year, f.month, f.day, f.hour, f.minute,
                     f.second);
}

Result<Instant> ParseIso(std::string_view text) {
  Scanner scanner(text);
  const int year = scanner.Number(4, 1, 9999);
  scanner.Expect('-');
  const int month = scanner.Number(2, 1, 12);
  scanner.Expect('-');
  const int day = scanner.Number(2, 1, 31);
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  Duration time_of_day(0);
  Duration offset(0);
  if (!scanner.empty()) {
    if (!scanner.TakeIf(' ')) scanner.Expect('T');
    time_of_day = ScanTimeOfDay(scanner);
    offset = ScanOffset(scanner);
  }
  if (!scanner.ok() || !scanner.empty() || !date.ok()) {
    return InvalidArgument({}, "must be ISO 8601, such as 2026-01-31T00:00:00Z");
  }
  const Instant instant = sys_days(date) + time_of_day - offset;
  if (instant < kFirst || instant > kLast) return OutOfYears();
  return instant;
}

Result<Instant> ParseIsoOrEpoch(std::string_view text) {
  return LooksLikeEpoch(text) ? ParseEpoch(text) : ParseIso(text);
}

Result<Duration> ParseDuration(std::string_view text) {
  const Error malformed = InvalidArgument({}, "must be a duration, such as 90s, 15m or 1h30m");
  std::int64_t total_ms = 0;
  const DurationUnit* unit = kUnits.begin();  // the next must be of this one or a smaller
  do {
    const auto count = ParseInt(TakeWhile(text, /*digits=*/true));
    const std::string_view name = TakeWhile(text, /*digits=*/false);
    unit = std::find_if(unit, kUnits.end(), [&](const auto& u) { return u.name == name; });
    if (!count || unit == kUnits.end()) return malformed;
    std::int64_t ms = 0;
    if (__builtin_mul_overflow(*count, unit->size.count(), &ms) ||
        __builtin_add_overflow(total_ms, ms, &total_ms)) {
      return InvalidArgument({}, "is too long");
    }
    ++unit;
  } while (!text.empty());
  if (total_ms == 0) return InvalidArgument({}, "must be longer than zero");
  return Duration(total_ms);
}

std::string FormatDuration(Duration d) {
  if (d == Duration(0)) return "0s";
  std::string out = d < Duration(0) ? "-" : "";
  for (const DurationUnit& unit : kUnits) {
    if (unit.name == "w") continue;  // people count "14d", not "2w"
    const std::int64_t count = d / unit.size;
    d %= unit.size;
    if (count != 0) out += fmt::format("{}{}", count < 0 ? -count : count, unit.name);
  }
  return out;
}

}  // namespace securebase
