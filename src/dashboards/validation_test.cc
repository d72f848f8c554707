// What is promised: every row of the specification's table of faults, the shorthand at every place,
// and each body of the corpus accepted.
#include "dashboards/validation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace securebase::dashboards {
namespace {

const ValidationOptions kOptions{.account = "123456789012", .region = "us-east-1"};

Reading Read(const std::string& body, bool strict = false) {
  ValidationOptions options = kOptions;
  options.strict = strict;
  auto reading = ReadBody(body, options);
  EXPECT_TRUE(reading.ok()) << body;
  return reading.ok() ? *std::move(reading) : Reading();
}

std::string Lines(const std::vector<ValidationMessage>& messages) {
  std::string out;
  for (const ValidationMessage& one : messages) out += one.path + ": " + one.message + "\n";
  return out;
}
std::string Errors(const std::string& body) { return Lines(Read(body).errors); }
std::string Warnings(const std::string& body) { return Lines(Read(body).warnings); }

std::string Widget(const std::string& type, const std::string& properties,
                   const std::string& more = "") {
  return R"({"widgets": [{"type": ")" + type + R"(", "properties": )" + properties + more + "}]}";
}
std::string Metric(const std::string& members) {
  return Widget("metric",
                R"({"region": "us-east-1")" + (members.empty() ? "" : ", " + members) + "}");
}
std::string Metrics(const std::string& elements) {
  return Metric("\"metrics\": [" + elements + "]");
}

TEST(ValidationTest, TheBodyItself) {
  for (const char* body : {"", "[]", "null", "{\"a\": 1", "x"}) {
    const auto reading = ReadBody(body, kOptions);
    ASSERT_FALSE(reading.ok()) << body;
    EXPECT_EQ(reading.error().message(), "The field DashboardBody must be a valid JSON object");
  }
  EXPECT_FALSE(ReadBody(std::string(kBodyBytesMax + 1, ' '), kOptions).ok());
  EXPECT_EQ(Errors("{}"), ": Should have required property 'widgets'\n");
  EXPECT_EQ(Errors(R"({"widgets": {}})"), "/widgets: Should be array\n");
  EXPECT_EQ(Errors(R"({"widgets": [1]})"), "/widgets/0: Should be object\n");
  EXPECT_EQ(Errors(R"({"widgets": []})"), "");
  std::string many = R"({"widgets": [)";
  const std::string text = R"({"type": "text", "properties": {"markdown": ""}})";
  for (int i = 0; i < 500; ++i) many += (i == 0 ? "" : ",") + text;
  EXPECT_EQ(Errors(many + "]}"), "");
  EXPECT_EQ(Errors(many + "," + text + "]}"), "/widgets: Should NOT have more than 500 items\n");
  EXPECT_EQ(Errors(R"({"widgets": [], "periodOverride": "x"})"),
            "/periodOverride: Should be equal to one of the allowed values\n");
  EXPECT_EQ(Warnings(R"({"widgets": [], "colour": 1})"),
            "/colour: The property 'colour' is unknown and has no effect\n");
}

TEST(ValidationTest, PlaceAndSize) {
  auto at = [](const std::string& members) {
    return Errors(Widget("text", R"({"markdown": ""})", ", " + members));
  };
  EXPECT_EQ(at(R"("x": 24, "y": 0)"), "/widgets/0/x: Should be <= 23\n");
  EXPECT_EQ(at(R"("x": 0, "y": -1)"), "/widgets/0/y: Should be >= 0\n");
  EXPECT_EQ(at(R"("width": 25)"), "/widgets/0/width: Should be <= 24\n");
  EXPECT_EQ(at(R"("height": 1001)"), "/widgets/0/height: Should be <= 1000\n");
  EXPECT_EQ(at(R"("width": 0)"), "/widgets/0/width: Should be >= 1\n");
  EXPECT_EQ(at(R"("width": 1.5)"), "/widgets/0/width: Should be integer\n");
  EXPECT_EQ(at(R"("width": "6")"), "/widgets/0/width: Should be integer\n");
  EXPECT_EQ(at(R"("x": 1)"), "/widgets/0: Should have required property 'y'\n");
  EXPECT_EQ(at(R"("width": 6.0)"), "");
  EXPECT_EQ(Errors(R"({"widgets": [{}]})"),
            "/widgets/0: Should have required property 'type'\n"
            "/widgets/0: Should have required property 'properties'\n");
  EXPECT_EQ(Warnings(Widget("text", R"({"markdown": ""})", R"(, "x": 20, "y": 0)")),
            "/widgets/0: The widget reaches over the grid's 24 columns\n");
  const std::string text = R"({"type": "text", "properties": {"markdown": ""}, "x": 0, "y": 0})";
  EXPECT_EQ(Warnings(R"({"widgets": [)" + text + "," + text + "]}"),
            "/widgets/1: The widget overlaps widget 0 and is moved down\n");
}

TEST(ValidationTest, WhereTheDataComesFrom) {
  const std::string no_region = Widget("metric", R"({"metrics": [["N", "m"]]})");
  EXPECT_EQ(Errors(no_region), "");
  EXPECT_EQ(Warnings(no_region),
            "/widgets/0/properties: Should have required property 'region': region is missing; "
            "us-east-1 is used\n");
  EXPECT_EQ(Lines(Read(no_region, /*strict=*/true).errors),
            "/widgets/0/properties: Should have required property 'region'\n");
  EXPECT_EQ(Errors(Metric("")),
            "/widgets/0/properties: Should have required property 'metrics'\n"
            "/widgets/0/properties: The metric widget should have specified a region and a data "
            "source or an alarm annotation\n"
            "/widgets/0/properties: Should have required property 'annotations'\n");
  const std::string arn = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a";
  EXPECT_EQ(Errors(Widget("metric", R"({"annotations": {"alarms": [")" + arn + "\"]}}")), "");
  EXPECT_EQ(Warnings(Metric(R"("annotations": {"alarms": ["arn:x"]})")),
            "/widgets/0/properties/annotations/alarms/0: This is no ARN of an alarm\n");
  EXPECT_EQ(Warnings(Metric(
                R"("annotations": {"alarms": ["arn:aws:cloudwatch:r:999999999999:alarm:a"]})")),
            "/widgets/0/properties/annotations/alarms/0: The alarm is of another account and will "
            "not be found\n");
  EXPECT_EQ(Warnings(Metric(R"("insightRule": {"ruleName": "r"})")),
            "/widgets/0/properties/insightRule: Contributor Insights rules are kept and not "
            "drawn\n");
}

