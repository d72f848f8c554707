// What every route shares: who may ask, how often, and how a refusal looks.
#include "api/api.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "api/testing/api_fixture.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using namespace std::chrono_literals;

const std::string kSecret = "a shared secret of some length";

Route MakeRoute(std::string method, std::string pattern, Role role = Role::kViewer,
                RateClass rate = RateClass::kNone) {
  return {.method = std::move(method),
          .pattern = std::move(pattern),
          .role = role,
          .rate = rate,
          .where = Route::Where::kInline,
          .handler = [](Call call, const http::Respond& respond) {
            std::string text = call.caller.customer.id;
            for (const auto& [name, value] : call.path_values) text += " " + name + "=" + value;
            for (const auto& [name, value] : call.parameters) text += " ?" + name + "=" + value;
            respond(http::Response::Text(200, text));
          }};
}

ApiOptions Options(bool required = true) {
  ApiOptions options;
  options.authentication_required = required;
  options.jwt.keys = {{.algorithm = "HS256", .key_id = "k", .material = kSecret}};
  options.plans = {{.name = "two", .per_minute = {{RateClass::kQueries, 2}}}};
  return options;
}

std::vector<Route> Routes() {
  return {MakeRoute("GET", "/things", Role::kViewer, RateClass::kQueries),
          MakeRoute("POST", "/things", Role::kAnalyst),
          MakeRoute("GET", "/things/{id}"),
          MakeRoute("GET", "/things/special"),
          MakeRoute("GET", "/things/{id}/parts/{part}"),
          MakeRoute("DELETE", "/things/{id}", Role::kAdmin)};
}

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() { fixture_.api->Add(Routes()); }
  ApiFixture fixture_{Options()};
};

TEST_F(ApiTest, RoutesByMethodAndPattern) {
  const std::string key = fixture_.Key("acme", Role::kAdmin);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things?a=1&b=x%20y", key).body, "acme ?a=1 ?b=x y");
  EXPECT_EQ(fixture_.Send("GET", "/v1/things/7", key).body, "acme id=7");
  EXPECT_EQ(fixture_.Send("GET", "/v1/things/special", key).body, "acme");
  EXPECT_EQ(fixture_.Send("GET", "/v1/things/7/parts/x", key).body, "acme id=7 part=x");
  EXPECT_EQ(fixture_.Send("GET", "/v1/nothing", key).status, 404);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things/", key).status, 404);
  EXPECT_EQ(fixture_.Send("GET", "/v1", key).status, 404);
  const http::Response wrong = fixture_.Send("PUT", "/v1/things", key);
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.Get("Allow"), "GET, POST");
  EXPECT_EQ(ApiFixture::Text(wrong, {"code"}), "METHOD_NOT_ALLOWED");
}

TEST_F(ApiTest, NamesTheResourceOfARequest) {
  EXPECT_EQ(fixture_.api->ResourceOf("GET", "/v1/things/9"), "/v1/things/{id}");
  EXPECT_EQ(fixture_.api->ResourceOf("GET", "/v1/things/special"), "/v1/things/special");
  EXPECT_EQ(fixture_.api->ResourceOf("GET", "/v1/nothing/at/all"), "/v1");
}

TEST_F(ApiTest, ErrorsHaveTheDocumentedBody) {
  const http::Response response = fixture_.Send("GET", "/v1/things");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(response.headers.Get("X-Request-Id"), "request-1");
  EXPECT_EQ(response.headers.Get("WWW-Authenticate"), "Bearer");
  const json::Value body = ApiFixture::Body(response);
  ASSERT_EQ(body.AsObject().size(), 4u);
  EXPECT_EQ(body.Find("code")->AsString(), "UNAUTHORIZED");
  EXPECT_TRUE(body.Find("error")->IsString());
  EXPECT_TRUE(body.Find("details")->IsObject());
  EXPECT_EQ(body.Find("timestamp")->AsString(), "2026-06-01T12:00:30.000Z");
}

TEST_F(ApiTest, RefusesBadKeysAndTakesGoodOnes) {
  const std::string key = fixture_.Key("acme", Role::kViewer);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", key).status, 200);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", key + "x").status, 401);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", "sbk_").status, 401);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", "nonsense").status, 401);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", {}, {.headers = {{"Authorization", key}}}).status,
            401);
  EXPECT_EQ(
      fixture_.Send("GET", "/v1/things", {}, {.headers = {{"Authorization", "bearer " + key}}})
          .status,
      200);
}

TEST_F(ApiTest, TakesTokensUntilTheyExpire) {
  const std::string text = Base64UrlEncode(R"({"alg":"HS256"})") + "." +
                           Base64UrlEncode(R"({"customerId":"jwt-customer","exp":1780315240})");
  const std::string token = text + "." + Base64UrlEncode(HmacSha256(kSecret, text));
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", token).body, "jwt-customer");
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", token).body, "jwt-customer");  // remembered
  fixture_.stores.clock.Advance(10s);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", token).status, 401);
}

