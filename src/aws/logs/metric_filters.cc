// Metric filters: put, described, deleted, tried (spec: logs-api 9).

#include "logs/metric_filters.h"

#include "aws/cloudwatch/common.h"
#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/text.h"

namespace securebase::aws::logs {
namespace {

using securebase::logs::FilterPattern;
using securebase::logs::MetricFilter;

constexpr std::int64_t kPageMax = 50;

/// As the service prints a structure in a message.
std::string PrintTransformation(const Value& t) {
  const auto text = [&](std::string_view name) { return t.TextOr(name, "null"); };
  std::string dimensions = "null";
  if (t.Has("dimensions")) {
    dimensions = "{";
    for (const auto& [name, value] : t.Entries("dimensions")) {
      dimensions += (dimensions.size() > 1 ? ", " : "") + name + "=" + *value.As<std::string>();
    }
    dimensions += "}";
  }
  const auto otherwise = t.Double("defaultValue");
  return "MetricTransformation(metricName=" + text("metricName") +
         ", metricNamespace=" + text("metricNamespace") + ", metricValue=" + text("metricValue") +
         ", defaultValue=" + (otherwise ? FormatDouble(*otherwise, true) : "null") +
         ", unit=" + text("unit") + ", dimensions=" + dimensions + ")";
}

Result<> CheckNames(const Value& request, const Value& transformation) {
  const std::string& name = *request.Text("filterName");
  if (name.find_first_of(":*") != name.npos) {
    return Constraint(name, "filterName", "Member must satisfy regular expression pattern: [^:*]*");
  }
  for (std::string_view member : {"metricName", "metricNamespace"}) {
    const std::string& text = *transformation.Text(member);
    if (text.find_first_of(":*$") == text.npos && !ContainsControlCharacter(text)) continue;
    return Constraint(text, "metricTransformations.1.member." + std::string(member),
                      "Member must satisfy regular expression pattern: [^:*$]*");
  }
  return {};
}

Result<Value> RunPutMetricFilter(const Value& request, CallContext& context) {
  const Value::List& transformations = request.Elements("metricTransformations");
  if (transformations.size() > 1) {
    std::string printed = "[";
    for (const Value& one : transformations) {
      printed += (printed.size() > 1 ? ", " : "") + PrintTransformation(one);
    }
    return Constraint(printed + "]", "metricTransformations",
                      "Member must have length less than or equal to 1");
  }
  const Value& transformation = transformations.front();
  SB_TRY_OK(CheckNames(request, transformation));
  if (request.Bool("applyOnTransformedLogs", false)) {
    return InvalidParameter("applyOnTransformedLogs",
                            "Log transformers are not supported by SecureBase.");
  }
  MetricFilter filter{.group = *request.Text("logGroupName"),
                      .name = *request.Text("filterName"),
                      .pattern = *request.Text("filterPattern"),
                      .created_at = context.now,
                      .metric_namespace = *transformation.Text("metricNamespace"),
                      .metric_name = *transformation.Text("metricName"),
                      .metric_value = *transformation.Text("metricValue"),
                      .default_value = transformation.Double("defaultValue")};
  if (const std::string* unit = transformation.Text("unit")) {
    filter.unit = *unit;
    filter.unit_given = true;
  }
  for (const auto& [name, value] : transformation.Entries("dimensions")) {
    if (name.empty() || name.size() > 255 || value.As<std::string>()->size() > 255) {
      return InvalidParameter("metricTransformations.1.member.dimensions",
                              "Invalid metric transformation: names and values of dimensions have "
                              "at most 255 characters.");
    }
    filter.dimensions.emplace_back(name, *value.As<std::string>());
  }
  SB_TRY_OK(FindGroup(context, filter.group));
  SB_TRY_OK(context.stores.log_service.metric_filters().Put(context.account, std::move(filter)));
  return Value();
}

Result<Value> RunDeleteMetricFilter(const Value& request, CallContext& context) {
  const std::string& group = *request.Text("logGroupName");
  const std::string& name = *request.Text("filterName");
  SB_TRY_OK(CheckGroupName(group));
  if (name.size() > 512) {
    return InvalidParameter("filterName",
                            "Invalid LogGroup or LogStream, both must have length less than or "
                            "equal to 512.");
  }
  SB_TRY_OK(FindGroup(context, group));
  SB_TRY_OK(context.stores.log_service.metric_filters().Delete(context.account, group, name));
  return Value();
}

Value Describe(const MetricFilter& filter) {
  Value transformation;
  if (filter.default_value) transformation.Set("defaultValue", *filter.default_value);
  if (!filter.dimensions.empty()) {
    Value::Fields dimensions;
    for (const auto& [name, reference] : filter.dimensions) {
      dimensions.emplace_back(name, reference);
    }
    transformation.Set("dimensions", Value(Value::Map{std::move(dimensions)}));
  }
  transformation.Set("metricName", filter.metric_name);
  transformation.Set("metricNamespace", filter.metric_namespace);
  transformation.Set("metricValue", filter.metric_value);
  if (filter.unit_given) transformation.Set("unit", filter.unit);
  return Value::MakeStruct({{"applyOnTransformedLogs", false},
                            {"creationTime", Millis(filter.created_at)},
                            {"filterName", filter.name},
                            {"filterPattern", filter.pattern},
                            {"logGroupName", filter.group},
                            {"metricTransformations", Value::List{std::move(transformation)}}});
}

Result<Value> RunDescribeMetricFilters(const Value& request, CallContext& context) {
  const std::string* group = request.Text("logGroupName");
  const std::string* metric = request.Text("metricName");
  const std::string* name_space = request.Text("metricNamespace");
  const std::string prefix = request.TextOr("filterNamePrefix", "");
  if ((metric == nullptr) != (name_space == nullptr)) {
    return InvalidParameter(metric == nullptr ? "metricName" : "metricNamespace",
                            "If you include the metricName parameter in your request, you must "
                            "also include the metricNamespace parameter, and vice versa.");
  }
  if (group != nullptr) SB_TRY_OK(FindGroup(context, *group));
  std::vector<Row> rows;
  const auto filters = context.stores.log_service.metric_filters().List(
      context.account, group != nullptr ? std::optional<std::string_view>(*group) : std::nullopt);
  for (const MetricFilter& filter : filters) {
    if (!filter.name.starts_with(prefix)) continue;
    if (metric != nullptr &&
        (filter.metric_name != *metric || filter.metric_namespace != *name_space)) {
      continue;
    }
    rows.push_back({filter.group + '\x1f' + filter.name, Describe(filter)});
  }
  const std::string question = "DescribeMetricFilters " + (group ? *group : "") + "\n" + prefix +
                               "\n" + (metric ? *metric + "\n" + *name_space : "");
  return PageOf(std::move(rows), request, context, question, "metricFilters", kPageMax);
}

Result<Value> RunTestMetricFilter(const Value& request, CallContext&) {
  SB_TRY(const FilterPattern pattern, FilterPattern::Parse(*request.Text("filterPattern")));
  Value::List matches;
  const Value::List& messages = request.Elements("logEventMessages");
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string& message = *messages[i].As<std::string>();
    const auto extracted = pattern.Extract(message);
    if (!extracted) continue;
    Value::Fields values;
    for (const auto& [name, text] : *extracted) values.emplace_back(name, text);
    matches.push_back(
        Value::MakeStruct({{"eventNumber", static_cast<std::int64_t>(i)},
                           {"eventMessage", message},
                           {"extractedValues", Value(Value::Map{std::move(values)})}}));
  }
  return Value::MakeStruct({{"matches", std::move(matches)}});
}

}  // namespace

