#pragma once

// When an alarm is evaluated, and which range it then looks at (spec: cloudwatch-api 6.2).

#include <string>
#include <string_view>

#include "alarms/definition.h"
#include "base/time_zone.h"

namespace securebase::alarms {

/// A zone of EvaluationWindow.WallClockWindow: an IANA name, "+05:30" or "UTC+05:30".
class WallClockZone {
 public:
  WallClockZone() = default;
  Instant ToLocal(Instant t) const { return zone_.ToLocal(t) + fixed_; }
  /// The last instant, at or before `t`, at which a period of the local clock began. Days begin at
  /// midnight, weeks on Monday.
  Instant Floor(Instant t, Duration period) const;

 private:
  friend Result<WallClockZone> ParseWallClockZone(std::string_view text);
  TimeZone zone_;
  Duration fixed_{0};
};
/// ValidationError naming EvaluationWindow.WallClockWindow.Timezone for anything else; offsets are
/// whole multiples of five minutes.
Result<WallClockZone> ParseWallClockZone(std::string_view text);

/// When one alarm is due. Cheap to copy.
class Schedule {
 public:
  /// `account` and `name` choose the alarm's fixed place behind the boundary.
  Schedule(const MetricCondition& condition, const Account& account, std::string_view name);

  /// End of the newest window that is over at `t`, whatever the offset.
  Instant WindowAt(Instant t) const;
  /// End of the window after the one that ends at `window`.
  Instant Next(Instant window) const;
  /// When the window that ends at `window` is evaluated: 5 to 20 s later.
  Instant DueAt(Instant window) const { return window + offset_; }
  Duration interval() const { return interval_; }
  Duration offset() const { return offset_; }

 private:
  Duration interval_{60'000};
  Duration offset_{0};
  bool wall_clock_ = false;
  WallClockZone zone_;
};

}  // namespace securebase::alarms
