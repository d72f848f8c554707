// Cases as JSON lines (spec: alarm-cases.jsonl).

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "alarms/case_runner.h"
#include "alarms/evaluator.h"
#include "alarms/memory_metrics.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

const Account kAccount;

Result<const json::Value*> Need(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  if (found == nullptr) return InvalidArgument(std::string(name), std::string(name) + " is missing");
  return found;
}

Result<std::string> NeedText(const json::Value& object, std::string_view name) {
  SB_TRY(const json::Value* found, Need(object, name));
  if (!found->IsString()) {
    return InvalidArgument(std::string(name), std::string(name) + " must be a string");
  }
  return found->AsString();
}

Result<StateValue> NeedState(const json::Value& object, std::string_view name) {
  SB_TRY(const std::string text, NeedText(object, name));
  const auto state = ParseStateValue(text);
  if (!state) return InvalidArgument(std::string(name), text + " is no state");
  return *state;
}

struct Sample {
  Duration offset{0};
  double value = 0;
  double count = 1;
};

/// [offset_seconds, value] or [offset_seconds, value, samples]; null is only for reading.
Result<std::vector<Sample>> ReadSamples(const json::Value& list) {
  std::vector<Sample> out;
  if (!list.IsArray()) return InvalidArgument("datapoints", "datapoints must be a list");
  for (const json::Value& one : list.AsArray()) {
    if (one.IsNull()) continue;
    if (!one.IsArray() || one.AsArray().size() < 2 || one.AsArray().size() > 3 ||
        !std::all_of(one.AsArray().begin(), one.AsArray().end(),
                     [](const json::Value& part) { return part.IsNumber(); })) {
      return InvalidArgument("datapoints",
                             "a datapoint is [offset, value] or [offset, value, samples]");
    }
    const json::Array& parts = one.AsArray();
    out.push_back({Duration(static_cast<std::int64_t>(parts[0].AsNumber() * 1000)),
                   parts[1].AsNumber(), parts.size() == 3 ? parts[2].AsNumber() : 1});
  }
  return out;
}

Result<> PutSamples(MemoryMetricStore& store, const metrics::Metric& metric,
                    const std::string& unit, const std::vector<Sample>& samples, Instant now,
                    int period_s) {
  std::vector<metrics::Datum> data;
  for (const Sample& sample : samples) {
    metrics::Datum datum;
    datum.metric = metric;
    datum.unit = unit;
    datum.time = now + sample.offset;
    datum.resolution_s = period_s < 60 ? 1 : 60;
    datum.values = {{sample.value, sample.count}};
    data.push_back(std::move(datum));
  }
  return store.PutAndWait(kAccount, std::move(data));
}

/// The metric under which the samples of a single-metric case were published.
Result<> PublishSingle(const json::Value& line, const metrics::math::MetricStat& stat, Instant now,
                       MemoryMetricStore& store) {
  metrics::Metric metric = stat.metric;
  std::string unit = stat.unit.value_or("None");
  if (const json::Value* published = line.Find("published")) {
    if (const json::Value* given = published->Find("Unit")) unit = given->AsString();
    if (const json::Value* given = published->Find("Dimensions")) {
      metric.dimensions.clear();
      for (const json::Value& one : given->AsArray()) {
        SB_TRY(std::string name, NeedText(one, "Name"));
        SB_TRY(std::string value, NeedText(one, "Value"));
        metric.dimensions.push_back({std::move(name), std::move(value)});
      }
    }
  }
  SB_TRY(const json::Value* points, Need(line, "datapoints"));
  SB_TRY(const std::vector<Sample> samples, ReadSamples(*points));
  return PutSamples(store, metric, unit, samples, now,
                    static_cast<int>(stat.period / std::chrono::seconds(1)));
}

Result<> PublishMetrics(const json::Value& points, const metrics::math::Plan& plan, Instant now,
                        MemoryMetricStore& store) {
  for (const metrics::math::MetricDataQuery& query : plan.queries()) {
    const json::Value* list = points.Find(query.id);
    if (!query.metric_stat || list == nullptr) continue;
    SB_TRY(const std::vector<Sample> samples, ReadSamples(*list));
    SB_TRY_OK(PutSamples(store, query.metric_stat->metric, query.metric_stat->unit.value_or("None"),
                         samples, now,
                         static_cast<int>(query.metric_stat->period / std::chrono::seconds(1))));
  }
  return {};
}

