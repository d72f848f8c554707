#include "ingest/ingest.h"

#include <exception>
#include <iterator>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace securebase::ingest {
namespace {

constexpr std::string_view kBasic = "Basic ";
constexpr std::string_view kRetryAfterSeconds = "1";

/// Agents that know no bearer tokens send the key as the password of Basic.
void BasicToBearer(http::Request& request) {
  const std::string_view value = request.headers.Get("Authorization");
  if (value.size() < kBasic.size() || !EqualsIgnoreCase(value.substr(0, kBasic.size()), kBasic)) {
    return;
  }
  const auto decoded = Base64Decode(Trim(value.substr(kBasic.size())));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return;
  request.headers.Set("Authorization", "Bearer " + decoded->substr(colon + 1));
}

/// The headers of a request, which is all that authentication reads of it.
http::Request HeadersOf(const http::Request& request) {
  http::Request headers;
  headers.headers = request.headers;
  return headers;
}

Error Busy() {
  return Error(ErrorCode::kThrottled, "the server is busy: too many requests wait already");
}

Result<std::string> BodyOf(const Route& route, http::Request& request) {
  const std::string_view encoding = request.headers.Get("Content-Encoding");
  if (encoding.empty() || EqualsIgnoreCase(encoding, "snappy")) {
    if (request.body.size() > route.body_max) {
      return LimitExceeded("body",
                           "the body must not exceed " + std::to_string(route.body_max) + " bytes");
    }
    return std::move(request.body);
  }
  return http::DecodedBody(request, route.body_max);
}

}  // namespace

int StatusOf(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kUnauthenticated:
      return 401;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kLimitExceeded:
      return 413;
    case ErrorCode::kUnimplemented:
      return 501;
    // Not 429: Prometheus drops what is answered so, and sends again what is answered 503.
    case ErrorCode::kThrottled:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
      return 503;
    case ErrorCode::kInternal:
      return 500;
    default:
      return error.field() == "Content-Encoding" || error.field() == "Content-Type" ? 415 : 400;
  }
}

http::Response ErrorText(const http::Request&, const Error& error) {
  const int status = StatusOf(error);
  http::Response response = http::Response::Text(status, error.message() + "\n");
  if (status == 503) response.headers.Add("Retry-After", std::string(kRetryAfterSeconds));
  if (status == 401) response.headers.Add("WWW-Authenticate", "Bearer");
  return response;
}

Ingest::Ingest(IngestOptions options, IngestDependencies dependencies)
    : options_(std::move(options)), dependencies_(dependencies) {}

void Ingest::Add(std::vector<Route> routes) {
  for (Route& route : routes) {
    if (!route.refuse) route.refuse = ErrorText;
    routes_.push_back(std::move(route));
  }
}

bool Ingest::Claims(std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.path == path) return true;
  }
  return false;
}

const Route* Ingest::Find(std::string_view method, std::string_view path) const {
  for (const Route& route : routes_) {
    if (route.path == path && route.method == method) return &route;
  }
  return nullptr;
}

Result<Ingest::Sender> Ingest::Authenticate(const http::Request& request) const {
  if (!options_.authentication_required) {
    Sender sender{options_.home, {}};
    sender.caller.customer.account = options_.home;
    sender.caller.role = api::Role::kAdmin;
    sender.caller.whole_account = true;
    return sender;
  }
  Sender sender;
  const auto signature = net::FindSignature(request);
  if (signature.ok() && signature->has_value()) {
    std::optional<api::KeyStore::AwsKey> key;
    auto secret_of = [&](std::string_view id) -> std::optional<std::string> {
      key = dependencies_.keys.FindAwsKey(id);
      return key ? std::optional(key->secret) : std::nullopt;
    };
    const auto verified = verifier_.Verify(request, dependencies_.clock.Now(), secret_of, {});
    if (!verified.ok()) {
      return Error(ErrorCode::kUnauthenticated, verified.error().message());
    }
    sender.caller = std::move(key->caller);
    sender.account = {sender.caller.customer.account.id, verified->region};
  } else {
    http::Request headers = HeadersOf(request);
    BasicToBearer(headers);
    SB_TRY(sender.caller, dependencies_.api.Authenticate(headers));
    sender.account = sender.caller.customer.account;
    // An administrator's key can make keys for the whole account, so it speaks for it.
    sender.caller.whole_account = sender.caller.role == api::Role::kAdmin;
  }
  if (!sender.caller.whole_account) sender.account.id += "/" + sender.caller.customer.id;
  return sender;
}

void Ingest::Handle(http::Request request, http::Respond respond) {
  const Route* route = Find(request.method, request.path);
  if (route == nullptr) {
    http::Response response = http::Response::Text(405, "another method is wanted here\n");
    std::string allow;
    for (const Route& other : routes_) {
      if (other.path == request.path) allow += (allow.empty() ? "" : ", ") + other.method;
    }
    response.headers.Add("Allow", std::move(allow));
    return respond(std::move(response));
  }
  Result<Sender> sender = Authenticate(request);
  if (sender.ok() && sender->caller.role < route->role) {
    sender = Error(ErrorCode::kForbidden,
                   "this needs the role " + std::string(api::ToText(route->role)) +
                       "; the key has " + std::string(api::ToText(sender->caller.role)));
  }
  if (!sender.ok()) return respond(route->refuse(request, sender.error()));
  auto delivery = std::make_shared<Delivery>(Delivery{.request = std::move(request),
                                                      .account = std::move(sender->account),
                                                      .caller = std::move(sender->caller),
                                                      .now = dependencies_.clock.Now()});
  auto work = [route, delivery, respond] {
    // The one catch of a request: what a library threw and nobody expected becomes a 500.
    try {
      Result<std::string> body = BodyOf(*route, delivery->request);
      if (!body.ok()) return respond(route->refuse(delivery->request, body.error()));
      delivery->body = *std::move(body);
      route->handler(std::move(*delivery), respond);
    } catch (const std::exception& thrown) {
      Log(LogLevel::kError, "a delivery ended by an exception",
          {{"path", route->path}, {"error", thrown.what()}});
      respond(route->refuse({}, Internal("the delivery could not be handled")));
    }
  };
  if (!dependencies_.workers.Post(std::move(work))) {
    respond(route->refuse(delivery->request, Busy()));
  }
}

}  // namespace securebase::ingest
