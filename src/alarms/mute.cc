#include "alarms/mute.h"

#include <algorithm>

#include "alarms/input.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

using std::chrono::minutes;

constexpr Duration kDurationMax = std::chrono::hours(24 * 15);

Error ExpressionFault(const std::string& text, std::string_view why) {
  return ValidationFault("Rule.Schedule.Expression",
                         "The expression " + text + " is not valid: " + std::string(why));
}

struct Field {
  int first;
  int last;
  std::vector<std::string_view> names;  // of first, first + 1, ..
};
const std::array<Field, 5>& Fields() {
  static const std::array<Field, 5> kFields = {
      Field{0, 59, {}},
      Field{0, 23, {}},
      Field{1, 31, {}},
      Field{1, 12, {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV",
                    "DEC"}},
      Field{0, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
  };
  return kFields;
}

std::optional<int> ParseUnit(const Field& field, std::string_view text) {
  for (std::size_t i = 0; i < field.names.size(); ++i) {
    if (EqualsIgnoreCase(text, field.names[i])) return field.first + static_cast<int>(i);
  }
  const auto number = ParseInt(text);
  if (!number || *number < field.first || *number > field.last) return {};
  return static_cast<int>(*number);
}

/// "*", "5", "1-5", "MON,WED", "0-30" and lists of them.
bool ParseField(const Field& field, std::string_view text, std::bitset<60>& out) {
  for (std::string_view part : Split(text, ',')) {
    if (part == "*") {
      for (int i = field.first; i <= field.last; ++i) out.set(static_cast<std::size_t>(i));
      continue;
    }
    const std::size_t dash = part.find('-');
    const auto low = ParseUnit(field, part.substr(0, dash));
    const auto high = dash == std::string_view::npos ? low : ParseUnit(field, part.substr(dash + 1));
    if (!low || !high || *low > *high) return false;
    for (int i = *low; i <= *high; ++i) out.set(static_cast<std::size_t>(i));
  }
  return true;
}

/// ISO 8601: P1D, PT2H, PT1H30M, P1DT12H.
std::optional<Duration> ParseIsoDuration(std::string_view text) {
  if (!text.starts_with('P') || text.size() < 3) return {};
  text.remove_prefix(1);
  bool time = false;
  Duration total{0};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == 'T' && !time && digits == i) {
      time = true;
      digits = i + 1;
      continue;
    }
    if (c >= '0' && c <= '9') continue;
    const auto number = ParseInt(text.substr(digits, i - digits));
    if (!number || *number > 100'000) return {};
    const std::int64_t n = *number;
    if (c == 'D' && !time) {
      total += std::chrono::hours(24 * n);
    } else if (c == 'W' && !time) {
      total += std::chrono::hours(24 * 7 * n);
    } else if (c == 'H' && time) {
      total += std::chrono::hours(n);
    } else if (c == 'M' && time) {
      total += minutes(n);
    } else if (c == 'S' && time) {
      total += std::chrono::seconds(n);
    } else {
      return {};
    }
    digits = i + 1;
  }
  if (digits != text.size() || text.back() == 'T') return {};
  return total;
}

}  // namespace

Result<MuteSchedule> MuteSchedule::Parse(const std::string& expression, const std::string& duration,
                                         const std::string& timezone) {
  MuteSchedule out;
  const bool cron = expression.starts_with("cron(");
  if ((!cron && !expression.starts_with("at(")) || !expression.ends_with(')')) {
    return ExpressionFault(expression, "cron(min hour day month weekday) or at(yyyy-MM-ddThh:mm)");
  }
  const std::size_t from = cron ? 5 : 3;
  const std::string inner(Trim(expression.substr(from, expression.size() - from - 1)));
  if (cron) {
    std::vector<std::string_view> parts;
    for (std::string_view part : Split(inner, ' ')) {
      if (!part.empty()) parts.push_back(part);
    }
    if (parts.size() != 5) return ExpressionFault(expression, "cron() takes five fields");
    for (std::size_t i = 0; i < 5; ++i) {
      if (!ParseField(Fields()[i], parts[i], out.fields_[i])) {
        return ExpressionFault(expression, "'" + std::string(parts[i]) + "' is out of range");
      }
    }
    if (out.fields_[4].test(7)) out.fields_[4].set(0);  // 7 is Sunday, too
    out.any_day_ = parts[2] == "*";
    out.any_weekday_ = parts[4] == "*";
  } else {
    Result<Instant> at = ParseIso(inner);
    if (!at.ok() || inner.ends_with('Z')) {
      return ExpressionFault(expression, "at() takes a local time yyyy-MM-ddThh:mm");
    }
    out.at_ = *at;
  }
  const auto length = ParseIsoDuration(duration);
  if (!length || *length < minutes(1) || *length > kDurationMax) {
    return ValidationFault("Rule.Schedule.Duration",
                           "The duration " + duration +
                               " is not valid: an ISO 8601 duration from PT1M to P15D");
  }
  out.duration_ = *length;
  Result<WallClockZone> zone = ParseWallClockZone(timezone);
  if (!zone.ok()) {
    return ValidationFault("Rule.Schedule.Timezone",
                           "The timezone " + timezone + " is not known");
  }
  out.zone_ = *zone;
  return out;
}

