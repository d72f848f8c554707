// Property: whatever the token, verification ends without a crash, and a token that is accepted
// is one that we would have made: signed under our secret with HS256, not expired, with a
// customer. A fuzzer cannot guess the secret, so the input chooses header and claims, and one
// byte whether they are signed.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/jwt.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

using securebase::api::JwtOptions;
using securebase::api::JwtVerifier;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string secret = "a shared secret of some length";
  static const JwtVerifier verifier(JwtOptions{{{"HS256", "k", secret}}, "", ""});
  const securebase::Instant now = securebase::FromUnixSeconds(1'780'315'200);
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  // As it stands: never signed by us.
  SB_CHECK(!verifier.Verify(text, {}, now).ok());

  // Header and claims from the input, signed.
  const std::size_t half = text.find('\n');
  if (half == std::string_view::npos) return 0;
  const std::string body = securebase::Base64UrlEncode(text.substr(0, half)) + "." +
                           securebase::Base64UrlEncode(text.substr(half + 1));
  const std::string token =
      body + "." + securebase::Base64UrlEncode(securebase::HmacSha256(secret, body));
  const auto verified = verifier.Verify(token, {}, now);
  if (!verified.ok()) return 0;
  SB_CHECK(verified->expires_at > now);
  SB_CHECK(!verified->caller.customer.id.empty());
  SB_CHECK(!securebase::ContainsControlCharacter(verified->caller.customer.id));
  return 0;
}
