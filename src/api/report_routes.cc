#include "api/report_routes.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "api/internal/body.h"
#include "api/internal/report_config.h"
#include "api/internal/report_store.h"
#include "base/text.h"

namespace securebase::api {
namespace {

constexpr std::size_t kBodyBytesMax = 256u << 10;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kDescriptionBytesMax = 2'000;
constexpr std::uint64_t kPageLimit = 20;
constexpr std::uint64_t kPageLimitMax = 100;

json::Value ToReport(const documents::Item& item) {
  json::Object report;
  for (const std::string_view name :
       {"id", "name", "description", "config", "created_at", "updated_at", "lastRun"}) {
    const auto found = item.find(name);
    report.emplace_back(name,
                        found == item.end() ? json::Value() : documents::ToJson(found->second));
  }
  return report;
}

// Other than those that end lines and indent them.
bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f;
  });
}

json::Value ToTemplate(const ReportTemplate& from) {
  return json::Object{{"id", from.id},
                      {"name", from.name},
                      {"description", from.description},
                      {"config", from.config}};
}

// Handlers of one set of routes; shared by them.
class ReportHandlers {
 public:
  explicit ReportHandlers(const ReportRouteDependencies& dependencies)
      : store_(dependencies.documents, dependencies.tables, dependencies.random,
               dependencies.clock),
        clock_(dependencies.clock),
        analytics_(dependencies.analytics) {}

  Result<http::Response> Create(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(json::Value body, call.JsonBody(kBodyBytesMax));
    SB_TRY(ReportDraft draft, ParseDraft(body));
    if (!draft.name) return InvalidArgument("name", "is required");
    SB_TRY(documents::Item item, store_.Create(call.caller.customer, draft));
    return JsonResponse(ToReport(item), 201);
  }

  Result<http::Response> List(const Call& call) {
    SB_TRY_OK(call.CheckParameters({"page", "limit"}));
    SB_TRY(const std::uint64_t page, CountParameter(call, "page", 1, 1, 1'000'000));
    SB_TRY(const std::uint64_t limit, CountParameter(call, "limit", kPageLimit, 1, kPageLimitMax));
    SB_TRY(std::vector<documents::Item> items, store_.List(call.caller.customer));
    const std::uint64_t total = items.size();
    json::Array reports;
    for (std::uint64_t i = (page - 1) * limit; i < std::min(page * limit, total); ++i) {
      reports.push_back(ToReport(items[i]));
    }
    return JsonResponse(
        json::Object{{"reports", std::move(reports)},
                     {"pagination", json::Object{{"page", page},
                                                 {"limit", limit},
                                                 {"total", total},
                                                 {"pages", (total + limit - 1) / limit}}}});
  }

  Result<http::Response> Get(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(documents::Item item, store_.Get(call.caller.customer, call.PathValue("id")));
    return JsonResponse(ToReport(item));
  }

  Result<http::Response> Update(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY(json::Value body, call.JsonBody(kBodyBytesMax));
    SB_TRY(ReportDraft draft, ParseDraft(body));
    SB_TRY(documents::Item item, store_.Update(call.caller.customer, call.PathValue("id"), draft));
    return JsonResponse(ToReport(item));
  }

  Result<http::Response> Delete(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    SB_TRY_OK(store_.Delete(call.caller.customer, call.PathValue("id")));
    return http::Response{.status = 204};
  }

  Result<http::Response> RunReport(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    if (!call.request.body.empty()) {
      // The report alone says what is asked: a body may be {}, no more.
      SB_TRY(const json::Value body, call.JsonBody(kBodyBytesMax));
      SB_TRY_OK(Body::Make(body, {}));
    }
    const Customer& customer = call.caller.customer;
    SB_TRY(const documents::Item item, store_.Get(customer, call.PathValue("id")));
    const auto stored = item.find("config");
    const json::Value config =
        stored == item.end() ? json::Value(json::Object{}) : documents::ToJson(stored->second);
    SB_TRY(const auto parameters, ReportQueryParameters(config));
    // The same question as GET /analytics would ask: it shares that one's cached answer.
    std::string query;
    for (const auto& [name, value] : parameters) {
      query += (query.empty() ? "" : "&") + name + "=" + PercentEncode(value);
    }
    std::optional<std::string> result =
        analytics_->FindCached(analytics::Question::kAnalytics, customer, query);
    if (!result) {
      SB_TRY(result,
             analytics_->Answer(analytics::Question::kAnalytics, customer, query, parameters));
    }
    SB_TRY_OK(store_.MarkRun(customer, call.PathValue("id")));
    const json::Value* visualizations = config.Find("visualizations");
    http::Response response = http::Response::Json(200, {});
    json::Writer(response.body)
        .BeginObject()
        .Member("reportId", call.PathValue("id"))
        .Member("name", documents::StringAttribute(item, "name"))
        .Member("runAt", FormatIsoMillis(clock_.Now()))
        .Member("visualizations",
                visualizations == nullptr ? json::Value(json::Array{}) : *visualizations)
        .Key("result")
        .Raw(*result)
        .EndObject();
    return response;
  }

