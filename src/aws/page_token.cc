#include "aws/page_token.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::aws {
namespace {

constexpr Duration kLife = std::chrono::hours(24);
constexpr std::size_t kTagSize = 16;

Error BadToken() { return InvalidArgument("NextToken", "The token is not valid."); }

}  // namespace

std::string PageTokens::Tag(std::string_view question, std::string_view sealed) const {
  std::string text;
  PutBytes(text, question);
  PutBytes(text, sealed);
  return HmacSha256(key_, text).substr(0, kTagSize);
}

std::string PageTokens::Seal(std::string_view question, std::string_view position,
                             Instant now) const {
  std::string sealed;
  PutFixed(sealed, ToUnixMillis(now + kLife));
  sealed += position;
  return Base64UrlEncode(Tag(question, sealed) + sealed);
}

Result<std::string> PageTokens::Open(std::string_view question, std::string_view token,
                                     Instant now) const {
  const auto bytes = Base64UrlDecode(token);
  if (!bytes || bytes->size() < kTagSize + sizeof(std::int64_t)) return BadToken();
  const std::string_view tag = std::string_view(*bytes).substr(0, kTagSize);
  const std::string_view sealed = std::string_view(*bytes).substr(kTagSize);
  if (!ConstantTimeEqual(tag, Tag(question, sealed))) return BadToken();
  ByteReader reader(sealed);
  if (ToUnixMillis(now) > reader.Fixed<std::int64_t>()) return BadToken();
  return std::string(sealed.substr(sizeof(std::int64_t)));
}

}  // namespace securebase::aws
