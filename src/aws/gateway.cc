#include "aws/gateway.h"

#include <array>
#include <utility>

#include "aws/answer.h"
#include "aws/authenticate.h"
#include "aws/fault.h"
#include "aws/operation.h"
#include "aws/request_route.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::aws {
namespace {

// CloudWatch's own limit; the other services take larger bodies.
constexpr std::size_t kMetricBodyMax = 1u << 20;
constexpr std::size_t kBodyMax = 16u << 20;
constexpr std::size_t kOperationLengthMax = 128;

Error TooLarge(std::size_t limit) {
  return Error(ErrorCode::kLimitExceeded,
               "The request body must not exceed " + std::to_string(limit) + " bytes.", "body",
               "RequestEntityTooLarge");
}

Error NotBuilt(const RequestRoute& route) {
  std::string what = route.service == nullptr
                         ? "the service '" + route.service_name + "' (" + route.operation + ")"
                         : std::string(route.service->action_prefix) + ":" + route.operation;
  return Error(ErrorCode::kUnimplemented,
               "SecureBase does not implement " + what + ". See docs/aws-operations.md.", {},
               "NotImplemented");
}

Error UnknownAction(const RequestRoute& route) {
  return Error(ErrorCode::kInvalidArgument,
               "Could not find operation " + route.operation +
                   (route.version.empty() ? "" : " for version " + route.version),
               "Action", "InvalidAction");
}

Error NoRight(const CallContext& context, const RequestRoute& route) {
  return Error(ErrorCode::kForbidden,
               "User: arn:aws:iam::" + context.account_number() + ":user/" + context.caller.key_id +
                   " is not authorized to perform: " + std::string(route.service->action_prefix) +
                   ":" + route.operation,
               {}, "AccessDenied");
}

/// Operation names go into XML tags and metrics: nothing else than letters and digits passes.
bool IsOperationName(std::string_view name) {
  if (name.empty() || name.size() > kOperationLengthMax) return false;
  for (char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

/// A body that needs decoding is decoded into `storage`; else the request's own is used.
Result<std::string_view> BodyOf(const http::Request& request, std::string& storage) {
  if (request.body.size() > kBodyMax) return TooLarge(kBodyMax);
  if (!request.headers.Has("content-encoding")) return std::string_view(request.body);
  Result<std::string> decoded = http::DecodedBody(request, kBodyMax);
  if (decoded.ok()) {
    storage = *std::move(decoded);
    return std::string_view(storage);
  }
  const Error& error = decoded.error();
  if (error.code() == ErrorCode::kLimitExceeded) return TooLarge(kBodyMax);
  const bool encoding = error.field() == "Content-Encoding";
  return Error(error.code(), error.message(), error.field(),
               encoding ? "UnsupportedMediaType" : "MalformedInput");
}

}  // namespace

class Gateway::State {
 public:
  State(GatewayOptions options, GatewayDependencies stores)
      : options_(std::move(options)),
        stores_(stores),
        tokens_(PageTokenKey(stores.documents, options_.home, stores.random)) {}

  void Handle(http::Request request, http::Respond respond);

 private:
  /// One request on its way. Lives until it is answered.
  struct Call {
    http::Request request;
    http::Respond respond;
    std::string decoded_body;
    std::string_view body;
    RequestRoute route;
    const Operation* operation = nullptr;
    CallContext context;

    WireInput input() const { return {route.protocol, body, route.form}; }
  };

  Result<> Prepare(Call& call, Protocol protocol);
  Result<> FindOperationOf(Call& call, std::string_view signing_name);
  void Run(std::shared_ptr<Call> call);
  void Finish(Call& call, const Result<Value>& result);

  const GatewayOptions options_;
  const GatewayDependencies stores_;
  const PageTokens tokens_;
  const net::SigV4Verifier verifier_;
};

Result<> Gateway::State::Prepare(Call& call, Protocol protocol) {
  call.route = GuessRoute(call.request, protocol, "");
  SB_TRY(Identity identity, Authenticate(call.request, options_, stores_, verifier_));
  call.context.account = std::move(identity.account);
  call.context.caller = std::move(identity.caller);
  SB_TRY(call.body, BodyOf(call.request, call.decoded_body));
  SB_TRY(call.route, FindRoute(call.request, protocol, call.body, identity.signing_name));
  if (identity.any_service && call.route.service != nullptr) {
    identity.signing_name = call.route.service->signing_name;
  }
  return FindOperationOf(call, identity.signing_name);
}

Result<> Gateway::State::FindOperationOf(Call& call, std::string_view signing_name) {
  const RequestRoute& route = call.route;
  if (!IsOperationName(route.operation)) {
    call.route.operation = "Unknown";
    return UnknownAction(route);
  }
  if (route.service == nullptr) {
    // Neither a version nor a signature says whose action it is.
    if (route.service_name.empty() && route.version.empty()) return UnknownAction(route);
    // RPC v2 knows its services by the path alone: another path is no operation at all.
    return route.protocol == Protocol::kCbor ? UnknownAction(route) : NotBuilt(route);
  }
  const Service service = route.service->service;
  if (options_.authentication_required && signing_name != route.service->signing_name) {
    return Error(ErrorCode::kUnauthenticated,
                 "Credential should be scoped to correct service: '" +
                     std::string(route.service->signing_name) + "'.",
                 {}, "SignatureDoesNotMatch");
  }
  call.operation = FindOperation(service, route.operation);
  if (call.operation == nullptr) {
    return IsKnownOperation(service, route.operation) ? NotBuilt(route) : UnknownAction(route);
  }
  if (call.context.caller.role < call.operation->role) return NoRight(call.context, route);
  // Metrics and logs do not know customers: a key that sees one customer alone has metrics and logs
  // of its own, apart from the account's (docs/decisions/0004-customer-keys-and-metrics.md).
  if (!call.context.caller.whole_account && service != Service::kDynamoDb) {
    call.context.account.id += "/" + call.context.caller.customer.id;
  }
  if (service == Service::kCloudWatch && call.request.body.size() > kMetricBodyMax) {
    return TooLarge(kMetricBodyMax);
  }
  return {};
}

void Gateway::State::Handle(http::Request request, http::Respond respond) {
  const std::optional<Protocol> protocol = ProtocolOf(request);
  if (!protocol) {
    respond(http::Response::Text(404, "This is no request of an AWS API.\n"));
    return;
  }
  std::string request_id = request.request_id.empty() ? stores_.random.Uuid() : request.request_id;
  std::string host(request.headers.Get("host"));
  auto call = std::make_shared<Call>(Call{.request = std::move(request),
                                          .respond = std::move(respond),
                                          .context = {.stores = stores_,
                                                      .options = options_,
                                                      .tokens = tokens_,
                                                      .now = stores_.clock.Now(),
                                                      .request_id = std::move(request_id),
                                                      .host = std::move(host)}});
  if (Result<> prepared = Prepare(*call, *protocol); !prepared.ok()) {
    Finish(*call, std::move(prepared).error());
    return;
  }
  Run(std::move(call));
}

void Gateway::State::Run(std::shared_ptr<Call> call) {
  if (call->operation->start != nullptr) {
    Call& running = *call;
    running.operation->start(
        running.input(), running.context,
        [this, call = std::move(call)](Result<Value> result) { Finish(*call, result); });
    return;
  }
  const bool accepted = stores_.workers.Post([this, call] {
    Result<Value> request = Decode(*call->operation->input, call->input());
    Finish(*call,
           request.ok() ? call->operation->run(*request, call->context) : std::move(request));
  });
  if (!accepted) {
    Finish(*call, Error(ErrorCode::kThrottled, "Rate exceeded", {}, "Throttling"));
  }
}

void Gateway::State::Finish(Call& call, const Result<Value>& result) {
  const CallContext& context = call.context;
  http::Response response;
  if (result.ok()) {
    response = Answer(call.route, *result, context.request_id);
  } else {
    const Error& error = result.error();
    if (error.code() == ErrorCode::kInternal) {
      Log(LogLevel::kError, "request failed",
          {{"operation", call.route.operation},
           {"request_id", context.request_id},
           {"error", error.message()}});
    }
    const Fault fault = FaultOf(call.route.service_or_default().service, error);
    response = ErrorAnswer(call.route, fault, context.error_members, context.request_id);
  }
  for (const auto& [name, value] : context.headers) response.headers.Add(name, value);
  call.respond(std::move(response));
}

Gateway::Gateway(GatewayOptions options, GatewayDependencies dependencies)
    : state_(std::make_unique<State>(std::move(options), dependencies)) {}
Gateway::~Gateway() = default;

bool Gateway::Claims(const http::Request& request) { return ProtocolOf(request).has_value(); }

void Gateway::Handle(http::Request request, http::Respond respond) {
  state_->Handle(std::move(request), std::move(respond));
}

std::string Gateway::OperationOf(const http::Request& request) {
  const std::optional<Protocol> protocol = ProtocolOf(request);
  if (!protocol) return "unknown";
  const RequestRoute route = GuessRoute(request, *protocol, "");
  if (!IsOperationName(route.operation)) return "unknown";
  if (route.service == nullptr || !IsKnownOperation(route.service->service, route.operation)) {
    return "unknown";
  }
  return route.service_name + "." + route.operation;
}

}  // namespace securebase::aws
