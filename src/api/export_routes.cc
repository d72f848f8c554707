#include "api/export_routes.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/internal/body.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using reports::ExportFormat;
using reports::ExportRecord;
using reports::ExportStatus;
using reports::ExportTable;

constexpr std::size_t kSyncRowsMax = 1'000;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::uint64_t kPageLimit = 20;
constexpr std::uint64_t kPageLimitMax = 100;
constexpr std::uint64_t kPageMax = 1'000'000;
constexpr std::string_view kDefaultName = "Report";

std::string PathOf(std::string_view id) { return "/v1/analytics/exports/" + std::string(id); }

// What a client asks for, its table aside.
struct ExportRequest {
  ExportFormat format = ExportFormat::kCsv;
  reports::ExportOptions options;
  std::string name;  // empty: the report's own, or the default
  bool async = false;
};

Result<ExportRequest> ParseRequest(const Body& body) {
  ExportRequest request;
  SB_TRY(const std::string format, body.RequiredText("format", 16));
  SB_TRY(request.format, reports::ParseExportFormat(format));
  SB_TRY(const auto report_name, body.Text("reportName", kNameBytesMax));
  SB_TRY(const auto name, body.Text("name", kNameBytesMax));
  if (report_name && name) return InvalidArgument("name", "is the same as reportName: send one");
  request.name = report_name ? *report_name : name.value_or("");
  SB_TRY(const std::optional<bool> async, body.Boolean("async"));
  request.async = async.value_or(false);
  SB_TRY(request.options, reports::ParseExportOptions(body.Find("options"), request.format));
  return request;
}

class Exports {
 public:
  explicit Exports(ExportRouteDependencies dependencies)
      : exports_(dependencies.exports),
        workers_(dependencies.workers),
        queries_(std::move(dependencies.queries)) {}

  Result<http::Response> Create(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(json::Value value, call.JsonBody());
    SB_TRY(const Body body, Body::Make(value, {"format", "data", "query", "reportId", "reportName",
                                               "name", "options", "async"}));
    SB_TRY(const ExportRequest request, ParseRequest(body));
    SB_TRY(ExportTable table, ReadTable(call.caller, body, value));
    if (!request.name.empty()) table.title = request.name;
    if (table.title.empty()) table.title = kDefaultName;
    if (request.async || table.rows.size() > kSyncRowsMax) {
      return Accept(call.caller.customer, std::move(table), request);
    }
    SB_TRY(auto finished,
           exports_.RunNow(call.caller.customer, table, request.format, request.options));
    return FileResponse(finished.record, std::move(finished.file.bytes));
  }

  Result<http::Response> Get(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(const ExportRecord record, exports_.Find(call.caller.customer, call.PathValue("id")));
    return JsonResponse(Describe(record));
  }

