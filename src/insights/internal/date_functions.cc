#include <cmath>

#include "base/text.h"
#include "base/time_zone.h"
#include "insights/internal/expression.h"

// Source: logs-insights, Functions, Date and time.

namespace securebase::insights::internal {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kWeek = 7 * kDay;
constexpr std::int64_t kFirstMonday = -3 * kDay;  // 1969-12-29

std::int64_t FloorTo(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

// Months since January 1970, and back to the first instant of one.
std::int64_t MonthOf(std::int64_t ms) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(FromUnixMillis(ms))};
  return (static_cast<int>(date.year()) - 1970) * 12 +
         static_cast<std::int64_t>(static_cast<unsigned>(date.month())) - 1;
}
std::int64_t MonthStart(std::int64_t month) {
  const std::int64_t year = FloorTo(month, 12) / 12;
  const std::chrono::sys_days day =
      std::chrono::year(static_cast<int>(1970 + year)) /
      std::chrono::month(static_cast<unsigned>(month - year * 12 + 1)) / 1;
  return ToUnixMillis(Instant(day));
}

// Dates beyond have no calendar.
bool InCalendar(std::int64_t ms) { return std::abs(ms) < 8'000'000'000'000'000 / 100; }

// The time zone of an argument; one thread keeps the last, as it never changes in a query.
const TimeZone* Zone(std::string_view name) {
  thread_local std::string last_name;
  thread_local std::optional<TimeZone> last;
  if (!last || last_name != name) {
    last_name = name;
    last.reset();
    if (EqualsIgnoreCase(name, "utc") || EqualsIgnoreCase(name, "gmt") || name == "Z" ||
        name.empty()) {
      last = TimeZone();
    } else if (auto zone = TimeZone::Find(name); zone.ok()) {
      last = *zone;
    }
  }
  return last ? &*last : nullptr;
}

Cell DateFloor(CallContext& context, const Cell* a, std::size_t) {
  const auto t = TimeOf(a[0]);
  return t && InCalendar(*t) ? Cell::Time(FloorTime(*t, context.node->period)) : Cell::Missing();
}
Cell DateCeil(CallContext& context, const Cell* a, std::size_t) {
  const auto t = TimeOf(a[0]);
  return t && InCalendar(*t) ? Cell::Time(CeilTime(*t, context.node->period)) : Cell::Missing();
}
Cell FromMillis(CallContext&, const Cell* a, std::size_t) {
  const auto t = TimeOf(a[0]);
  return t && InCalendar(*t) ? Cell::Time(*t) : Cell::Missing();
}
Cell ToMillis(CallContext&, const Cell* a, std::size_t) {
  const auto t = TimeOf(a[0]);
  return t ? Cell::Number(static_cast<double>(*t)) : Cell::Missing();
}
Cell Now(CallContext& context, const Cell*, std::size_t) {
  return Cell::Number(static_cast<double>(FloorTo(context.times->now_ms, 1000) / 1000));
}

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};

struct Local {
  std::chrono::year_month_day date;
  std::int64_t days = 0;
  std::int64_t ms = 0;  // of the day
};

Local LocalOf(std::int64_t ms, const TimeZone& zone) {
  const std::int64_t local = ToUnixMillis(zone.ToLocal(FromUnixMillis(ms)));
  Local out;
  out.days = FloorTo(local, kDay) / kDay;
  out.ms = local - out.days * kDay;
  out.date = std::chrono::year_month_day(std::chrono::sys_days(std::chrono::days(out.days)));
  return out;
}

void AppendPadded(std::string& out, std::int64_t value, std::size_t width, char fill = '0') {
  const std::string digits = std::to_string(value);
  out.append(width > digits.size() ? width - digits.size() : 0, fill);
  out += digits;
}

std::string OffsetText(std::int64_t ms, const TimeZone& zone, bool colon) {
  std::int64_t minutes = (ToUnixMillis(zone.ToLocal(FromUnixMillis(ms))) - ms) / 60'000;
  std::string out = minutes < 0 ? "-" : "+";
  minutes = std::abs(minutes);
  AppendPadded(out, minutes / 60, 2);
  if (colon) out += ':';
  AppendPadded(out, minutes % 60, 2);
  return out;
}

void AppendDirective(std::string& out, char directive, std::int64_t ms, const TimeZone& zone,
                     const Local& t);

void AppendPattern(std::string& out, std::string_view pattern, std::int64_t ms,
                   const TimeZone& zone, const Local& t) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      out += pattern[i];
    } else {
      ++i;
      if ((pattern[i] == '-' || pattern[i] == 'E' || pattern[i] == 'O') && i + 1 < pattern.size()) {
        const bool plain = pattern[i] == '-';
        std::string part;
        AppendDirective(part, pattern[++i], ms, zone, t);
        while (plain && part.size() > 1 && part[0] == '0') part.erase(0, 1);
        out += part;
      } else {
        AppendDirective(out, pattern[i], ms, zone, t);
      }
    }
  }
}

