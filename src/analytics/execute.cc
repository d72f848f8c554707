#include "analytics/execute.h"

#include <algorithm>
#include <cmath>
#include <compare>

#include "analytics/datasets.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

using query::Aggregate;
using query::Cell;
using query::GroupKey;

constexpr std::size_t kTagNamesMax = 100;

GroupKey::Cut CutOf(Granularity granularity) {
  switch (granularity) {
    case Granularity::kDay:
      return GroupKey::Cut::kDay;
    case Granularity::kWeek:
      return GroupKey::Cut::kWeek;
    case Granularity::kMonth:
      return GroupKey::Cut::kMonth;
    case Granularity::kNone:
      break;
  }
  return GroupKey::Cut::kNone;
}

Aggregate AggregateOf(Metric metric) {
  switch (metric) {
    case Metric::kCost:
      return {Aggregate::Op::kSum, "billed_cost"};
    case Metric::kEffectiveCost:
      return {Aggregate::Op::kSum, "effective_cost"};
    case Metric::kUsage:
      return {Aggregate::Op::kSum, "usage_quantity"};
    case Metric::kCount:
      break;
  }
  return {Aggregate::Op::kCount, ""};
}

std::vector<ResultColumn> ColumnsOf(const AnalyticsQuery& query) {
  std::vector<ResultColumn> columns;
  if (query.all_tags) columns.push_back({"tag", query::Type::kString});
  for (const std::string& name : query.key_names) {
    columns.push_back({name, query::Type::kString});
  }
  if (query.granularity != Granularity::kNone) columns.push_back({"date", query::Type::kTime});
  for (Metric metric : query.metrics) {
    columns.push_back({std::string(ToText(metric)),
                       metric == Metric::kCount ? query::Type::kInt64 : query::Type::kDouble});
  }
  return columns;
}

query::GroupQuery Plan(const AnalyticsQuery& query, const std::vector<ResultColumn>& columns) {
  query::GroupQuery plan;
  plan.where = query.where;
  if (query.all_tags) plan.keys.push_back({""});  // set for each tag in turn
  for (const std::string& key : query.keys) plan.keys.push_back({key});
  if (query.granularity != Granularity::kNone) {
    plan.keys.push_back({"time", CutOf(query.granularity)});
  }
  const bool cost = query.dataset == kCost;
  for (Metric metric : query.metrics) {
    // Findings cost nothing and use nothing: their columns are filled with zeroes afterwards.
    plan.aggregates.push_back(cost ? AggregateOf(metric) : Aggregate{});
  }
  for (const SortOrder& order : query.sort) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == order.column) plan.order.push_back({i, order.descending});
    }
  }
  return plan;
}

std::weak_ordering Compare(const Cell& a, const Cell& b) {
  if (a.present != b.present)
    return a.present ? std::weak_ordering::greater : std::weak_ordering::less;
  if (a.type == query::Type::kString) return a.text <=> b.text;
  if (a.type == query::Type::kDouble) {
    return a.real < b.real   ? std::weak_ordering::less
           : b.real < a.real ? std::weak_ordering::greater
                             : std::weak_ordering::equivalent;
  }
  return a.integer <=> b.integer;
}

/// The order of RunGroupQuery, over rows that came from several queries.
void Sort(std::vector<std::vector<Cell>>& rows, const query::GroupQuery& plan) {
  std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
    for (const query::SortKey& key : plan.order) {
      const auto order = Compare(a[key.column], b[key.column]);
      if (order != 0) return key.descending ? order > 0 : order < 0;
    }
    for (std::size_t i = 0; i < plan.keys.size(); ++i) {
      const auto order = Compare(a[i], b[i]);
      if (order != 0) return order < 0;
    }
    return false;
  });
}

/// One query per tag: its rows carry "key=value".
Result<query::GroupResult> RunAllTags(const Reader& reader, const AnalyticsQuery& query,
                                      query::GroupQuery plan) {
  query::GroupResult all;
  std::size_t tags = 0;
  for (const std::string& name : reader.FieldNames(query.dataset)) {
    if (!IsTagField(name)) continue;
    if (++tags > kTagNamesMax) {
      return LimitExceeded("dimension", "tag needs a tagKey: there are more than 100 tags");
    }
    plan.keys.front().field = name;
    plan.where = query::Predicate{.op = query::Predicate::Op::kAnd};
    plan.where.children.push_back(query.where);
    plan.where.children.push_back({.op = query::Predicate::Op::kExists, .field = name});
    SB_TRY(query::GroupResult result, reader.Group(query.dataset, query.range, plan));
    all.rows_matched += result.rows_matched;
    for (auto& row : result.rows) {
      row.front().text = name.substr(5) + "=" + row.front().text;
      all.rows.push_back(std::move(row));
    }
  }
  Sort(all.rows, plan);
  return all;
}

