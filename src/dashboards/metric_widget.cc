// The properties of a metric widget (spec: dashboards 2 and 4).

#include "base/text.h"
#include "dashboards/internal/reader.h"
#include "metrics/statistic.h"

namespace securebase::dashboards {
namespace {

constexpr std::string_view kStatisticPattern =
    "Should match pattern \"^(SampleCount|Average|Sum|Minimum|Maximum|IQM|"
    "(p|tc|tm|ts|wm)\\d{1,2}(\\.\\d{0,10})?|p100|(TC|TM|TS|WM|PR)\\(.+\\))$\"";

Axis ReadAxis(const ObjectReader& axes, std::string_view side) {
  Axis axis;
  const json::Value* value = axes.Object(side);
  if (value == nullptr) return axis;
  const ObjectReader reader(*value, axes.PathOf(side), axes.faults());
  axis.min = reader.Number("min");
  axis.max = reader.Number("max");
  reader.ReadText("label", axis.label);
  reader.ReadBool("showUnits", axis.show_units);
  if (axis.min && axis.max && *axis.min > *axis.max) {
    axes.faults().Error(reader.path(), "'min' must not be above 'max'");
  }
  reader.WarnUnknown({"min", "max", "label", "showUnits"});
  return axis;
}

/// The members that both kinds of annotations have.
template <class Annotation>
void ReadMark(const ObjectReader& mark, std::initializer_list<std::string_view> fills,
              Annotation& out) {
  mark.ReadText("label", out.label);
  mark.ReadText("color", out.color);
  if (!out.color.empty() && !IsColor(out.color)) {
    mark.faults().Error(mark.PathOf("color"), std::string(kColorPattern));
  }
  mark.ReadChoice("fill", fills, out.fill);
  mark.ReadBool("visible", out.visible);
}

std::optional<double> HorizontalValue(const ObjectReader& mark) {
  if (!mark.Require("value")) return {};
  const json::Value& value = *mark.Find("value");
  if (value.IsString()) {
    if (const auto number = ParseDouble(value.AsString())) {
      mark.faults().Warn(mark.PathOf("value"), "Should be number: it is written as a text");
      return number;
    }
  }
  return mark.Number("value");
}

std::optional<Instant> VerticalValue(const ObjectReader& mark) {
  if (!mark.Require("value")) return {};
  std::string text;
  mark.ReadText("value", text);
  const Result<Instant> time = ParseIso(text);
  if (time.ok()) return *time;
  if (!text.empty()) {
    // Real bodies hold values that only their page's script fills in.
    mark.faults().Warn(mark.PathOf("value"), "Should match format \"date-time\"");
  }
  return {};
}

/// Calls `read(first, second)` for each annotation of a list; second is null but for a band.
template <class Read>
void ForEachMark(const ObjectReader& annotations, std::string_view name, Read&& read) {
  const json::Array* list = annotations.Array(name);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const std::string at = annotations.PathOf(name) + "/" + std::to_string(i);
    const json::Value& mark = (*list)[i];
    if (mark.IsObject()) {
      read(ObjectReader(mark, at, annotations.faults()), nullptr);
    } else if (mark.IsArray() && mark.AsArray().size() == 2 && mark.AsArray()[0].IsObject() &&
               mark.AsArray()[1].IsObject()) {
      const ObjectReader second(mark.AsArray()[1], at + "/1", annotations.faults());
      read(ObjectReader(mark.AsArray()[0], at + "/0", annotations.faults()), &second);
    } else {
      annotations.faults().Error(at, "Should be object, or array of two objects");
    }
  }
}

void ReadAnnotations(const ObjectReader& properties, MetricWidget& widget) {
  const json::Value* value = properties.Object("annotations");
  if (value == nullptr) return;
  const ObjectReader annotations(*value, properties.PathOf("annotations"), properties.faults());
  ForEachMark(annotations, "horizontal", [&](const ObjectReader& mark, const ObjectReader* other) {
    HorizontalAnnotation out;
    const auto at = HorizontalValue(mark);
    ReadMark(mark, {"above", "below", "none", "between"}, out);
    std::string side = "left";
    mark.ReadChoice("yAxis", {"left", "right"}, side);
    out.right_axis = side == "right";
    if (other != nullptr) out.to = HorizontalValue(*other);
    if (!at) return;
    out.value = *at;
    widget.horizontal.push_back(std::move(out));
  });
  ForEachMark(annotations, "vertical", [&](const ObjectReader& mark, const ObjectReader* other) {
    VerticalAnnotation out;
    const auto at = VerticalValue(mark);
    ReadMark(mark, {"before", "after", "none", "between"}, out);
    if (other != nullptr) out.to = VerticalValue(*other);
    if (!at) return;
    out.at = *at;
    widget.vertical.push_back(std::move(out));
  });
  widget.alarm_arns = annotations.Texts("alarms");
  for (std::size_t i = 0; i < widget.alarm_arns.size(); ++i) {
    CheckAlarmArn(widget.alarm_arns[i], annotations.PathOf("alarms") + "/" + std::to_string(i),
                  properties.faults());
  }
  annotations.WarnUnknown({"horizontal", "vertical", "alarms"});
}

/// What the graph shows: metrics, an alarm, or (the console's own) a Contributor Insights rule.
void CheckSource(const ObjectReader& properties, const MetricWidget& widget) {
  Faults& faults = properties.faults();
  if (properties.Has("metrics") || !widget.alarm_arns.empty()) return;
  if (properties.Has("insightRule")) {
    faults.Warn(properties.PathOf("insightRule"),
                "Contributor Insights rules are kept and not drawn");
    return;
  }
  faults.Error(properties.path(), "Should have required property 'metrics'");
  faults.Error(properties.path(),
               "The metric widget should have specified a region and a data source or an alarm "
               "annotation");
  faults.Error(properties.path(), "Should have required property 'annotations'");
}

void ReadPeriod(const ObjectReader& properties, MetricWidget& widget) {
  const auto period = properties.Int("period", 1);
  if (period && !IsPeriod(*period)) {
    properties.faults().Error(properties.PathOf("period"), "Should be multiple of 60");
  }
  widget.period_s = period;
}

void ReadLook(const ObjectReader& properties, MetricWidget& widget) {
  properties.ReadChoice("view", {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"},
                        widget.view);
  properties.ReadBool("stacked", widget.stacked);
  properties.ReadBool("liveData", widget.live_data);
  properties.ReadBool("setPeriodToTimeRange", widget.period_is_range);
  properties.ReadBool("sparkline", widget.sparkline);
  properties.ReadBool("trend", widget.trend);
  properties.ReadBool("singleValueFullPrecision", widget.full_precision);
  properties.ReadText("timezone", widget.timezone);
  if (const json::Value* legend = properties.Object("legend")) {
    const ObjectReader reader(*legend, properties.PathOf("legend"), properties.faults());
    reader.ReadChoice("position", {"right", "bottom", "hidden"}, widget.legend);
  }
  const json::Value* axes = properties.Object("yAxis");
  if (axes != nullptr) {
    const ObjectReader reader(*axes, properties.PathOf("yAxis"), properties.faults());
    widget.left = ReadAxis(reader, "left");
    widget.right = ReadAxis(reader, "right");
  }
  if (widget.view == "gauge" && !(widget.left.min && widget.left.max)) {
    properties.faults().Error(properties.path(),
                              "Should have required property 'yAxis' with left min and max");
  }
}

void ReadTable(const ObjectReader& properties) {
  const json::Value* table = properties.Object("table");
  if (table == nullptr) return;
  const ObjectReader reader(*table, properties.PathOf("table"), properties.faults());
  std::string layout;
  bool flag = false;
  reader.ReadChoice("layout", {"horizontal", "vertical"}, layout);
  reader.ReadBool("showTimeSeriesData", flag);
  reader.ReadBool("stickySummary", flag);
  for (const std::string& column : reader.Texts("summaryColumns")) {
    if (column != "MIN" && column != "MAX" && column != "SUM" && column != "AVG") {
      properties.faults().Error(reader.PathOf("summaryColumns"),
                                "Should be equal to one of the allowed values");
    }
  }
}

}  // namespace

MetricWidget ReadMetricWidget(const ObjectReader& properties) {
  MetricWidget widget;
  properties.ReadText("title", widget.title);
  if (const json::Value* metrics = properties.Find("metrics")) {
    widget.elements = ReadElements(*metrics, properties.PathOf("metrics"), properties.faults());
    CheckIds(widget.elements, properties.PathOf("metrics"), properties.faults());
  }
  ReadAnnotations(properties, widget);
  CheckRegion(properties, properties.Has("metrics"), widget.region);
  CheckSource(properties, widget);
  properties.ReadText("stat", widget.stat);
  if (!metrics::ParseStatistic(widget.stat).ok()) {
    properties.faults().Error(properties.PathOf("stat"), std::string(kStatisticPattern));
  }
  ReadPeriod(properties, widget);
  ReadLook(properties, widget);
  ReadTable(properties);
  ReadRange(properties, widget.range);
  properties.WarnUnknown({"metrics",
                          "region",
                          "accountId",
                          "title",
                          "view",
                          "stacked",
                          "stat",
                          "period",
                          "yAxis",
                          "legend",
                          "timezone",
                          "liveData",
                          "annotations",
                          "setPeriodToTimeRange",
                          "sparkline",
                          "trend",
                          "singleValueFullPrecision",
                          "labels",
                          "table",
                          "start",
                          "end",
                          "insightRule"});
  return widget;
}

}  // namespace securebase::dashboards
