#pragma once

// The seam to notification: what an alarm wants done, and how it went.

#include <string>

#include "alarms/publication.h"

namespace securebase::alarms {

/// One action of one transition, durable in the outbox until its result is in the history.
struct Action {
  std::string id;  // place in the outbox; ascending in the order of the transitions
  /// The same for every attempt, whatever crashes in between: a receiver that has seen it drops
  /// the repeat. "ACCOUNT/REGION/TRANSITION/N".
  std::string key;
  std::string transition_id;
  std::string arn;  // what to run: an SNS topic
  Account account;
  std::string alarm_name;
  std::string alarm_arn;
  std::string alarm_type;
  StateValue before = StateValue::kInsufficientData;
  StateValue after = StateValue::kInsufficientData;
  std::string reason;
  std::string reason_data;
  std::string definition;  // JSON: the members as they were put
  Instant changed_at;
  Publication publication;
};

/// Who runs actions. Thread-safe.
class ActionSink {
 public:
  virtual ~ActionSink() = default;
  /// Takes the action over: once this returns success, it is durable at the sink, and told to its
  /// receivers once by key. The actions of an alarm come in the order of its transitions, one
  /// after the other. kUnavailable: tried again later. Any other error is final and becomes
  /// "Failed to execute action ARN. Received error: .." in the alarm's history.
  virtual Result<> Run(const Action& action) = 0;
};

}  // namespace securebase::alarms