void AddTotals(const AnalyticsQuery& query, std::size_t first_metric, QueryResult& result) {
  for (std::size_t i = 0; i < query.metrics.size(); ++i) {
    double total = 0;
    for (const auto& row : result.rows) total += row[first_metric + i].real;
    if (query.metrics[i] == Metric::kCost) result.total_cost = total;
    if (query.metrics[i] == Metric::kEffectiveCost) result.total_effective_cost = total;
    if (query.metrics[i] == Metric::kUsage) result.total_usage = total;
  }
}

/// Findings counted in every aggregate: the figures that they lack become 0.
void ZeroAmounts(const AnalyticsQuery& query, std::size_t first_metric, QueryResult& result) {
  for (std::size_t i = 0; i < query.metrics.size(); ++i) {
    if (query.metrics[i] == Metric::kCount) continue;
    for (auto& row : result.rows) {
      row[first_metric + i] = Cell{.present = true, .type = query::Type::kDouble};
    }
  }
}

void WriteCell(json::Writer& writer, const Cell& cell) {
  if (!cell.present) {
    writer.Null();
    return;
  }
  switch (cell.type) {
    case query::Type::kString:
      writer.String(cell.text);
      break;
    case query::Type::kDouble:
      writer.Double(RoundAmount(cell.real));
      break;
    case query::Type::kTime:
      writer.String(FormatDate(FromUnixMillis(cell.integer)));
      break;
    case query::Type::kBool:
      writer.Bool(cell.integer != 0);
      break;
    case query::Type::kInt64:
      writer.Int(cell.integer);
      break;
  }
}

bool Asks(const AnalyticsQuery& query, Metric metric) {
  return std::find(query.metrics.begin(), query.metrics.end(), metric) != query.metrics.end();
}

}  // namespace

double RoundAmount(double value) {
  const double scaled = value * 1e6;
  // Beyond 2^53 there are no six decimals to keep.
  if (!(std::abs(scaled) < 9e15)) return value;
  return std::round(scaled) / 1e6;
}

Result<QueryResult> Execute(const Reader& reader, const AnalyticsQuery& query,
                            std::string_view generation) {
  if (!query.cursor_generation.empty() && query.cursor_generation != generation) {
    return Error(ErrorCode::kConflict,
                 "the data has changed since the cursor was made: start again", "cursor");
  }
  QueryResult result{.columns = ColumnsOf(query)};
  const query::GroupQuery plan = Plan(query, result.columns);
  SB_TRY(query::GroupResult groups, query.all_tags
                                        ? RunAllTags(reader, query, plan)
                                        : reader.Group(query.dataset, query.range, plan));
  result.record_count = groups.rows_matched;
  result.groups = groups.rows.size();
  result.rows = std::move(groups.rows);

  const std::size_t first_metric = plan.keys.size();
  if (query.dataset != kCost) ZeroAmounts(query, first_metric, result);
  AddTotals(query, first_metric, result);

  const std::size_t from = std::min(query.offset, result.rows.size());
  const std::size_t to = std::min(from + query.limit, result.rows.size());
  if (to < result.rows.size()) result.next_cursor = EncodeCursor(query, to, generation);
  result.rows.resize(to);
  result.rows.erase(result.rows.begin(), result.rows.begin() + static_cast<std::ptrdiff_t>(from));
  return result;
}

std::string WriteAnalytics(const AnalyticsQuery& query, const QueryResult& result, Instant now) {
  std::string body;
  body.reserve(512 + result.rows.size() * 96);
  json::Writer writer(body);
  writer.BeginObject().Key("data").BeginArray();
  for (const auto& row : result.rows) {
    writer.BeginObject();
    for (std::size_t i = 0; i < row.size(); ++i) {
      writer.Key(result.columns[i].name);
      WriteCell(writer, row[i]);
    }
    writer.EndObject();
  }
  writer.EndArray();

  writer.Key("summary").BeginObject();
  if (Asks(query, Metric::kCost)) writer.Member("totalCost", RoundAmount(result.total_cost));
  if (Asks(query, Metric::kEffectiveCost)) {
    writer.Member("totalEffectiveCost", RoundAmount(result.total_effective_cost));
  }
  if (Asks(query, Metric::kUsage)) writer.Member("totalUsage", RoundAmount(result.total_usage));
  writer.Member("dateRange", query.range.name);
  writer.Member("dimension", query.dimension);
  writer.Member("startDate", FormatIso(query.range.start));
  writer.Member("endDate", FormatIso(query.range.end));
  writer.EndObject();

  writer.Key("metadata").BeginObject();
  writer.Member("recordCount", result.record_count);
  writer.Member("aggregatedCount", result.groups);
  writer.Member("generatedAt", FormatIsoMillis(now));
  if (!result.next_cursor.empty()) writer.Member("nextCursor", result.next_cursor);
  writer.EndObject();
  return body;
}

}  // namespace securebase::analytics
