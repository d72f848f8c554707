#include "api/key_routes.h"

#include <algorithm>

#include "api/internal/body.h"

namespace securebase::api {
namespace {

constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kBodyBytesMax = 64u << 10;

struct NewKey {
  Caller caller;
  bool aws = false;
};

Result<NewKey> ParseNewKey(const Call& call, const std::vector<std::string>& plans) {
  SB_TRY(json::Value value, call.JsonBody(kBodyBytesMax));
  SB_TRY(Body body, Body::Make(value, {"customer", "role", "plan", "aws"}));
  NewKey key;
  SB_TRY(std::optional<bool> aws, body.Boolean("aws"));
  key.aws = aws.value_or(false);
  SB_TRY(std::optional<std::string> customer, body.Text("customer", kNameBytesMax));
  if (!customer && !key.aws) return InvalidArgument("customer", "is required");
  key.caller.customer.account = call.caller.customer.account;
  key.caller.whole_account = !customer;
  if (customer) key.caller.customer.id = *std::move(customer);
  SB_TRY(std::optional<std::string> role, body.Text("role", kNameBytesMax));
  SB_TRY(key.caller.role, ParseRole(role.value_or("viewer")));
  SB_TRY(std::optional<std::string> plan, body.Text("plan", kNameBytesMax));
  if (plan) key.caller.plan = *std::move(plan);
  if (std::find(plans.begin(), plans.end(), key.caller.plan) == plans.end()) {
    return InvalidArgument("plan", "no plan has this name");
  }
  return key;
}

// A key that was just made is never cached on its way.
http::Response Secret(const json::Value& value) {
  http::Response response = JsonResponse(value, 201);
  response.headers.Add("Cache-Control", "no-store");
  return response;
}

Result<http::Response> CreateKey(const Call& call, const KeyRouteDependencies& dependencies) {
  SB_TRY_OK(call.CheckParameters({}));
  SB_TRY(NewKey key, ParseNewKey(call, dependencies.plans));
  if (key.aws) {
    SB_TRY(AwsKeyPair pair, dependencies.keys.CreateAwsKey(key.caller));
    return Secret(json::Object{{"id", pair.access_key_id},
                               {"accessKeyId", pair.access_key_id},
                               {"secretAccessKey", pair.secret_access_key}});
  }
  SB_TRY(std::string text, dependencies.keys.CreateApiKey(key.caller));
  const std::optional<Caller> made = dependencies.keys.FindApiKey(text);
  return Secret(json::Object{{"id", made ? made->key_id : std::string()}, {"key", text}});
}

Result<http::Response> ListKeys(const Call& call, const KeyRouteDependencies& dependencies) {
  SB_TRY_OK(call.CheckParameters({}));
  json::Array keys;
  for (const KeyDescription& key : dependencies.keys.List(call.caller.customer.account)) {
    const bool whole_account = key.caller.whole_account;
    keys.push_back(json::Object{
        {"id", key.id},
        {"aws", key.aws},
        {"customer", whole_account ? json::Value() : json::Value(key.caller.customer.id)},
        {"role", ToText(key.caller.role)},
        {"plan", key.caller.plan},
        {"wholeAccount", whole_account},
        {"createdAt", FormatIsoMillis(key.created_at)}});
  }
  return JsonResponse(json::Object{{"keys", std::move(keys)}});
}

Result<http::Response> DeleteKey(const Call& call, const KeyRouteDependencies& dependencies) {
  SB_TRY_OK(call.CheckParameters({}));
  const std::string_view id = call.PathValue("id");
  const std::vector<KeyDescription> keys = dependencies.keys.List(call.caller.customer.account);
  // Only the caller's account: another's key does not exist for it.
  if (std::none_of(keys.begin(), keys.end(), [&](const auto& key) { return key.id == id; })) {
    return NotFound("no such key");
  }
  SB_TRY_OK(dependencies.keys.Delete(id));
  return http::Response{.status = 204};
}

}  // namespace

std::vector<Route> KeyRoutes(KeyRouteDependencies dependencies) {
  const auto route = [&](std::string method, std::string pattern, auto answer) {
    return Route{.method = std::move(method),
                 .pattern = std::move(pattern),
                 .role = Role::kAdmin,
                 .handler = Answering(dependencies.clock, [dependencies, answer](const Call& call) {
                   return answer(call, dependencies);
                 })};
  };
  return {route("POST", "/keys", CreateKey), route("GET", "/keys", ListKeys),
          route("DELETE", "/keys/{id}", DeleteKey)};
}

}  // namespace securebase::api
