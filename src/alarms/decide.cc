#include "alarms/decide.h"

#include <algorithm>

namespace securebase::alarms {
namespace {

/// Samples that a percentile wants: 10 / (1 - p) from the median up, 10 / p below. As a share of
/// 100 both sides are exact for the percentiles that people write.
bool HasEnoughSamples(const MetricCondition& condition, const Slot& slot) {
  if (!condition.ignore_low_samples || !slot.samples || !condition.single) return true;
  const metrics::Statistic& statistic = condition.single->statistic;
  if (statistic.kind != metrics::Statistic::Kind::kPercentile) return true;
  const double p = statistic.percentile;
  if (p <= 0 || p >= 100) return true;  // the minimum and the maximum are what they are
  const double share = p >= 50 ? 100 - p : p;
  return *slot.samples * share >= 1000 * (1 - 1e-9);
}

Decision Kept(Decision decision, StateValue before, DecisionRule rule) {
  decision.state = before;
  decision.kept = true;
  decision.rule = rule;
  return decision;
}

Decision As(Decision decision, StateValue state, DecisionRule rule) {
  decision.state = state;
  decision.rule = rule;
  return decision;
}

/// Real points and the newest missing ones, N together, newest first.
std::vector<Slot> EvaluatedOf(const std::vector<Slot>& slots, const std::vector<Slot>& real,
                              int missing) {
  std::vector<Slot> out;
  std::size_t next_real = 0;
  for (const Slot& slot : slots) {
    if (slot.present) {
      if (next_real < real.size()) {
        out.push_back(slot);
        ++next_real;
      }
    } else if (missing > 0) {
      out.push_back(slot);
      --missing;
    }
  }
  return out;
}

/// 1 is the newest bucket of the range.
int AgeOfOldestReal(const std::vector<Slot>& slots) {
  int age = 0;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].present) age = static_cast<int>(i) + 1;
  }
  return age;
}

Decision DecideWithoutPoints(const MetricCondition& condition, Decision decision,
                             StateValue before) {
  switch (condition.missing) {
    case MissingData::kBreaching:
      return As(std::move(decision), StateValue::kAlarm, DecisionRule::kNoPoints);
    case MissingData::kNotBreaching:
      return As(std::move(decision), StateValue::kOk, DecisionRule::kNoPoints);
    case MissingData::kIgnore:
      return Kept(std::move(decision), before, DecisionRule::kIgnored);
    case MissingData::kMissing:
      break;
  }
  return As(std::move(decision), StateValue::kInsufficientData, DecisionRule::kNoPoints);
}

Decision DecideWithSome(const MetricCondition& condition, Decision decision,
                        const std::vector<Slot>& slots, StateValue before) {
  const int wanted = condition.datapoints_to_alarm;
  const int breaching = decision.breaching;
  const int real = static_cast<int>(decision.real.size());
  if (condition.missing == MissingData::kBreaching) {
    const bool alarm = breaching + decision.filled >= wanted;
    return As(std::move(decision), alarm ? StateValue::kAlarm : StateValue::kOk,
              DecisionRule::kFilledBreaching);
  }
  if (condition.missing == MissingData::kNotBreaching) {
    return As(std::move(decision), breaching >= wanted ? StateValue::kAlarm : StateValue::kOk,
              DecisionRule::kFilledNotBreaching);
  }
  if (breaching >= wanted) {
    return As(std::move(decision), StateValue::kAlarm, DecisionRule::kBreachingSuffice);
  }
  if (breaching < real) {
    return As(std::move(decision), StateValue::kOk, DecisionRule::kOneIsGood);
  }
  if (condition.missing == MissingData::kIgnore) {
    return Kept(std::move(decision), before, DecisionRule::kIgnored);
  }
  if (AgeOfOldestReal(slots) >= wanted) {
    return As(std::move(decision), StateValue::kAlarm, DecisionRule::kPremature);
  }
  return As(std::move(decision), StateValue::kInsufficientData, DecisionRule::kUnknown);
}

}  // namespace

std::string_view ToText(DecisionRule rule) {
  switch (rule) {
    case DecisionRule::kEnoughPoints:
      return "enough-points";
    case DecisionRule::kNoPoints:
      return "no-points";
    case DecisionRule::kFilledBreaching:
      return "missing-counted-as-breaching";
    case DecisionRule::kFilledNotBreaching:
      return "missing-counted-as-good";
    case DecisionRule::kBreachingSuffice:
      return "breaching-points-suffice";
    case DecisionRule::kOneIsGood:
      return "one-point-is-good";
    case DecisionRule::kPremature:
      return "all-known-points-breach";
    case DecisionRule::kIgnored:
      return "ignored";
    case DecisionRule::kLowSamples:
      return "too-few-samples";
    case DecisionRule::kUnknown:
      break;
  }
  return "too-little-known";
}

bool Breaches(const MetricCondition& condition, const Slot& slot) {
  switch (condition.comparison) {
    case Comparison::kGreaterOrEqual:
      return slot.value >= condition.threshold;
    case Comparison::kGreater:
      return slot.value > condition.threshold;
    case Comparison::kLess:
      return slot.value < condition.threshold;
    case Comparison::kLessOrEqual:
      return slot.value <= condition.threshold;
    case Comparison::kOutsideBand:
      return slot.value < slot.lower || slot.value > slot.upper;
    case Comparison::kBelowBand:
      return slot.value < slot.lower;
    case Comparison::kAboveBand:
      break;
  }
  return slot.value > slot.upper;
}

Decision Decide(const MetricCondition& condition, const std::vector<Slot>& slots,
                StateValue before) {
  const auto periods = static_cast<std::size_t>(condition.evaluation_periods);
  Decision decision;
  for (const Slot& slot : slots) {
    if (!slot.present || decision.real.size() == periods) continue;
    decision.real.push_back(slot);
    if (Breaches(condition, slot)) ++decision.breaching;
  }
  decision.filled = static_cast<int>(periods - decision.real.size());
  decision.evaluated = EvaluatedOf(slots, decision.real, decision.filled);
  const bool low = std::any_of(decision.real.begin(), decision.real.end(), [&](const Slot& slot) {
    return !HasEnoughSamples(condition, slot);
  });
  if (low) return Kept(std::move(decision), before, DecisionRule::kLowSamples);
  if (decision.filled == 0) {
    const bool alarm = decision.breaching >= condition.datapoints_to_alarm;
    return As(std::move(decision), alarm ? StateValue::kAlarm : StateValue::kOk,
              DecisionRule::kEnoughPoints);
  }
  if (decision.real.empty()) return DecideWithoutPoints(condition, std::move(decision), before);
  return DecideWithSome(condition, std::move(decision), slots, before);
}

}  // namespace securebase::alarms
