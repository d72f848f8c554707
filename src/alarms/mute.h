#pragma once

// Alarm mute rules: windows in which actions are held back (spec: cloudwatch-api 6.10).

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "alarms/window.h"
#include "base/json.h"

namespace securebase::alarms {

/// "cron(min hour dom month dow)" or "at(yyyy-MM-ddThh:mm)", with how long each window lasts.
class MuteSchedule {
 public:
  /// Errors: ValidationError naming Rule.Schedule.Expression, .Duration or .Timezone.
  static Result<MuteSchedule> Parse(const std::string& expression, const std::string& duration,
                                    const std::string& timezone);
  /// Whether a window covers `t`. Windows begin at whole minutes of the local clock.
  bool Covers(Instant t) const;
  bool one_time() const { return at_.has_value(); }
  /// End of the only window of at().
  std::optional<Instant> last_end() const;
  Duration duration() const { return duration_; }

 private:
  bool BeginsAt(Instant local) const;

  std::optional<Instant> at_;  // local
  std::array<std::bitset<60>, 5> fields_;  // minute, hour, day of month, month, day of week
  bool any_day_ = true, any_weekday_ = true;
  Duration duration_{0};
  WallClockZone zone_;
};

struct MuteRule {
  std::string name;
  std::string arn;
  std::string body;  // JSON of the members as they were put, without Tags
  MuteSchedule schedule;
  std::vector<std::string> alarm_names;  // empty: mutes nothing
  std::optional<Instant> start;
  std::optional<Instant> expire;
  Instant updated;

  bool Mutes(const std::string& alarm_name, Instant t) const;
  bool ActiveAt(Instant t) const;
  /// "SCHEDULED", "ACTIVE", "EXPIRED".
  std::string_view StatusAt(Instant t) const;
};

/// Reads the input of PutAlarmMuteRule. StartDate and ExpireDate are ISO 8601 texts here.
Result<MuteRule> ParseMuteRule(const json::Value& input, const Account& account, Instant now);

}  // namespace securebase::alarms
