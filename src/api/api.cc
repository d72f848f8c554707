#include "api/api.h"

#include <algorithm>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "api/internal/router.h"
#include "api/jwt.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::api {
namespace {

constexpr std::string_view kPrefix = "/v1";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kApiKeyPrefix = "sbk_";
constexpr std::string_view kCustomerHeader = "X-Customer-Id";
constexpr std::size_t kCustomerBytesMax = 128;
constexpr std::size_t kVerifiedTokensMax = 4'096;

std::string_view BelowPrefix(std::string_view path) {
  return path.starts_with(kPrefix) ? path.substr(kPrefix.size()) : path;
}

// The token of an Authorization header; empty where there is none.
std::string_view BearerToken(const http::Request& request) {
  const std::string_view value = request.headers.Get("Authorization");
  if (value.size() < kBearer.size() ||
      !EqualsIgnoreCase(value.substr(0, kBearer.size()), kBearer)) {
    return {};
  }
  return Trim(value.substr(kBearer.size()));
}

Result<> CheckCustomerId(std::string_view id) {
  if (id.size() > kCustomerBytesMax || ContainsControlCharacter(id) || !IsValidUtf8(id)) {
    return InvalidRequest(std::string(kCustomerHeader),
                          "must be 1 to 128 bytes of text without control characters");
  }
  return {};
}

// Tokens whose signature has been verified: RS256 costs more than the rest of a cached request.
class VerifiedTokens {
 public:
  std::optional<Caller> Find(const std::string& hash, Instant now) const {
    std::shared_lock lock(mutex_);
    const auto found = tokens_.find(hash);
    if (found == tokens_.end() || now >= found->second.expires_at) return std::nullopt;
    return found->second.caller;
  }

  void Keep(std::string hash, JwtVerifier::Verified verified) {
    std::lock_guard lock(mutex_);
    if (tokens_.size() >= kVerifiedTokensMax) tokens_.clear();
    tokens_.insert_or_assign(std::move(hash), std::move(verified));
  }

 private:
  mutable std::shared_mutex mutex_;
  boost::unordered_flat_map<std::string, JwtVerifier::Verified> tokens_;  // guarded by mutex_
};

// A request's way back: adds the headers that every answer carries and counts errors.
class Exchange {
 public:
  Exchange(std::string request_id, http::Respond respond, Telemetry& telemetry)
      : request_id_(std::move(request_id)), respond_(std::move(respond)), telemetry_(telemetry) {}

  void Limit(const RateLimiter::Verdict& verdict) { verdict_ = verdict; }

  // The first call answers; later ones (a handler that throws after it answered) do nothing.
  void Answer(http::Response response) {
    if (answered_.exchange(true)) return;
    response.headers.Set("X-Request-Id", std::move(request_id_));
    if (verdict_.limited) {
      response.headers.Set("X-RateLimit-Limit", std::to_string(verdict_.limit));
      response.headers.Set("X-RateLimit-Remaining", std::to_string(verdict_.remaining));
      response.headers.Set("X-RateLimit-Reset", std::to_string(ToUnixSeconds(verdict_.reset)));
    }
    if (response.status >= 400) CountError(response);
    respond_(std::move(response));
  }

 private:
  void CountError(const http::Response& response) {
    const std::string_view type = response.headers.Get(kErrorTypeHeader);
    telemetry_.PublishTwice({.namespace_name = "SecureBase/Analytics",
                             .name = "APIErrors",
                             .unit = "Count",
                             .value = 1,
                             .dimensions = {{"ErrorType", type.empty() ? "UNKNOWN" : type}}});
    if (response.status != 429) return;
    telemetry_.Publish({.namespace_name = "SecureBase/Analytics",
                        .name = "ThrottledRequests",
                        .unit = "Count",
                        .value = 1,
                        .dimensions = {}});
  }

