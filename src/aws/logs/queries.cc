// Insights queries: started, polled, stopped, listed (spec: logs-api 8).

#include <fmt/format.h>

#include "aws/logs/common.h"
#include "aws/logs/operations.h"
#include "base/text.h"

namespace securebase::aws::logs {
namespace {

using securebase::logs::QueryDescription;
using securebase::logs::QueryManager;
using securebase::logs::QueryRequest;
using securebase::logs::QueryStatus;

constexpr std::int64_t kGroupsMax = 50;
constexpr std::size_t kRowsOfPage = 10'000;
// From here on StartQuery's times are milliseconds.
constexpr std::int64_t kMillisecondsFrom = 100'000'000'000;

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

Result<std::string> QueryIdOf(const Value& request) {
  const std::string& id = *request.Text("queryId");
  if (!IsUuid(id)) return InvalidParameter("queryId", "The specified queryId is invalid: " + id);
  return id;
}

Error QueriedGroupNotFound(const CallContext& context, std::string_view group) {
  return Error(ErrorCode::kNotFound,
               fmt::format("Log group '{}' does not exist for account ID '{}' (Service: AWSLogs; "
                           "Status Code: 400; Error Code: ResourceNotFoundException; Request ID: "
                           "{}; Proxy: null)",
                           group, context.account_number(), context.request_id),
               "logGroupName", "ResourceNotFoundException");
}

/// The groups that the request names in one of three ways; empty: in none.
Result<std::vector<std::string>> GroupsOf(const Value& request, const CallContext& context) {
  const int ways = (request.Has("logGroupName") ? 1 : 0) + (request.Has("logGroupNames") ? 1 : 0) +
                   (request.Has("logGroupIdentifiers") ? 1 : 0);
  if (ways > 1) {
    return InvalidParameter("logGroupNames",
                            "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers "
                            "may be given.");
  }
  std::vector<std::string> groups;
  if (const std::string* name = request.Text("logGroupName")) groups.push_back(*name);
  for (const Value& name : request.Elements("logGroupNames")) {
    groups.push_back(*name.As<std::string>());
  }
  for (const Value& one : request.Elements("logGroupIdentifiers")) {
    auto name = NameOfIdentifier(context, *one.As<std::string>(), "logGroupIdentifiers");
    if (!name.ok() && name.error().code() == ErrorCode::kNotFound) {
      return QueriedGroupNotFound(context, *one.As<std::string>());
    }
    if (!name.ok()) return name.error();
    groups.push_back(*std::move(name));
  }
  std::vector<std::string> unique;
  for (std::string& group : groups) {
    if (std::find(unique.begin(), unique.end(), group) != unique.end()) continue;
    if (!context.stores.logs.FindGroup(context.account, group)) {
      return QueriedGroupNotFound(context, group);
    }
    unique.push_back(std::move(group));
  }
  return unique;
}

Result<Value> RunStartQuery(const Value& request, CallContext& context) {
  SB_TRY(std::vector<std::string> groups, GroupsOf(request, context));
  QueryRequest query{.text = *request.Text("queryString"),
                     .groups = std::move(groups),
                     .start = *request.Int("startTime"),
                     .end = *request.Int("endTime")};
  if (const auto limit = request.Int("limit")) query.limit = static_cast<std::size_t>(*limit);
  std::optional<insights::MalformedQuery> malformed;
  auto id =
      context.stores.log_service.queries().Start(context.account, std::move(query), &malformed);
  if (id.ok()) return Value::MakeStruct({{"queryId", *std::move(id)}});
  if (malformed) {
    context.error_members.Set(
        "queryCompileError",
        Value::MakeStruct(
            {{"location",
              Value::MakeStruct({{"startCharOffset", static_cast<std::int64_t>(malformed->start)},
                                 {"endCharOffset", static_cast<std::int64_t>(malformed->end)}})},
             {"message", malformed->message}}));
  }
  return id.error();
}

Value StatisticsOf(const QueryDescription& query) {
  const insights::Statistics& s = query.statistics;
  return Value::MakeStruct({{"recordsMatched", static_cast<double>(s.records_matched)},
                            {"recordsScanned", static_cast<double>(s.records_scanned)},
                            {"estimatedRecordsSkipped", static_cast<double>(s.records_skipped)},
                            {"bytesScanned", static_cast<double>(s.bytes_scanned)},
                            {"estimatedBytesSkipped", static_cast<double>(s.bytes_skipped)},
                            {"logGroupsScanned", static_cast<double>(s.groups_scanned)}});
}

Value RowOf(const insights::Table& table, std::size_t row) {
  Value::List fields;
  const auto add = [&](const std::string& name, const std::string& value) {
    fields.push_back(Value::MakeStruct({{"field", name}, {"value", value}}));
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.rows[row][i]) add(table.columns[i], *table.rows[row][i]);
  }
  if (!table.pointers.empty()) add("@ptr", table.pointers[row]);
  return Value(std::move(fields));
}

Result<Value> RunGetQueryResults(const Value& request, CallContext& context) {
  SB_TRY(const std::string id, QueryIdOf(request));
  SB_TRY(const QueryManager::Snapshot snapshot,
         context.stores.log_service.queries().Results(context.account, id));
  const QueryDescription& query = snapshot.description;
  const insights::Table& table = *snapshot.table;
  const std::string question = "GetQueryResults " + id;
  std::size_t first = 0;
  if (const std::string* token = request.Text("nextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    const auto number = position.ok() ? ParseInt(*position) : std::nullopt;
    if (!number) return BadToken();
    first = std::min(static_cast<std::size_t>(*number), table.rows.size());
  }
  const auto count = static_cast<std::size_t>(
      request.Int("maxItems").value_or(static_cast<std::int64_t>(kRowsOfPage)));
  const std::size_t end = std::min(table.rows.size(), first + count);
  Value::List rows;
  rows.reserve(end - first);
  for (std::size_t i = first; i < end; ++i) rows.push_back(RowOf(table, i));
  Value statistics = StatisticsOf(query);
  if (query.status == QueryStatus::kComplete) {
    statistics.Set("resultCount", static_cast<double>(table.rows.size()));
  }
  Value answer = Value::MakeStruct({{"queryLanguage", "CWLI"},
                                    {"results", std::move(rows)},
                                    {"statistics", std::move(statistics)},
                                    {"status", ToText(query.status)}});
  // While it runs the rows may still change: pages are of what is complete.
  if (end < table.rows.size() && query.status == QueryStatus::kComplete) {
    answer.Set("nextToken", context.tokens.Seal(question, std::to_string(end), context.now));
  }
  return answer;
}

Result<Value> RunStopQuery(const Value& request, CallContext& context) {
  SB_TRY(const std::string id, QueryIdOf(request));
  SB_TRY_OK(context.stores.log_service.queries().Stop(context.account, id));
  return Value::MakeStruct({{"success", true}});
}

/// As the service records it: with the groups and the range in front.
std::string RecordedText(const QueryDescription& query) {
  std::string text;
  if (!query.groups.empty() && query.text.find("SOURCE") != 0) {
    text = "SOURCE ";
    for (const std::string& group : query.groups) {
      text += (text.size() > 7 ? ", \"" : "\"") + group + "\"";
    }
    const auto millis = [](std::int64_t t, int rest) {
      return t >= kMillisecondsFrom ? t : t * 1000 + rest;
    };
    text += fmt::format(" START={} END={} | ", millis(query.start, 0), millis(query.end, 999));
  }
  return text + query.text;
}

Value DescribeQuery(const QueryDescription& query) {
  Value out = Value::MakeStruct({{"createTime", Millis(query.created_at)}});
  if (!query.groups.empty()) out.Set("logGroupName", query.groups.front());
  out.Set("queryId", query.id);
  out.Set("queryLanguage", "CWLI");
  out.Set("queryString", RecordedText(query));
  out.Set("status", ToText(query.status));
  if (query.duration) out.Set("queryDuration", std::int64_t{query.duration->count()});
  if (query.status == QueryStatus::kComplete) {
    out.Set("bytesScanned", static_cast<double>(query.statistics.bytes_scanned));
  }
  return out;
}

Result<Value> RunDescribeQueries(const Value& request, CallContext& context) {
  const std::string group = request.TextOr("logGroupName", "");
  const std::string status = request.TextOr("status", "");
  const std::string question = "DescribeQueries " + group + "\n" + status;
  const auto limit = static_cast<std::size_t>(request.Int("maxResults").value_or(1000));
  std::string after;
  if (const std::string* token = request.Text("nextToken")) {
    const auto position = context.tokens.Open(question, *token, context.now);
    if (!position.ok()) return BadToken();
    after = *position;
  }
  Value::List page;
  std::string last;
  bool more = false;
  for (const QueryDescription& query : context.stores.log_service.queries().List(context.account)) {
    if (!after.empty()) {
      if (query.id == after) after.clear();
      continue;
    }
    const bool of_group = group.empty() || std::find(query.groups.begin(), query.groups.end(),
                                                     group) != query.groups.end();
    if (!of_group || (!status.empty() && ToText(query.status) != status)) continue;
    if (page.size() == limit) {
      more = true;
      break;
    }
    page.push_back(DescribeQuery(query));
    last = query.id;
  }
  Value answer = Value::MakeStruct({{"queries", std::move(page)}});
  if (more) answer.Set("nextToken", context.tokens.Seal(question, last, context.now));
  return answer;
}

Result<Value> RunListLogGroupsForQuery(const Value& request, CallContext& context) {
  SB_TRY(const std::string id, QueryIdOf(request));
  SB_TRY(const QueryManager::Snapshot snapshot,
         context.stores.log_service.queries().Results(context.account, id));
  std::vector<Row> rows;
  for (const std::string& group : snapshot.description.groups) {
    rows.push_back({group, Value(GroupArn(context, group))});
  }
  return PageOf(std::move(rows), request, context, "ListLogGroupsForQuery " + id,
                "logGroupIdentifiers", 500, "maxResults");
}

}  // namespace

Operation StartQuery() {
  return {.name = "StartQuery",
          .input = Struct({
              Optional("queryLanguage", OneOf({"CWLI"})),
              Optional("logGroupName", NameShape()),
              Optional("logGroupNames", ListOf(NameShape(), 0, kGroupsMax)),
              Optional("logGroupIdentifiers", ListOf(Text(1, 2048), 0, kGroupsMax)),
              Required("startTime", Int(0)),
              Required("endTime", Int(0)),
              Required("queryString", Text(0, 10'000)),
              Optional("limit", Int(1, 100'000)),
          }),
          .run = RunStartQuery};
}

Operation GetQueryResults() {
  return {.name = "GetQueryResults",
          .input = Struct({
              Required("queryId", Text(0, 256)),
              Optional("nextToken", Text(1)),
              Optional("maxItems", Int(1, static_cast<std::int64_t>(kRowsOfPage))),
          }),
          .run = RunGetQueryResults};
}

Operation StopQuery() {
  return {.name = "StopQuery",
          .input = Struct({Required("queryId", Text(0, 256))}),
          .run = RunStopQuery};
}

Operation DescribeQueries() {
  return {.name = "DescribeQueries",
          .input = Struct({
              Optional("logGroupName", NameShape()),
              Optional("status", OneOf({"Scheduled", "Running", "Complete", "Failed", "Cancelled",
                                        "Timeout", "Unknown"})),
              Optional("maxResults", Int(1, 1000)),
              Optional("nextToken", Text(1)),
              Optional("queryLanguage", OneOf({"CWLI"})),
          }),
          .run = RunDescribeQueries};
}

Operation ListLogGroupsForQuery() {
  return {.name = "ListLogGroupsForQuery",
          .input = Struct({
              Required("queryId", Text(0, 256)),
              Optional("nextToken", Text(1)),
              Optional("maxResults", Int(50, 500)),
          }),
          .run = RunListLogGroupsForQuery};
}

}  // namespace securebase::aws::logs
