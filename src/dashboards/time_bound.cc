#include <charconv>

#include "base/text.h"
#include "dashboards/internal/reader.h"

namespace securebase::dashboards {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Error Malformed(std::string_view text) {
  return InvalidArgument(
      {}, "no time such as -PT3H, -P1D or 2026-01-01T00:00:00Z: " + std::string(text));
}

/// Adds one part of a duration; false for a unit that does not stand there.
bool AddPart(std::int64_t number, char unit, bool time, TimeBound& bound) {
  if (time) {
    if (unit == 'H') bound.before_now += hours(number);
    if (unit == 'M') bound.before_now += minutes(number);
    if (unit == 'S') bound.before_now += seconds(number);
    return unit == 'H' || unit == 'M' || unit == 'S';
  }
  if (unit == 'D') bound.before_now += hours(24 * number);
  if (unit == 'W') bound.before_now += hours(24 * 7 * number);
  if (unit == 'M') bound.months_ago += static_cast<int>(number);
  if (unit == 'Y') bound.months_ago += static_cast<int>(12 * number);
  return unit == 'D' || unit == 'W' || unit == 'M' || unit == 'Y';
}

}  // namespace

Result<TimeBound> ParseTimeBound(std::string_view text) {
  TimeBound bound;
  if (!text.starts_with("-P")) {
    const Result<Instant> time = ParseIso(text);
    if (!time.ok()) return Malformed(text);
    bound.absolute = *time;
    return bound;
  }
  std::string_view rest = text.substr(2);
  bool time = false;
  bool any = false;
  while (!rest.empty()) {
    // "M" is minutes behind the T and months before it.
    if (rest[0] == 'T' && !time) {
      time = true;
      rest.remove_prefix(1);
      continue;
    }
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    constexpr std::int64_t kPartMax = 100'000;
    if (code != std::errc() || digits == rest.size() || number < 0 || number > kPartMax ||
        !AddPart(number, rest[digits], time, bound)) {
      return Malformed(text);
    }
    any = true;
    rest.remove_prefix(digits + 1);
  }
  if (!any) return Malformed(text);
  return bound;
}

void ReadRange(const ObjectReader& object, TimeRange& range) {
  auto read = [&](std::string_view name) -> std::optional<TimeBound> {
    std::string text;
    object.ReadText(name, text);
    if (text.empty()) return {};
    Result<TimeBound> bound = ParseTimeBound(text);
    if (bound.ok()) return *std::move(bound);
    object.faults().Warn(object.PathOf(name),
                         "Should be a time such as -PT3H, -P1D or an ISO 8601 time");
    return {};
  };
  range.start = read("start");
  range.end = read("end");
  if (range.end && (!range.start || (range.end->absolute && !range.start->absolute))) {
    object.faults().Warn(object.PathOf("end"),
                         "'end' has an effect only beside an absolute 'start'");
  }
}

}  // namespace securebase::dashboards
