#pragma once

// An alarm over stored history: when it would have gone off, and why it is as it is.

#include <optional>
#include <string>
#include <vector>

#include "alarms/alarm_store.h"
#include "alarms/evaluator.h"

namespace securebase::alarms {

struct ReplayChange {
  Instant at;  // end of the window
  StateValue before = StateValue::kInsufficientData;
  StateValue after = StateValue::kInsufficientData;
  std::string reason;
};

struct Replayed {
  std::string alarm_name;
  Instant from;
  Instant to;
  std::vector<ReplayChange> changes;
  /// State after each evaluation and the newest point it saw.
  struct Step {
    Instant at;
    StateValue state = StateValue::kInsufficientData;
    std::optional<double> value;
  };
  std::vector<Step> steps;
  std::optional<double> threshold;
  double seconds_in_alarm = 0;
};

inline constexpr std::size_t kReplayStepsMax = 200'000;

/// Evaluates a metric alarm at every window that ends in (from, to], beginning in
/// INSUFFICIENT_DATA. Errors: kInvalidArgument for composites, an empty or too long range.
Result<Replayed> Replay(const Definition& definition, const Account& account,
                        const Evaluator& evaluator, Instant from, Instant to);

json::Value ToJson(const Replayed& replayed);
/// Values and states over time, `width` columns, and the changes below, for a terminal.
std::string ToChart(const Replayed& replayed, std::size_t width = 72);

/// Why an alarm has its state: the points, the treatment of missing data, M of N, in words; for a
/// composite its rule and children. `at`: none for now.
Result<json::Value> Why(const AlarmStore& store, const Evaluator& evaluator, const Account& account,
                        const std::string& name, std::optional<Instant> at, Instant now);
/// The same as text for a terminal.
std::string WhyText(const json::Value& why);

}  // namespace securebase::alarms