TEST_F(ApiTest, ARoleIncludesThoseBelow) {
  const auto status = [&](Role role, std::string method, std::string path) {
    return fixture_.Send(method, path, fixture_.Key("acme", role)).status;
  };
  EXPECT_EQ(status(Role::kViewer, "GET", "/v1/things"), 200);
  EXPECT_EQ(status(Role::kViewer, "POST", "/v1/things"), 403);
  EXPECT_EQ(status(Role::kAnalyst, "POST", "/v1/things"), 200);
  EXPECT_EQ(status(Role::kManager, "POST", "/v1/things"), 200);
  EXPECT_EQ(status(Role::kManager, "DELETE", "/v1/things/1"), 403);
  EXPECT_EQ(status(Role::kAdmin, "DELETE", "/v1/things/1"), 200);
}

TEST_F(ApiTest, AKeyCannotNameAnotherCustomer) {
  const std::string key = fixture_.Key("acme", Role::kAdmin);
  const auto as = [&](std::string customer) {
    return fixture_.Send("GET", "/v1/things", key, {.headers = {{"X-Customer-Id", customer}}});
  };
  EXPECT_EQ(as("acme").status, 200);
  EXPECT_EQ(as("other").status, 403);
  EXPECT_EQ(as("a\tb").status, 400);
  EXPECT_EQ(as(std::string(129, 'a')).status, 400);
}

TEST_F(ApiTest, LimitsTheRateByPlan) {
  const std::string key = fixture_.Key("acme", Role::kAdmin, "two");
  const http::Response first = fixture_.Send("GET", "/v1/things", key);
  EXPECT_EQ(first.headers.Get("X-RateLimit-Limit"), "2");
  EXPECT_EQ(first.headers.Get("X-RateLimit-Remaining"), "1");
  EXPECT_EQ(first.headers.Get("X-RateLimit-Reset"), "1780315260");
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", key).status, 200);
  const http::Response refused = fixture_.Send("GET", "/v1/things", key);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.Get("Retry-After"), "30");
  EXPECT_EQ(refused.headers.Get("X-RateLimit-Remaining"), "0");
  EXPECT_EQ(ApiFixture::Text(refused, {"code"}), "RATE_LIMIT_EXCEEDED");
  EXPECT_EQ(ApiFixture::Text(refused, {"retryAfter"}), "30");
  EXPECT_EQ(ApiFixture::Text(refused, {"limit"}), "2");
  EXPECT_EQ(ApiFixture::Text(refused, {"window"}), "1 minute");
  EXPECT_FALSE(fixture_.Send("GET", "/v1/things/1", key).headers.Has("X-RateLimit-Limit"));
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics ThrottledRequests"), 1);
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics APIErrors ErrorType=RATE_LIMIT_EXCEEDED"),
            1);
  fixture_.stores.clock.Advance(30s);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things", key).status, 200);
}

TEST_F(ApiTest, CountsErrorsByTheirCodeAndInAll) {
  fixture_.Send("GET", "/v1/nothing");
  fixture_.Send("GET", "/v1/things");
  fixture_.Send("GET", "/v1/things", fixture_.Key("a", Role::kViewer));
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics APIErrors"), 2);
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics APIErrors ErrorType=NOT_FOUND"), 1);
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics APIErrors ErrorType=UNAUTHORIZED"), 1);
}

TEST_F(ApiTest, BrokenQueriesAreRefused) {
  const std::string key = fixture_.Key("a", Role::kViewer);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things?a=%zz", key).status, 400);
  EXPECT_EQ(fixture_.Send("GET", "/v1/things?a=%ff", key).status, 400);
}

TEST_F(ApiTest, WhatAHandlerThrowsIsAnInternalErrorThatTellsNothing) {
  Route route = MakeRoute("GET", "/throws");
  route.where = Route::Where::kPool;
  route.handler = [](Call, const http::Respond&) { throw std::runtime_error("at /secret/path"); };
  Route late = MakeRoute("GET", "/late");
  late.handler = [](Call, const http::Respond& respond) {
    respond(http::Response::Text(200, "first"));
    throw std::runtime_error("after the answer");
  };
  fixture_.api->Add({route, late});
  const std::string key = fixture_.Key("a", Role::kViewer);
  const http::Response response = fixture_.Send("GET", "/v1/throws", key);
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(ApiFixture::Text(response, {"code"}), "INTERNAL_ERROR");
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
  EXPECT_EQ(fixture_.Send("GET", "/v1/late", key).body, "first");
}

TEST_F(ApiTest, AFullQueueIsThrottled) {
  Route route = MakeRoute("GET", "/pool");
  route.where = Route::Where::kPool;
  fixture_.api->Add({route});
  const std::string key = fixture_.Key("a", Role::kViewer);
  EXPECT_EQ(fixture_.Send("GET", "/v1/pool", key).body, "a");
  fixture_.workers.Stop();  // refuses all work, as a full one does
  const http::Response refused = fixture_.Send("GET", "/v1/pool", key);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.Get("Retry-After"), "1");
  EXPECT_EQ(fixture_.telemetry.Sum("SecureBase/Analytics ThrottledRequests"), 1);
}

