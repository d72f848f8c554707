#include "alarms/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "alarms/window.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

constexpr int kChartRows = 8;

std::optional<double> NewestValue(const Outcome& outcome) {
  if (outcome.slots.empty() || !outcome.slots.front().present) return {};
  return outcome.slots.front().value;
}

json::Value NumberOrNull(std::optional<double> value) {
  return value ? json::Value(*value) : json::Value();
}

/// The largest value and the last state of each column.
struct Column {
  std::optional<double> value;
  StateValue state = StateValue::kInsufficientData;
  bool alarm = false;
};

std::vector<Column> Columns(const Replayed& replayed, std::size_t width) {
  std::vector<Column> out(std::min(width, std::max<std::size_t>(replayed.steps.size(), 1)));
  for (std::size_t i = 0; i < replayed.steps.size(); ++i) {
    const Replayed::Step& step = replayed.steps[i];
    Column& column = out[i * out.size() / replayed.steps.size()];
    if (step.value) column.value = std::max(column.value.value_or(*step.value), *step.value);
    column.state = step.state;
    column.alarm = column.alarm || step.state == StateValue::kAlarm;
  }
  return out;
}

}  // namespace

Result<Replayed> Replay(const Definition& definition, const Account& account,
                        const Evaluator& evaluator, Instant from, Instant to) {
  if (!definition.metric) {
    return InvalidArgument("AlarmRule", "a composite alarm cannot be replayed; replay its children");
  }
  if (from >= to) return InvalidArgument("to", "must be after from");
  const Schedule schedule(*definition.metric, account, definition.name);
  if (static_cast<std::size_t>((to - from) / schedule.interval()) > kReplayStepsMax) {
    return InvalidArgument("to", "the range has more than 200000 evaluations");
  }
  Replayed out;
  out.alarm_name = definition.name;
  out.from = from;
  out.to = to;
  if (definition.metric->threshold_id.empty()) out.threshold = definition.metric->threshold;
  Alarm alarm;
  alarm.account = account;
  alarm.definition = std::make_shared<const Definition>(definition);
  for (Instant window = schedule.Next(schedule.WindowAt(from)); window <= to;
       window = schedule.Next(window)) {
    SB_TRY(Outcome outcome, evaluator.Evaluate(alarm, window, window));
    if (outcome.contributors_changed) alarm.contributors = outcome.contributors;
    if (!outcome.kept && outcome.state != alarm.state.value) {
      out.changes.push_back({window, alarm.state.value, outcome.state, outcome.reason});
      alarm.state.value = outcome.state;
    }
    out.steps.push_back({window, alarm.state.value, NewestValue(outcome)});
    if (alarm.state.value == StateValue::kAlarm) {
      out.seconds_in_alarm += static_cast<double>(schedule.interval().count()) / 1000;
    }
  }
  return out;
}

json::Value ToJson(const Replayed& replayed) {
  json::Array changes, steps;
  for (const ReplayChange& change : replayed.changes) {
    json::Value one;
    one.Set("time", FormatIso(change.at));
    one.Set("from", ToText(change.before));
    one.Set("to", ToText(change.after));
    one.Set("reason", change.reason);
    changes.push_back(std::move(one));
  }
  for (const Replayed::Step& step : replayed.steps) {
    json::Value one;
    one.Set("time", FormatIso(step.at));
    one.Set("state", ToText(step.state));
    one.Set("value", NumberOrNull(step.value));
    steps.push_back(std::move(one));
  }
  json::Value out;
  out.Set("alarmName", replayed.alarm_name);
  out.Set("from", FormatIso(replayed.from));
  out.Set("to", FormatIso(replayed.to));
  out.Set("threshold", NumberOrNull(replayed.threshold));
  out.Set("timesInAlarm",
          static_cast<std::int64_t>(std::count_if(
              replayed.changes.begin(), replayed.changes.end(),
              [](const ReplayChange& change) { return change.after == StateValue::kAlarm; })));
  out.Set("secondsInAlarm", replayed.seconds_in_alarm);
  out.Set("changes", std::move(changes));
  out.Set("steps", std::move(steps));
  return out;
}

