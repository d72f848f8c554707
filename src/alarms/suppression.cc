#include "alarms/suppression.h"

#include <utility>

namespace securebase::alarms {

std::string_view ToText(SuppressedBy by) {
  switch (by) {
    case SuppressedBy::kAlarm:
      return "Alarm";
    case SuppressedBy::kWaitPeriod:
      return "WaitPeriod";
    case SuppressedBy::kExtensionPeriod:
      return "ExtensionPeriod";
    case SuppressedBy::kNothing:
      break;
  }
  return "";
}

bool Suppression::OnChange(const SuppressionPeriods& periods, bool suppressor_in_alarm,
                           Instant now) {
  changed = true;
  if (suppressor_in_alarm) {
    by = SuppressedBy::kAlarm;
    return false;
  }
  by = SuppressedBy::kWaitPeriod;
  until = now + periods.wait;
  return periods.wait == Duration(0) && OnTimer();
}

void Suppression::OnSuppressorAlarm() {
  by = changed ? SuppressedBy::kAlarm : SuppressedBy::kNothing;
}

bool Suppression::OnSuppressorLeft(const SuppressionPeriods& periods, Instant now) {
  by = SuppressedBy::kExtensionPeriod;
  until = now + periods.extension;
  return periods.extension == Duration(0) && OnTimer();
}

bool Suppression::OnTimer() {
  by = SuppressedBy::kNothing;
  return std::exchange(changed, false);
}

}  // namespace securebase::alarms