TEST(ValidationTest, MetricElements) {
  const std::string path = "/widgets/0/properties/metrics/0";
  EXPECT_EQ(Errors(Metrics(R"("x")")),
            path + ": Should be array\n" + path +
                ": Field \"metrics\" has to be an array of array of strings, with an optional "
                "metricRenderer object as last element\n");
  EXPECT_EQ(Errors(Metric(R"("metrics": "x")")),
            "/widgets/0/properties/metrics: Should be array\n");
  for (const char* element : {R"(["N", 1])", R"(["N", {"stat": "Sum"}, "m"])", R"(["N", ""])"}) {
    EXPECT_EQ(Errors(Metrics(element)),
              path + "/1: Invalid metric field type, only \"String\" type is allowed\n");
  }
  EXPECT_EQ(Errors(Metrics(R"(["N", "m", {"dimensions": {"a": "b"}}])")),
            path + ": Should NOT have more than 2 items\n" + path +
                ": Unknown rendering property 'dimensions'; write dimensions as \"Name\",\"Value\" "
                "strings before the object\n");
  EXPECT_EQ(Errors(Metrics(R"(["N", "m", {"color": "red"}])")),
            path + ": Should NOT have more than 2 items\n" + path +
                ": The rendering property 'color' must be a colour such as #1f77b4\n");
  for (const char* rendering :
       {R"({"stat": "median"})", R"({"stat": 1})", R"({"period": 61})", R"({"id": "A"})",
        R"({"visible": "no"})", R"({"yAxis": "top"})", R"({"expression": "a"})"}) {
    EXPECT_TRUE(Errors(Metrics(R"(["N", "m", )" + std::string(rendering) + "]"))
                    .starts_with(path + ": Should NOT have more than 2 items\n"))
        << rendering;
  }
  EXPECT_EQ(Errors(Metrics(R"([{"id": "e"}])")),
            path + ": Should have required property 'expression'\n");
  EXPECT_NE(Errors(Metrics(R"(["N"])")), "");
  EXPECT_NE(Errors(Metrics(R"(["N", "m", "d"])")), "");
  EXPECT_NE(Errors(Metrics("[]")), "");
  std::string wide = R"(["N", "m")";
  for (int i = 0; i < 31; ++i) wide += R"(, "d)" + std::to_string(i) + R"(", "v")";
  EXPECT_EQ(Errors(Metrics(wide + "]")), path + ": A metric has at most 30 dimensions\n");
}