Operation PutMetricFilter() {
  const ShapePtr transformation = Struct({
      Required("metricName", Text(0, 255)),
      Required("metricNamespace", Text(0, 255)),
      Required("metricValue", Text(0, 100)),
      Optional("defaultValue", Double()),
      Optional("dimensions", MapOf(Text())),
      Optional("unit", cloudwatch::UnitShape()),
  });
  return {.name = "PutMetricFilter",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", NameShape()),
              Required("filterName", Text(1, 512)),
              Required("filterPattern", Text(0, 1024)),
              Required("metricTransformations", ListOf(transformation, 1)),
              Optional("applyOnTransformedLogs", Bool()),
              Refused("fieldSelectionCriteria"),
              Refused("emitSystemFieldDimensions"),
          }),
          .run = RunPutMetricFilter};
}

Operation DeleteMetricFilter() {
  return {.name = "DeleteMetricFilter",
          .role = api::Role::kAnalyst,
          .input = Struct({
              Required("logGroupName", Text(1)),
              Required("filterName", Text(1)),
          }),
          .run = RunDeleteMetricFilter};
}

Operation DescribeMetricFilters() {
  return {.name = "DescribeMetricFilters",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              Optional("filterNamePrefix", Text(1, 512)),
              Optional("nextToken", Text(1)),
              Optional("limit", Int(1, kPageMax)),
              Optional("metricName", Text(0, 255)),
              Optional("metricNamespace", Text(0, 255)),
          }),
          .run = RunDescribeMetricFilters};
}

Operation TestMetricFilter() {
  return {.name = "TestMetricFilter",
          .input = Struct({
              Required("filterPattern", Text(0, 1024)),
              Required("logEventMessages", ListOf(Text(1), 1, 50)),
          }),
          .run = RunTestMetricFilter};
}

}  // namespace securebase::aws::logs
