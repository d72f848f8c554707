// GetMetricData (spec: cloudwatch-api 4.2) for queries of one metric and statistic each.
// Expressions are refused by name until metric math is here.

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "aws/cloudwatch/common.h"
#include "aws/cloudwatch/operations.h"
#include "base/bytes.h"
#include "base/text.h"

namespace securebase::aws::cloudwatch {
namespace {

constexpr std::int64_t kDatapointsMax = 100'800;  // a call, over all its results
constexpr std::int64_t kQueriesMax = 500;

struct Query {
  std::string id;
  std::string label;
  bool return_data = true;
  metrics::StatisticsRequest request;
  metrics::Statistic statistic;
  bool kept = true;
};

struct Series {
  std::vector<std::pair<Instant, double>> points;
  std::vector<std::string> units;
};

Error IsRequired(std::size_t index, std::string_view member) {
  // With the line feed: the service's own text.
  std::string name =
      "MetricDataQueries.member." + std::to_string(index) + "." + std::string(member);
  return ValidationFault(name, "The parameter " + name + " is required.\n");
}

bool IsId(std::string_view id) {
  if (id.empty() || id[0] < 'a' || id[0] > 'z') return false;
  return std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

Result<Query> QueryOf(const Value& in, std::size_t index, const CallContext& context, Instant start,
                      Instant end) {
  const std::string path = "MetricDataQueries.member." + std::to_string(index) + ".";
  Query query;
  query.id = *in.Text("Id");
  if (!IsId(query.id)) {
    return ValidationFault(path + "Id", "1 validation error detected: Value '" + query.id +
                                            "' at 'metricDataQueries." + std::to_string(index) +
                                            ".member.id' failed to satisfy constraint: Member "
                                            "must satisfy regular expression pattern: "
                                            "^[a-z][a-zA-Z0-9_]*$");
  }
  const Value* stat = in.Find("MetricStat");
  if (stat == nullptr) return IsRequired(index, "MetricStat");
  const Value& metric = *stat->Find("Metric");
  if (!metric.Has("Namespace")) return IsRequired(index, "MetricStat.Metric.Namespace");
  if (!metric.Has("MetricName")) return IsRequired(index, "MetricStat.Metric.MetricName");
  if (in.TextOr("AccountId", context.account_number()) != context.account_number()) {
    return Error(ErrorCode::kForbidden, "AccountId must be the caller's own account.",
                 path + "AccountId", "AccessDenied");
  }
  const std::int64_t period_s = *stat->Int("Period");
  SB_TRY_OK(CheckPeriod(period_s, path + "MetricStat.Period"));
  Result<metrics::Statistic> statistic = metrics::ParseStatistic(*stat->Text("Stat"));
  if (!statistic.ok()) {
    return InvalidValue(path + "MetricStat.Stat", "The value " + *stat->Text("Stat") +
                                                      " for parameter " + path +
                                                      "MetricStat.Stat is not supported.");
  }
  query.statistic = *std::move(statistic);
  query.return_data = in.Bool("ReturnData", true);
  query.label = in.TextOr("Label", "");
  query.request.metric.namespace_name = *metric.Text("Namespace");
  query.request.metric.name = *metric.Text("MetricName");
  SB_TRY(query.request.metric.dimensions,
         DimensionsOf(metric.Elements("Dimensions"), path + "MetricStat.Metric.Dimensions"));
  if (const std::string* unit = stat->Text("Unit")) query.request.unit = *unit;
  const QueryRange range = RoundRange(start, end, period_s, context.now);
  query.kept = range.kept;
  query.request.start = range.start;
  query.request.end = range.end;
  query.request.period = std::chrono::seconds(period_s);
  return query;
}

/// The default label: the metric's name, with what tells the queries of a request apart.
void CompleteLabels(std::vector<Query>& queries) {
  bool stats_differ = false, periods_differ = false;
  for (const Query& query : queries) {
    stats_differ |= query.statistic.text != queries[0].statistic.text;
    periods_differ |= query.request.period != queries[0].request.period;
  }
  for (Query& query : queries) {
    if (!query.label.empty()) continue;
    query.label = query.request.metric.name;
    if (stats_differ) query.label += " " + query.statistic.text;
    if (periods_differ) query.label += " " + std::to_string(query.request.period.count() / 1000);
  }
}

Result<std::vector<Query>> QueriesOf(const Value& request, const CallContext& context) {
  const Instant start = *request.Time("StartTime"), end = *request.Time("EndTime");
  if (start == end) {
    return ValidationFault("StartTime",
                           "The parameter StartTime must not equal parameter EndTime.");
  }
  if (end < start) {
    return ValidationFault("EndTime", "The parameter EndTime must be greater than StartTime.");
  }
  std::vector<Query> queries;
  std::set<std::string> ids;
  for (const Value& in : request.Elements("MetricDataQueries")) {
    SB_TRY(Query query, QueryOf(in, queries.size() + 1, context, start, end));
    if (!ids.insert(query.id).second) {
      return ValidationFault("MetricDataQueries",
                             "The values for parameter id in MetricDataQueries are not unique.");
    }
    queries.push_back(std::move(query));
  }
  CompleteLabels(queries);
  return queries;
}

Result<Series> SeriesOf(const Query& query, const CallContext& context) {
  Series out;
  if (!query.kept) return out;
  SB_TRY(const auto all, context.stores.metrics.Query(context.account, query.request));
  const metrics::UnitSeries* first = nullptr;
  for (const metrics::UnitSeries& one : all) {
    out.units.push_back(one.unit);
    if (first == nullptr || one.unit < first->unit) first = &one;
  }
  std::sort(out.units.begin(), out.units.end());
  if (first == nullptr) return out;
  for (const auto& [time, bucket] : first->buckets) {
    if (const auto value = bucket.Evaluate(query.statistic)) out.points.emplace_back(time, *value);
  }
  return out;
}

Value Message(std::string_view code, std::string text) {
  return Value::MakeStruct({{"Code", code}, {"Value", std::move(text)}});
}

Value::List MessagesOf(const Query& query, const Series& series) {
  Value::List messages;
  if (!query.kept) {
    messages.push_back(Message(
        "PeriodNotKept", "Data of this age is not kept at a period of " +
                             std::to_string(query.request.period.count() / 1000) + " seconds."));
  }
  if (series.units.size() > 1) {
    std::string units;
    for (const std::string& unit : series.units) units += (units.empty() ? "" : ", ") + unit;
    messages.push_back(Message("MultipleUnits", "Multiple units returned: '[" + units + "]'"));
  }
  return messages;
}

/// What must stay the same from page to page.
std::string QuestionOf(const std::vector<Query>& queries, const CallContext& context,
                       bool ascending, std::int64_t points_max) {
  std::string out = "GetMetricData";
  PutBytes(out, context.account.id);
  PutBytes(out, context.account.region);
  PutVarint(out, static_cast<std::uint64_t>(points_max) << 1 | (ascending ? 1 : 0));
  for (const Query& query : queries) {
    for (std::string_view part :
         {std::string_view(query.id), std::string_view(query.request.metric.namespace_name),
          std::string_view(query.request.metric.name), std::string_view(query.statistic.text)}) {
      PutBytes(out, part);
    }
    PutFixed(out, query.request.period.count());
    PutFixed(out, ToUnixMillis(query.request.end));
  }
  return out;
}

/// How far a page goes: instants before `from` (in the order of the scan) were on earlier pages.
struct Page {
  bool ascending = false;
  std::optional<Instant> from;
  std::optional<Instant> next;  // the first instant of the next page

  bool Earlier(Instant a, Instant b) const { return ascending ? a < b : a > b; }
  bool Shows(Instant t) const {
    return !(from && Earlier(t, *from)) && !(next && !Earlier(t, *next));
  }
};

/// Cuts the page at an instant, so that all series go on together.
void Cut(const std::vector<Series>& all, const std::vector<Query>& queries, std::int64_t points_max,
         Page& page) {
  std::vector<Instant> instants;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!queries[i].return_data) continue;
    for (const auto& [time, value] : all[i].points) {
      if (page.Shows(time)) instants.push_back(time);
    }
  }
  const auto limit = static_cast<std::size_t>(points_max);
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

Value ResultOf(const Query& query, const Series& series, const Page& page) {
  Value::List times, values;
  auto add = [&](const std::pair<Instant, double>& point) {
    if (!page.Shows(point.first)) return;
    times.push_back(point.first);
    values.push_back(point.second);
  };
  if (page.ascending) {
    std::for_each(series.points.begin(), series.points.end(), add);
  } else {
    std::for_each(series.points.rbegin(), series.points.rend(), add);
  }
  Value out = Value::MakeStruct({{"Id", query.id},
                                 {"Label", query.label},
                                 {"Timestamps", std::move(times)},
                                 {"Values", std::move(values)},
                                 {"StatusCode", page.next ? "PartialData" : "Complete"}});
  if (Value::List messages = MessagesOf(query, series); !messages.empty()) {
    out.Set("Messages", std::move(messages));
  }
  return out;
}

Result<Value> Run(const Value& request, CallContext& context) {
  SB_TRY(std::vector<Query> queries, QueriesOf(request, context));
  Page page;
  page.ascending = request.TextOr("ScanBy", "") == "TimestampAscending";
  const std::int64_t points_max = request.Int("MaxDatapoints").value_or(kDatapointsMax);
  const std::string question = QuestionOf(queries, context, page.ascending, points_max);
  if (const std::string* token = request.Text("NextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) {
      return Error(ErrorCode::kInvalidArgument, "The parameter NextToken is invalid.", "NextToken",
                   "InvalidNextToken");
    }
    page.from = FromUnixMillis(ByteReader(*position).Fixed<std::int64_t>());
  }
  std::vector<Series> all;
  for (const Query& query : queries) {
    SB_TRY(Series series, SeriesOf(query, context));
    all.push_back(std::move(series));
  }
  Cut(all, queries, points_max, page);
  Value::List results;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (queries[i].return_data) results.push_back(ResultOf(queries[i], all[i], page));
  }
  Value answer =
      Value::MakeStruct({{"MetricDataResults", std::move(results)}, {"Messages", Value::List()}});
  if (page.next) {
    std::string position;
    PutFixed(position, ToUnixMillis(*page.next));
    answer.Set("NextToken", context.tokens.Seal(question, position, context.now));
  }
  return answer;
}

}  // namespace

