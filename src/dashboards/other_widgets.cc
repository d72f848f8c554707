// Log, text, alarm and the other widgets, and variables (spec: dashboards 5 and 6).

#include <algorithm>

#include "dashboards/internal/reader.h"

namespace securebase::dashboards {
namespace {

constexpr std::size_t kAlarmsMax = 100;
constexpr std::size_t kIdMax = 32;
constexpr std::size_t kLabelMax = 30;
constexpr std::size_t kValuesMax = 500;

bool IsVariableId(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_';
  });
}

void ReadValues(const ObjectReader& reader, Variable& variable) {
  const json::Array* values = reader.Array("values");
  if (values == nullptr) return;
  if (values->size() > kValuesMax) {
    reader.faults().Error(reader.PathOf("values"), "Should NOT have more than 500 items");
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    const std::string at = reader.PathOf("values") + "/" + std::to_string(i);
    if (!(*values)[i].IsObject()) {
      reader.faults().Error(at, "Should be object");
      continue;
    }
    const ObjectReader entry((*values)[i], at, reader.faults());
    if (!entry.Require("value")) continue;
    const json::Value& value = *entry.Find("value");
    std::string label;
    entry.ReadText("label", label);
    variable.values.emplace_back(value.IsString() ? value.AsString() : json::Write(value),
                                 std::move(label));
  }
}

}  // namespace

LogWidget ReadLogWidget(const ObjectReader& properties) {
  LogWidget widget;
  properties.Require("query");
  properties.ReadText("query", widget.query);
  CheckRegion(properties, true, widget.region);
  properties.ReadText("title", widget.title);
  properties.ReadChoice("view", {"table", "timeSeries", "bar", "pie"}, widget.view);
  properties.ReadBool("stacked", widget.stacked);
  properties.ReadChoice("queryLanguage", {"CWLI", "PPL", "SQL"}, widget.language);
  properties.WarnUnknown({"query", "region", "title", "view", "stacked", "accountId",
                          "queryLanguage", "queryBy", "logGroupPrefixes", "table", "legend",
                          "yAxis", "annotations", "start", "end"});
  return widget;
}

TextWidget ReadTextWidget(const ObjectReader& properties) {
  TextWidget widget;
  properties.Require("markdown");
  properties.ReadText("markdown", widget.markdown);
  std::string background = "solid";
  properties.ReadChoice("background", {"solid", "transparent"}, background);
  widget.transparent = background == "transparent";
  properties.WarnUnknown({"markdown", "background"});
  return widget;
}

AlarmWidget ReadAlarmWidget(const ObjectReader& properties) {
  AlarmWidget widget;
  if (properties.Require("alarms")) widget.arns = properties.Texts("alarms");
  Faults& faults = properties.faults();
  const json::Value* alarms = properties.Find("alarms");
  if (alarms != nullptr && alarms->IsArray()) {
    if (alarms->AsArray().empty()) {
      faults.Error(properties.PathOf("alarms"), "Should NOT have less than 1 items");
    }
    if (alarms->AsArray().size() > kAlarmsMax) {
      faults.Error(properties.PathOf("alarms"), "Should NOT have more than 100 items");
    }
  }
  for (std::size_t i = 0; i < widget.arns.size(); ++i) {
    CheckAlarmArn(widget.arns[i], properties.PathOf("alarms") + "/" + std::to_string(i), faults);
  }
  properties.ReadText("title", widget.title);
  properties.ReadChoice("sortBy", {"default", "stateUpdatedTimestamp", "timestamp"},
                        widget.sort_by);
  widget.states = properties.Texts("states");
  for (const std::string& state : widget.states) {
    if (state != "ALARM" && state != "OK" && state != "INSUFFICIENT_DATA") {
      faults.Error(properties.PathOf("states"), "Should be equal to one of the allowed values");
    }
  }
  properties.WarnUnknown({"alarms", "title", "sortBy", "states"});
  return widget;
}

OtherWidget ReadOtherWidget(const std::string& type, const ObjectReader& properties) {
  OtherWidget widget;
  properties.ReadText("title", widget.title);
  Faults& faults = properties.faults();
  if (type == "explorer") {
    properties.Require("metrics");
    properties.Require("labels");
  } else if (type == "custom") {
    properties.Require("endpoint");
  }
  const bool known = type == "explorer" || type == "custom" || type == "chart" || type == "trace";
  faults.Warn(properties.path(), known ? "Widgets of the type '" + type + "' are kept and not drawn"
                                       : "The widget type '" + type +
                                             "' is unknown; the widget is kept and not drawn");
  return widget;
}

Variable ReadVariable(const ObjectReader& reader) {
  Variable variable;
  Faults& faults = reader.faults();
  if (reader.Require("type")) reader.ReadChoice("type", {"property", "pattern"}, variable.type);
  if (!variable.type.empty() && reader.Require(variable.type)) {
    reader.ReadText(variable.type, variable.target);
  }
  if (reader.Require("id")) {
    reader.ReadText("id", variable.id);
    if (!IsVariableId(variable.id)) {
      faults.Error(reader.PathOf("id"), "Should match pattern \"^[0-9A-Za-z-_]{1,32}$\"");
    }
  }
  if (reader.Require("inputType")) {
    reader.ReadChoice("inputType", {"input", "select", "radio"}, variable.input_type);
  }
  reader.ReadText("label", variable.label);
  if (variable.label.size() > kLabelMax) {
    faults.Warn(reader.PathOf("label"), "Should NOT be longer than 30 characters");
  }
  if (const json::Value* value = reader.Find("defaultValue")) variable.default_value = *value;
  ReadValues(reader, variable);
  reader.ReadText("search", variable.search);
  reader.ReadText("populateFrom", variable.populate_from);
  reader.ReadBool("visible", variable.visible);
  const bool choice = variable.input_type == "select" || variable.input_type == "radio";
  if (choice && !reader.Has("values") && !(reader.Has("search") && reader.Has("populateFrom"))) {
    if (!reader.Has("search")) {
      faults.Error(reader.path(), "Should have required property 'values'");
    }
    faults.Error(reader.path(), "Should have required property 'populateFrom'");
    faults.Error(reader.path(), "Should match exactly one schema in oneOf");
  }
  reader.WarnUnknown({"type", "property", "pattern", "id", "inputType", "label", "defaultValue",
                      "values", "search", "populateFrom", "visible"});
  return variable;
}

}  // namespace securebase::dashboards
