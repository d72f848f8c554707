// Test files of alarms: a timing diagram, one column a period (docs/alarms.md, "Testing alarms").

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "alarms/case_runner.h"
#include "alarms/evaluator.h"
#include "alarms/memory_metrics.h"
#include "alarms/series_text.h"
#include "base/text.h"

namespace securebase::alarms {
namespace {

const Account kAccount;
const Instant kStart = *ParseIso("2026-01-05T00:00:00Z");

struct Line {
  std::size_t number;
  std::vector<std::string> words;
  std::string text;
};
using Block = std::vector<Line>;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') {
      if (!word.empty()) out.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

std::vector<Block> Blocks(std::string_view text) {
  std::vector<Block> blocks(1);
  std::size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.starts_with('#')) continue;
    if (Trim(line).empty()) {
      if (!blocks.back().empty()) blocks.emplace_back();
      continue;
    }
    blocks.back().push_back({number, Words(line), std::string(Trim(line))});
  }
  if (blocks.back().empty()) blocks.pop_back();
  return blocks;
}

char LetterOf(StateValue state) {
  return state == StateValue::kAlarm ? 'A' : (state == StateValue::kOk ? 'O' : 'I');
}

std::optional<StateValue> StateOf(std::string_view letter) {
  if (letter == "A") return StateValue::kAlarm;
  if (letter == "O") return StateValue::kOk;
  if (letter == "I") return StateValue::kInsufficientData;
  return {};
}

/// "3 of 5" within words: (3, 5).
std::optional<std::pair<int, int>> MOfN(const std::vector<std::string>& words) {
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] != "of") continue;
    const auto m = ParseInt(words[i - 1]), n = ParseInt(words[i + 1]);
    if (m && n && *m >= 1 && *n >= *m && *n <= 1440) {
      return std::pair(static_cast<int>(*m), static_cast<int>(*n));
    }
  }
  return {};
}

Result<Definition> ParseHeader(const Line& line) {
  json::Value input;
  input.Set("AlarmName", fmt::format("line {}", line.number));
  const auto shares = MOfN(Words(std::string(Split(line.text, ',').front())));
  if (!shares) return InvalidArgument("", "the first line wants M of N, as in 'alarm 2 of 3, ..'");
  input.Set("DatapointsToAlarm", shares->first);
  input.Set("EvaluationPeriods", shares->second);
  std::string rest = line.text;
  std::string expression;
  if (const std::size_t at = rest.find(", expression "); at != std::string::npos) {
    expression = rest.substr(at + 13);
    rest.resize(at);
  }
  Duration period = std::chrono::minutes(1);
  std::string statistic = "Average";
  bool threshold = false;
  const std::vector<std::string_view> parts = Split(rest, ',');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::vector<std::string> words = Words(std::string(parts[i]));
    if (words.size() == 3 && words[0] == "threshold") {
      const std::map<std::string, std::string> operators = {
          {">", "GreaterThanThreshold"},
          {">=", "GreaterThanOrEqualToThreshold"},
          {"<", "LessThanThreshold"},
          {"<=", "LessThanOrEqualToThreshold"}};
      const auto found = operators.find(words[1]);
      const auto number = ParseDouble(words[2]);
      if (found == operators.end() || !number) {
        return InvalidArgument("", "threshold wants >, >=, < or <= and a number");
      }
      input.Set("ComparisonOperator", found->second);
      input.Set("Threshold", *number);
      threshold = true;
    } else if (words.size() == 3 && words[0] == "missing" && words[1] == "as") {
      input.Set("TreatMissingData", words[2]);
    } else if (words.size() == 2 && words[0] == "period") {
      SB_TRY(period, ParseDuration(words[1]));
    } else if (words.size() == 2 && words[0] == "statistic") {
      statistic = words[1];
    } else {
      return InvalidArgument("", "'" + std::string(Trim(parts[i])) +
                                     "' is not one of threshold, missing as, period, statistic, "
                                     "expression");
    }
  }
  if (!threshold) return InvalidArgument("", "the first line wants a threshold");
  const std::int64_t period_s = period / std::chrono::seconds(1);
  if (expression.empty()) {
    input.Set("Namespace", "Test");
    input.Set("MetricName", "m1");
    input.Set("Statistic", statistic);
    input.Set("Period", period_s);
    return ParseMetricAlarm(input, kAccount);
  }
  json::Array metrics;
  for (int i = 1; i <= 9; ++i) {
    const std::string id = "m" + std::to_string(i);
    if (expression.find(id) == std::string::npos) continue;
    metrics.push_back(*json::Parse(fmt::format(
        R"({{"Id":"{0}","ReturnData":false,"MetricStat":{{"Metric":{{"Namespace":"Test",)"
        R"("MetricName":"{0}"}},"Period":{1},"Stat":"{2}"}}}})",
        id, period_s, statistic)));
  }
  json::Value watched;
  watched.Set("Id", "e1");
  watched.Set("Expression", expression);
  metrics.push_back(std::move(watched));
  input.Set("Metrics", std::move(metrics));
  return ParseMetricAlarm(input, kAccount);
}