  Result<http::Response> ListTemplates(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    json::Array templates;
    for (const ReportTemplate& entry : BuiltInTemplates()) templates.push_back(ToTemplate(entry));
    return JsonResponse(json::Object{{"templates", std::move(templates)}});
  }

  Result<http::Response> CreateFromTemplate(const Call& call) {
    SB_TRY_OK(call.CheckParameters({}));
    const std::string_view id = call.PathValue("id");
    const auto& templates = BuiltInTemplates();
    const auto found = std::find_if(templates.begin(), templates.end(),
                                    [&](const ReportTemplate& entry) { return entry.id == id; });
    if (found == templates.end()) return NotFound("no such template");
    json::Value body = json::Object{};
    if (!call.request.body.empty()) {
      SB_TRY(body, call.JsonBody(kBodyBytesMax));
    }
    SB_TRY(ReportDraft draft, ParseDraft(body));
    if (!draft.name) draft.name = std::string(found->name);
    if (!draft.description) draft.description = std::string(found->description);
    json::Value config = found->config;
    // A client's config changes single members of the template's.
    if (draft.config) {
      for (const auto& [name, value] : draft.config->AsObject()) config.Set(name, value);
    }
    SB_TRY_OK(CheckReportConfig(config, clock_.Now()));
    draft.config = std::move(config);
    SB_TRY(documents::Item item, store_.Create(call.caller.customer, draft));
    return JsonResponse(ToReport(item), 201);
  }

 private:
  Result<ReportDraft> ParseDraft(const json::Value& value) const {
    SB_TRY(Body body, Body::Make(value, {"name", "description", "config"}));
    ReportDraft draft;
    SB_TRY(draft.name, body.Text("name", kNameBytesMax));
    if (const json::Value* description = body.Find("description")) {
      // May be empty, and may have several lines.
      if (!description->IsString() || description->AsString().size() > kDescriptionBytesMax ||
          HasControlCharacter(description->AsString())) {
        return InvalidArgument("description",
                               "must be text of at most 2000 bytes without control characters");
      }
      draft.description = description->AsString();
    }
    if (const json::Value* config = body.Find("config")) {
      SB_TRY_OK(CheckReportConfig(*config, clock_.Now()));
      draft.config = *config;
    }
    return draft;
  }

  ReportStore store_;
  const Clock& clock_;
  analytics::AnalyticsService* const analytics_;
};

}  // namespace

std::vector<Route> ReportRoutes(ReportRouteDependencies dependencies) {
  auto handlers = std::make_shared<ReportHandlers>(dependencies);
  const auto route = [&](std::string method, std::string pattern, Role role,
                         Result<http::Response> (ReportHandlers::*answer)(const Call&)) {
    return Route{.method = std::move(method),
                 .pattern = std::move(pattern),
                 .role = role,
                 .rate = RateClass::kReports,
                 .handler = Answering(dependencies.clock, [handlers, answer](const Call& call) {
                   return (handlers.get()->*answer)(call);
                 })};
  };
  using H = ReportHandlers;
  std::vector<Route> routes = {
      route("POST", "/reports", Role::kAnalyst, &H::Create),
      route("GET", "/reports", Role::kViewer, &H::List),
      route("GET", "/reports/{id}", Role::kViewer, &H::Get),
      route("PUT", "/reports/{id}", Role::kAnalyst, &H::Update),
      route("PATCH", "/reports/{id}", Role::kAnalyst, &H::Update),
      route("DELETE", "/reports/{id}", Role::kAnalyst, &H::Delete),
      route("GET", "/reports/templates", Role::kViewer, &H::ListTemplates),
      route("POST", "/reports/templates/{id}", Role::kAnalyst, &H::CreateFromTemplate)};
  if (dependencies.analytics != nullptr) {
    routes.push_back(route("POST", "/reports/{id}/run", Role::kViewer, &H::RunReport));
    routes.back().rate = RateClass::kQueries;
  }
  return routes;
}

}  // namespace securebase::api