/// A band is given, not computed: the slots of the watched metric get their bounds from the case.
Result<std::vector<Slot>> BandSlots(const json::Value& points, const MetricCondition& condition,
                                    const MemoryMetricStore& store, Instant now) {
  MetricCondition single = condition;
  const auto& watched = condition.plan->queries()[condition.watched];
  if (!watched.metric_stat) return InvalidArgument("alarm", "the watched element must be a metric");
  single.single = watched.metric_stat;
  SB_TRY(std::vector<Slot> slots, Evaluator(store).ReadSlots(kAccount, single, now, now));
  SB_TRY(const json::Value* band, Need(points, condition.threshold_id));
  SB_TRY(const json::Value* lower, Need(*band, "lower"));
  SB_TRY(const json::Value* upper, Need(*band, "upper"));
  SB_TRY(const std::vector<Sample> low, ReadSamples(*lower));
  SB_TRY(const std::vector<Sample> high, ReadSamples(*upper));
  auto bound = [&](const std::vector<Sample>& samples, Instant start) -> std::optional<double> {
    for (const Sample& sample : samples) {
      if (now + sample.offset == start) return sample.value;
    }
    return {};
  };
  for (Slot& slot : slots) {
    const auto a = bound(low, slot.start), b = bound(high, slot.start);
    slot.present = slot.present && a && b;
    slot.lower = a.value_or(0);
    slot.upper = b.value_or(0);
  }
  return slots;
}

Result<StateValue> EvaluateMetric(const json::Value& line, Definition definition, Instant now,
                                  StateValue before) {
  MemoryMetricStore store;
  const MetricCondition condition = *definition.metric;
  Alarm alarm;
  alarm.account = kAccount;
  alarm.configured_at = now - std::chrono::hours(24 * 365);
  alarm.state.value = before;
  alarm.definition = std::make_shared<const Definition>(std::move(definition));
  if (condition.single) {
    SB_TRY_OK(PublishSingle(line, *condition.single, now, store));
  } else {
    SB_TRY(const json::Value* points, Need(line, "datapoints"));
    SB_TRY_OK(PublishMetrics(*points, *condition.plan, now, store));
    if (!condition.threshold_id.empty()) {
      SB_TRY(const std::vector<Slot> slots, BandSlots(*points, condition, store, now));
      return Decide(condition, slots, before).state;
    }
  }
  SB_TRY(const Outcome outcome, Evaluator(store).Evaluate(alarm, now, now));
  return outcome.kept ? before : outcome.state;
}

Result<StateValue> EvaluateRule(const json::Value& line, const Definition& definition) {
  std::map<std::string, StateValue> states;
  if (const json::Value* children = line.Find("children"); children && children->IsObject()) {
    for (const auto& [name, value] : children->AsObject()) {
      SB_TRY(states[name], NeedState(*children, name));
    }
  }
  const bool holds = definition.composite->rule.Evaluate([&](const std::string& name) {
    const auto found = states.find(name);
    return found == states.end() ? StateValue::kInsufficientData : found->second;
  });
  return holds ? StateValue::kAlarm : StateValue::kOk;
}

struct SuppressorRun {
  StateValue state = StateValue::kOk;
  std::vector<std::pair<std::int64_t, StateValue>> actions;  // seconds, state
};

Result<SuppressorRun> RunSuppressor(const json::Value& line, const Definition& definition) {
  const SuppressionPeriods periods{definition.composite->wait, definition.composite->extension};
  SB_TRY(const json::Value* initial, Need(line, "initial"));
  SuppressorRun run;
  SB_TRY(run.state, NeedState(*initial, "composite"));
  SB_TRY(StateValue suppressor, NeedState(*initial, "suppressor"));
  Suppression suppression;
  auto act = [&](bool now, Instant at) {
    if (now) run.actions.emplace_back(ToUnixSeconds(at), run.state);
  };
  auto end_periods = [&](Instant until) {
    while (suppression.waiting() && suppression.until <= until) {
      const Instant at = suppression.until;
      act(suppression.OnTimer(), at);
    }
  };
  SB_TRY(const json::Value* timeline, Need(line, "timeline"));
  if (!timeline->IsArray()) return InvalidArgument("timeline", "timeline must be a list");
  for (const json::Value& event : timeline->AsArray()) {
    if (!event.IsArray() || event.AsArray().size() != 3 || !event.AsArray()[0].IsInt() ||
        !event.AsArray()[1].IsString() || !event.AsArray()[2].IsString()) {
      return InvalidArgument("timeline", "an event is [seconds, who, state]");
    }
    const Instant at = FromUnixSeconds(event.AsArray()[0].AsInt());
    const auto state = ParseStateValue(event.AsArray()[2].AsString());
    if (!state) return InvalidArgument("timeline", "an event needs a state");
    end_periods(at);
    if (event.AsArray()[1].AsString() == "composite") {
      if (*state == run.state) continue;
      run.state = *state;
      act(suppression.OnChange(periods, suppressor == StateValue::kAlarm, at), at);
    } else {
      const bool was = suppressor == StateValue::kAlarm, is = *state == StateValue::kAlarm;
      suppressor = *state;
      if (is && !was) suppression.OnSuppressorAlarm();
      if (was && !is) act(suppression.OnSuppressorLeft(periods, at), at);
    }
  }
  end_periods(Instant::max());
  return run;
}