struct Diagram {
  std::map<std::string, std::vector<std::optional<SeriesPoint>>> data;
  std::vector<std::string> states;
  std::vector<std::string> actions;
  std::size_t columns = 0;
};

Result<Diagram> ParseRows(const Block& block) {
  Diagram out;
  for (std::size_t i = 1; i < block.size(); ++i) {
    std::vector<std::string> words = block[i].words;
    const std::string row = words.front();
    words.erase(words.begin());
    if (row == "data") {
      std::string name = "m1";
      if (!words.empty() && std::isalpha(static_cast<unsigned char>(words.front()[0])) != 0) {
        name = words.front();
        words.erase(words.begin());
      }
      Result<std::vector<std::optional<SeriesPoint>>> series = ParseSeries(words);
      if (!series.ok()) return series.error().Within(fmt::format("line {}", block[i].number));
      out.columns = std::max(out.columns, series->size());
      out.data[name] = *std::move(series);
    } else if (row == "state") {
      out.states = words;
    } else if (row == "act") {
      out.actions = words;
    } else {
      return InvalidArgument("", fmt::format("line {}: '{}' is not one of data, state, act",
                                             block[i].number, row));
    }
  }
  if (out.data.empty()) return InvalidArgument("", "a case wants a data row");
  if (out.states.empty() && out.actions.empty()) {
    return InvalidArgument("", "a case wants a state row or an act row");
  }
  for (const auto* row : {&out.states, &out.actions}) {
    if (!row->empty() && row->size() != out.columns) {
      return InvalidArgument("", fmt::format("{} columns of data, but {} of {}", out.columns,
                                             row->size(), row == &out.states ? "state" : "act"));
    }
  }
  return out;
}

Result<> Publish(const Diagram& diagram, Duration period, MemoryMetricStore& store) {
  for (const auto& [name, series] : diagram.data) {
    std::vector<metrics::Datum> data;
    for (std::size_t i = 0; i < series.size(); ++i) {
      if (!series[i]) continue;
      metrics::Datum datum;
      datum.metric = {"Test", name, {}};
      datum.time = kStart + period * static_cast<std::int64_t>(i);
      datum.resolution_s = period < std::chrono::seconds(60) ? 1 : 60;
      if (series[i]->set) {
        datum.statistics = series[i]->set;
      } else {
        datum.values = {{series[i]->value, 1}};
      }
      data.push_back(std::move(datum));
    }
    if (!data.empty()) SB_TRY_OK(store.PutAndWait(kAccount, std::move(data)));
  }
  return {};
}

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : " ").append(word);
  return out;
}

/// Empty where the case holds.
Result<std::string> RunDiagram(const Block& block) {
  SB_TRY(Definition definition, ParseHeader(block.front()));
  SB_TRY(const Diagram diagram, ParseRows(block));
  const Duration period = std::chrono::seconds(definition.metric->period_s);
  MemoryMetricStore store;
  SB_TRY_OK(Publish(diagram, period, store));
  Alarm alarm;
  alarm.account = kAccount;
  alarm.definition = std::make_shared<const Definition>(std::move(definition));
  const Evaluator evaluator(store);
  std::vector<std::string> states, actions;
  for (std::size_t i = 0; i < diagram.columns; ++i) {
    const Instant window = kStart + period * static_cast<std::int64_t>(i + 1);
    SB_TRY(const Outcome outcome, evaluator.Evaluate(alarm, window, window));
    const bool changes = !outcome.kept && outcome.state != alarm.state.value;
    if (changes) alarm.state.value = outcome.state;
    states.emplace_back(1, LetterOf(alarm.state.value));
    actions.emplace_back(1, changes ? LetterOf(alarm.state.value) : '.');
  }
  std::string wrong;
  if (!diagram.states.empty() && states != diagram.states) {
    wrong += fmt::format("state: expected {}, got {}", Joined(diagram.states), Joined(states));
  }
  if (!diagram.actions.empty() && actions != diagram.actions) {
    wrong += fmt::format("{}act: expected {}, got {}", wrong.empty() ? "" : "; ",
                         Joined(diagram.actions), Joined(actions));
  }
  return wrong;
}

