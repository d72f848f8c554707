#pragma once

// Instants, durations and their ISO 8601 text. All instants are UTC with millisecond precision;
// time zones appear only where a person's local time is computed (base/time_zone.h).

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr Instant FromUnixMillis(std::int64_t ms) { return Instant(Duration(ms)); }
constexpr Instant FromUnixSeconds(std::int64_t s) { return Instant(std::chrono::seconds(s)); }
constexpr std::int64_t ToUnixMillis(Instant t) { return t.time_since_epoch().count(); }
/// Whole seconds, rounded towards the past.
constexpr std::int64_t ToUnixSeconds(Instant t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

// The Format functions print an instant before year 1 or after 9999 as the nearest within.

/// "2026-01-01T00:00:00Z"; with milliseconds only when they are not zero.
std::string FormatIso(Instant t);
/// "2026-01-01T00:00:00.000Z", always with milliseconds.
std::string FormatIsoMillis(Instant t);
/// "2026-01-01".
std::string FormatDate(Instant t);
/// "20260101T000000Z", as Signature Version 4 writes it.
std::string FormatIsoBasic(Instant t);

/// Reads ISO 8601: a date; or date and time with optional seconds, fraction (more than three
/// digits are cut) and offset (Z, +hh:mm, +hhmm; none means UTC). 'T' or one blank between them.
/// Errors: kInvalidArgument with `field` empty. Years 1 to 9999.
Result<Instant> ParseIso(std::string_view text);

/// ParseIso, or epoch seconds as a decimal number with an optional fraction.
Result<Instant> ParseIsoOrEpoch(std::string_view text);

/// Reads "90s", "15m", "1h", "7d", "2w", "500ms", or a sum such as "1h30m", units from large to
/// small. Positive only. Errors: kInvalidArgument with `field` empty.
Result<Duration> ParseDuration(std::string_view text);

/// "1h30m", "500ms", "14d"; ParseDuration reads it back. Zero is "0s".
std::string FormatDuration(Duration d);

}  // namespace securebase
