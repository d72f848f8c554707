#include "alarms/window.h"

#include <xxhash.h>

#include "base/text.h"

namespace securebase::alarms {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Duration kDay = hours(24);
// From an ordinary boundary to its evaluation, spread by name. The data of the last seconds has
// this long to arrive.
constexpr Duration kOffsetLeast{5'000};
constexpr std::int64_t kSpreadMs = 15'000;
constexpr std::int64_t kSpreadFastMs = 4'000;  // every 10 s: the next is due soon after

Instant FloorTo(Instant t, Duration step) {
  const auto rest = t.time_since_epoch() % step;
  return t - (rest < Duration(0) ? rest + step : rest);
}

Error ZoneFault(std::string_view text) {
  return ValidationFault("EvaluationWindow.WallClockWindow.Timezone",
                         "The value " + std::string(text) +
                             " for parameter Timezone is not supported: an IANA name, +hh:mm or "
                             "UTC+hh:mm in steps of five minutes");
}

}  // namespace

Result<WallClockZone> ParseWallClockZone(std::string_view text) {
  WallClockZone zone;
  std::string_view offset = text;
  if (offset.starts_with("UTC") && offset.size() > 3) offset.remove_prefix(3);
  if (!offset.empty() && (offset[0] == '+' || offset[0] == '-')) {
    if (offset.size() != 6 || offset[3] != ':') return ZoneFault(text);
    const auto hour = ParseInt(offset.substr(1, 2)), minute = ParseInt(offset.substr(4, 2));
    if (!hour || !minute || *hour > 14 || *minute > 59 || *minute % 5 != 0 || *hour < 0 ||
        *minute < 0) {
      return ZoneFault(text);
    }
    const Duration size = std::chrono::minutes(*hour * 60 + *minute);
    zone.fixed_ = offset[0] == '-' ? -size : size;
    return zone;
  }
  Result<TimeZone> found = TimeZone::Find(text);
  if (!found.ok()) return ZoneFault(text);
  zone.zone_ = *found;
  return zone;
}

Instant WallClockZone::Floor(Instant t, Duration period) const {
  const Instant local = ToLocal(t);
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  const Duration phase = period == kDay * 7 ? kDay * 4 : Duration(0);
  const Instant start = FloorTo(local - phase, period) + phase;
  Instant found = t - (local - start);
  // A change of the clock in between: the local time at `found` is off by it.
  found += start - ToLocal(found);
  return found > t ? t - (local - start) : found;
}

Schedule::Schedule(const MetricCondition& condition, const Account& account,
                   std::string_view name) {
  const Duration period = seconds(condition.period_s);
  std::string key = account.id;
  key.append("/").append(account.region).append("/").append(name);
  const std::uint64_t hash = XXH3_64bits(key.data(), key.size());
  if (condition.wall_clock_zone) {
    if (Result<WallClockZone> zone = ParseWallClockZone(*condition.wall_clock_zone); zone.ok()) {
      zone_ = *zone;
    }
    wall_clock_ = true;
    interval_ = period;
  } else if (condition.period_s < 60) {
    interval_ = seconds(10);
  } else if (period * condition.evaluation_periods > kDay) {
    interval_ = hours(1);
  }
  const std::int64_t spread = interval_ < seconds(60) ? kSpreadFastMs : kSpreadMs;
  offset_ = kOffsetLeast + Duration(static_cast<std::int64_t>(hash % spread));
}

Instant Schedule::WindowAt(Instant t) const {
  return wall_clock_ ? zone_.Floor(t, interval_) : FloorTo(t, interval_);
}

Instant Schedule::Next(Instant window) const {
  if (!wall_clock_) return window + interval_;
  // Local days are 23 to 25 hours long: the boundary that follows within a period and a half.
  const Instant next = zone_.Floor(window + interval_ + interval_ / 2, interval_);
  return next > window ? next : window + interval_;
}

}  // namespace securebase::alarms