  std::string request_id_;
  http::Respond respond_;
  Telemetry& telemetry_;
  RateLimiter::Verdict verdict_;
  std::atomic<bool> answered_ = false;
};

void RunHandler(const Route& route, Call call, const std::shared_ptr<Exchange>& exchange,
                const Clock& clock) {
  // The one catch of a request: what a library threw and nobody expected becomes a 500.
  try {
    route.handler(std::move(call),
                  [exchange](http::Response response) { exchange->Answer(std::move(response)); });
  } catch (const std::exception& thrown) {
    exchange->Answer(ErrorResponse(
        Internal(thrown.what()).Within(route.method + " " + route.pattern), clock.Now()));
  }
}

// The 429 of the API adds what the client needs to wait for.
http::Response TooManyRequests(std::string_view message, std::int64_t retry_after_s,
                               const RateLimiter::Verdict& verdict, Instant now) {
  http::Response response = http::Response::Json(429, {});
  json::Writer writer(response.body);
  writer.BeginObject().Member("error", message).Member("code", "RATE_LIMIT_EXCEEDED");
  writer.Key("details").BeginObject().Member("retryAfter", retry_after_s);
  if (verdict.limited) writer.Member("limit", verdict.limit).Member("window", "1 minute");
  writer.EndObject().Member("retryAfter", retry_after_s);
  if (verdict.limited) writer.Member("limit", verdict.limit).Member("window", "1 minute");
  writer.Member("timestamp", FormatIsoMillis(now)).EndObject();
  response.headers.Add("Retry-After", std::to_string(retry_after_s));
  response.headers.Add(std::string(kErrorTypeHeader), "RATE_LIMIT_EXCEEDED");
  return response;
}

std::vector<Plan> AllPlans(std::vector<Plan> added) {
  std::vector<Plan> plans = BuiltInPlans();
  for (Plan& plan : added) plans.push_back(std::move(plan));
  return plans;
}

}  // namespace

class Api::State {
 public:
  State(ApiOptions options, ApiDependencies dependencies)
      : options_(std::move(options)),
        dependencies_(dependencies),
        jwt_(options_.jwt),
        limiter_(AllPlans(options_.plans), dependencies.clock) {}

  Router& router() { return router_; }

  void Handle(http::Request request, http::Respond respond) {
    auto exchange =
        std::make_shared<Exchange>(request.request_id, std::move(respond), dependencies_.telemetry);
    Router::Match match = router_.Find(request.method, BelowPrefix(request.path));
    if (match.route == nullptr) {
      exchange->Answer(NoRoute(request, match.allow));
      return;
    }
    Result<Call> call = Admit(std::move(request), match);
    if (!call.ok()) {
      exchange->Answer(ErrorResponse(call.error(), Now()));
      return;
    }
    const RateLimiter::Verdict verdict =
        limiter_.Admit(call->caller.customer, call->caller.plan, match.route->rate);
    exchange->Limit(verdict);
    if (!verdict.allowed) {
      const auto wait = std::chrono::ceil<std::chrono::seconds>(verdict.reset - Now());
      exchange->Answer(TooManyRequests("the plan's rate limit is exceeded",
                                       std::max<std::int64_t>(1, wait.count()), verdict, Now()));
      return;
    }
    Dispatch(*match.route, *std::move(call), std::move(exchange));
  }

  Result<Caller> Authenticate(const http::Request& request) const {
    const std::string_view token = BearerToken(request);
    const std::string_view named = request.headers.Get(kCustomerHeader);
    SB_TRY_OK(CheckCustomerId(named));
    if (!options_.authentication_required) return Trusted(token, named);
    SB_TRY(Caller caller, CallerOf(token));
    if (!named.empty() && named != caller.customer.id) {
      if (!caller.whole_account) return Forbidden("the key belongs to another customer");
      caller.customer.id = named;
    }
    return caller;
  }

 private:
  Instant Now() const { return dependencies_.clock.Now(); }

