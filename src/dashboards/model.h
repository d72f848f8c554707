#pragma once

// A dashboard's body as data (spec: dashboards 1 to 6): widgets with their properties, the metric
// arrays with their shorthand expanded. What is drawn and queried reads this; the body itself is
// kept as it was sent.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace securebase::dashboards {

/// One end of a range: absolute, or so long before now.
struct TimeBound {
  std::optional<Instant> absolute;
  int months_ago = 0;      // calendar months
  Duration before_now{0};  // beside the months
};

struct TimeRange {
  std::optional<TimeBound> start;
  std::optional<TimeBound> end;  // none: now
};

/// One line of a metric widget: a metric, or an expression over others. Fields that the body does
/// not give are empty: the widget's or the default stands for them.
struct MetricElement {
  std::string namespace_name;
  std::string metric_name;
  std::vector<std::pair<std::string, std::string>> dimensions;  // in the body's order
  std::string expression;  // math, SEARCH or SELECT; empty for a metric
  std::string id;
  std::optional<std::string> label;  // "" is a label
  std::string color;                 // "#rrggbb" or "#rgb"
  std::string stat;
  std::optional<std::int64_t> period_s;
  std::string region;
  std::string account_id;
  bool visible = true;
  bool right_axis = false;

  bool is_expression() const { return !expression.empty(); }
};

struct HorizontalAnnotation {
  double value = 0;
  std::optional<double> to;  // the other side of a band
  std::string label;
  std::string color;
  std::string fill;  // "above", "below", "none" or empty
  bool visible = true;
  bool right_axis = false;
};

struct VerticalAnnotation {
  Instant at;
  std::optional<Instant> to;  // the other side of a band
  std::string label;
  std::string color;
  std::string fill;  // "before", "after", "none" or empty
  bool visible = true;
};

struct Axis {
  std::optional<double> min;
  std::optional<double> max;
  std::string label;
  bool show_units = true;
};

struct MetricWidget {
  std::vector<MetricElement> elements;
  std::string region;  // empty: the request's
  std::string title;
  std::string view = "timeSeries";
  bool stacked = false;
  std::string stat = "Average";
  std::optional<std::int64_t> period_s;
  Axis left;
  Axis right;
  std::string legend = "bottom";
  std::string timezone = "+0000";
  bool live_data = false;
  bool period_is_range = false;  // setPeriodToTimeRange
  bool sparkline = false;
  bool trend = false;
  bool full_precision = false;
  std::vector<HorizontalAnnotation> horizontal;
  std::vector<VerticalAnnotation> vertical;
  std::vector<std::string> alarm_arns;  // of annotations.alarms
  TimeRange range;                      // of its own, where it has one
};

struct LogWidget {
  std::string query;  // with its SOURCE stages
  std::string region;
  std::string title;
  std::string view = "table";
  bool stacked = false;
  std::string language = "CWLI";
};

struct TextWidget {
  std::string markdown;
  bool transparent = false;
};

struct AlarmWidget {
  std::vector<std::string> arns;
  std::string title;
  std::string sort_by = "default";
  std::vector<std::string> states;
};

/// Kept and not drawn: explorer, custom, chart, trace and types that nobody knows.
struct OtherWidget {
  std::string title;
};

struct Widget {
  std::string type;
  std::optional<std::int64_t> x;
  std::optional<std::int64_t> y;
  std::int64_t width = 6;
  std::int64_t height = 6;
  std::variant<MetricWidget, LogWidget, TextWidget, AlarmWidget, OtherWidget> properties;
};

struct Variable {
  std::string id;
  std::string type;    // "property" or "pattern"
  std::string target;  // the property's name, or the pattern
  std::string input_type;
  std::string label;
  std::optional<json::Value> default_value;
  std::vector<std::pair<std::string, std::string>> values;  // value, label
  std::string search;
  std::string populate_from;
  bool visible = true;
};

struct Dashboard {
  std::vector<Widget> widgets;
  std::vector<Variable> variables;
  TimeRange range;
  bool inherit_periods = false;  // periodOverride: inherit
};

}  // namespace securebase::dashboards