std::string ActionsText(const std::vector<std::pair<std::int64_t, StateValue>>& actions) {
  std::string out = "[";
  for (const auto& [seconds, state] : actions) {
    out += fmt::format("{}[{}, {}]", out.size() > 1 ? ", " : "", seconds, ToText(state));
  }
  return out + "]";
}

/// Empty where the case holds.
Result<std::string> CheckSuppressor(const json::Value& line, const Definition& definition) {
  SB_TRY(const SuppressorRun run, RunSuppressor(line, definition));
  SB_TRY(const json::Value* list, Need(line, "expect_actions"));
  if (!list->IsArray()) return InvalidArgument("expect_actions", "expect_actions must be a list");
  std::vector<std::pair<std::int64_t, StateValue>> wanted;
  for (const json::Value& one : list->AsArray()) {
    if (!one.IsArray() || one.AsArray().size() != 2 || !one.AsArray()[0].IsInt() ||
        !one.AsArray()[1].IsString()) {
      return InvalidArgument("expect_actions", "an action is [seconds, state]");
    }
    wanted.emplace_back(one.AsArray()[0].AsInt(),
                        ParseStateValue(one.AsArray()[1].AsString())
                            .value_or(StateValue::kInsufficientData));
  }
  if (wanted != run.actions) {
    return fmt::format("expected actions {}, got {}", ActionsText(wanted),
                       ActionsText(run.actions));
  }
  SB_TRY(const StateValue state, NeedState(line, "expect_state"));
  if (state == run.state) return std::string();
  return fmt::format("expected {}, got {}", ToText(state), ToText(run.state));
}

Result<std::string> CheckCase(const json::Value& line) {
  SB_TRY(const json::Value* input, Need(line, "alarm"));
  SB_TRY(Definition definition, ParseAlarm(*input, kAccount));
  const json::Value* kind = line.Find("kind");
  if (kind != nullptr && kind->IsString() && kind->AsString() == "suppressor") {
    return CheckSuppressor(line, definition);
  }
  SB_TRY(const StateValue before, NeedState(line, "previous_state"));
  SB_TRY(const StateValue wanted, NeedState(line, "expect_state"));
  StateValue got = StateValue::kInsufficientData;
  if (definition.composite) {
    SB_TRY(got, EvaluateRule(line, definition));
  } else {
    SB_TRY(const std::string now_text, NeedText(line, "now"));
    SB_TRY(const Instant now, ParseIso(now_text));
    SB_TRY(got, EvaluateMetric(line, std::move(definition), now, before));
  }
  if (got == wanted) return std::string();
  if (const json::Value* allowed = line.Find("allowed_states"); allowed && allowed->IsArray()) {
    for (const json::Value& one : allowed->AsArray()) {
      if (one.IsString() && one.AsString() == ToText(got)) return std::string();
    }
  }
  return fmt::format("expected {}, got {}", ToText(wanted), ToText(got));
}

}  // namespace

CaseReport RunJsonCases(std::string_view text) {
  CaseReport report;
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (Trim(line).empty()) continue;
    std::string name = fmt::format("line {}", number);
    Result<json::Value> parsed = json::Parse(line);
    if (!parsed.ok()) {
      report.failures.push_back({name, parsed.error().message()});
      continue;
    }
    if (parsed->Find("format") != nullptr && parsed->Find("alarm") == nullptr) continue;
    if (const json::Value* given = parsed->Find("name"); given && given->IsString()) {
      name = given->AsString();
    }
    const Result<std::string> checked = CheckCase(*parsed);
    if (checked.ok() && checked->empty()) {
      ++report.passed;
    } else {
      report.failures.push_back({name, checked.ok() ? *checked : checked.error().message()});
    }
  }
  return report;
}

}  // namespace securebase::alarms
