#include "alarms/history.h"

#include <cctype>

#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr std::size_t kDataMax = 4095;
constexpr std::size_t kSummaryMax = 255;

/// At most `size` bytes, never half a character.
std::string Cut(std::string_view text, std::size_t size) {
  if (text.size() <= size) return std::string(text);
  return std::string(text.substr(0, ValidUtf8Prefix(text.substr(0, size))));
}

/// "OKActions" is "okActions", "AlarmName" is "alarmName".
std::string LowerCamel(std::string_view name) {
  std::string out(name);
  std::size_t upper = 0;
  while (upper < out.size() && std::isupper(static_cast<unsigned char>(out[upper])) != 0) ++upper;
  // A run of capitals keeps its last one, which begins the next word.
  const std::size_t lower = upper > 1 && upper < out.size() ? upper - 1 : upper;
  for (std::size_t i = 0; i < lower; ++i) {
    out[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(out[i])));
  }
  return out;
}

json::Value LowerCamelNames(const json::Value& value) {
  if (value.IsArray()) {
    json::Array out;
    for (const json::Value& one : value.AsArray()) out.push_back(LowerCamelNames(one));
    return out;
  }
  if (!value.IsObject()) return value;
  json::Object out;
  for (const auto& [name, member] : value.AsObject()) {
    out.emplace_back(LowerCamel(name), LowerCamelNames(member));
  }
  return out;
}

json::Value StateJson(const AlarmState& state, std::size_t reason_max, bool with_data) {
  json::Value out;
  out.Set("stateValue", ToText(state.value));
  out.Set("stateReason", Cut(state.reason, reason_max));
  if (with_data && !state.reason_data.empty()) {
    if (Result<json::Value> data = json::Parse(state.reason_data); data.ok()) {
      out.Set("stateReasonData", *std::move(data));
    }
  }
  return out;
}

}  // namespace

std::string StateUpdateData(const AlarmState& before, const AlarmState& after) {
  struct Size {
    std::size_t reason_max;
    bool old_data;
    bool new_data;
  };
  std::string text;
  for (const Size size : {Size{1023, true, true}, Size{1023, false, true}, Size{512, false, true},
                          Size{512, false, false}, Size{64, false, false}}) {
    json::Value out;
    out.Set("version", "1.0");
    out.Set("oldState", StateJson(before, size.reason_max, size.old_data));
    out.Set("newState", StateJson(after, size.reason_max, size.new_data));
    text = json::Write(out);
    if (text.size() <= kDataMax) break;
  }
  return text;
}

std::string ConfigurationData(std::string_view type, const Alarm& alarm) {
  json::Value definition;
  if (Result<json::Value> body = json::Parse(alarm.definition->body); body.ok()) {
    definition = LowerCamelNames(*body);
  }
  definition.Set("alarmArn", alarm.definition->arn);
  definition.Set("actionsEnabled", alarm.actions_enabled);
  definition.Set("stateValue", ToText(alarm.state.value));
  definition.Set("stateUpdatedTimestamp", FormatZoned(alarm.state.updated));
  definition.Set("alarmConfigurationUpdatedTimestamp", FormatZoned(alarm.configured_at));
  const std::string member =
      type == "Create" ? "createdAlarm" : (type == "Update" ? "updatedAlarm" : "deletedAlarm");
  json::Value out;
  out.Set("version", "1.0");
  out.Set("type", type);
  out.Set(member, definition);
  std::string text = json::Write(out);
  if (text.size() <= kDataMax) return text;
  // Too much for the history: what names it remains.
  json::Value small;
  small.Set("alarmName", alarm.name());
  small.Set("alarmArn", alarm.definition->arn);
  small.Set("stateValue", ToText(alarm.state.value));
  out.Set(member, small);
  return json::Write(out);
}

std::string ActionData(std::string_view action_arn, Instant changed_at,
                       std::string_view published_message,
                       const std::optional<std::string>& error) {
  json::Value out;
  out.Set("actionState", error ? "Failed" : "Succeeded");
  out.Set("stateUpdateTimestamp", ToUnixMillis(changed_at));
  out.Set("notificationResource", action_arn);
  out.Set("publishedMessage", published_message);
  out.Set("error", error ? json::Value(Cut(*error, 1024)) : json::Value());
  std::string text = json::Write(out);
  if (text.size() <= kDataMax) return text;
  out.Set("publishedMessage", json::Value());
  return json::Write(out);
}

std::string StateUpdateSummary(StateValue before, StateValue after) {
  return "Alarm updated from " + std::string(ToText(before)) + " to " + std::string(ToText(after));
}

std::string ActionSummary(std::string_view action_arn, const std::optional<std::string>& error) {
  std::string out = error ? "Failed to execute action " : "Successfully executed action ";
  out += action_arn;
  if (error) out += ". Received error: \"" + *error + "\"";
  return Cut(out, kSummaryMax);
}

}  // namespace securebase::alarms