std::string ToChart(const Replayed& replayed, std::size_t width) {
  const std::vector<Column> columns = Columns(replayed, width);
  double low = replayed.threshold.value_or(0), high = low;
  for (const Column& column : columns) {
    if (!column.value) continue;
    low = std::min(low, *column.value);
    high = std::max(high, *column.value);
  }
  if (high == low) high = low + 1;
  auto row_of = [&](double value) {
    return static_cast<int>(std::lround((value - low) / (high - low) * (kChartRows - 1)));
  };
  std::string out = fmt::format("{}  {} to {}\n\n", replayed.alarm_name, FormatIso(replayed.from),
                                FormatIso(replayed.to));
  for (int row = kChartRows - 1; row >= 0; --row) {
    const bool line = replayed.threshold && row_of(*replayed.threshold) == row;
    const double at = low + (high - low) * row / (kChartRows - 1);
    out += fmt::format("{:>12.6g} |", line ? *replayed.threshold : at);
    for (const Column& column : columns) {
      const bool mark = column.value && row_of(*column.value) == row;
      out += mark ? (column.alarm ? '#' : '*') : (line ? '-' : ' ');
    }
    out += line ? " threshold\n" : "\n";
  }
  out += fmt::format("{:>12} |", "state");
  for (const Column& column : columns) {
    out += column.alarm ? 'A' : (column.state == StateValue::kOk ? 'o' : '.');
  }
  out += "   A in ALARM, o OK, . INSUFFICIENT_DATA\n\n";
  for (const ReplayChange& change : replayed.changes) {
    out += fmt::format("{}  {} -> {}  {}\n", FormatIso(change.at), ToText(change.before),
                       ToText(change.after), change.reason);
  }
  const auto times = std::count_if(
      replayed.changes.begin(), replayed.changes.end(),
      [](const ReplayChange& change) { return change.after == StateValue::kAlarm; });
  if (times == 0) {
    out += "It would not have gone off.\n";
  } else {
    out += fmt::format("It would have gone off {} time{}, {} in ALARM altogether.\n", times,
                       times == 1 ? "" : "s",
                       FormatDuration(Duration(
                           static_cast<std::int64_t>(replayed.seconds_in_alarm) * 1000)));
  }
  return out;
}

namespace {

/// What the history says of the state at `at`, and of the actions of its last change.
Result<> AddHistory(const AlarmStore& store, const Account& account, const Alarm& alarm, Instant at,
                    json::Value& out) {
  HistoryQuery query;
  query.alarm_name = alarm.name();
  query.end = at;
  query.items_max = 50;
  SB_TRY(const HistoryPage page, store.History(account, query));
  json::Array actions;
  bool changed = false;
  for (const HistoryItem& item : page.items) {
    if (item.type == "Action" && !changed) {
      json::Value one;
      one.Set("time", FormatIsoMillis(item.time));
      one.Set("summary", item.summary);
      actions.push_back(std::move(one));
    }
    if (item.type != "StateUpdate") continue;
    changed = true;
    SB_TRY(const json::Value data, json::Parse(item.data));
    const json::Value* state = data.Find("newState");
    out.Set("state", *state->Find("stateValue"));
    out.Set("stateReason", *state->Find("stateReason"));
    out.Set("since", FormatIsoMillis(item.time));
    break;
  }
  if (!changed) {
    out.Set("state", ToText(StateValue::kInsufficientData));
    out.Set("stateReason", "Unchecked: Initial alarm creation");
    out.Set("since", FormatIsoMillis(alarm.created_at));
  }
  out.Set("actions", std::move(actions));
  return {};
}

json::Value PointsOf(const MetricCondition& condition, const Outcome& outcome) {
  json::Array points;
  for (const Slot& slot : outcome.slots) {
    json::Value one;
    one.Set("start", FormatIso(slot.start));
    one.Set("value", slot.present ? json::Value(slot.value) : json::Value());
    if (slot.present) {
      one.Set("breaching", Breaches(condition, slot));
      if (slot.samples) one.Set("samples", *slot.samples);
      if (IsBand(condition.comparison)) {
        one.Set("lower", slot.lower);
        one.Set("upper", slot.upper);
      }
    }
    const auto counts = [&](const Slot& other) { return other.start == slot.start; };
    one.Set("counted", std::any_of(outcome.decision.evaluated.begin(),
                                   outcome.decision.evaluated.end(), counts));
    points.push_back(std::move(one));
  }
  return points;
}

}  // namespace

