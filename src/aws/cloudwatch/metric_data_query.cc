#include "aws/cloudwatch/metric_data_query.h"

#include <set>
#include <utility>

#include "aws/cloudwatch/common.h"
#include "base/text.h"
#include "metrics/math/plan.h"

namespace securebase::aws::cloudwatch {
namespace {

using metrics::math::MetricDataQuery;
using metrics::math::MetricStat;

constexpr std::int64_t kExpressionMax = 2048;

class Reader {
 public:
  Reader(std::string_view list_name, std::size_t index)
      : list_name_(list_name),
        index_(index),
        path_(std::string(list_name) + ".member." + std::to_string(index) + ".") {}

  Result<MetricDataQuery> Read(const Value& in) const {
    MetricDataQuery query;
    query.id = *in.Text("Id");
    SB_TRY_OK(CheckId(query.id));
    const Value* stat = in.Find("MetricStat");
    const std::string* expression = in.Text("Expression");
    if (stat != nullptr && expression != nullptr) {
      return ValidationFault(path_ + "Expression",
                             "The parameters " + path_ + "MetricStat and " + path_ +
                                 "Expression are mutually exclusive and you have specified both.");
    }
    if (stat != nullptr) {
      SB_TRY(query.metric_stat, StatOf(*stat));
    } else if (expression != nullptr) {
      query.expression = *expression;
    } else {
      return IsRequired("MetricStat");
    }
    if (const std::string* label = in.Text("Label")) query.label = *label;
    if (const auto period_s = in.Int("Period")) {
      SB_TRY_OK(CheckPeriod(*period_s, path_ + "Period"));
      query.period = std::chrono::seconds(*period_s);
    }
    query.return_data = in.Bool("ReturnData", true);
    return query;
  }

 private:
  Error IsRequired(std::string_view member) const {
    // With the line feed: the service's own text.
    const std::string name = path_ + std::string(member);
    return ValidationFault(name, "The parameter " + name + " is required.\n");
  }

  Result<> CheckId(const std::string& id) const {
    if (metrics::math::IsQueryId(id)) return {};
    std::string list(list_name_);
    list[0] = static_cast<char>(list[0] | 0x20);
    return ValidationFault(path_ + "Id",
                           "1 validation error detected: Value '" + id + "' at '" + list + "." +
                               std::to_string(index_) +
                               ".member.id' failed to satisfy constraint: Member must satisfy "
                               "regular expression pattern: ^[a-z][a-zA-Z0-9_]*$");
  }

  Result<MetricStat> StatOf(const Value& stat) const {
    const Value& metric = *stat.Find("Metric");
    if (!metric.Has("Namespace")) return IsRequired("MetricStat.Metric.Namespace");
    if (!metric.Has("MetricName")) return IsRequired("MetricStat.Metric.MetricName");
    const std::int64_t period_s = *stat.Int("Period");
    SB_TRY_OK(CheckPeriod(period_s, path_ + "MetricStat.Period"));
    Result<metrics::Statistic> statistic = metrics::ParseStatistic(*stat.Text("Stat"));
    if (!statistic.ok()) {
      return InvalidValue(path_ + "MetricStat.Stat", "The value " + *stat.Text("Stat") +
                                                         " for parameter " + path_ +
                                                         "MetricStat.Stat is not supported.");
    }
    MetricStat out;
    out.metric.namespace_name = *metric.Text("Namespace");
    out.metric.name = *metric.Text("MetricName");
    SB_TRY(out.metric.dimensions,
           DimensionsOf(metric.Elements("Dimensions"), path_ + "MetricStat.Metric.Dimensions"));
    out.period = std::chrono::seconds(period_s);
    out.statistic = *std::move(statistic);
    if (const std::string* unit = stat.Text("Unit")) out.unit = *unit;
    return out;
  }

  const std::string_view list_name_;
  const std::size_t index_;
  const std::string path_;
};

}  // namespace

ShapePtr MetricShape() {
  return Struct({Optional("Namespace", Text(1, 255)), Optional("MetricName", Text(1, 255)),
                 Optional("Dimensions", DimensionsShape())});
}

ShapePtr MetricDataQueryShape() {
  const ShapePtr metric_stat =
      Struct({Required("Metric", MetricShape()), Required("Period", Int(1)),
              Required("Stat", Text()), Optional("Unit", UnitShape())});
  return Struct({
      Required("Id", Text(1, 255)),
      Optional("MetricStat", metric_stat),
      Optional("Expression", Text(1, kExpressionMax)),
      Optional("Label", Text()),
      Optional("ReturnData", Bool()),
      Optional("Period", Int(1)),
      Optional("AccountId", Text(1, 255)),
  });
}

Result<std::vector<MetricDataQuery>> MetricDataQueriesOf(const Value::List& list,
                                                         std::string_view list_name) {
  std::vector<MetricDataQuery> queries;
  std::set<std::string> ids;
  for (const Value& in : list) {
    SB_TRY(MetricDataQuery query, Reader(list_name, queries.size() + 1).Read(in));
    if (!ids.insert(query.id).second) {
      return ValidationFault(
          std::string(list_name),
          "The values for parameter id in " + std::string(list_name) + " are not unique.");
    }
    queries.push_back(std::move(query));
  }
  return queries;
}

Value MetricValue(const metrics::Metric& metric) {
  return Value::MakeStruct({{"Namespace", metric.namespace_name},
                            {"MetricName", metric.name},
                            {"Dimensions", DimensionsValue(metric.dimensions)}});
}

Value MetricDataQueryValue(const MetricDataQuery& query) {
  Value out = Value::MakeStruct({{"Id", query.id}});
  if (query.metric_stat) {
    const MetricStat& stat = *query.metric_stat;
    Value value = Value::MakeStruct({{"Metric", MetricValue(stat.metric)},
                                     {"Period", stat.period.count() / 1000},
                                     {"Stat", stat.statistic.text}});
    if (stat.unit) value.Set("Unit", *stat.unit);
    out.Set("MetricStat", std::move(value));
  } else {
    out.Set("Expression", query.expression);
  }
  if (query.label) out.Set("Label", *query.label);
  out.Set("ReturnData", query.return_data);
  if (query.period) out.Set("Period", query.period->count() / 1000);
  return out;
}

}  // namespace securebase::aws::cloudwatch
