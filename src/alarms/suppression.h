#pragma once

// When a composite alarm's actions are held back by its suppressor (spec: cloudwatch-api 6.9).
// A pure state machine: events and times in, "act now" out.

#include <string>
#include <string_view>

#include "base/time.h"

namespace securebase::alarms {

enum class SuppressedBy { kNothing, kAlarm, kWaitPeriod, kExtensionPeriod };
/// "Alarm", "WaitPeriod", "ExtensionPeriod"; empty for nothing.
std::string_view ToText(SuppressedBy by);

struct SuppressionPeriods {
  Duration wait{0};
  Duration extension{0};
};

/// What a composite's suppressor does to it. Each function returns whether the actions of the
/// composite's present state are to run now.
struct Suppression {
  SuppressedBy by = SuppressedBy::kNothing;
  Instant until;         // of a wait or extension period
  bool changed = false;  // the composite changed while its actions were held back

  /// The composite's state changed at `now`.
  bool OnChange(const SuppressionPeriods& periods, bool suppressor_in_alarm, Instant now);
  /// The suppressor went to ALARM, or left it.
  void OnSuppressorAlarm();
  bool OnSuppressorLeft(const SuppressionPeriods& periods, Instant now);
  /// The period that ends at `until` is over.
  bool OnTimer();

  bool waiting() const {
    return by == SuppressedBy::kWaitPeriod || by == SuppressedBy::kExtensionPeriod;
  }
  bool operator==(const Suppression&) const = default;
};

}  // namespace securebase::alarms
