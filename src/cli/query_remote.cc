#include "cli/query_remote.h"

#include <algorithm>
#include <thread>

#include "base/json.h"
#include "net/http_client.h"

namespace securebase::cli {
namespace {

class LogsClient {
 public:
  explicit LogsClient(const RemoteQuery& query)
      : query_(query),
        http_({.ca_file = query.ca_file,
               .insecure = query.insecure,
               .user_agent = "securebase-query"}) {}

  Result<json::Value> Call(const std::string& operation, const json::Value& input) {
    net::HttpClientRequest request{.method = "POST", .url = query_.endpoint};
    if (!request.url.ends_with('/')) request.url += '/';
    request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                       {"X-Amz-Target", "Logs_20140328." + operation}};
    if (!query_.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + query_.key);
    request.body = json::Write(input);
    SB_TRY(const net::HttpClientResponse response, http_.Send(request));
    auto body = json::Parse(response.body);
    if (response.status == 200 && body.ok()) return body;
    return ErrorOf(response.status, body.ok() ? &*body : nullptr);
  }

 private:
  static std::string Member(const json::Value* body, const char* name) {
    const json::Value* value = body == nullptr ? nullptr : body->Find(name);
    return value != nullptr && value->IsString() ? value->AsString() : "";
  }

  static Error ErrorOf(int status, const json::Value* body) {
    std::string code = Member(body, "__type");
    if (const std::size_t hash = code.find('#'); hash != std::string::npos) code.erase(0, hash + 1);
    std::string message = Member(body, "message");
    if (message.empty()) message = Member(body, "Message");
    if (message.empty()) message = "the server answered " + std::to_string(status);
    return Error(status < 500 ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable, message, "",
                 code);
  }

  const RemoteQuery& query_;
  net::HttpClient http_;
};

std::uint64_t NumberOf(const json::Value* statistics, const char* name) {
  const json::Value* value = statistics == nullptr ? nullptr : statistics->Find(name);
  return value != nullptr && value->IsNumber() ? static_cast<std::uint64_t>(value->AsNumber()) : 0;
}

void AddRows(const json::Value& results, insights::Table& table) {
  for (const json::Value& row : results.AsArray()) {
    if (!row.IsArray()) continue;
    auto& out = table.rows.emplace_back(table.columns.size());
    for (const json::Value& cell : row.AsArray()) {
      const json::Value* field = cell.Find("field");
      const json::Value* value = cell.Find("value");
      if (field == nullptr || value == nullptr || !field->IsString() || !value->IsString())
        continue;
      if (field->AsString() == "@ptr") continue;
      const auto at = std::find(table.columns.begin(), table.columns.end(), field->AsString());
      const auto column = static_cast<std::size_t>(at - table.columns.begin());
      if (at == table.columns.end()) {
        table.columns.push_back(field->AsString());
        out.emplace_back();
      }
      out[column] = value->AsString();
    }
  }
}

}  // namespace

Result<RemoteAnswer> RunRemoteQuery(const RemoteQuery& query,
                                    const std::vector<std::string>& columns,
                                    const std::function<void(std::uint64_t)>& on_progress) {
  LogsClient client(query);
  json::Value start{json::Object{}};
  start.Set("queryString", query.text);
  start.Set("startTime", query.start_s);
  start.Set("endTime", query.end_s);
  if (query.limit) start.Set("limit", static_cast<std::int64_t>(*query.limit));
  if (!query.groups.empty()) {
    json::Array names;
    for (const std::string& group : query.groups) names.emplace_back(group);
    start.Set("logGroupNames", std::move(names));
  }
  SB_TRY(const json::Value started, client.Call("StartQuery", start));
  const json::Value* id = started.Find("queryId");
  if (id == nullptr || !id->IsString()) return Unavailable("the server gave no queryId");
  RemoteAnswer answer;
  answer.table.columns = columns;
  std::string token;
  for (;;) {
    json::Value get{json::Object{}};
    get.Set("queryId", *id);
    if (!token.empty()) get.Set("nextToken", token);
    SB_TRY(const json::Value page, client.Call("GetQueryResults", get));
    const json::Value* status = page.Find("status");
    const std::string word = status != nullptr && status->IsString() ? status->AsString() : "";
    const json::Value* statistics = page.Find("statistics");
    if (word == "Scheduled" || word == "Running") {
      if (on_progress) on_progress(NumberOf(statistics, "recordsScanned"));
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    if (word != "Complete") return Unavailable("the query ended as " + word);
    answer.statistics.records_matched = NumberOf(statistics, "recordsMatched");
    answer.statistics.records_scanned = NumberOf(statistics, "recordsScanned");
    answer.statistics.bytes_scanned = NumberOf(statistics, "bytesScanned");
    answer.statistics.records_skipped = NumberOf(statistics, "estimatedRecordsSkipped");
    answer.statistics.bytes_skipped = NumberOf(statistics, "estimatedBytesSkipped");
    if (const json::Value* rows = page.Find("results"); rows != nullptr && rows->IsArray()) {
      AddRows(*rows, answer.table);
    }
    const json::Value* next = page.Find("nextToken");
    if (next == nullptr || !next->IsString() || next->AsString().empty()) break;
    token = next->AsString();
  }
  for (auto& row : answer.table.rows) row.resize(answer.table.columns.size());
  return answer;
}

}  // namespace securebase::cli