std::vector<MetricElement> Elements(const std::string& elements) {
  const Reading reading = Read(Metrics(elements));
  EXPECT_EQ(Lines(reading.errors), "");
  if (reading.dashboard.widgets.empty()) return {};
  return std::get<MetricWidget>(reading.dashboard.widgets[0].properties).elements;
}

TEST(ShorthandTest, RepeatsFieldsOfTheMetricBefore) {
  const auto elements = Elements(R"(
      ["AWS/EC2", "CPU", "Instance", "i-1", {"stat": "p95", "color": "#FFF"}],
      ["...", "i-2"],
      [{"expression": "m1 + 1", "label": ""}],
      [".", "Disk", ".", "."],
      ["AWS/RDS", "...", "i-3"],
      ["..."])");
  ASSERT_EQ(elements.size(), 6u);
  EXPECT_EQ(elements[0].stat, "p95");
  EXPECT_EQ(elements[1].stat, "");
  EXPECT_EQ(elements[1].namespace_name, "AWS/EC2");
  EXPECT_EQ(elements[1].dimensions[0].second, "i-2");
  EXPECT_TRUE(elements[2].is_expression());
  EXPECT_EQ(elements[2].label, "");
  EXPECT_EQ(elements[3].metric_name, "Disk");
  EXPECT_EQ(elements[3].dimensions[0], (std::pair<std::string, std::string>("Instance", "i-2")));
  EXPECT_EQ(elements[4].namespace_name, "AWS/RDS");
  EXPECT_EQ(elements[4].metric_name, "Disk");
  EXPECT_EQ(elements[4].dimensions[0].second, "i-3");
  EXPECT_EQ(elements[5].dimensions, elements[4].dimensions);
}

TEST(ShorthandTest, NothingToRepeatIsTold) {
  const std::string path = "/widgets/0/properties/metrics/";
  EXPECT_EQ(Errors(Metrics(R"([".", "m"])")),
            path + "0/0: Repeat marker \".\" used but not enough fields in previous metric\n");
  EXPECT_EQ(Errors(Metrics(R"(["N", "m"], ["N", "m", ".", "v"])")),
            path + "1/2: Repeat marker \".\" used but not enough fields in previous metric\n");
  for (const char* elements : {R"(["..."])", R"(["N", "m"], ["...", "a", "b", "c"])",
                               R"(["N", "m", "a", "b"], ["...", "..."])"}) {
    EXPECT_NE(Errors(Metrics(elements)).find("Repeat marker \"...\""), std::string::npos);
  }
}