/// One row of a decide table. `keep` under `missing` means: INSUFFICIENT_DATA stays that.
Result<std::string> RunDecideRow(const Line& line, std::pair<int, int> shares,
                                 const std::vector<std::string>& treatments) {
  if (line.words.size() <= treatments.size()) {
    return InvalidArgument("", "a row wants points and a state for each treatment");
  }
  const std::size_t points = line.words.size() - treatments.size();
  std::string wrong;
  for (std::size_t t = 0; t < treatments.size(); ++t) {
    json::Value input = *json::Parse(
        R"({"AlarmName":"a","Namespace":"Test","MetricName":"m","Statistic":"Average","Period":60,)"
        R"("ComparisonOperator":"GreaterThanThreshold","Threshold":0.5})");
    input.Set("DatapointsToAlarm", shares.first);
    input.Set("EvaluationPeriods", shares.second);
    input.Set("TreatMissingData", treatments[t]);
    SB_TRY(const Definition definition, ParseMetricAlarm(input, kAccount));
    std::vector<Slot> slots;
    for (std::size_t i = points; i-- > 0;) {
      const std::string& word = line.words[i];
      if (word != "0" && word != "X" && word != "_" && word != "-") {
        return InvalidArgument("", "a point is 0, X or _, not " + word);
      }
      Slot slot;
      slot.start = kStart + std::chrono::seconds(60 * static_cast<std::int64_t>(i));
      slot.present = word == "0" || word == "X";
      slot.value = word == "X" ? 1 : 0;
      slots.push_back(slot);
    }
    const std::string& expected = line.words[points + t];
    std::vector<StateValue> befores = {StateValue::kInsufficientData};
    if (expected != "keep" || treatments[t] == "ignore") {
      befores = {StateValue::kInsufficientData, StateValue::kAlarm, StateValue::kOk};
    }
    for (const StateValue before : befores) {
      const StateValue got = Decide(*definition.metric, slots, before).state;
      if (got == (expected == "keep" ? before : StateOf(expected).value_or(before))) continue;
      wrong += fmt::format("{}{}: expected {}, got {} (from {})", wrong.empty() ? "" : "; ",
                           treatments[t], expected, LetterOf(got), LetterOf(before));
      break;
    }
    if (expected != "keep" && !StateOf(expected)) {
      return InvalidArgument("", "a state is O, A, I or keep, not " + expected);
    }
  }
  return wrong;
}

void RunDecide(const Block& block, CaseReport& report) {
  const auto shares = MOfN(block.front().words);
  auto fail = [&](const Line& line, const std::string& text) {
    report.failures.push_back({std::to_string(line.number), text});
  };
  if (!shares || block.size() < 3 || block[1].words.front() != "points") {
    fail(block.front(), "decide M of N, then a row 'points TREATMENT..', then rows");
    return;
  }
  const std::vector<std::string> treatments(block[1].words.begin() + 1, block[1].words.end());
  for (std::size_t i = 2; i < block.size(); ++i) {
    const Result<std::string> wrong = RunDecideRow(block[i], *shares, treatments);
    if (wrong.ok() && wrong->empty()) {
      ++report.passed;
    } else {
      fail(block[i], wrong.ok() ? *wrong : wrong.error().message());
    }
  }
}

}  // namespace

CaseReport RunCaseFile(std::string_view text) {
  CaseReport report;
  for (const Block& block : Blocks(text)) {
    const std::string& kind = block.front().words.front();
    if (kind == "decide") {
      RunDecide(block, report);
      continue;
    }
    const std::string name = std::to_string(block.front().number);
    if (kind != "alarm") {
      report.failures.push_back({name, "'" + kind + "' is not one of alarm, decide"});
      continue;
    }
    const Result<std::string> wrong = RunDiagram(block);
    if (wrong.ok() && wrong->empty()) {
      ++report.passed;
    } else {
      report.failures.push_back({name, wrong.ok() ? *wrong : wrong.error().message()});
    }
  }
  return report;
}

}  // namespace securebase::alarms
