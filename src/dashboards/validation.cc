#include "dashboards/validation.h"

#include <algorithm>

#include "dashboards/internal/reader.h"

namespace securebase::dashboards {
namespace {

constexpr std::size_t kWidgetsMax = 500;
constexpr std::size_t kVariablesMax = 25;
constexpr std::size_t kMetricsMax = 2500;  // over all widgets; a quota, so a warning
constexpr std::int64_t kColumns = 24;
constexpr int kDepthMax = 128;

void ReadProperties(const ObjectReader& reader, Widget& widget) {
  const json::Value* value = reader.Object("properties");
  if (value == nullptr) return;
  const ObjectReader properties(*value, reader.PathOf("properties"), reader.faults());
  if (widget.type == "metric") {
    widget.properties = ReadMetricWidget(properties);
  } else if (widget.type == "log") {
    widget.properties = ReadLogWidget(properties);
  } else if (widget.type == "text") {
    widget.properties = ReadTextWidget(properties);
  } else if (widget.type == "alarm") {
    widget.properties = ReadAlarmWidget(properties);
  } else {
    widget.properties = ReadOtherWidget(widget.type, properties);
  }
}

Widget ReadWidget(const ObjectReader& reader) {
  Widget widget;
  widget.properties = OtherWidget();
  if (reader.Require("type")) reader.ReadText("type", widget.type);
  widget.x = reader.Int("x", 0, kColumns - 1);
  widget.y = reader.Int("y", 0);
  if (reader.Has("x") != reader.Has("y")) {
    reader.faults().Error(reader.path(), reader.Has("x") ? "Should have required property 'y'"
                                                         : "Should have required property 'x'");
  }
  widget.width = reader.Int("width", 1, kColumns).value_or(widget.width);
  widget.height = reader.Int("height", 1, 1000).value_or(widget.height);
  if (widget.x && *widget.x + widget.width > kColumns) {
    reader.faults().Warn(reader.path(), "The widget reaches over the grid's 24 columns");
  }
  reader.WarnUnknown({"type", "x", "y", "width", "height", "properties"});
  if (reader.Require("properties") && !widget.type.empty()) ReadProperties(reader, widget);
  return widget;
}

bool Overlap(const Widget& a, const Widget& b) {
  return *a.x < *b.x + b.width && *b.x < *a.x + a.width && *a.y < *b.y + b.height &&
         *b.y < *a.y + a.height;
}

void CheckOverlaps(const std::vector<Widget>& widgets, Faults& faults) {
  for (std::size_t i = 0; i < widgets.size(); ++i) {
    if (!widgets[i].x || !widgets[i].y) continue;
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (!widgets[earlier].x || !widgets[earlier].y) continue;
      if (!Overlap(widgets[i], widgets[earlier])) continue;
      faults.Warn("/widgets/" + std::to_string(i),
                  "The widget overlaps widget " + std::to_string(earlier) + " and is moved down");
      break;
    }
  }
}

/// Calls `read` with each element of an array of objects.
template <class Read>
void ForEachObject(const ObjectReader& body, std::string_view name, std::size_t max, Read&& read) {
  const json::Array* array = body.Array(name);
  if (array == nullptr) return;
  if (array->size() > max) {
    body.faults().Error(body.PathOf(name),
                        "Should NOT have more than " + std::to_string(max) + " items");
    return;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string at = body.PathOf(name) + "/" + std::to_string(i);
    if ((*array)[i].IsObject()) {
      read(ObjectReader((*array)[i], at, body.faults()));
    } else {
      body.faults().Error(at, "Should be object");
    }
  }
}

void CheckMetricCount(const Dashboard& dashboard, Faults& faults) {
  std::size_t count = 0;
  for (const Widget& widget : dashboard.widgets) {
    if (const auto* metric = std::get_if<MetricWidget>(&widget.properties)) {
      count += metric->elements.size();
    }
  }
  if (count > kMetricsMax) {
    faults.Warn("/widgets",
                "A dashboard should have at most 2500 metrics; this has " + std::to_string(count));
  }
}

}  // namespace

Result<Reading> ReadBody(std::string_view body, const ValidationOptions& options) {
  if (body.size() > kBodyBytesMax) {
    return InvalidArgument("DashboardBody",
                           "The field DashboardBody must not exceed 1048576 bytes");
  }
  const Result<json::Value> parsed = json::Parse(body, {.depth_max = kDepthMax});
  if (!parsed.ok() || !parsed->IsObject()) {
    return InvalidArgument("DashboardBody", "The field DashboardBody must be a valid JSON object");
  }
  Reading reading;
  Faults faults(options, reading);
  const ObjectReader reader(*parsed, "", faults);
  Dashboard& dashboard = reading.dashboard;
  reader.Require("widgets");
  ForEachObject(reader, "widgets", kWidgetsMax, [&](const ObjectReader& widget) {
    dashboard.widgets.push_back(ReadWidget(widget));
  });
  ForEachObject(reader, "variables", kVariablesMax, [&](const ObjectReader& variable) {
    dashboard.variables.push_back(ReadVariable(variable));
  });
  ReadRange(reader, dashboard.range);
  std::string periods = "auto";
  reader.ReadChoice("periodOverride", {"auto", "inherit"}, periods);
  dashboard.inherit_periods = periods == "inherit";
  reader.WarnUnknown({"widgets", "variables", "start", "end", "periodOverride"});
  CheckOverlaps(dashboard.widgets, faults);
  CheckMetricCount(dashboard, faults);
  return reading;
}

std::string ErrorText(const std::vector<ValidationMessage>& errors) {
  json::Array list;
  for (const ValidationMessage& error : errors) {
    list.push_back(json::Object{{"dataPath", error.path}, {"message", error.message}});
  }
  return "The dashboard body is invalid, there are " + std::to_string(errors.size()) +
         " validation errors:\n" + json::WritePretty(json::Value(std::move(list)));
}

}  // namespace securebase::dashboards
