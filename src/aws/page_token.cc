#include "aws/page_token.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::aws {
namespace {

constexpr Duration kLife = std::chrono::hours(24);
constexpr std::size_t kTagSize = 16;

constexpr std::string_view kTable = "page-token-key";
constexpr std::string_view kId = "id";
constexpr std::string_view kKey = "key";

documents::Item KeyItem() { return {{std::string(kId), documents::Value("tokens")}}; }

Result<std::string> StoredKey(documents::DocumentStore& documents, const Account& home,
                              Random& random) {
  SB_TRY_OK(documents.CreateTable(home, {.name = std::string(kTable),
                                         .id = std::string(kTable),
                                         .partition_key = {.name = std::string(kId)},
                                         .product = true,
                                         .internal = true}));
  auto keep = [&random](const documents::Item* present) -> Result<documents::Change> {
    if (present != nullptr) return documents::Change();
    documents::Item item = KeyItem();
    item.emplace(kKey, random.Hex(32));
    return documents::Change{.kind = documents::Change::Kind::kPut, .item = std::move(item)};
  };
  SB_TRY_OK(documents.Transact(home, {{std::string(kTable), KeyItem(), keep}}));
  SB_TRY(const auto found, documents.Get(home, std::string(kTable), KeyItem()));
  if (!found) return Internal("the key of page tokens vanished");
  return documents::StringAttribute(found->item, kKey);
}

Error BadToken() { return InvalidArgument("NextToken", "The token is not valid."); }

}  // namespace

std::string PageTokenKey(documents::DocumentStore& documents, const Account& home, Random& random) {
  const Result<std::string> stored = StoredKey(documents, home, random);
  return stored.ok() && !stored->empty() ? *stored : random.Hex(32);
}

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
