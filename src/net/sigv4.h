#pragma once

// AWS Signature Version 4: signing of outgoing requests and verification of incoming ones, header
// and presigned form (spec: cloudwatch-api 1.8).

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::net {

struct SigV4Scope {
  std::string access_key_id;
  std::string date;  // yyyymmdd
  std::string region;
  std::string service;
};

/// Where a request carries a signature: its scope, unverified; none when it carries none.
/// Errors: malformed (wire code IncompleteSignature).
Result<std::optional<SigV4Scope>> FindSignature(const http::Request& request);

/// Verifies signatures; caches derived keys. Thread-safe.
class SigV4Verifier {
 public:
  SigV4Verifier();
  ~SigV4Verifier();

  struct Options {
    Duration skew_max = std::chrono::minutes(5);
    bool allow_unsigned_payload = false;  // else only over TLS
  };

  /// The scope of a valid signature. `secret_of` gives the secret of an access key id, or none.
  /// Errors carry the query wire code of spec 1.6: MissingAuthenticationToken,
  /// InvalidClientTokenId, SignatureDoesNotMatch, IncompleteSignature, with AWS's message.
  Result<SigV4Scope> Verify(
      const http::Request& request, Instant now,
      const std::function<std::optional<std::string>(std::string_view)>& secret_of,
      const Options& options) const;

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

/// Adds X-Amz-Date, X-Amz-Content-Sha256 and Authorization. `request.headers` must hold Host.
void Sign(http::Request& request, std::string_view access_key_id, std::string_view secret,
          std::string_view region, std::string_view service, Instant now);

}  // namespace securebase::net
