#pragma once

// What happened to alarms (spec: cloudwatch-api 6.7).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "alarms/alarm.h"
#include "alarms/decide.h"

namespace securebase::alarms {

inline constexpr Duration kHistoryKept = std::chrono::hours(24 * 30);

struct HistoryItem {
  std::string alarm_name;
  std::string alarm_type;  // "MetricAlarm", "CompositeAlarm"
  std::string id;          // "TIME-COUNTER": ascending in the order in which things happened
  Instant time;
  std::string type;  // "ConfigurationUpdate", "StateUpdate", "Action", ..
  std::string summary;
  std::string data;  // JSON
  std::string contributor;
};

struct HistoryQuery {
  std::optional<std::string> alarm_name;
  std::vector<std::string> alarm_types;  // empty: any
  std::optional<std::string> item_type;
  std::optional<std::string> contributor;
  std::optional<Instant> start;  // inclusive
  std::optional<Instant> end;    // inclusive
  bool ascending = false;
  std::optional<std::string> after;  // id of the last item of the page before
  std::size_t items_max = 100;
};

struct HistoryPage {
  std::vector<HistoryItem> items;
  bool more = false;
};

/// {"version", "oldState", "newState"}, at most 4095 bytes: reasons are cut, never the JSON.
std::string StateUpdateData(const AlarmState& before, const AlarmState& after);
/// {"version", "type": "Create" .., "createdAlarm": {..}}.
std::string ConfigurationData(std::string_view type, const Alarm& alarm);
/// {"actionState", "stateUpdateTimestamp", "notificationResource", "publishedMessage", "error"}.
std::string ActionData(std::string_view action_arn, Instant changed_at,
                       std::string_view published_message, const std::optional<std::string>& error);

/// The sentences of HistorySummary, at most 255 bytes.
std::string StateUpdateSummary(StateValue before, StateValue after);
std::string ActionSummary(std::string_view action_arn, const std::optional<std::string>& error);

}  // namespace securebase::alarms
