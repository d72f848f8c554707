#include "criteria/criterion.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace securebase::criteria {
namespace {

std::string_view UnitSign(const Criterion& criterion) {
  return criterion.unit == "Seconds" ? "s" : "%";
}

Error Wrong(std::string_view member) {
  return InvalidArgument(std::string(member), "is missing or of a wrong type");
}

Result<std::string> TextMember(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->IsString()) return Wrong(name);
  return member->AsString();
}

Result<double> NumberMember(const json::Value& object, std::string_view name) {
  const json::Value* member = object.Find(name);
  if (member == nullptr || !member->IsNumber()) return Wrong(name);
  return member->AsNumber();
}

Result<Instant> TimeMember(const json::Value& object, std::string_view name) {
  SB_TRY(std::string text, TextMember(object, name));
  return ParseIso(text);
}

json::Value IntervalJson(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return json::Object{{"level", 0.95},
                      {"low", interval->low},
                      {"high", interval->high},
                      {"method", interval->method}};
}

json::Value MeasuredJson(const Measured& measured) {
  const Criterion& criterion = measured.criterion;
  json::Array notes;
  for (const auto& [name, value] : measured.notes) {
    notes.push_back(json::Object{{"name", name}, {"value", value}});
  }
  json::Array evidence;
  for (const std::string& command : measured.evidence) evidence.push_back(command);
  return json::Object{
      {"id", criterion.id},
      {"name", criterion.name},
      {"verdict", ToText(measured.verdict)},
      {"value", measured.value ? json::Value(*measured.value) : json::Value()},
      {"valueText", measured.value ? ValueText(criterion, *measured.value) : "no data"},
      {"unit", criterion.unit},
      {"target", json::Object{{"comparison", criterion.above ? ">" : "<"},
                              {"value", criterion.target},
                              {"text", TargetText(criterion)}}},
      {"startTime", FormatIso(measured.start)},
      {"endTime", FormatIso(measured.end)},
      {"sampleCount", measured.sample_count},
      {"confidence", IntervalJson(measured.interval)},
      {"reason", measured.reason},
      {"notes", std::move(notes)},
      {"evidence", std::move(evidence)}};
}

Result<Verdict> ParseVerdict(std::string_view text) {
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kNoData}) {
    if (text == ToText(verdict)) return verdict;
  }
  return Wrong("verdict");
}

Result<std::optional<Interval>> ParseInterval(const json::Value& measured) {
  const json::Value* value = measured.Find("confidence");
  if (value == nullptr || value->IsNull()) return std::optional<Interval>();
  Interval interval;
  SB_TRY(interval.low, NumberMember(*value, "low"));
  SB_TRY(interval.high, NumberMember(*value, "high"));
  SB_TRY(interval.method, TextMember(*value, "method"));
  return std::optional(std::move(interval));
}

Result<> ParseTexts(const json::Value& value, Measured& measured) {
  if (const json::Value* notes = value.Find("notes"); notes != nullptr && notes->IsArray()) {
    for (const json::Value& note : notes->AsArray()) {
      SB_TRY(std::string name, TextMember(note, "name"));
      SB_TRY(std::string text, TextMember(note, "value"));
      measured.notes.emplace_back(std::move(name), std::move(text));
    }
  }
  const json::Value* evidence = value.Find("evidence");
  if (evidence == nullptr || !evidence->IsArray()) return Wrong("evidence");
  for (const json::Value& command : evidence->AsArray()) {
    if (!command.IsString()) return Wrong("evidence");
    measured.evidence.push_back(command.AsString());
  }
  return {};
}

