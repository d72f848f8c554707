// GetMetricData (spec: cloudwatch-api 4.2): metrics, and expressions over them, by the page.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/anomaly_detector_store.h"
#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/metric_data_query.h"
#include "aws/cloudwatch/operations.h"
#include "aws/codec/json.h"
#include "base/bytes.h"
#include "metrics/math/evaluate.h"
#include "metrics/math/label.h"

namespace securebase::aws::cloudwatch {
namespace {

using metrics::math::Evaluation;
using metrics::math::MetricDataQuery;
using metrics::math::Plan;
using metrics::math::SeriesResult;

constexpr std::int64_t kDatapointsMax = 100'800;  // a call, over all its results
constexpr std::int64_t kQueriesMax = 500;

Result<> CheckRange(Instant start, Instant end) {
  if (start == end) {
    return ValidationFault("StartTime",
                           "The parameter StartTime must not equal parameter EndTime.");
  }
  if (end < start) {
    return ValidationFault("EndTime", "The parameter EndTime must be greater than StartTime.");
  }
  return {};
}

/// Whose data of another account's are asked for: those answers are Forbidden, and so are the
/// expressions that need them.
class Ownership {
 public:
  Ownership(const Value::List& queries, const CallContext& context) {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      const std::string own = context.account_number();
      foreign_.push_back(queries[i].TextOr("AccountId", own) != own);
    }
  }

  bool IsForeign(const Plan& plan, std::size_t query) const {
    if (foreign_[query]) return true;
    const std::vector<std::size_t>& needed = plan.dependencies(query);
    return std::any_of(needed.begin(), needed.end(), [&](std::size_t i) { return foreign_[i]; });
  }

 private:
  std::vector<bool> foreign_;
};

/// How far a page goes: instants before `from` (in the order of the scan) were on earlier pages.
struct Page {
  bool ascending = false;
  Instant now;  // of the first page: what the rounding of the range follows
  std::optional<Instant> from;
  std::optional<Instant> next;  // the first instant of the next page

  bool Earlier(Instant a, Instant b) const { return ascending ? a < b : a > b; }
  bool Shows(Instant t) const {
    return !(from && Earlier(t, *from)) && !(next && !Earlier(t, *next));
  }
};

/// What must stay the same from page to page: everything but the token.
std::string QuestionOf(const Value& request, const CallContext& context) {
  Value rest;
  for (const auto& [name, value] : request.As<Value::Struct>()->fields) {
    if (name != "NextToken") rest.Set(name, value);
  }
  std::string out = "GetMetricData";
  PutBytes(out, context.account.id);
  PutBytes(out, context.account.region);
  PutBytes(out, codec::EncodeJson(rest));
  return out;
}

Result<Page> PageOf(const Value& request, const std::string& question, const CallContext& context) {
  Page page;
  page.ascending = request.TextOr("ScanBy", "") == "TimestampAscending";
  page.now = context.now;
  const std::string* token = request.Text("NextToken");
  if (token == nullptr) return page;
  const auto position = context.tokens.Open(question, *token, context.now);
  if (!position.ok()) {
    return Error(ErrorCode::kInvalidArgument, "The parameter NextToken is invalid.", "NextToken",
                 "InvalidNextToken");
  }
  ByteReader reader(*position);
  page.from = FromUnixMillis(reader.Fixed<std::int64_t>());
  page.now = FromUnixMillis(reader.Fixed<std::int64_t>());
  return page;
}

/// Cuts the page at an instant, so that all series go on together.
void Cut(const std::vector<SeriesResult>& results, std::int64_t points_max, Page& page) {
  const auto limit = static_cast<std::size_t>(points_max);
  std::size_t points = 0;
  for (const SeriesResult& result : results) points += result.series.times.size();
  if (points <= limit) return;
  std::vector<Instant> instants;
  instants.reserve(points);
  for (const SeriesResult& result : results) {
    for (Instant t : result.series.times) {
      if (page.Shows(t)) instants.push_back(t);
    }
  }
  if (instants.size() <= limit) return;
  std::sort(instants.begin(), instants.end(),
            [&](Instant a, Instant b) { return page.Earlier(a, b); });
  Instant cut = instants[limit];
  // More series than the page may have points: the page holds one instant, whatever its size.
  if (cut == instants[0]) {
    const auto later =
        std::find_if(instants.begin(), instants.end(), [&](Instant t) { return t != instants[0]; });
    if (later == instants.end()) return;
    cut = *later;
  }
  page.next = cut;
}

Value MessageValue(std::string_view code, std::string_view text) {
  return Value::MakeStruct({{"Code", code}, {"Value", text}});
}

Value::List MessageValues(const std::vector<metrics::math::Message>& messages) {
  Value::List list;
  for (const auto& message : messages) list.push_back(MessageValue(message.code, message.text));
  return list;
}

Value ResultOf(const SeriesResult& result, const Page& page) {
  Value::List times, values;
  const std::size_t size = result.series.times.size();
  times.reserve(size);
  values.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t k = page.ascending ? i : size - 1 - i;
    if (!page.Shows(result.series.times[k])) continue;
    times.push_back(result.series.times[k]);
    values.push_back(result.series.values[k]);
  }
  const bool partial = page.next.has_value() || result.partial;
  Value out = Value::MakeStruct({{"Id", result.id},
                                 {"Label", result.label},
                                 {"Timestamps", std::move(times)},
                                 {"Values", std::move(values)},
                                 {"StatusCode", partial ? "PartialData" : "Complete"}});
  if (!result.messages.empty()) out.Set("Messages", MessageValues(result.messages));
  return out;
}