TEST(ValidationTest, IdsAndExpressions) {
  EXPECT_EQ(Warnings(Metrics(R"([{"expression": "m1 / (m1 + m2) * 100"}], ["N", "a", {"id": "m1"}],
                             ["N", "b", {"id": "m2"}])")),
            "");
  EXPECT_EQ(Warnings(Metrics(R"([{"expression": "SUM(SEARCH('m9', 'Sum'), x) + 1"}],
                             ["N", "a", {"id": "m"}], ["N", "b", {"id": "m"}])")),
            "/widgets/0/properties/metrics/2: The id 'm' occurs twice\n"
            "/widgets/0/properties/metrics/0: The expression names 'x', which is the id of no "
            "metric here\n");
  EXPECT_EQ(Warnings(Metrics(R"([{"expression": "SELECT AVG(a) FROM b"}])")), "");
}

TEST(ValidationTest, TheLookOfAMetricWidget) {
  const std::string metrics = R"("metrics": [["N", "m"]], )";
  auto errors = [&](const std::string& members) { return Errors(Metric(metrics + members)); };
  const std::string path = "/widgets/0/properties";
  EXPECT_EQ(errors(R"("period": 61)"), path + "/period: Should be multiple of 60\n");
  EXPECT_EQ(errors(R"("period": 2592000)"), "");
  EXPECT_TRUE(errors(R"("stat": "average")").starts_with(path + "/stat: Should match pattern \""));
  EXPECT_EQ(errors(R"j("stat": "TM(10%:90%)")j"), "");
  EXPECT_EQ(errors(R"("view": "donut")"),
            path + "/view: Should be equal to one of the allowed values\n");
  EXPECT_EQ(errors(R"("legend": {"position": "top"})"),
            path + "/legend/position: Should be equal to one of the allowed values\n");
  EXPECT_EQ(errors(R"("stacked": 1)"), path + "/stacked: Should be boolean\n");
  EXPECT_EQ(errors(R"("title": 1)"), path + "/title: Should be string\n");
  EXPECT_EQ(errors(R"("yAxis": [])"), path + "/yAxis: Should be object\n");
  EXPECT_EQ(errors(R"("yAxis": {"left": {"min": "0"}})"),
            path + "/yAxis/left/min: Should be number\n");
  EXPECT_NE(errors(R"("yAxis": {"right": {"min": 2, "max": 1}})"), "");
  EXPECT_NE(errors(R"("view": "gauge")"), "");
  EXPECT_EQ(errors(R"("view": "gauge", "yAxis": {"left": {"min": 0, "max": 1}})"), "");
  EXPECT_EQ(Warnings(Metric(metrics + R"("start": "-3H")")),
            path + "/start: Should be a time such as -PT3H, -P1D or an ISO 8601 time\n");
  EXPECT_NE(errors(R"("table": {"summaryColumns": ["MEAN"]})"), "");
  EXPECT_EQ(Warnings(Metric(metrics + R"("trendline": true)")),
            path + "/trendline: The property 'trendline' is unknown and has no effect\n");
}

TEST(ValidationTest, Annotations) {
  const std::string metrics = R"("metrics": [["N", "m"]], "annotations": )";
  auto errors = [&](const std::string& members) { return Errors(Metric(metrics + members)); };
  const std::string path = "/widgets/0/properties/annotations";
  EXPECT_EQ(errors(R"({"horizontal": [{"value": 5, "color": "#ff0000", "fill": "above"},
                       [{"value": 1}, {"value": 2}]], "vertical": [{"value":
                       "2026-01-01T00:00:00Z", "fill": "before"}]})"),
            "");
  EXPECT_EQ(errors(R"({"horizontal": [{"label": "x"}]})"),
            path + "/horizontal/0: Should have required property 'value'\n");
  EXPECT_EQ(errors(R"({"horizontal": [{"value": 1, "color": "red"}]})"),
            path + "/horizontal/0/color: Should match pattern \"^#([0-9a-fA-F]{3}){1,2}$\"\n");
  EXPECT_EQ(Warnings(Metric(metrics + R"({"vertical": [{"value": "noon"}]})")),
            path + "/vertical/0/value: Should match format \"date-time\"\n");
  EXPECT_NE(errors(R"({"horizontal": [[{"value": 1}]]})"), "");
  EXPECT_EQ(Warnings(Metric(metrics + R"({"horizontal": [{"value": "5"}]})")),
            path + "/horizontal/0/value: Should be number: it is written as a text\n");
  const Reading reading = Read(Metric(metrics + R"({"horizontal": [[{"value": 1, "yAxis": "right"},
                                                    {"value": 2}]]})"));
  const auto& widget = std::get<MetricWidget>(reading.dashboard.widgets.at(0).properties);
  EXPECT_EQ(widget.horizontal.at(0).to, 2);
  EXPECT_TRUE(widget.horizontal.at(0).right_axis);
}

TEST(ValidationTest, TheOtherTypes) {
  const std::string path = "/widgets/0/properties";
  EXPECT_EQ(Errors(Widget("text", "{}")), path + ": Should have required property 'markdown'\n");
  EXPECT_EQ(Errors(Widget("alarm", "{}")), path + ": Should have required property 'alarms'\n");
  EXPECT_EQ(Errors(Widget("alarm", R"({"alarms": []})")),
            path + "/alarms: Should NOT have less than 1 items\n");
  EXPECT_EQ(Errors(Widget("log", R"({"region": "r"})")),
            path + ": Should have required property 'query'\n");
  EXPECT_EQ(Warnings(Widget("log", R"({"query": "SOURCE 'a' | fields @message"})")),
            path +
                ": Should have required property 'region': region is missing; us-east-1 is "
                "used\n");
  EXPECT_EQ(Warnings(Widget("metricc", "{}")),
            path + ": The widget type 'metricc' is unknown; the widget is kept and not drawn\n");
  EXPECT_EQ(Warnings(Widget("custom", R"({"endpoint": "arn:x"})")),
            path + ": Widgets of the type 'custom' are kept and not drawn\n");
}