void AppendDirective(std::string& out, char directive, std::int64_t ms, const TimeZone& zone,
                     const Local& t) {
  const auto year = static_cast<std::int64_t>(static_cast<int>(t.date.year()));
  const std::int64_t month = static_cast<unsigned>(t.date.month());
  const std::int64_t day = static_cast<unsigned>(t.date.day());
  const std::int64_t hour = t.ms / 3'600'000, minute = t.ms / 60'000 % 60;
  const std::int64_t second = t.ms / 1000 % 60, milli = t.ms % 1000;
  const std::int64_t weekday = ((t.days + 4) % 7 + 7) % 7;
  const std::int64_t hour12 = hour % 12 == 0 ? 12 : hour % 12;
  const std::int64_t yearday =
      t.days - std::chrono::sys_days(t.date.year() / 1 / 1).time_since_epoch().count();
  switch (directive) {
    case 'Y':
      return AppendPadded(out, year, 4);
    case 'y':
      return AppendPadded(out, year % 100, 2);
    case 'C':
      return AppendPadded(out, year / 100, 2);
    case 'm':
      return AppendPadded(out, month, 2);
    case 'd':
      return AppendPadded(out, day, 2);
    case 'e':
      return AppendPadded(out, day, 2, ' ');
    case 'H':
      return AppendPadded(out, hour, 2);
    case 'k':
      return AppendPadded(out, hour, 2, ' ');
    case 'I':
      return AppendPadded(out, hour12, 2);
    case 'l':
      return AppendPadded(out, hour12, 2, ' ');
    case 'M':
      return AppendPadded(out, minute, 2);
    case 'S':
      return AppendPadded(out, second, 2);
    case 'L':
      return AppendPadded(out, milli, 3);
    case 'f':
      return AppendPadded(out, milli * 1000, 6);
    case 'N':
      return AppendPadded(out, milli * 1'000'000, 9);
    case 'j':
      return AppendPadded(out, yearday + 1, 3);
    case 'u':
      return AppendPadded(out, weekday == 0 ? 7 : weekday, 1);
    case 'w':
      return AppendPadded(out, weekday, 1);
    case 'U':
      return AppendPadded(out, (yearday + 7 - weekday) / 7, 2);
    case 'W':
      return AppendPadded(out, (yearday + 7 - (weekday + 6) % 7) / 7, 2);
    case 's':
      out += std::to_string(FloorTo(ms, 1000) / 1000);
      return;
    case 'Q':
      out += std::to_string(ms);
      return;
    case 'b':
    case 'h':
      out += kMonths[month - 1].substr(0, 3);
      return;
    case 'B':
      out += kMonths[month - 1];
      return;
    case 'a':
      out += kDays[weekday].substr(0, 3);
      return;
    case 'A':
      out += kDays[weekday];
      return;
    case 'p':
      out += hour < 12 ? "AM" : "PM";
      return;
    case 'P':
      out += hour < 12 ? "am" : "pm";
      return;
    case 'z':
      out += OffsetText(ms, zone, false);
      return;
    case 'Z':
      out += zone.Abbreviation(FromUnixMillis(ms));
      return;
    case 'F':
      return AppendPattern(out, "%Y-%m-%d", ms, zone, t);
    case 'T':
      return AppendPattern(out, "%H:%M:%S", ms, zone, t);
    case 'R':
      return AppendPattern(out, "%H:%M", ms, zone, t);
    case 'r':
      return AppendPattern(out, "%I:%M:%S %p", ms, zone, t);
    case 'D':
    case 'x':
      return AppendPattern(out, "%m/%d/%y", ms, zone, t);
    case 'X':
      return AppendPattern(out, "%H:%M:%S", ms, zone, t);
    case 'c':
      return AppendPattern(out, "%a %b %e %H:%M:%S %Y", ms, zone, t);
    case 'n':
      out += '\n';
      return;
    case 't':
      out += '\t';
      return;
    case '%':
      out += '%';
      return;
    default:
      out += '%';
      out += directive;
  }
}

Cell FormatDateTime(CallContext& context, const Cell* a, std::size_t n) {
  const auto t = TimeOf(a[0]);
  if (!t || !InCalendar(*t) || a[1].missing()) return {};
  const TimeZone* zone = Zone(n > 2 ? context.Text(a[2], 2) : std::string_view("UTC"));
  if (zone == nullptr) return {};
  std::string out;
  AppendPattern(out, context.Text(a[1], 1), *t, *zone, LocalOf(*t, *zone));
  return context.Keep(out);
}

