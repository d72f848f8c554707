#pragma once

// JSON Web Tokens as the /v1 API takes them: HS256, RS256, ES256, the algorithm pinned per key.

#include <memory>
#include <string_view>

#include "api/caller.h"
#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"

namespace securebase::api {

struct JwtOptions;

/// Verifies tokens. The key decides the algorithm, never the token: a token whose `alg` differs
/// from the key's is refused, `none` always. Thread-safe.
class JwtVerifier {
 public:
  /// kInvalidArgument naming the first key that cannot be used: unknown algorithm, material that
  /// is no key of that algorithm (a PEM text as shared secret is refused: it would be public),
  /// a shared secret below 16 bytes, RSA below 2048 bits.
  static Result<> Check(const JwtOptions& options);

  /// Keys that Check refuses are left out and logged: no token can match them.
  explicit JwtVerifier(const JwtOptions& options);
  ~JwtVerifier();

  struct Verified {
    Caller caller;
    Instant expires_at;
  };

  /// Claims: customerId (required), role (viewer where absent), exp (required), nbf, and iss and
  /// aud where the options name them. Errors: kUnauthenticated, saying what is wrong.
  Result<Verified> Verify(std::string_view token, const Account& account, Instant now) const;

 private:
  struct Key;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::api
