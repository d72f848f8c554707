#include "notify/event.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace securebase::notify {
namespace {

constexpr std::array<std::string_view, 4> kSeverities = {"critical", "high", "medium", "low"};
constexpr std::array<std::string_view, 4> kStates = {"firing", "acknowledged", "resolved", "info"};

json::Object ToJson(const std::map<std::string, std::string>& texts) {
  json::Object object;
  for (const auto& [name, text] : texts) object.emplace_back(name, text);
  return object;
}

std::map<std::string, std::string> TextsOf(const json::Value* value) {
  std::map<std::string, std::string> texts;
  if (value == nullptr || !value->IsObject()) return texts;
  for (const auto& [name, text] : value->AsObject()) {
    if (text.IsString()) texts[name] = text.AsString();
  }
  return texts;
}

std::string TextOf(const json::Value& value, std::string_view name) {
  const json::Value* found = value.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}

EventState StateOf(std::string_view text) {
  const auto found = std::find(kStates.begin(), kStates.end(), text);
  return found == kStates.end() ? EventState::kInfo
                                : static_cast<EventState>(found - kStates.begin());
}

json::Value ToJson(const EventMetric& metric) {
  return json::Object{{"namespace", metric.namespace_name},
                      {"name", metric.name},
                      {"dimensions", ToJson(metric.dimensions)},
                      {"stat", metric.statistic},
                      {"period", metric.period_s},
                      {"comparison", metric.comparison}};
}

EventMetric MetricOf(const json::Value& value) {
  EventMetric metric{.namespace_name = TextOf(value, "namespace"),
                     .name = TextOf(value, "name"),
                     .dimensions = TextsOf(value.Find("dimensions")),
                     .statistic = TextOf(value, "stat"),
                     .comparison = TextOf(value, "comparison")};
  const json::Value* period = value.Find("period");
  if (period != nullptr && period->IsInt()) metric.period_s = static_cast<int>(period->AsInt());
  return metric;
}

}  // namespace

std::string_view ToText(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

Result<Severity> ParseSeverity(std::string_view text) {
  const std::string lower = ToLower(Trim(text));
  const auto found = std::find(kSeverities.begin(), kSeverities.end(), lower);
  if (found == kSeverities.end()) {
    return InvalidArgument("severity", "must be one of critical, high, medium, low");
  }
  return static_cast<Severity>(found - kSeverities.begin());
}

std::string_view ToText(EventState state) { return kStates[static_cast<std::size_t>(state)]; }

json::Value ToJson(const Event& event) {
  json::Object object{{"id", event.id},
                      {"type", event.type},
                      {"severity", ToText(event.severity)},
                      {"state", ToText(event.state)},
                      {"title", event.title},
                      {"reason", event.reason},
                      {"time", FormatIsoMillis(event.time)},
                      {"sourceKind", event.source_kind},
                      {"sourceArn", event.source_arn},
                      {"sourceName", event.source_name},
                      {"account", event.account},
                      {"region", event.region},
                      {"labels", ToJson(event.labels)},
                      {"links", ToJson(event.links)},
                      {"incident", event.incident},
                      {"footnote", event.footnote},
                      {"groupKey", event.group_key},
                      {"membersOmitted", static_cast<std::int64_t>(event.members_omitted)}};
  if (event.value) object.emplace_back("value", *event.value);
  if (event.threshold) object.emplace_back("threshold", *event.threshold);
  if (event.metric) object.emplace_back("metric", ToJson(*event.metric));
  json::Array members;
  for (const EventMember& member : event.members) {
    members.push_back(json::Object{{"title", member.title}, {"state", ToText(member.state)}});
  }
  object.emplace_back("members", std::move(members));
  return object;
}

Result<Event> EventFromJson(const json::Value& value) {
  if (!value.IsObject()) return Internal("a stored event is no object");
  Event event{.id = TextOf(value, "id"),
              .type = TextOf(value, "type"),
              .state = StateOf(TextOf(value, "state")),
              .title = TextOf(value, "title"),
              .reason = TextOf(value, "reason"),
              .source_kind = TextOf(value, "sourceKind"),
              .source_arn = TextOf(value, "sourceArn"),
              .source_name = TextOf(value, "sourceName"),
              .account = TextOf(value, "account"),
              .region = TextOf(value, "region"),
              .labels = TextsOf(value.Find("labels")),
              .links = TextsOf(value.Find("links")),
              .incident = TextOf(value, "incident"),
              .footnote = TextOf(value, "footnote"),
              .group_key = TextOf(value, "groupKey")};
  SB_TRY(event.severity, ParseSeverity(TextOf(value, "severity")));
  SB_TRY(event.time, ParseIso(TextOf(value, "time")));
  auto number = [&](const char* name) -> std::optional<double> {
    const json::Value* found = value.Find(name);
    if (found == nullptr || !found->IsNumber()) return std::nullopt;
    return found->AsNumber();
  };
  event.value = number("value");
  event.threshold = number("threshold");
  if (const json::Value* metric = value.Find("metric")) event.metric = MetricOf(*metric);
  event.members_omitted = static_cast<std::size_t>(number("membersOmitted").value_or(0));
  if (const json::Value* members = value.Find("members"); members && members->IsArray()) {
    for (const json::Value& member : members->AsArray()) {
      event.members.push_back({TextOf(member, "title"), StateOf(TextOf(member, "state"))});
    }
  }
  return event;
}

std::string HeadlineOf(const Event& event) {
  std::string word(event.state == EventState::kFiring ? ToText(event.severity)
                                                      : ToText(event.state));
  if (event.type == "test") word = "test";
  for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return word + ": " + event.title;
}

std::string MetricText(const Event& event) {
  if (!event.metric) return {};
  std::string text = event.metric->namespace_name + " " + event.metric->name;
  if (!event.metric->statistic.empty()) text += " " + event.metric->statistic;
  for (const auto& [name, value] : event.metric->dimensions) text += ", " + name + "=" + value;
  return text;
}

std::string ValueText(const Event& event) {
  if (!event.value) return {};
  std::string text = FormatDouble(*event.value);
  if (event.threshold) text += " (threshold " + FormatDouble(*event.threshold) + ")";
  return text;
}

}  // namespace securebase::notify
