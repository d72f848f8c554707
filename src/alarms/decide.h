#pragma once

// The pure function at the heart of alarms: which state some points mean (spec: cloudwatch-api
// 6.3). No clock, no store.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alarms/definition.h"
#include "alarms/state.h"

namespace securebase::alarms {

/// One bucket of the evaluation range.
struct Slot {
  Instant start;
  bool present = false;
  double value = 0;
  std::optional<double> samples;  // of a single metric
  double lower = 0;               // of the band, for band comparisons
  double upper = 0;
};

/// Which line of the decision table applied.
enum class DecisionRule {
  kEnoughPoints,       // N real points exist: the treatment of missing data is unused
  kNoPoints,           // none exists: the treatment alone decides
  kFilledBreaching,    // missing ones counted as breaching
  kFilledNotBreaching, // missing ones counted as good
  kBreachingSuffice,   // the real ones that breach are M, whatever the missing ones are
  kOneIsGood,          // a real point does not breach
  kPremature,          // all real ones breach and the oldest is at least M old
  kUnknown,            // too little is known: INSUFFICIENT_DATA
  kIgnored,            // too little is known: the state is kept
  kLowSamples,         // too few samples for the percentile: the state is kept
};
std::string_view ToText(DecisionRule rule);

/// What was decided, and from what.
struct Decision {
  StateValue state = StateValue::kInsufficientData;
  bool kept = false;  // `state` is the state before
  DecisionRule rule = DecisionRule::kUnknown;
  std::vector<Slot> real;       // that counted, newest first
  std::vector<Slot> evaluated;  // those and the missing ones that were filled, newest first
  int filled = 0;
  int breaching = 0;  // of `real`
};

/// Whether a present point violates the threshold.
bool Breaches(const MetricCondition& condition, const Slot& slot);

/// `slots`: the evaluation range, newest first. `before`: the state that is kept where nothing can
/// be said.
Decision Decide(const MetricCondition& condition, const std::vector<Slot>& slots,
                StateValue before);

/// "Threshold Crossed: ..": AWS's sentence for a decision that is not kept (spec 6.5).
std::string ReasonOf(const MetricCondition& condition, const Decision& decision);
/// StateReasonData: JSON. `evaluated_at`: the moment of the evaluation.
std::string ReasonDataOf(const MetricCondition& condition, const Decision& decision,
                         Instant evaluated_at);
/// The whole story in plain words, for `alarm why`.
std::string ExplainDecision(const MetricCondition& condition, const Decision& decision);

}  // namespace securebase::alarms
