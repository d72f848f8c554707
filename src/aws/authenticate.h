#pragma once

// Whose request it is, by its signature.

#include <string>

#include "api/caller.h"
#include "aws/gateway.h"
#include "base/http.h"
#include "base/result.h"
#include "net/sigv4.h"

namespace securebase::aws {

struct Identity {
  api::Caller caller;
  Account account;
  std::string signing_name;  // service of the credential scope; empty without one
  /// A key of ours rather than a signature: good for every service.
  bool any_service = false;
};

/// With required authentication the signature must be good, or the request must bring a key of ours
/// (`Authorization: Bearer sbk_..`): a customer's for its own metrics and logs, an administrator's
/// for the whole account. Without it, a 12-digit access key id
/// names the account and nothing is checked. Errors carry the Query protocol's wire code.
Result<Identity> Authenticate(const http::Request& request, const GatewayOptions& options,
                              const GatewayDependencies& stores,
                              const net::SigV4Verifier& verifier);

}  // namespace securebase::aws
