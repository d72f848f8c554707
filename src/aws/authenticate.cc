#include "aws/authenticate.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace securebase::aws {
namespace {

constexpr std::size_t kRegionLengthMax = 32;

bool IsAccountId(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool IsRegion(std::string_view text) {
  return !text.empty() && text.size() <= kRegionLengthMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Result<std::string> RegionOf(const net::SigV4Scope& scope) {
  if (IsRegion(scope.region)) return scope.region;
  return Error(ErrorCode::kUnauthenticated,
               "Credential should be scoped to a valid region, not '" + scope.region + "'.", {},
               "SignatureDoesNotMatch");
}

Result<Identity> WithoutCheck(const http::Request& request, const GatewayOptions& options) {
  Identity identity;
  identity.account = options.home;
  // A signature that cannot even be read names nobody; it is not checked, so it is no error.
  const auto scope = net::FindSignature(request);
  if (scope.ok() && scope->has_value()) {
    SB_TRY(identity.account.region, RegionOf(**scope));
    if (IsAccountId((*scope)->access_key_id)) identity.account.id = (*scope)->access_key_id;
    identity.signing_name = (*scope)->service;
    identity.caller.key_id = (*scope)->access_key_id;
  }
  identity.caller.customer.account = identity.account;
  identity.caller.role = api::Role::kAdmin;
  identity.caller.whole_account = true;
  return identity;
}

/// The key of ours that a request brings, or empty.
std::string_view BearerKey(const http::Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view value = request.headers.Get("Authorization");
  if (value.size() < kBearer.size() ||
      !EqualsIgnoreCase(value.substr(0, kBearer.size()), kBearer)) {
    return {};
  }
  return Trim(value.substr(kBearer.size()));
}

Result<Identity> FromKey(std::string_view text, const GatewayOptions& options,
                         const GatewayDependencies& stores) {
  std::optional<api::Caller> caller = stores.keys.FindApiKey(text);
  if (!caller) {
    return Error(ErrorCode::kUnauthenticated,
                 "The security token included in the request is invalid.", {},
                 "InvalidClientTokenId");
  }
  Identity identity{.caller = *std::move(caller)};
  identity.any_service = true;
  identity.account = {identity.caller.customer.account.id, options.home.region};
  // It can make keys that see the whole account, so it speaks for it (docs/decisions/0020).
  identity.caller.whole_account = identity.caller.role == api::Role::kAdmin;
  return identity;
}

}  // namespace

Result<Identity> Authenticate(const http::Request& request, const GatewayOptions& options,
                              const GatewayDependencies& stores,
                              const net::SigV4Verifier& verifier) {
  if (!options.authentication_required) return WithoutCheck(request, options);
  if (const std::string_view key = BearerKey(request); !key.empty()) {
    return FromKey(key, options, stores);
  }
  std::optional<api::KeyStore::AwsKey> key;
  auto secret_of = [&](std::string_view access_key_id) -> std::optional<std::string> {
    key = stores.keys.FindAwsKey(access_key_id);
    return key ? std::optional(key->secret) : std::nullopt;
  };
  SB_TRY(const net::SigV4Scope scope, verifier.Verify(request, stores.clock.Now(), secret_of, {}));
  Identity identity;
  identity.caller = std::move(key->caller);
  identity.account.id = identity.caller.customer.account.id;
  SB_TRY(identity.account.region, RegionOf(scope));
  identity.signing_name = scope.service;
  return identity;
}

}  // namespace securebase::aws
