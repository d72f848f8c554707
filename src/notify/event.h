#pragma once

// What happened, in the form that every channel words in its own way (spec: notifications 1).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::notify {

enum class Severity { kCritical, kHigh, kMedium, kLow };
/// "critical", "high", "medium", "low".
std::string_view ToText(Severity severity);
/// Any case; kInvalidArgument else.
Result<Severity> ParseSeverity(std::string_view text);

enum class EventState { kFiring, kAcknowledged, kResolved, kInfo };
/// "firing", "acknowledged", "resolved", "info".
std::string_view ToText(EventState state);

/// The metric behind an alarm.
struct EventMetric {
  std::string namespace_name;
  std::string name;
  std::map<std::string, std::string> dimensions;
  std::string statistic;  // "p95"
  int period_s = 0;
  std::string comparison;  // "GreaterThanThreshold"
};

/// One of several events that a notification joins.
struct EventMember {
  std::string title;
  EventState state = EventState::kFiring;
};

struct Event {
  std::string id;    // "evt-.."; the same in every message about it
  std::string type;  // "alarm.firing", "alarm.resolved", "report.delivered", "digest", "test", ..
  Severity severity = Severity::kMedium;
  EventState state = EventState::kInfo;
  std::string title;
  std::string reason;
  Instant time;
  std::string source_kind;  // "alarm", "criterion", "report", "system", "test"
  std::string source_arn;
  std::string source_name;
  std::string account;
  std::string region;
  std::optional<double> value;
  std::optional<double> threshold;
  std::optional<EventMetric> metric;
  std::map<std::string, std::string> labels;
  /// "console", "acknowledge", "silence", "runbook": URLs.
  std::map<std::string, std::string> links;
  std::string incident;   // "inc-.."; empty: none
  std::string footnote;   // "policy analytics-default step 1"
  std::string group_key;  // of a grouped notification
  std::vector<EventMember> members;
  std::size_t members_omitted = 0;
};

json::Value ToJson(const Event& event);
/// kInternal for anything that ToJson did not make.
Result<Event> EventFromJson(const json::Value& value);

/// "CRITICAL: name", "RESOLVED: name": the headline of every channel.
std::string HeadlineOf(const Event& event);
/// "QueryExecutionTime p95" with its namespace; empty without a metric.
std::string MetricText(const Event& event);
/// "7.42 (threshold 5)"; empty without a value.
std::string ValueText(const Event& event);

}  // namespace securebase::notify