bool MuteSchedule::BeginsAt(Instant local) const {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day ymd(day);
  const auto minute_of_day = std::chrono::duration_cast<minutes>(local - day).count();
  if (!fields_[0].test(static_cast<std::size_t>(minute_of_day % 60)) ||
      !fields_[1].test(static_cast<std::size_t>(minute_of_day / 60)) ||
      !fields_[3].test(static_cast<unsigned>(ymd.month()))) {
    return false;
  }
  const bool dom = fields_[2].test(static_cast<unsigned>(ymd.day()));
  const bool dow = fields_[4].test(std::chrono::weekday(day).c_encoding());
  // As cron has it: both restricted means either.
  if (!any_day_ && !any_weekday_) return dom || dow;
  return dom && dow;
}

bool MuteSchedule::Covers(Instant t) const {
  const Instant local = zone_.ToLocal(t);
  if (at_) return *at_ <= local && local < *at_ + duration_;
  const Instant last = std::chrono::floor<minutes>(local);
  for (Instant begin = last; local - begin < duration_; begin -= minutes(1)) {
    if (BeginsAt(begin)) return true;
  }
  return false;
}

std::optional<Instant> MuteSchedule::last_end() const {
  if (!at_) return {};
  // Local to UTC: the offset there is the offset here, but for an hour around a change of clocks.
  const Instant guess = *at_ - (zone_.ToLocal(*at_) - *at_);
  return guess + duration_;
}

bool MuteRule::ActiveAt(Instant t) const {
  return (!start || *start <= t) && (!expire || t < *expire) && schedule.Covers(t);
}

bool MuteRule::Mutes(const std::string& alarm_name, Instant t) const {
  return std::find(alarm_names.begin(), alarm_names.end(), alarm_name) != alarm_names.end() &&
         ActiveAt(t);
}

std::string_view MuteRule::StatusAt(Instant t) const {
  if (ActiveAt(t)) return "ACTIVE";
  if (expire && t >= *expire) return "EXPIRED";
  const auto end = schedule.last_end();
  return end && t >= *end ? "EXPIRED" : "SCHEDULED";
}

Result<MuteRule> ParseMuteRule(const json::Value& json, const Account& account, Instant now) {
  const Input input(json);
  MuteRule rule;
  SB_TRY(const auto name, input.Text("Name"));
  if (!name || name->empty() || name->size() > 255 || ContainsControlCharacter(*name)) {
    return ValidationFault("Name", "Name must have 1 to 255 characters");
  }
  rule.name = *name;
  rule.arn = "arn:aws:cloudwatch:" + account.region + ":" + AccountNumber(account) +
             ":alarm-mute-rule:" + rule.name;
  const json::Value* outer = input.Find("Rule");
  const json::Value* schedule = outer == nullptr ? nullptr : outer->Find("Schedule");
  if (schedule == nullptr || !schedule->IsObject()) {
    return ValidationFault("Rule", "Rule.Schedule must not be null");
  }
  const Input inner(*schedule, "Rule.Schedule");
  SB_TRY(const auto expression, inner.Text("Expression"));
  SB_TRY(const auto duration, inner.Text("Duration"));
  SB_TRY(const auto timezone, inner.Text("Timezone"));
  if (!expression) return ValidationFault("Rule.Schedule.Expression", "Expression must not be null");
  if (!duration) return ValidationFault("Rule.Schedule.Duration", "Duration must not be null");
  SB_TRY(rule.schedule, MuteSchedule::Parse(*expression, *duration, timezone.value_or("UTC")));
  if (const json::Value* targets = input.Find("MuteTargets")) {
    SB_TRY(rule.alarm_names, Input(*targets, "MuteTargets").Texts("AlarmNames"));
    if (rule.alarm_names.size() > 100) {
      return ValidationFault("MuteTargets.AlarmNames",
                             "The collection AlarmNames must not have a size greater than 100.");
    }
  }
  for (const auto& [member, target] :
       {std::pair{"StartDate", &rule.start}, std::pair{"ExpireDate", &rule.expire}}) {
    SB_TRY(const auto text, input.Text(member));
    if (!text) continue;
    Result<Instant> time = ParseIsoOrEpoch(*text);
    if (!time.ok()) return ValidationFault(member, std::string(member) + " must be a time");
    *target = *time;
  }
  if (rule.start && rule.expire && *rule.start >= *rule.expire) {
    return ValidationFault("ExpireDate", "ExpireDate must be after StartDate");
  }
  json::Value body = json::Object();
  for (const auto& [member, value] : json.AsObject()) {
    if (member != "Tags" && !value.IsNull()) body.Set(member, value);
  }
  rule.body = json::Write(body);
  rule.updated = now;
  return rule;
}

}  // namespace securebase::alarms
