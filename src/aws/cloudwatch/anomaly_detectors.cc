// PutAnomalyDetector, DescribeAnomalyDetectors, DeleteAnomalyDetector (spec: cloudwatch-api 6.11).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/anomaly_detector_store.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/metric_data_query.h"
#include "aws/cloudwatch/operations.h"
#include "base/bytes.h"
#include "metrics/math/evaluate.h"

namespace securebase::aws::cloudwatch {
namespace {

using metrics::math::MetricDataQuery;
using metrics::math::Plan;

constexpr std::size_t kPage = 50;
constexpr std::string_view kSingle = "SingleMetricAnomalyDetector";
constexpr std::string_view kMath = "MetricMathAnomalyDetector";
constexpr std::string_view kFlatMembers[] = {"Namespace", "MetricName", "Dimensions", "Stat"};

Error Missing(std::string field) {
  std::string message = "The parameter " + field + " is required.";
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "MissingParameter");
}

/// The members of one metric, checked, with sorted dimensions. `path`: "" or the structure's.
Result<Value> SingleOf(const Value& in, const std::string& path, const CallContext& context) {
  for (const char* name : {"Namespace", "MetricName", "Stat"}) {
    if (!in.Has(name)) return Missing(path + name);
  }
  if (in.TextOr("AccountId", context.account_number()) != context.account_number()) {
    return InvalidValue(path + "AccountId",
                        "The parameter " + path + "AccountId must be the caller's own account.");
  }
  const std::string& stat = *in.Text("Stat");
  if (!metrics::ParseStatistic(stat).ok()) {
    return InvalidValue(path + "Stat",
                        "The value " + stat + " for parameter " + path + "Stat is not supported.");
  }
  SB_TRY(const auto dimensions, DimensionsOf(in.Elements("Dimensions"), path + "Dimensions"));
  return Value::MakeStruct({{"Namespace", *in.Text("Namespace")},
                            {"MetricName", *in.Text("MetricName")},
                            {"Dimensions", DimensionsValue(dimensions)},
                            {"Stat", stat}});
}

Result<Value> MathOf(const Value& in) {
  const std::string list = std::string(kMath) + ".MetricDataQueries";
  SB_TRY(std::vector<MetricDataQuery> queries,
         MetricDataQueriesOf(in.Elements("MetricDataQueries"), list));
  if (queries.empty()) return Missing(list);
  Value::List values;
  std::size_t returned = 0, last = 0;
  for (const MetricDataQuery& query : queries) {
    if (query.return_data) {
      ++returned;
      last = values.size();
    }
    values.push_back(MetricDataQueryValue(query));
  }
  SB_TRY(const Plan plan, Plan::Make(std::move(queries)));
  if (returned != 1) {
    return InvalidValue(list, "Exactly one element of the metrics list should return data.");
  }
  if (plan.type(last) != metrics::math::Type::kSeries) {
    return InvalidValue(list, "The expression of an anomaly detector must return one time series.");
  }
  return Value::MakeStruct({{"MetricDataQueries", std::move(values)}});
}

/// Which metric, or which queries, a request means; the detector's identity.
Result<DetectorDefinition> IdentityOf(const Value& request, const CallContext& context) {
  const bool flat = std::any_of(std::begin(kFlatMembers), std::end(kFlatMembers), [&](auto name) {
    return request.Has(name) && !(name == "Dimensions" && request.Elements(name).empty());
  });
  const Value* single = request.Find(kSingle);
  const Value* math = request.Find(kMath);
  if ((flat ? 1 : 0) + (single ? 1 : 0) + (math ? 1 : 0) > 1) {
    return InvalidCombination(std::string(kSingle),
                              "SingleMetricAnomalyDetector, MetricMathAnomalyDetector and the "
                              "members Namespace, MetricName, Dimensions and Stat are mutually "
                              "exclusive.");
  }
  Value definition;
  if (math != nullptr) {
    SB_TRY(Value value, MathOf(*math));
    definition.Set(kMath, std::move(value));
  } else {
    const std::string path = single != nullptr ? std::string(kSingle) + "." : "";
    SB_TRY(Value value, SingleOf(single != nullptr ? *single : request, path, context));
    definition.Set(kSingle, std::move(value));
  }
  return definition;
}

Result<> CheckConfiguration(const Value& configuration) {
  for (const Value& range : configuration.Elements("ExcludedTimeRanges")) {
    if (*range.Time("StartTime") >= *range.Time("EndTime")) {
      return InvalidValue("Configuration.ExcludedTimeRanges",
                          "The parameter StartTime must be less than the parameter EndTime.");
    }
  }
  const std::string* zone = configuration.Text("MetricTimezone");
  if (zone != nullptr && !zone->empty() && !TimeZone::Find(*zone).ok()) {
    return InvalidValue(
        "Configuration.MetricTimezone",
        "The value " + *zone + " for parameter Configuration.MetricTimezone is not a time zone.");
  }
  return {};
}

Result<Value> RunPut(const Value& request, CallContext& context) {
  SB_TRY(DetectorDefinition definition, IdentityOf(request, context));
  if (const Value* configuration = request.Find("Configuration")) {
    SB_TRY_OK(CheckConfiguration(*configuration));
    definition.Set("Configuration", *configuration);
  }
  if (const Value* characteristics = request.Find("MetricCharacteristics")) {
    definition.Set("MetricCharacteristics", *characteristics);
  }
  SB_TRY_OK(AnomalyDetectorStore(context.stores.documents).Put(context.account, definition));
  return Value::MakeStruct({});
}

Result<Value> RunDelete(const Value& request, CallContext& context) {
  SB_TRY(const DetectorDefinition definition, IdentityOf(request, context));
  SB_TRY(const bool existed,
         AnomalyDetectorStore(context.stores.documents).Delete(context.account, definition));
  if (!existed) {
    return Error(ErrorCode::kNotFound, "The anomaly detector does not exist.", "",
                 "ResourceNotFoundException");
  }
  return Value::MakeStruct({});
}

bool Matches(const DetectorDefinition& definition, const Value& request) {
  const Value::List& types = request.Elements("AnomalyDetectorTypes");
  const Value* single = definition.Find(kSingle);
  const std::string_view type = single != nullptr ? "SINGLE_METRIC" : "METRIC_MATH";
  const bool wanted =
      types.empty() ? single != nullptr
                    : std::any_of(types.begin(), types.end(),
                                  [&](const Value& one) { return *one.As<std::string>() == type; });
  if (!wanted) return false;
  if (single == nullptr) {
    return !request.Has("Namespace") && !request.Has("MetricName") &&
           request.Elements("Dimensions").empty();
  }
  for (const char* name : {"Namespace", "MetricName"}) {
    if (request.Has(name) && *request.Text(name) != single->TextOr(name, "")) return false;
  }
  const Value::List& has = single->Elements("Dimensions");
  const Value::List& asked = request.Elements("Dimensions");
  return std::all_of(asked.begin(), asked.end(), [&](const Value& one) {
    return std::find(has.begin(), has.end(), one) != has.end();
  });
}

/// Trained once the model has the data that it needs.
Result<std::string> StateOf(const DetectorDefinition& definition, const CallContext& context) {
  std::vector<MetricDataQuery> queries;
  if (const Value* single = definition.Find(kSingle)) {
    MetricDataQuery query{.id = "m1"};
    query.metric_stat.emplace();
    query.metric_stat->metric = {*single->Text("Namespace"), *single->Text("MetricName"), {}};
    SB_TRY(query.metric_stat->metric.dimensions,
           DimensionsOf(single->Elements("Dimensions"), "Dimensions"));
    query.metric_stat->period = std::chrono::hours(1);
    SB_TRY(query.metric_stat->statistic, metrics::ParseStatistic(*single->Text("Stat")));
    queries.push_back(std::move(query));
  } else {
    SB_TRY(queries, MetricDataQueriesOf(definition.Find(kMath)->Elements("MetricDataQueries"),
                                        "MetricDataQueries"));
  }
  SB_TRY(const Plan plan, Plan::Make(std::move(queries)));
  const metrics::math::StoreSource source(context.stores.metrics, context.account);
  SB_TRY(const auto found,
         metrics::math::Evaluate(plan, source,
                                 {.account = context.account,
                                  .start = context.now - metrics::math::kTrainingRange,
                                  .end = context.now,
                                  .now = context.now}));
  const auto& times = found.results.at(0).series.times;
  if (times.empty()) return std::string("PENDING_TRAINING");
  return context.now - times.front() >= metrics::math::kTrainingLeast
             ? std::string("TRAINED")
             : std::string("TRAINED_INSUFFICIENT_DATA");
}

Result<Value> DescriptionOf(const DetectorDefinition& definition, const CallContext& context) {
  Value out;
  if (const Value* single = definition.Find(kSingle)) {
    // Both forms, since older clients know only the flat one.
    for (std::string_view name : kFlatMembers) out.Set(name, *single->Find(name));
    out.Set(kSingle, *single);
  } else {
    out.Set(kMath, *definition.Find(kMath));
  }
  for (const char* name : {"Configuration", "MetricCharacteristics"}) {
    if (const Value* value = definition.Find(name)) out.Set(name, *value);
  }
  SB_TRY(std::string state, StateOf(definition, context));
  out.Set("StateValue", std::move(state));
  return out;
}

Result<Value> RunDescribe(const Value& request, CallContext& context) {
  const std::string question = "DescribeAnomalyDetectors" + context.account.id;
  std::string after;
  if (const std::string* token = request.Text("NextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return Error(ErrorCode::kInvalidArgument, "The parameter NextToken is invalid.", "NextToken",
                   "InvalidNextToken");
    }
    after = *position;
  }
  const auto most = static_cast<std::size_t>(
      std::min<std::int64_t>(request.Int("MaxResults").value_or(kPage), kPage));
  SB_TRY(const auto all, AnomalyDetectorStore(context.stores.documents).List(context.account));
  Value::List shown;
  std::string last;
  bool more = false;
  for (const auto& [key, definition] : all) {
    if (key <= after || !Matches(definition, request)) continue;
    if (shown.size() == most) {
      more = true;
      break;
    }
    SB_TRY(Value description, DescriptionOf(definition, context));
    shown.push_back(std::move(description));
    last = key;
  }
  Value answer = Value::MakeStruct({{"AnomalyDetectors", std::move(shown)}});
  if (more) answer.Set("NextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

std::vector<Member> IdentityMembers() {
  const ShapePtr definition = DetectorDefinitionShape();
  return {
      Optional("Namespace", Text(1, 255)),
      Optional("MetricName", Text(1, 255)),
      Optional("Dimensions", DimensionsShape()),
      Optional("Stat", Text({}, 50)),
      *definition->Find(kSingle),
      *definition->Find(kMath),
      Refused("AnomalyDetectorId"),
  };
}

}  // namespace

Operation PutAnomalyDetector() {
  std::vector<Member> members = IdentityMembers();
  const ShapePtr definition = DetectorDefinitionShape();
  members.push_back(*definition->Find("Configuration"));
  members.push_back(*definition->Find("MetricCharacteristics"));
  return {.name = "PutAnomalyDetector",
          .role = api::Role::kAnalyst,
          .input = Struct(std::move(members)),
          .run = RunPut};
}

Operation DeleteAnomalyDetector() {
  return {.name = "DeleteAnomalyDetector",
          .role = api::Role::kAnalyst,
          .input = Struct(IdentityMembers()),
          .run = RunDelete};
}

Operation DescribeAnomalyDetectors() {
  return {
      .name = "DescribeAnomalyDetectors",
      .input = Struct({
          Optional("NextToken", Text()),
          Optional("MaxResults", Int(1)),
          Optional("Namespace", Text(1, 255)),
          Optional("MetricName", Text(1, 255)),
          Optional("Dimensions", DimensionsShape()),
          Optional("AnomalyDetectorTypes", ListOf(OneOf({"SINGLE_METRIC", "METRIC_MATH"}), {}, 2)),
      }),
      .run = RunDescribe};
}

}  // namespace securebase::aws::cloudwatch