  Result<http::Response> List(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({"page", "limit"}));
    SB_TRY(const std::uint64_t page, CountParameter(call, "page", 1, 1, kPageMax));
    SB_TRY(const std::uint64_t limit, CountParameter(call, "limit", kPageLimit, 1, kPageLimitMax));
    SB_TRY(const reports::ExportPage found,
           exports_.List(call.caller.customer, (page - 1) * limit, limit));
    json::Array list;
    for (const ExportRecord& record : found.records) list.push_back(Describe(record));
    const std::uint64_t total = found.total;
    return JsonResponse(
        json::Object{{"exports", std::move(list)},
                     {"pagination", json::Object{{"page", page},
                                                 {"limit", limit},
                                                 {"total", total},
                                                 {"pages", (total + limit - 1) / limit}}}});
  }

  Result<http::Response> Download(const Call& call) const {
    SB_TRY_OK(call.CheckParameters({"expires", "token"}));
    const std::string* expires = call.Parameter("expires");
    const std::string* token = call.Parameter("token");
    if (expires == nullptr) return InvalidArgument("expires", "is missing");
    if (token == nullptr) return InvalidArgument("token", "is missing");
    const auto expires_s = ParseInt(*expires);
    constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999
    if (!expires_s || *expires_s < 0 || *expires_s > kLastSecond) {
      return InvalidArgument("expires", "must be epoch seconds");
    }
    SB_TRY(const ExportRecord record, exports_.Find(call.caller.customer, call.PathValue("id")));
    SB_TRY_OK(exports_.CheckLink(record, FromUnixSeconds(*expires_s), *token));
    if (record.status != ExportStatus::kDone) return Conflict("the export is not done");
    SB_TRY(std::string bytes, exports_.ReadFile(record));
    return FileResponse(record, std::move(bytes));
  }

 private:
  // Exactly one of `data`, `query` and `reportId` says where the rows come from. Moves `data` out
  // of the body.
  Result<ExportTable> ReadTable(const Caller& caller, const Body& body, json::Value& value) const {
    int sources = 0;
    for (const std::string_view name : {"data", "query", "reportId"}) {
      if (body.Find(name) == nullptr) continue;
      if (++sources > 1) {
        return InvalidArgument(std::string(name), "data, query and reportId exclude each other");
      }
    }
    if (const json::Value* query = body.Find("query")) return queries_.run_query(caller, *query);
    SB_TRY(const std::optional<std::string> report, body.Text("reportId", kNameBytesMax));
    if (report) return queries_.run_report(caller, *report);
    for (auto& [name, member] : value.AsObject()) {
      if (name == "data" && !member.IsNull()) {
        return reports::TableFromObjects(std::move(member), {});
      }
    }
    return InvalidArgument("data", "is missing; or send query or reportId");
  }

  Result<http::Response> Accept(const Customer& customer, ExportTable table,
                                const ExportRequest& request) const {
    SB_TRY(const ExportRecord record, exports_.Accept(customer, table, request.format));
    auto shared = std::make_shared<const ExportTable>(std::move(table));
    const bool posted =
        workers_.Post([&exports = exports_, record, shared, options = request.options] {
          exports.Run(record, *shared, options);
        });
    if (!posted) {
      exports_.Withdraw(record);
      return Error(ErrorCode::kThrottled, "too much work is waiting; try again in a minute");
    }
    http::Response response = JsonResponse(json::Object{{"id", record.id},
                                                        {"status", reports::ToText(record.status)},
                                                        {"statusUrl", PathOf(record.id)}},
                                           202);
    response.headers.Add("Location", PathOf(record.id));
    response.headers.Add("X-Export-Id", record.id);
    return response;
  }

  json::Value Describe(const ExportRecord& record) const {
    json::Value value(json::Object{{"id", record.id},
                                   {"name", record.name},
                                   {"format", reports::ToText(record.format)},
                                   {"status", reports::ToText(record.status)},
                                   {"progress", record.progress_percent},
                                   {"rows", std::uint64_t{record.rows}},
                                   {"createdAt", FormatIsoMillis(record.created_at)},
                                   {"expiresAt", FormatIsoMillis(record.expires_at)}});
    if (record.status == ExportStatus::kFailed) value.Set("error", record.error);
    if (record.status == ExportStatus::kDone) {
      const reports::ExportStore::Link link = exports_.SignLink(record);
      value.Set("bytes", std::uint64_t{record.bytes});
      value.Set("fileName", record.file_name);
      value.Set("downloadUrl", PathOf(record.id) + "/download?expires=" +
                                   std::to_string(ToUnixSeconds(link.expires_at)) +
                                   "&token=" + link.token);
      value.Set("downloadExpiresAt", FormatIsoMillis(link.expires_at));
    }
    return value;
  }

  static http::Response FileResponse(const ExportRecord& record, std::string bytes) {
    http::Response response{.body = std::move(bytes)};
    response.headers.Add("Content-Type", record.content_type);
    response.headers.Add("Content-Disposition", reports::ContentDisposition(record.file_name));
    response.headers.Add("X-Content-Type-Options", "nosniff");
    response.headers.Add("X-Export-Id", record.id);
    return response;
  }

  reports::ExportStore& exports_;
  WorkerPool& workers_;
  const ExportQueries queries_;
};

}  // namespace

std::vector<Route> ExportRoutes(ExportRouteDependencies dependencies) {
  const Clock& clock = dependencies.clock;
  auto exports = std::make_shared<const Exports>(std::move(dependencies));
  auto route = [&](std::string method, std::string pattern, Role role, RateClass rate,
                   Result<http::Response> (Exports::*answer)(const Call&) const) {
    return Route{.method = std::move(method),
                 .pattern = std::move(pattern),
                 .role = role,
                 .rate = rate,
                 .where = Route::Where::kPool,
                 .handler = Answering(clock, [exports, answer](const Call& call) {
                   return ((*exports).*answer)(call);
                 })};
  };
  return {
      route("POST", "/analytics/export", Role::kAnalyst, RateClass::kExports, &Exports::Create),
      route("GET", "/analytics/exports", Role::kViewer, RateClass::kNone, &Exports::List),
      route("GET", "/analytics/exports/{id}", Role::kViewer, RateClass::kNone, &Exports::Get),
      route("GET", "/analytics/exports/{id}/download", Role::kViewer, RateClass::kNone,
            &Exports::Download),
  };
}

}  // namespace securebase::api
