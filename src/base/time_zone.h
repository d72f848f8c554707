#pragma once

// Local times of people: IANA time zones over the machine's database (package tzdata).

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace date {
class time_zone;
}

namespace securebase {

/// An IANA time zone such as "Europe/Berlin". Cheap to copy; thread-safe.
class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// kInvalidArgument, `field` empty, for a name the database does not know. Names are
  /// case-sensitive, as IANA writes them.
  static Result<TimeZone> Find(std::string_view name);

  const std::string& name() const { return name_; }
  /// What a clock on the wall shows at that instant, as if it were UTC.
  Instant ToLocal(Instant t) const;
  /// "UTC", "CET", "-03": the zone's own short name at that instant.
  std::string Abbreviation(Instant t) const;

 private:
  std::string name_ = "UTC";
  const date::time_zone* zone_ = nullptr;  // the database's; null: UTC
};

}  // namespace securebase