Result<Measured> ParseMeasured(const json::Value& value) {
  Measured measured;
  SB_TRY(const std::string id, TextMember(value, "id"));
  const auto known = std::find_if(kCriteria.begin(), kCriteria.end(),
                                  [&](const Criterion& criterion) { return criterion.id == id; });
  if (known == kCriteria.end()) return InvalidArgument("id", "unknown criterion " + id);
  measured.criterion = *known;
  SB_TRY(const std::string verdict, TextMember(value, "verdict"));
  SB_TRY(measured.verdict, ParseVerdict(verdict));
  if (const json::Value* figure = value.Find("value"); figure != nullptr && !figure->IsNull()) {
    SB_TRY(measured.value, NumberMember(value, "value"));
  }
  // A verdict without a figure cannot be checked: it is none.
  if (!measured.value && measured.verdict != Verdict::kNoData) return Wrong("value");
  SB_TRY(measured.start, TimeMember(value, "startTime"));
  SB_TRY(measured.end, TimeMember(value, "endTime"));
  SB_TRY(measured.sample_count, NumberMember(value, "sampleCount"));
  SB_TRY(measured.interval, ParseInterval(value));
  SB_TRY(measured.reason, TextMember(value, "reason"));
  SB_TRY_OK(ParseTexts(value, measured));
  return measured;
}

}  // namespace

std::string_view ToText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kNoData:
      break;
  }
  return "NO DATA";
}

std::size_t Run::Count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(),
                    [&](const Measured& measured) { return measured.verdict == verdict; }));
}

Verdict Run::Overall() const {
  if (Count(Verdict::kFail) > 0) return Verdict::kFail;
  return Count(Verdict::kPass) == kCriteria.size() ? Verdict::kPass : Verdict::kNoData;
}

int Run::ExitCode() const {
  switch (Overall()) {
    case Verdict::kPass:
      return 0;
    case Verdict::kFail:
      return 1;
    case Verdict::kNoData:
      break;
  }
  return 2;
}

Verdict Decide(const Criterion& criterion, std::optional<double> value) {
  if (!value) return Verdict::kNoData;
  const bool met = criterion.above ? *value > criterion.target : *value < criterion.target;
  return met ? Verdict::kPass : Verdict::kFail;
}

std::string TargetText(const Criterion& criterion) {
  return fmt::format("{} {:g} {}", criterion.above ? '>' : '<', criterion.target,
                     UnitSign(criterion));
}

std::string ValueText(const Criterion& criterion, double value) {
  constexpr int kDigitsMax = 9;
  const Verdict verdict = Decide(criterion, value);
  for (int digits = criterion.unit == "Seconds" ? 3 : 2;; ++digits) {
    const std::string text = fmt::format("{:.{}f}", value, digits);
    // 99.8999 % rounded to 99.90 % would read as the target itself, 40 us as nothing at all.
    const double shown = std::stod(text);
    const bool faithful = Decide(criterion, shown) == verdict && (shown != 0 || value == 0);
    if (digits == kDigitsMax || faithful) {
      return text + " " + std::string(UnitSign(criterion));
    }
  }
}

json::Value ToJson(const Run& run) {
  json::Array criteria;
  for (const Measured& measured : run.results) criteria.push_back(MeasuredJson(measured));
  return json::Object{{"generatedAt", FormatIsoMillis(run.at)},
                      {"window", FormatDuration(run.window)},
                      {"verdict", ToText(run.Overall())},
                      {"exitCode", run.ExitCode()},
                      {"passed", std::uint64_t{run.Count(Verdict::kPass)}},
                      {"failed", std::uint64_t{run.Count(Verdict::kFail)}},
                      {"noData", std::uint64_t{run.Count(Verdict::kNoData)}},
                      {"criteria", std::move(criteria)}};
}

Result<Run> ParseRun(const json::Value& value) {
  Run run;
  SB_TRY(run.at, TimeMember(value, "generatedAt"));
  SB_TRY(const std::string window, TextMember(value, "window"));
  SB_TRY(run.window, ParseDuration(window));
  const json::Value* criteria = value.Find("criteria");
  if (criteria == nullptr || !criteria->IsArray()) return Wrong("criteria");
  for (const json::Value& entry : criteria->AsArray()) {
    Result<Measured> measured = ParseMeasured(entry);
    if (!measured.ok()) return measured.error().Within("criteria");
    run.results.push_back(*std::move(measured));
  }
  return run;
}

}  // namespace securebase::criteria
