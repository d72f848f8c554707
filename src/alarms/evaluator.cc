#include "alarms/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/math/evaluate.h"
#include "metrics/math/source.h"

namespace securebase::alarms {
namespace {

using metrics::math::SeriesResult;

constexpr std::size_t kCounted = 100;  // contributors beyond are "100+"

/// Empty slots of the range that ends at `window`, newest first.
std::vector<Slot> EmptySlots(const MetricCondition& condition, Instant window) {
  const Duration period = std::chrono::seconds(condition.period_s);
  std::vector<Slot> slots(static_cast<std::size_t>(condition.evaluation_range()));
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].start = window - period * static_cast<std::int64_t>(i + 1);
  }
  return slots;
}

/// The slot of a bucket, or null outside of the range.
Slot* SlotAt(std::vector<Slot>& slots, const MetricCondition& condition, Instant window,
             Instant start) {
  const Duration period = std::chrono::seconds(condition.period_s);
  if (start >= window) return nullptr;
  const auto index = static_cast<std::size_t>((window - start - Duration(1)) / period);
  return index < slots.size() ? &slots[index] : nullptr;
}

void Fill(const metrics::math::TimeSeries& series, const MetricCondition& condition, Instant window,
          std::vector<Slot>& slots) {
  for (std::size_t i = 0; i < series.times.size(); ++i) {
    Slot* slot = SlotAt(slots, condition, window, series.times[i]);
    if (slot == nullptr) continue;
    slot->present = true;
    slot->value = series.values[i];
  }
}

/// A point without both bounds of its band is none.
void FillBand(const std::vector<const SeriesResult*>& bounds, const MetricCondition& condition,
              Instant window, std::vector<Slot>& slots) {
  std::vector<Slot> upper = EmptySlots(condition, window), lower = upper;
  if (bounds.size() == 2) {
    Fill(bounds[0]->series, condition, window, upper);
    Fill(bounds[1]->series, condition, window, lower);
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    slots[i].present = slots[i].present && upper[i].present && lower[i].present;
    slots[i].upper = upper[i].value;
    slots[i].lower = lower[i].value;
  }
}

metrics::math::EvaluationRequest RequestOf(const Account& account,
                                           const MetricCondition& condition, Instant window,
                                           Instant now,
                                           const metrics::math::AnomalyDetectors* detectors) {
  metrics::math::EvaluationRequest request;
  request.account = account;
  request.start = window - std::chrono::seconds(condition.period_s) *
                               static_cast<std::int64_t>(condition.evaluation_range());
  request.end = window;
  request.now = now;
  request.exact_start = true;
  request.detectors = detectors;
  return request;
}

bool IsWarming(const Alarm& alarm, Instant now) {
  return now < alarm.configured_at + alarm.definition->metric->warm_up;
}

Outcome Warming(const Alarm& alarm) {
  Outcome outcome;
  outcome.kept = true;
  outcome.state = alarm.state.value;
  outcome.evaluation_state = "IN_WARM_UP";
  return outcome;
}

std::string CountText(std::size_t n) {
  return n > kCounted ? std::to_string(kCounted) + "+" : std::to_string(n);
}

}  // namespace

Result<> Evaluator::ReadSingle(const Account& account, const MetricCondition& condition,
                               Instant window, std::vector<Slot>& slots) const {
  const metrics::math::MetricStat& stat = *condition.single;
  metrics::StatisticsRequest request;
  request.metric = stat.metric;
  request.unit = stat.unit;
  request.start = slots.back().start;
  request.end = window;
  request.period = stat.period;
  request.distribution = !stat.statistic.simple();
  SB_TRY(const std::vector<metrics::UnitSeries> series, store_.Query(account, request));
  if (series.empty()) return {};
  // Without a unit, the alphabetically first that has data.
  for (const auto& [start, bucket] : series.front().buckets) {
    Slot* slot = SlotAt(slots, condition, window, start);
    const std::optional<double> value = bucket.Evaluate(stat.statistic);
    if (slot == nullptr || !value) continue;
    slot->present = true;
    slot->value = *value;
    slot->samples = bucket.set().sample_count;
  }
  return {};
}