Result<json::Value> Why(const AlarmStore& store, const Evaluator& evaluator, const Account& account,
                        const std::string& name, std::optional<Instant> at, Instant now) {
  const AlarmPtr alarm = store.Find(account, name);
  if (alarm == nullptr) return NotFound("there is no alarm named " + name);
  const Instant moment = at.value_or(now);
  json::Value out;
  out.Set("alarmName", name);
  out.Set("alarmType", AlarmTypeOf(*alarm));
  out.Set("at", FormatIsoMillis(moment));
  SB_TRY_OK(AddHistory(store, account, *alarm, moment, out));
  if (!at) {
    out.Set("state", ToText(alarm->state.value));
    out.Set("stateReason", alarm->state.reason);
  }
  out.Set("actionsEnabled", alarm->actions_enabled);
  if (alarm->muted) out.Set("muted", true);
  if (alarm->suppression.by != SuppressedBy::kNothing) {
    out.Set("actionsSuppressedBy", ToText(alarm->suppression.by));
  }
  const std::string evaluation = store.EvaluationStateOf({account, name});
  if (!evaluation.empty()) out.Set("evaluationState", evaluation);
  if (alarm->composite()) {
    json::Array children;
    for (const std::string& child : alarm->definition->composite->rule.children()) {
      const AlarmPtr found = store.Find(account, child);
      json::Value one;
      one.Set("alarmName", child);
      one.Set("state", found == nullptr ? json::Value() : json::Value(ToText(found->state.value)));
      children.push_back(std::move(one));
    }
    out.Set("alarmRule", alarm->definition->composite->rule_text);
    out.Set("children", std::move(children));
    out.Set("sentence", "The rule " + alarm->definition->composite->rule_text +
                            " decides from the states of its children.");
    return out;
  }
  const MetricCondition& condition = *alarm->definition->metric;
  const Schedule schedule(condition, account, name);
  const Instant window = schedule.WindowAt(moment - schedule.offset());
  Alarm then = *alarm;
  then.configured_at = {};
  if (const auto state = ParseStateValue(out.Find("state")->AsString())) then.state.value = *state;
  SB_TRY(const Outcome outcome, evaluator.Evaluate(then, window, moment));
  out.Set("windowEnd", FormatIso(window));
  out.Set("period", condition.period_s);
  out.Set("evaluationPeriods", condition.evaluation_periods);
  out.Set("datapointsToAlarm", condition.datapoints_to_alarm);
  out.Set("treatMissingData", ToText(condition.missing));
  out.Set("comparisonOperator", ToText(condition.comparison));
  if (condition.threshold_id.empty()) out.Set("threshold", condition.threshold);
  if (condition.contributors) {
    out.Set("sentence", outcome.reason);
    return out;
  }
  out.Set("points", PointsOf(condition, outcome));
  out.Set("rule", ToText(outcome.decision.rule));
  out.Set("evaluatesTo", ToText(outcome.decision.state));
  out.Set("sentence", ExplainDecision(condition, outcome.decision));
  return out;
}

std::string WhyText(const json::Value& why) {
  auto text = [&](std::string_view name) {
    const json::Value* found = why.Find(name);
    if (found == nullptr || found->IsNull()) return std::string("-");
    return found->IsString() ? found->AsString() : json::Write(*found);
  };
  std::string out = fmt::format("{}  {} since {}\n  {}\n", text("alarmName"), text("state"),
                                text("since"), text("stateReason"));
  if (why.Find("windowEnd") != nullptr) {
    out += fmt::format("  window ends {}, period {} s, {} of {}, missing data: {}\n",
                       text("windowEnd"), text("period"), text("datapointsToAlarm"),
                       text("evaluationPeriods"), text("treatMissingData"));
  }
  out += fmt::format("  {}\n", text("sentence"));
  if (const json::Value* points = why.Find("points")) {
    for (const json::Value& point : points->AsArray()) {
      const json::Value* value = point.Find("value");
      const json::Value* breaching = point.Find("breaching");
      out += fmt::format("    {}  {:>14}  {}{}\n", point.Find("start")->AsString(),
                         value->IsNull() ? "missing" : json::Write(*value),
                         breaching != nullptr && breaching->AsBool() ? "breaching" : "",
                         point.Find("counted")->AsBool() ? "" : " (not counted)");
    }
  }
  if (const json::Value* children = why.Find("children")) {
    for (const json::Value& child : children->AsArray()) {
      const json::Value* state = child.Find("state");
      out += fmt::format("    {}  {}\n", child.Find("alarmName")->AsString(),
                         state->IsNull() ? "does not exist" : state->AsString());
    }
  }
  if (const json::Value* actions = why.Find("actions")) {
    for (const json::Value& action : actions->AsArray()) {
      out += fmt::format("  {}  {}\n", action.Find("time")->AsString(),
                         action.Find("summary")->AsString());
    }
  }
  return out;
}

}  // namespace securebase::alarms