// Reads a date by a pattern of Java's DateTimeFormatter.
class JavaReader {
 public:
  JavaReader(std::string_view text, std::string_view pattern) : text_(text), pattern_(pattern) {}

  // As if the zone were UTC; `offset_ms` when the text names its own.
  std::optional<std::int64_t> Read() {
    for (std::size_t i = 0; i < pattern_.size();) {
      const char c = pattern_[i];
      if (c == '\'') {
        const std::size_t close = std::min(pattern_.find('\'', i + 1), pattern_.size());
        const std::string_view literal =
            close == i + 1 ? std::string_view("'") : pattern_.substr(i + 1, close - i - 1);
        if (!Literal(literal)) return std::nullopt;
        i = close + 1;
      } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        std::size_t end = i;
        while (end < pattern_.size() && pattern_[end] == c) ++end;
        // Digits directly behind a number bound its width.
        const bool adjacent =
            end < pattern_.size() && std::isalpha(static_cast<unsigned char>(pattern_[end])) != 0;
        if (!Field(c, end - i, adjacent)) return std::nullopt;
        i = end;
      } else if (c == '[' || c == ']') {
        ++i;
      } else {
        if (!Literal(pattern_.substr(i, 1))) return std::nullopt;
        ++i;
      }
    }
    if (at_ != text_.size()) return std::nullopt;
    return Assemble();
  }
  std::optional<std::int64_t> offset_ms() const { return offset_; }

 private:
  bool Literal(std::string_view literal) {
    if (!text_.substr(at_).starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  bool Number(std::int64_t& out, std::size_t most) {
    const std::size_t start = at_;
    out = 0;
    while (at_ < text_.size() && at_ - start < most && text_[at_] >= '0' && text_[at_] <= '9') {
      out = out * 10 + (text_[at_++] - '0');
    }
    return at_ > start;
  }
  template <std::size_t kSize>
  bool Word(const std::string_view (&words)[kSize], std::int64_t& index) {
    for (std::size_t i = 0; i < kSize; ++i) {
      for (const std::string_view word : {words[i], words[i].substr(0, 3)}) {
        if (EqualsIgnoreCase(text_.substr(at_, word.size()), word)) {
          at_ += word.size();
          index = static_cast<std::int64_t>(i);
          return true;
        }
      }
    }
    return false;
  }
  bool Fraction(std::size_t width) {
    std::int64_t digits = 0;
    const std::size_t start = at_;
    if (!Number(digits, width)) return false;
    for (std::size_t n = at_ - start; n < 3; ++n) digits *= 10;
    for (std::size_t n = at_ - start; n > 3; --n) digits /= 10;
    milli_ = digits;
    return true;
  }
  bool Offset() {
    if (at_ < text_.size() && (text_[at_] == 'Z' || text_[at_] == 'z')) {
      ++at_;
      offset_ = 0;
      return true;
    }
    if (at_ == text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return false;
    const bool west = text_[at_++] == '-';
    std::int64_t hours = 0, minutes = 0;
    if (!Number(hours, 2)) return false;
    if (at_ < text_.size() && text_[at_] == ':') ++at_;
    Number(minutes, 2);
    offset_ = (hours * 60 + minutes) * 60'000 * (west ? -1 : 1);
    return true;
  }
  bool Field(char letter, std::size_t width, bool adjacent) {
    const std::size_t most = adjacent || width > 1 ? std::max<std::size_t>(width, 2) : 18;
    std::int64_t ignored = 0;
    switch (letter) {
      case 'y':
      case 'u':
      case 'Y': {
        if (!Number(year_, width == 2 ? 2 : 4)) return false;
        if (width == 2) year_ += 2000;
        return true;
      }
      case 'M':
      case 'L':
        if (width >= 3) {
          if (!Word(kMonths, month_)) return false;
          ++month_;
          return true;
        }
        return Number(month_, most);
      case 'd':
        return Number(day_, most);
      case 'D':
        day_of_year_ = true;
        return Number(day_, 3);
      case 'H':
      case 'k':
        return Number(hour_, most);
      case 'h':
      case 'K':
        twelve_ = true;
        return Number(hour_, most);
      case 'm':
        return Number(minute_, most);
      case 's':
        return Number(second_, most);
      case 'S':
        return Fraction(std::max<std::size_t>(width, 1));
      case 'n':
        return Fraction(9);
      case 'a':
        if (EqualsIgnoreCase(text_.substr(at_, 2), "pm")) {
          afternoon_ = true;
        } else if (!EqualsIgnoreCase(text_.substr(at_, 2), "am")) {
          return false;
        }
        at_ += 2;
        return true;
      case 'E':
        return Word(kDays, ignored);
      case 'X':
      case 'x':
      case 'Z':
        return Offset();
      case 'z':
      case 'V': {
        const std::size_t start = at_;
        while (at_ < text_.size() && text_[at_] != ' ') ++at_;
        const TimeZone* zone = Zone(text_.substr(start, at_ - start));
        if (zone == nullptr) return false;
        zone_ = *zone;
        return true;
      }
      default:
        return false;
    }
  }
  std::optional<std::int64_t> Assemble() const {
    std::int64_t hour = hour_;
    if (twelve_) hour = hour % 12 + (afternoon_ ? 12 : 0);
    if (hour > 24 || minute_ > 59 || second_ > 60) return std::nullopt;
    std::chrono::sys_days date;
    if (day_of_year_) {
      if (day_ < 1 || day_ > 366) return std::nullopt;
      date = std::chrono::sys_days(std::chrono::year(static_cast<int>(year_)) / 1 / 1) +
             std::chrono::days(day_ - 1);
    } else {
      const std::chrono::year_month_day ymd = std::chrono::year(static_cast<int>(year_)) /
                                              std::chrono::month(static_cast<unsigned>(month_)) /
                                              std::chrono::day(static_cast<unsigned>(day_));
      if (!ymd.ok()) return std::nullopt;
      date = ymd;
    }
    return ToUnixMillis(Instant(date)) + ((hour * 60 + minute_) * 60 + second_) * 1000 + milli_;
  }

 public:
  std::optional<TimeZone> zone_;

 private:
  const std::string_view text_;
  const std::string_view pattern_;
  std::size_t at_ = 0;
  std::int64_t year_ = 1970, month_ = 1, day_ = 1, hour_ = 0, minute_ = 0, second_ = 0, milli_ = 0;
  bool twelve_ = false, afternoon_ = false, day_of_year_ = false;
  std::optional<std::int64_t> offset_;
};

Cell ParseDate(CallContext& context, const Cell* a, std::size_t n) {
  if (a[0].missing() || a[1].missing() || a[0].kind == Kind::kTree) return {};
  JavaReader reader(context.Text(a[0], 0), context.Text(a[1], 1));
  const auto local = reader.Read();
  if (!local) return {};
  if (reader.offset_ms()) return Cell::Number(static_cast<double>(*local - *reader.offset_ms()));
  const TimeZone* zone = Zone(n > 2 ? context.Text(a[2], 2) : std::string_view("UTC"));
  if (reader.zone_) zone = &*reader.zone_;
  if (zone == nullptr) return {};
  // The offset at the guess, then at the instant that it leads to.
  std::int64_t utc = *local;
  for (int i = 0; i < 2; ++i) {
    utc = *local - (ToUnixMillis(zone->ToLocal(FromUnixMillis(utc))) - utc);
  }
  return Cell::Number(static_cast<double>(utc));
}

constexpr Function kFunctions[] = {
    {"bin", 1, 2, DateFloor},           {"datefloor", 2, 2, DateFloor},
    {"dateceil", 2, 2, DateCeil},       {"frommillis", 1, 1, FromMillis},
    {"tomillis", 1, 1, ToMillis},       {"now", 0, 0, Now},
    {"parsedate", 2, 3, ParseDate},     {"formatdate", 2, 3, FormatDateTime},
    {"strftime", 2, 3, FormatDateTime},
};

}  // namespace

std::int64_t FloorTime(std::int64_t ms, const Period& period) {
  switch (period.unit) {
    case Period::Unit::kFixed:
      return FloorTo(ms, period.count);
    case Period::Unit::kWeek:
      return FloorTo(ms - kFirstMonday, period.count * kWeek) + kFirstMonday;
    case Period::Unit::kMonth:
      return MonthStart(FloorTo(MonthOf(ms), period.count));
  }
  return ms;
}

std::int64_t NextPeriod(std::int64_t floor, const Period& period) {
  switch (period.unit) {
    case Period::Unit::kFixed:
      return floor + period.count;
    case Period::Unit::kWeek:
      return floor + period.count * kWeek;
    case Period::Unit::kMonth:
      return MonthStart(MonthOf(floor) + period.count);
  }
  return floor;
}

std::int64_t CeilTime(std::int64_t ms, const Period& period) {
  const std::int64_t floor = FloorTime(ms, period);
  return floor == ms ? ms : NextPeriod(floor, period);
}

const Function kBinFunction{"bin", 1, 2, DateFloor};

std::span<const Function> DateFunctions() { return kFunctions; }

}  // namespace securebase::insights::internal