Value ForbiddenResult(const SeriesResult& result) {
  return Value::MakeStruct(
      {{"Id", result.id},
       {"Label", result.label},
       {"Timestamps", Value::List()},
       {"Values", Value::List()},
       {"StatusCode", "Forbidden"},
       {"Messages",
        Value::List{MessageValue("Forbidden", "AccountId must be the caller's own account.")}}});
}

Result<Evaluation> EvaluationOf(const Plan& plan, const Value& request, const Page& page,
                                CallContext& context) {
  const AnomalyDetectorStore detectors(context.stores.documents);
  const AccountDetectors own_detectors(detectors, context.account);
  metrics::math::EvaluationRequest evaluation;
  evaluation.account = context.account;
  evaluation.start = *request.Time("StartTime");
  evaluation.end = *request.Time("EndTime");
  evaluation.now = page.now;
  evaluation.detectors = &own_detectors;
  if (const Value* options = request.Find("LabelOptions")) {
    evaluation.timezone = options->TextOr("Timezone", "");
    const auto offset = metrics::math::ParseLabelTimezone(evaluation.timezone);
    if (!evaluation.timezone.empty() && !offset.ok()) {
      return ValidationFault("LabelOptions.Timezone", "The parameter LabelOptions.Timezone " +
                                                          offset.error().message() + ".");
    }
  }
  const metrics::math::StoreSource source(context.stores.metrics, context.account);
  return metrics::math::Evaluate(plan, source, evaluation);
}

Result<Value> Run(const Value& request, CallContext& context) {
  SB_TRY_OK(CheckRange(*request.Time("StartTime"), *request.Time("EndTime")));
  const Value::List& list = request.Elements("MetricDataQueries");
  SB_TRY(std::vector<MetricDataQuery> queries, MetricDataQueriesOf(list, "MetricDataQueries"));
  SB_TRY(const Plan plan, Plan::Make(std::move(queries)));
  const std::string question = QuestionOf(request, context);
  SB_TRY(Page page, PageOf(request, question, context));
  SB_TRY(Evaluation found, EvaluationOf(plan, request, page, context));

  const Ownership ownership(list, context);
  std::vector<bool> forbidden;
  for (SeriesResult& result : found.results) {
    forbidden.push_back(ownership.IsForeign(plan, result.query));
    if (forbidden.back()) result.series = {};
  }
  Cut(found.results, request.Int("MaxDatapoints").value_or(kDatapointsMax), page);
  Value::List results;
  for (std::size_t i = 0; i < found.results.size(); ++i) {
    results.push_back(forbidden[i] ? ForbiddenResult(found.results[i])
                                   : ResultOf(found.results[i], page));
  }
  Value answer = Value::MakeStruct(
      {{"MetricDataResults", std::move(results)}, {"Messages", MessageValues(found.messages)}});
  if (page.next) {
    std::string position;
    PutFixed(position, ToUnixMillis(*page.next));
    PutFixed(position, ToUnixMillis(page.now));
    answer.Set("NextToken", context.tokens.Seal(question, position, context.now));
  }
  return answer;
}

}  // namespace

Operation GetMetricData() {
  return {.name = "GetMetricData",
          .input = Struct({
              Required("MetricDataQueries", ListOf(MetricDataQueryShape(), 1, kQueriesMax)),
              Required("StartTime", Time()),
              Required("EndTime", Time()),
              Optional("NextToken", Text()),
              Optional("ScanBy", OneOf({"TimestampDescending", "TimestampAscending"})),
              Optional("MaxDatapoints", Int(1, kDatapointsMax)),
              Optional("LabelOptions", Struct({Optional("Timezone", Text())})),
          }),
          .run = Run};
}

}  // namespace securebase::aws::cloudwatch
