#include "notify/channel.h"

#include <array>

#include "base/text.h"
#include "notify/retry.h"

namespace securebase::notify {

std::string_view ToText(Outcome::Kind kind) {
  constexpr std::array<std::string_view, 4> kTexts = {"delivered", "retry", "permanent",
                                                      "configuration"};
  return kTexts[static_cast<std::size_t>(kind)];
}

std::string Excerpt(std::string_view text, const std::vector<std::string>& secrets) {
  constexpr std::size_t kBytesMax = 1024;
  std::string clean = ToValidUtf8(text.substr(0, 16 * kBytesMax));
  for (const std::string& secret : secrets) {
    if (secret.size() < 4) continue;
    for (std::size_t at = 0; (at = clean.find(secret, at)) != clean.npos; at += 3) {
      clean.replace(at, secret.size(), "***");
    }
  }
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) c = ' ';
  }
  if (clean.size() > kBytesMax) {
    clean.resize(kBytesMax);
    clean.resize(ValidUtf8Prefix(clean));
  }
  return clean;
}

Outcome JudgeHttp(const Result<net::HttpClientResponse>& response, Instant now) {
  using Kind = Outcome::Kind;
  if (!response.ok()) {
    const Error& error = response.error();
    // No answer may be a passing fault; a refused address or a wrong URL stays what it is.
    const bool final = error.code() == ErrorCode::kForbidden ||
                       error.code() == ErrorCode::kInvalidArgument ||
                       error.code() == ErrorCode::kLimitExceeded;
    return {.kind = final ? Kind::kPermanent : Kind::kRetry,
            .detail = (error.field().empty() ? "" : error.field() + " ") + error.message()};
  }
  const int status = response->status;
  Outcome outcome{.status = status, .detail = response->body};
  if (status >= 200 && status < 300) return outcome;
  if (status >= 300 && status < 400) {
    outcome.kind = Kind::kPermanent;
    outcome.detail = "the URL moved: " + std::string(response->Header("location"));
    return outcome;
  }
  const bool retry = status == 408 || status == 425 || status == 429 ||
                     (status >= 500 && status != 501 && status != 505);
  outcome.kind = retry ? Kind::kRetry : Kind::kPermanent;
  if (retry) outcome.retry_after = ParseRetryAfter(response->Header("retry-after"), now);
  return outcome;
}

}  // namespace securebase::notify
