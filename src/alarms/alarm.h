#pragma once

// An alarm at one moment: its definition, its state, and what it still owes.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "alarms/definition.h"
#include "alarms/suppression.h"

namespace securebase::alarms {

/// The state of one series of an alarm over several (a contributor).
struct Contributor {
  StateValue state = StateValue::kInsufficientData;
  std::string reason;
  Instant transitioned;
  bool operator==(const Contributor&) const = default;
};

struct AlarmState {
  StateValue value = StateValue::kInsufficientData;
  std::string reason;
  std::string reason_data;  // JSON, or empty
  Instant updated;
  Instant transitioned;
};

/// Immutable once published by the AlarmStore; copying shares the definition.
struct Alarm {
  Account account;
  std::shared_ptr<const Definition> definition;
  bool actions_enabled = true;
  Instant configured_at;
  Instant created_at;
  AlarmState state;
  /// The state before the last change of the value; what a notification that is sent late tells.
  StateValue previous = StateValue::kInsufficientData;
  /// Of the last change of the value: names the transition wherever it is spoken of.
  std::string transition_id;
  /// End of the newest window that was evaluated when this was written.
  Instant evaluated_through;
  Suppression suppression;  // of a composite with a suppressor
  /// The state whose actions a mute rule held back; none: nothing is held.
  std::optional<StateValue> muted;
  std::map<std::string, Contributor> contributors;  // by label

  const std::string& name() const { return definition->name; }
  bool composite() const { return definition->composite.has_value(); }
};
using AlarmPtr = std::shared_ptr<const Alarm>;

/// "MetricAlarm", "CompositeAlarm".
std::string_view AlarmTypeOf(const Alarm& alarm);

}  // namespace securebase::alarms
