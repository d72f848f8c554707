#pragma once

// The three states of an alarm and the words in which everybody speaks of them.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace securebase::alarms {

enum class StateValue { kInsufficientData, kAlarm, kOk };

/// "INSUFFICIENT_DATA", "ALARM", "OK".
std::string_view ToText(StateValue value);
std::optional<StateValue> ParseStateValue(std::string_view text);

/// A number as AWS's texts print it (Java's Double.toString): "21.0", "1.0E7".
std::string JavaDouble(double value);

/// "2026-01-01T00:00:00.000+0000", as reason data and notifications write times.
std::string FormatZoned(Instant t);
/// "03/01/24 11:36:00" (day, month, year), as state reasons write times.
std::string FormatReasonTime(Instant t);

}  // namespace securebase::alarms