Result<> Evaluator::ReadPlan(const Account& account, const MetricCondition& condition,
                             Instant window, Instant now, std::vector<Slot>& slots) const {
  const metrics::math::StoreSource source(store_, account);
  SB_TRY(const metrics::math::Evaluation found,
         metrics::math::Evaluate(*condition.plan, source,
                                 RequestOf(account, condition, window, now, detectors_)));
  std::vector<const SeriesResult*> bounds;
  for (const SeriesResult& result : found.results) {
    if (result.query == condition.watched) Fill(result.series, condition, window, slots);
    if (!condition.threshold_id.empty() && result.query == condition.band) {
      bounds.push_back(&result);
    }
  }
  if (!condition.threshold_id.empty()) FillBand(bounds, condition, window, slots);
  return {};
}

Result<std::vector<Slot>> Evaluator::ReadSlots(const Account& account,
                                               const MetricCondition& condition, Instant window,
                                               Instant now) const {
  std::vector<Slot> slots = EmptySlots(condition, window);
  if (condition.single) {
    SB_TRY_OK(ReadSingle(account, condition, window, slots));
  } else {
    SB_TRY_OK(ReadPlan(account, condition, window, now, slots));
  }
  return slots;
}

Result<Outcome> Evaluator::Evaluate(const Alarm& alarm, Instant window, Instant now) const {
  const MetricCondition& condition = *alarm.definition->metric;
  const bool warming = IsWarming(alarm, now);
  if (warming && condition.warm_up_whole) return Warming(alarm);
  if (condition.contributors) return EvaluateContributors(alarm, window, now);
  Outcome outcome;
  SB_TRY(outcome.slots, ReadSlots(alarm.account, condition, window, now));
  outcome.decision = Decide(condition, outcome.slots, alarm.state.value);
  if (warming && outcome.decision.filled > 0) return Warming(alarm);
  outcome.kept = outcome.decision.kept;
  outcome.state = outcome.decision.state;
  if (outcome.kept || outcome.state == alarm.state.value) return outcome;
  outcome.reason = ReasonOf(condition, outcome.decision);
  outcome.reason_data = ReasonDataOf(condition, outcome.decision, now);
  return outcome;
}

Result<Outcome> Evaluator::EvaluateContributors(const Alarm& alarm, Instant window,
                                                Instant now) const {
  const MetricCondition& condition = *alarm.definition->metric;
  const metrics::math::StoreSource source(store_, alarm.account);
  SB_TRY(const metrics::math::Evaluation found,
         metrics::math::Evaluate(*condition.plan, source,
                                 RequestOf(alarm.account, condition, window, now, detectors_)));
  Outcome outcome;
  std::size_t in_alarm = 0, known = 0;
  for (const SeriesResult& result : found.results) {
    if (result.query != condition.watched) continue;
    if (result.partial) outcome.evaluation_state = "PARTIAL_DATA";
    const auto before = alarm.contributors.find(result.label);
    Contributor contributor =
        before == alarm.contributors.end() ? Contributor() : before->second;
    std::vector<Slot> slots = EmptySlots(condition, window);
    Fill(result.series, condition, window, slots);
    const Decision decision = Decide(condition, slots, contributor.state);
    if (!decision.kept && decision.state != contributor.state) {
      contributor = {decision.state, ReasonOf(condition, decision), now};
    }
    if (contributor.state == StateValue::kAlarm) ++in_alarm;
    if (contributor.state != StateValue::kInsufficientData) ++known;
    outcome.contributors[result.label] = std::move(contributor);
  }
  const std::size_t returned = outcome.contributors.size();
  for (const auto& [label, before] : alarm.contributors) {
    if (outcome.contributors.contains(label) || before.state != StateValue::kAlarm) continue;
    outcome.contributors[label] = {StateValue::kOk, "No data was returned for this contributor",
                                   now};
  }
  outcome.contributors_changed = outcome.contributors != alarm.contributors;
  outcome.state = in_alarm > 0 ? StateValue::kAlarm
                               : (known > 0 ? StateValue::kOk : StateValue::kInsufficientData);
  if (outcome.state == alarm.state.value) return outcome;
  if (outcome.state == StateValue::kInsufficientData) {
    outcome.reason = returned == 0 ? "Insufficient Data: no time series were returned."
                                   : "Insufficient Data: no time series has enough datapoints.";
  } else if (in_alarm > kCounted) {
    outcome.reason = CountText(in_alarm) + " time series evaluated to ALARM";
  } else {
    outcome.reason = fmt::format("{} out of {} time series evaluated to ALARM", in_alarm, returned);
  }
  outcome.reason_data = "{\"version\":\"1.0\",\"queryDate\":\"" + FormatZoned(now) + "\"}";
  return outcome;
}

}  // namespace securebase::alarms
