#include "api/analytics_routes.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace securebase::api {
namespace {

using analytics::Question;

http::Response JsonAnswer(std::string body, const char* cache) {
  http::Response response = http::Response::Json(200, std::move(body));
  response.headers.Add("X-Cache", cache);
  return response;
}

void Compute(const AnalyticsRouteDependencies& with, Question question, const Call& call,
             const http::Respond& respond) {
  Result<std::string> body =
      with.service.Answer(question, call.caller.customer, call.request.query, call.parameters);
  respond(body.ok() ? JsonAnswer(*std::move(body), "MISS")
                    : ErrorResponse(body.error(), with.clock.Now()));
}

Route QuestionRoute(const AnalyticsRouteDependencies& with, Question question) {
  Route route{.method = "GET",
              .pattern = std::string(analytics::PathOf(question)),
              .role = Role::kViewer,
              .rate = RateClass::kQueries,
              .where = Route::Where::kInline};
  route.handler = [with, question](Call call, http::Respond respond) {
    std::optional<std::string> cached =
        with.service.FindCached(question, call.caller.customer, call.request.query);
    if (cached) {
      respond(JsonAnswer(*std::move(cached), "HIT"));
      return;
    }
    if (with.service.IsQuick(question, call.caller.customer, call.parameters)) {
      Compute(with, question, call, respond);
      return;
    }
    // Shared, because a task of the pool must be copyable.
    auto shared = std::make_shared<Call>(std::move(call));
    const bool accepted = with.workers.Post(
        [with, question, shared, respond] { Compute(with, question, *shared, respond); });
    if (!accepted) {
      respond(ErrorResponse(Error(ErrorCode::kThrottled, "too many queries wait: try again"),
                            with.clock.Now()));
    }
  };
  return route;
}

}  // namespace

std::vector<Route> AnalyticsRoutes(AnalyticsRouteDependencies dependencies) {
  std::vector<Route> routes;
  for (Question question : {Question::kAnalytics, Question::kSummary, Question::kCostBreakdown,
                            Question::kSecurity, Question::kCompliance, Question::kUsage}) {
    routes.push_back(QuestionRoute(dependencies, question));
  }
  return routes;
}

}  // namespace securebase::api
