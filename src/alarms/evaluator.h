#pragma once

// Evaluates one alarm at one moment: reads its points and decides.

#include <map>
#include <string>
#include <vector>

#include "alarms/alarm.h"
#include "alarms/decide.h"
#include "metrics/math/anomaly.h"
#include "metrics/metric_store.h"

namespace securebase::alarms {

/// What one evaluation saw and concluded.
struct Outcome {
  /// Nothing to be said now (warm-up, kept state): the state stays.
  bool kept = false;
  StateValue state = StateValue::kInsufficientData;
  std::string reason;       // only where the state changes
  std::string reason_data;  // the same
  Decision decision;        // not of alarms over several series
  std::vector<Slot> slots;  // newest first; the same
  std::map<std::string, Contributor> contributors;
  bool contributors_changed = false;
  std::string evaluation_state;  // "PARTIAL_DATA", "IN_WARM_UP" or empty
};

/// Thread-safe; holds no state.
class Evaluator {
 public:
  /// Both outlive it; without `detectors` bands have their default configuration.
  explicit Evaluator(const metrics::MetricStore& store,
                     const metrics::math::AnomalyDetectors* detectors = nullptr)
      : store_(store), detectors_(detectors) {}

  /// Evaluates a metric alarm over the range that ends at `window`; `now` is the moment of it, for
  /// reason data and warm-up. Errors: those of the store; kInvalidArgument for an expression that
  /// cannot be evaluated.
  Result<Outcome> Evaluate(const Alarm& alarm, Instant window, Instant now) const;

  /// The points of the range, newest first; of a condition with a single series.
  Result<std::vector<Slot>> ReadSlots(const Account& account, const MetricCondition& condition,
                                      Instant window, Instant now) const;

 private:
  Result<> ReadSingle(const Account& account, const MetricCondition& condition, Instant window,
                      std::vector<Slot>& slots) const;
  Result<> ReadPlan(const Account& account, const MetricCondition& condition, Instant window,
                    Instant now, std::vector<Slot>& slots) const;
  Result<Outcome> EvaluateContributors(const Alarm& alarm, Instant window, Instant now) const;

  const metrics::MetricStore& store_;
  const metrics::math::AnomalyDetectors* detectors_;
};

}  // namespace securebase::alarms