TEST(ValidationTest, Variables) {
  auto errors = [](const std::string& variable) {
    return Errors(R"({"widgets": [], "variables": [)" + variable + "]}");
  };
  EXPECT_EQ(
      errors(R"({"type": "property", "property": "region", "id": "r", "inputType": "input"})"), "");
  EXPECT_EQ(errors(R"({"type": "pattern", "pattern": "x", "id": "r", "inputType": "select"})"),
            "/variables/0: Should have required property 'values'\n"
            "/variables/0: Should have required property 'populateFrom'\n"
            "/variables/0: Should match exactly one schema in oneOf\n");
  EXPECT_EQ(errors(R"({"type": "pattern", "pattern": "x", "id": "r", "inputType": "select",
                       "values": [{"value": "a"}, {"value": 3, "label": "three"}]})"),
            "");
  EXPECT_EQ(errors(R"({"type": "pattern", "pattern": "x", "id": "r r", "inputType": "input"})"),
            "/variables/0/id: Should match pattern \"^[0-9A-Za-z-_]{1,32}$\"\n");
  EXPECT_EQ(errors("{}"),
            "/variables/0: Should have required property 'type'\n"
            "/variables/0: Should have required property 'id'\n"
            "/variables/0: Should have required property 'inputType'\n");
}

TEST(TimeBoundTest, MonthsAndMinutes) {
  EXPECT_EQ(ParseTimeBound("-PT3M")->before_now, std::chrono::minutes(3));
  EXPECT_EQ(ParseTimeBound("-P3M")->months_ago, 3);
  EXPECT_EQ(ParseTimeBound("-P1DT12H")->before_now, std::chrono::hours(36));
  EXPECT_EQ(ParseTimeBound("-P2W")->before_now, std::chrono::hours(24 * 14));
  EXPECT_EQ(ParseTimeBound("-PT0H")->before_now, Duration(0));
  EXPECT_EQ(ParseTimeBound("2026-01-01T00:00:00Z")->absolute, FromUnixSeconds(1767225600));
  for (const char* text : {"", "-P", "-PT", "-P1H", "-PT1D", "PT3H", "-PT3", "-P-1D", "-PTT1H",
                           "-P99999999999999999999D", "yesterday"}) {
    EXPECT_FALSE(ParseTimeBound(text).ok()) << text;
  }
}

TEST(ValidationTest, TheUsersDashboard) {
  const std::string body = R"({"widgets": [{"type": "metric", "properties": {"title":
      "Report Delivery Success Rate", "metrics": [
      [{"expression": "m1 / (m1 + m2) * 100", "label": "Success Rate %"}],
      ["SecureBase/Analytics", "ReportDeliverySuccess", {"id": "m1", "visible": false}],
      [".", "ReportDeliveryFailure", {"id": "m2", "visible": false}]],
      "yAxis": {"left": {"min": 95, "max": 100}},
      "annotations": {"horizontal": [{"value": 98, "label": "Target", "color": "#00ff00"}]}}}]})";
  const Reading reading = Read(body);
  EXPECT_EQ(Lines(reading.errors), "");
  EXPECT_EQ(reading.warnings.size(), 1u);
  const auto& widget = std::get<MetricWidget>(reading.dashboard.widgets.at(0).properties);
  EXPECT_EQ(widget.elements.at(2).namespace_name, "SecureBase/Analytics");
  EXPECT_FALSE(widget.elements.at(2).visible);
  EXPECT_EQ(widget.stat, "Average");
}

TEST(CorpusTest, EveryBodyIsAccepted) {
  const std::filesystem::path folder =
      std::filesystem::path(SB_SOURCE_DIR) / "../shared/corpus/dashboards";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the corpus is not there: " << folder;
  }
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const auto reading = ReadBody(text.str(), kOptions);
    ASSERT_TRUE(reading.ok()) << entry.path() << reading.error().message();
    EXPECT_EQ(Lines(reading->errors), "") << entry.path();
    EXPECT_GT(reading->dashboard.widgets.size(), 0u);
    ++count;
  }
  EXPECT_EQ(count, 30);
}

}  // namespace
}  // namespace securebase::dashboards
