#include "alarms/state.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace securebase::alarms {

std::string_view ToText(StateValue value) {
  switch (value) {
    case StateValue::kAlarm:
      return "ALARM";
    case StateValue::kOk:
      return "OK";
    case StateValue::kInsufficientData:
      break;
  }
  return "INSUFFICIENT_DATA";
}

std::optional<StateValue> ParseStateValue(std::string_view text) {
  for (StateValue value :
       {StateValue::kInsufficientData, StateValue::kAlarm, StateValue::kOk}) {
    if (text == ToText(value)) return value;
  }
  return {};
}

std::string JavaDouble(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const double magnitude = std::abs(value);
  char text[64];
  if (magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7)) {
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
    std::string out(text, end);
    if (out.find('.') == std::string::npos) out += ".0";
    return out;
  }
  const auto end =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string_view shown(text, static_cast<std::size_t>(end - text));
  const std::size_t mark = shown.find('e');
  std::string out(shown.substr(0, mark));
  if (out.find('.') == std::string::npos) out += ".0";
  std::string_view exponent = shown.substr(mark + 1);
  out += 'E';
  if (exponent.front() == '-') out += '-';
  exponent.remove_prefix(1);
  while (exponent.size() > 1 && exponent.front() == '0') exponent.remove_prefix(1);
  return out.append(exponent);
}

std::string FormatZoned(Instant t) {
  std::string text = FormatIsoMillis(t);
  text.pop_back();
  return text + "+0000";
}

std::string FormatReasonTime(Instant t) {
  const std::string iso = FormatIsoMillis(t);  // 2024-01-03T11:36:00.000Z
  return iso.substr(8, 2) + "/" + iso.substr(5, 2) + "/" + iso.substr(2, 2) + " " +
         iso.substr(11, 8);
}

}  // namespace securebase::alarms