  // Without required authentication everybody is an administrator. A key of ours still tells the
  // customer and the plan; any other token tells nothing.
  Caller Trusted(std::string_view token, std::string_view named) const {
    Caller caller{.customer = {.account = options_.home}};
    if (token.starts_with(kApiKeyPrefix)) {
      if (std::optional<Caller> found = dependencies_.keys.FindApiKey(token)) {
        caller = *std::move(found);
      }
    }
    caller.role = Role::kAdmin;
    if (!named.empty()) caller.customer.id = named;
    return caller;
  }

  Result<Caller> CallerOf(std::string_view token) const {
    if (token.empty()) return Unauthenticated("no API key: send Authorization: Bearer <key>");
    if (token.starts_with(kApiKeyPrefix)) {
      std::optional<Caller> caller = dependencies_.keys.FindApiKey(token);
      if (!caller) return Unauthenticated("unknown API key");
      return *std::move(caller);
    }
    const Instant now = Now();
    std::string hash = Sha256(token);
    if (std::optional<Caller> caller = verified_.Find(hash, now)) return *std::move(caller);
    SB_TRY(JwtVerifier::Verified verified, jwt_.Verify(token, options_.home, now));
    Caller caller = verified.caller;
    verified_.Keep(std::move(hash), std::move(verified));
    return caller;
  }

  Result<Call> Admit(http::Request request, Router::Match& match) const {
    SB_TRY(Caller caller, Authenticate(request));
    if (caller.role < match.route->role) {
      return Forbidden("this needs the role " + std::string(ToText(match.route->role)) +
                       "; the key has " + std::string(ToText(caller.role)));
    }
    auto parameters = http::ParseForm(request.query);
    if (!parameters) return InvalidRequest("query", "broken percent-encoding or UTF-8");
    return Call{.request = std::move(request),
                .caller = std::move(caller),
                .path_values = std::move(match.path_values),
                .parameters = *std::move(parameters)};
  }

  void Dispatch(const Route& route, Call call, std::shared_ptr<Exchange> exchange) {
    if (route.where == Route::Where::kInline) {
      RunHandler(route, std::move(call), exchange, dependencies_.clock);
      return;
    }
    // std::function wants what it holds to be copyable; the call is not to be copied.
    auto shared = std::make_shared<Call>(std::move(call));
    const bool queued = dependencies_.workers.Post([this, &route, shared, exchange] {
      RunHandler(route, std::move(*shared), exchange, dependencies_.clock);
    });
    if (queued) return;
    exchange->Answer(
        TooManyRequests("the server is busy: too many requests wait already", 1, {}, Now()));
  }

  http::Response NoRoute(const http::Request& request, std::string allow) const {
    if (allow.empty()) {
      return ErrorResponse(NotFound("no route " + request.method + " " + request.path), Now());
    }
    http::Response response = ErrorResponse(
        Error(ErrorCode::kInvalidArgument, request.path + " does not take " + request.method, {},
              "METHOD_NOT_ALLOWED"),
        Now());
    response.headers.Add("Allow", std::move(allow));
    return response;
  }

  const ApiOptions options_;
  const ApiDependencies dependencies_;
  const JwtVerifier jwt_;
  mutable VerifiedTokens verified_;
  RateLimiter limiter_;
  Router router_;
};

Api::Api(ApiOptions options, ApiDependencies dependencies)
    : state_(new State(std::move(options), dependencies)) {}

Api::~Api() = default;

void Api::Add(std::vector<Route> routes) {
  for (Route& route : routes) state_->router().Add(std::move(route));
}

void Api::Handle(http::Request request, http::Respond respond) {
  state_->Handle(std::move(request), std::move(respond));
}

std::string Api::ResourceOf(std::string_view, std::string_view path) const {
  std::string resource(kPrefix);
  resource += state_->router().PatternOf(BelowPrefix(path));
  return resource;
}

Result<Caller> Api::Authenticate(const http::Request& request) const {
  return state_->Authenticate(request);
}

}  // namespace securebase::api