Operation GetMetricData() {
  const ShapePtr metric =
      Struct({Optional("Namespace", Text(1, 255)), Optional("MetricName", Text(1, 255)),
              Optional("Dimensions", DimensionsShape())});
  const ShapePtr metric_stat = Struct({Required("Metric", metric), Required("Period", Int(1)),
                                       Required("Stat", Text()), Optional("Unit", UnitShape())});
  const ShapePtr query = Struct({
      Required("Id", Text(1, 255)),
      Optional("MetricStat", metric_stat),
      Refused("Expression"),
      Optional("Label", Text()),
      Optional("ReturnData", Bool()),
      Accepted("Period", Int(1)),
      Optional("AccountId", Text(1, 255)),
  });
  return {.name = "GetMetricData",
          .input = Struct({
              Required("MetricDataQueries", ListOf(query, 1, kQueriesMax)),
              Required("StartTime", Time()),
              Required("EndTime", Time()),
              Optional("NextToken", Text()),
              Optional("ScanBy", OneOf({"TimestampDescending", "TimestampAscending"})),
              Optional("MaxDatapoints", Int(1, kDatapointsMax)),
              Accepted("LabelOptions", Struct({Accepted("Timezone", Text())})),
          }),
          .run = Run};
}

}  // namespace securebase::aws::cloudwatch