TEST(ApiWithoutAuthenticationTest, EverybodyIsAnAdministratorOfTheCustomerNamed) {
  ApiFixture fixture(Options(/*required=*/false));
  fixture.api->Add(Routes());
  EXPECT_EQ(fixture.Send("GET", "/v1/things").body, "default");
  EXPECT_EQ(fixture.Send("GET", "/v1/things", "any token").body, "default");
  EXPECT_EQ(fixture.Send("GET", "/v1/things", "sbk_unknown").body, "default");
  EXPECT_EQ(fixture.Send("GET", "/v1/things", {}, {.headers = {{"X-Customer-Id", "b"}}}).body, "b");
  EXPECT_EQ(fixture.Send("DELETE", "/v1/things/1").status, 200);
  // A key of ours still says whose it is; the header says more.
  const std::string key = fixture.Key("acme", Role::kViewer);
  EXPECT_EQ(fixture.Send("DELETE", "/v1/things/1", key).body, "acme id=1");
  EXPECT_EQ(fixture.Send("GET", "/v1/things", key, {.headers = {{"X-Customer-Id", "b"}}}).body,
            "b");
}

TEST(CallTest, ParametersAreCheckedByName) {
  Call call;
  call.parameters = {{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(call.CheckParameters({"a", "b", "c"}).ok());
  EXPECT_EQ(call.CheckParameters({"a"}).error().field(), "b");
  EXPECT_EQ(*call.Parameter("b"), "2");
  EXPECT_EQ(call.Parameter("c"), nullptr);
  call.parameters.emplace_back("a", "3");
  EXPECT_EQ(call.CheckParameters({"a", "b"}).error().field(), "a");
  EXPECT_EQ(call.PathValue("id"), "");
}

TEST(CallTest, BodiesThatCannotBeParsedAreInvalidRequests) {
  const auto status = [](std::string body, std::string encoding = {}) {
    Call call;
    call.request.body = std::move(body);
    if (!encoding.empty()) call.request.headers.Add("Content-Encoding", encoding);
    const auto value = call.JsonBody(100);
    return value.ok() ? 200 : ErrorResponse(value.error(), Instant{}).status;
  };
  EXPECT_EQ(status(R"({"a":1})"), 200);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status("{"), 400);
  EXPECT_EQ(status(R"({"a":1,"a":2})"), 400);
  EXPECT_EQ(status(R"({"a":1})", "br"), 400);
  EXPECT_EQ(status("not gzip", "gzip"), 400);
  EXPECT_EQ(status(std::string(200, ' ')), 413);
}

TEST(ErrorResponseTest, EachCodeHasItsStatus) {
  const auto is = [](const Error& error, int status, std::string_view code) {
    const http::Response response = ErrorResponse(error, Instant{});
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.headers.Get(kErrorTypeHeader), code);
    EXPECT_EQ(ApiFixture::Text(response, {"code"}), code);
  };
  is(InvalidRequest("body", "x"), 400, "INVALID_REQUEST");
  is(Unauthenticated("x"), 401, "UNAUTHORIZED");
  is(Forbidden("x"), 403, "FORBIDDEN");
  is(NotFound("x"), 404, "NOT_FOUND");
  is(Conflict("x"), 409, "CONFLICT");
  is(LimitExceeded("body", "x"), 413, "PAYLOAD_TOO_LARGE");
  is(InvalidArgument("a", "x"), 422, "VALIDATION_ERROR");
  is(Error(ErrorCode::kThrottled, "x"), 429, "RATE_LIMIT_EXCEEDED");
  is(Internal("x"), 500, "INTERNAL_ERROR");
  is(Unimplemented("x"), 501, "NOT_IMPLEMENTED");
  is(Unavailable("x"), 503, "SERVICE_UNAVAILABLE");
  is(Error(ErrorCode::kDeadlineExceeded, "x"), 503, "SERVICE_UNAVAILABLE");
  // The wire codes of other APIs are theirs.
  is(Error(ErrorCode::kNotFound, "x", {}, "ResourceNotFoundException"), 404, "NOT_FOUND");
  EXPECT_EQ(ApiFixture::Text(ErrorResponse(InvalidArgument("dateRange", "bad"), Instant{}),
                             {"details", "dateRange"}),
            "bad");
}

TEST(RoleTest, NamesReadBack) {
  for (const Role role : {Role::kViewer, Role::kAnalyst, Role::kManager, Role::kAdmin}) {
    EXPECT_EQ(*ParseRole(ToText(role)), role);
  }
  EXPECT_EQ(ParseRole("Admin").error().field(), "role");
}

}  // namespace
}  // namespace securebase::api
