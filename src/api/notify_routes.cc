#include "api/notify_routes.h"

#include <array>

#include "api/internal/body.h"
#include "notify/channels/target_channels.h"

namespace securebase::api {
namespace {

using notify::DeliveryState;

constexpr std::uint64_t kPageDefault = 50;
constexpr std::uint64_t kPageMax = 500;
constexpr std::size_t kNameBytesMax = 256;

/// Targets and deliveries are the account's: a key of one customer does not see them.
Result<Account> AccountOf(const Call& call) {
  if (!call.caller.whole_account && call.caller.role != Role::kAdmin) {
    return Forbidden("notification is the account's: an admin's key is needed");
  }
  return call.caller.customer.account;
}

Result<http::Response> ListTargets(const Call& call, const NotifyRouteDependencies& with) {
  SB_TRY_OK(call.CheckParameters({}));
  const auto book = with.targets.Get();
  json::Array list;
  for (const auto& [name, target] : book->targets) {
    json::Object shown{{"name", name}, {"type", notify::ToText(target.kind)}};
    if (!target.to.empty()) {
      json::Array to;
      for (const std::string& address : target.to) to.push_back(address);
      shown.emplace_back("to", std::move(to));
    }
    list.push_back(std::move(shown));
  }
  return JsonResponse(json::Object{{"targets", std::move(list)}});
}

notify::Event TestEvent(const std::string& target, const Account& account, Instant now,
                        Random& random) {
  return {.id = "evt-" + random.Hex(13),
          .type = "test",
          .severity = notify::Severity::kLow,
          .state = notify::EventState::kInfo,
          .title = "Test message to " + target,
          .reason = "SecureBase was asked to show that it reaches you. Nothing is wrong.",
          .time = now,
          .source_kind = "test",
          .source_arn = "test/" + target,
          .source_name = "test/" + target,
          .account = account.id,
          .region = account.region};
}

Result<http::Response> Test(const Call& call, const NotifyRouteDependencies& with) {
  SB_TRY(const Account account, AccountOf(call));
  SB_TRY(const json::Value value, call.JsonBody());
  SB_TRY(const Body body, Body::Make(value, {"target"}));
  SB_TRY(const std::string name, body.RequiredText("target", kNameBytesMax));
  const auto book = with.targets.Get();
  const notify::Target* target = book->Find(name);
  if (target == nullptr) return NotFound("there is no target \"" + name + "\"");
  const std::vector<notify::Delivery> deliveries = notify::DeliveriesTo(
      *target, TestEvent(name, account, with.clock.Now(), with.random), account);
  json::Array ids;
  for (const notify::Delivery& delivery : deliveries) ids.push_back(delivery.id);
  SB_TRY_OK(with.queue.Add(deliveries));
  return JsonResponse(json::Object{{"deliveries", std::move(ids)}}, 202);
}

Result<std::optional<DeliveryState>> StateOf(const std::string* text) {
  if (text == nullptr) return std::optional<DeliveryState>();
  constexpr std::array kStates = {DeliveryState::kPending,    DeliveryState::kDelivered,
                                  DeliveryState::kFailed,     DeliveryState::kBounced,
                                  DeliveryState::kSuppressed, DeliveryState::kExpired};
  for (const DeliveryState state : kStates) {
    if (*text == notify::ToText(state)) return std::optional(state);
  }
  return InvalidArgument("status",
                         "must be pending, success, failed, bounced, suppressed or expired");
}

Result<http::Response> ListDeliveries(const Call& call, const NotifyRouteDependencies& with) {
  SB_TRY(const Account account, AccountOf(call));
  SB_TRY_OK(call.CheckParameters({"status", "source", "limit", "after"}));
  SB_TRY(const std::uint64_t limit, CountParameter(call, "limit", kPageDefault, 1, kPageMax));
  SB_TRY(const auto state, StateOf(call.Parameter("status")));
  auto text = [&](const char* name) {
    const std::string* given = call.Parameter(name);
    return given == nullptr ? std::string() : *given;
  };
  SB_TRY(const notify::DeliveryQueue::Page page,
         with.queue.List(account, state, text("source"), text("after"), limit));
  json::Array list;
  for (const notify::Delivery& delivery : page.deliveries) list.push_back(ToJson(delivery));
  json::Object body{{"deliveries", std::move(list)}};
  if (page.next) body.emplace_back("after", *page.next);
  return JsonResponse(std::move(body));
}

Result<http::Response> GetDelivery(const Call& call, const NotifyRouteDependencies& with) {
  SB_TRY(const Account account, AccountOf(call));
  SB_TRY(const notify::Delivery delivery,
         with.queue.Get(account, std::string(call.PathValue("id"))));
  return JsonResponse(ToJson(delivery));
}

Result<http::Response> Resend(const Call& call, const NotifyRouteDependencies& with) {
  SB_TRY(const Account account, AccountOf(call));
  const std::string id(call.PathValue("id"));
  SB_TRY_OK(with.queue.Resend(account, id));
  return JsonResponse(json::Object{{"id", id}, {"status", "pending"}}, 202);
}

}  // namespace

std::vector<Route> NotifyRoutes(NotifyRouteDependencies dependencies) {
  using Answer = Result<http::Response> (*)(const Call&, const NotifyRouteDependencies&);
  auto route = [&](const char* method, const char* pattern, Role role, Answer answer) {
    return Route{.method = method,
                 .pattern = pattern,
                 .role = role,
                 .handler = Answering(dependencies.clock, [dependencies, answer](const Call& call) {
                   return answer(call, dependencies);
                 })};
  };
  return {route("GET", "/notify/targets", Role::kManager, ListTargets),
          route("POST", "/notify/test", Role::kManager, Test),
          route("GET", "/notify/deliveries", Role::kManager, ListDeliveries),
          route("GET", "/notify/deliveries/{id}", Role::kManager, GetDelivery),
          route("POST", "/notify/deliveries/{id}/resend", Role::kManager, Resend)};
}

}  // namespace securebase::api
