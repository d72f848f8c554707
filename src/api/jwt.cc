#include "api/jwt.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

namespace securebase::api {
namespace {

constexpr std::size_t kTokenBytesMax = 8'192;
constexpr std::size_t kSecretBytesMin = 16;
constexpr std::size_t kCustomerBytesMax = 128;
constexpr int kRsaBitsMin = 2'048;

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using PublicKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Error Refused(std::string reason) { return Unauthenticated("invalid token: " + std::move(reason)); }

// A public key from "BEGIN PUBLIC KEY" or "BEGIN CERTIFICATE"; null where it is neither.
PublicKey ReadPublicKey(const std::string& pem) {
  using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
  Bio key_bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (EVP_PKEY* key = PEM_read_bio_PUBKEY(key_bio.get(), nullptr, nullptr, nullptr)) {
    return PublicKey(key);
  }
  Bio certificate_bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::unique_ptr<X509, Freer<X509_free>> certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  return PublicKey(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

bool IsP256(EVP_PKEY* key) {
  char name[64] = {};
  std::size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, name, sizeof name, &size) == 1 &&
         std::string_view(name, size) == "prime256v1";
}

// r || s of JWS to the DER that OpenSSL verifies; empty where it has a wrong length.
std::string ToDerSignature(std::string_view raw) {
  if (raw.size() != 64) return {};
  const auto* bytes = reinterpret_cast<const unsigned char*>(raw.data());
  std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG_free>> signature(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes, 32, nullptr);
  BIGNUM* s = BN_bin2bn(bytes + 32, 32, nullptr);
  if (ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &der);
  std::string out(reinterpret_cast<char*>(der), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

bool VerifySha256(EVP_PKEY* key, std::string_view text, std::string_view signature) {
  using Context = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
  Context context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

Result<json::Value> ParsePart(std::string_view part, std::string_view name) {
  const std::optional<std::string> text = Base64UrlDecode(part);
  if (!text) return Refused(std::string(name) + " is not base64url");
  Result<json::Value> value = json::Parse(*text, {.depth_max = 16, .size_max = kTokenBytesMax});
  if (!value.ok() || !value->IsObject()) return Refused(std::string(name) + " is no JSON object");
  return value;
}

// A NumericDate (RFC 7519): seconds since the epoch, perhaps with a fraction.
Result<std::optional<Instant>> TimeClaim(const json::Value& claims, std::string_view name) {
  const json::Value* claim = claims.Find(name);
  if (claim == nullptr) return std::optional<Instant>();
  constexpr double kSecondsMax = 253'402'300'799;  // the end of year 9999
  if (!claim->IsNumber() || !(std::abs(claim->AsNumber()) <= kSecondsMax)) {
    return Refused(std::string(name) + " is no time");
  }
  return std::optional(FromUnixMillis(static_cast<std::int64_t>(claim->AsNumber() * 1000)));
}

bool HasAudience(const json::Value* claim, const std::string& audience) {
  if (claim == nullptr) return false;
  if (claim->IsString()) return claim->AsString() == audience;
  if (!claim->IsArray()) return false;
  for (const json::Value& entry : claim->AsArray()) {
    if (entry.IsString() && entry.AsString() == audience) return true;
  }
  return false;
}

}  // namespace

struct JwtVerifier::Key {
  std::string algorithm;
  std::string key_id;
  std::string secret;    // HS256
  PublicKey public_key;  // RS256, ES256

  static Result<Key> Make(const JwtKey& from) {
    Key key{.algorithm = from.algorithm, .key_id = from.key_id};
    const bool pem = from.material.find("-----BEGIN") != std::string::npos;
    if (from.algorithm == "HS256") {
      if (pem) return InvalidArgument("jwt.keys", "a PEM text is no shared secret for HS256");
      if (from.material.size() < kSecretBytesMin) {
        return InvalidArgument("jwt.keys", "a shared secret has at least 16 bytes");
      }
      key.secret = from.material;
      return key;
    }
    if (from.algorithm != "RS256" && from.algorithm != "ES256") {
      return InvalidArgument("jwt.keys", "algorithm must be HS256, RS256 or ES256");
    }
    key.public_key = pem ? ReadPublicKey(from.material) : nullptr;
    if (!key.public_key)
      return InvalidArgument("jwt.keys", "not a public key or certificate in PEM");
    if (from.algorithm == "ES256" && !IsP256(key.public_key.get())) {
      return InvalidArgument("jwt.keys", "ES256 needs a key on the curve P-256");
    }
    if (from.algorithm == "RS256" && (EVP_PKEY_get_base_id(key.public_key.get()) != EVP_PKEY_RSA ||
                                      EVP_PKEY_get_bits(key.public_key.get()) < kRsaBitsMin)) {
      return InvalidArgument("jwt.keys", "RS256 needs an RSA key of at least 2048 bits");
    }
    return key;
  }

  bool Signed(std::string_view text, std::string_view signature) const {
    if (algorithm == "HS256") return ConstantTimeEqual(HmacSha256(secret, text), signature);
    if (algorithm == "RS256") return VerifySha256(public_key.get(), text, signature);
    const std::string der = ToDerSignature(signature);
    return !der.empty() && VerifySha256(public_key.get(), text, der);
  }
};

struct JwtVerifier::State {
  std::vector<Key> keys;
  std::string issuer;
  std::string audience;

  // The id of the key that signed the token.
  Result<std::string> CheckSignature(const json::Value& header, std::string_view text,
                                     std::string_view signature) const {
    const json::Value* algorithm = header.Find("alg");
    if (algorithm == nullptr || !algorithm->IsString()) return Refused("no alg");
    // An extension that must be understood, and none is (RFC 7515 4.1.11).
    if (header.Find("crit") != nullptr) return Refused("crit is not supported");
    const json::Value* key_id = header.Find("kid");
    if (key_id != nullptr && !key_id->IsString()) return Refused("kid is no text");
    for (const Key& key : keys) {
      if (key.algorithm != algorithm->AsString()) continue;
      if (key_id != nullptr && !key.key_id.empty() && key.key_id != key_id->AsString()) continue;
      if (key.Signed(text, signature)) return key.key_id;
    }
    return Refused("no key of ours signed it");
  }

  Result<Verified> CheckClaims(const json::Value& claims, const Account& account,
                               Instant now) const {
    SB_TRY(std::optional<Instant> expires_at, TimeClaim(claims, "exp"));
    SB_TRY(std::optional<Instant> not_before, TimeClaim(claims, "nbf"));
    if (!expires_at) return Refused("no exp");
    if (now >= *expires_at) return Unauthenticated("the token has expired");
    if (not_before && now < *not_before) return Unauthenticated("the token is not valid yet");
    const json::Value* iss = claims.Find("iss");
    if (!issuer.empty() && (iss == nullptr || !iss->IsString() || iss->AsString() != issuer)) {
      return Refused("wrong iss");
    }
    if (!audience.empty() && !HasAudience(claims.Find("aud"), audience))
      return Refused("wrong aud");
    const json::Value* customer = claims.Find("customerId");
    if (customer == nullptr || !customer->IsString() || customer->AsString().empty() ||
        customer->AsString().size() > kCustomerBytesMax ||
        ContainsControlCharacter(customer->AsString())) {
      return Refused("no usable customerId");
    }
    Verified verified{.expires_at = *expires_at};
    verified.caller.customer = {.account = account, .id = customer->AsString()};
    if (const json::Value* role = claims.Find("role")) {
      if (!role->IsString()) return Refused("role is no text");
      const Result<Role> parsed = ParseRole(role->AsString());
      if (!parsed.ok()) return Refused("unknown role");
      verified.caller.role = *parsed;
    }
    return verified;
  }
};

Result<> JwtVerifier::Check(const JwtOptions& options) {
  for (const JwtKey& key : options.keys) {
    if (Result<Key> made = Key::Make(key); !made.ok()) {
      return made.error().Within("key '" + key.key_id + "'");
    }
  }
  return {};
}

JwtVerifier::JwtVerifier(const JwtOptions& options)
    : state_(new State{.issuer = options.issuer, .audience = options.audience}) {
  for (const JwtKey& key : options.keys) {
    Result<Key> made = Key::Make(key);
    if (made.ok()) {
      state_->keys.push_back(*std::move(made));
    } else {
      Log(LogLevel::kError, "cannot use a JWT key",
          {{"kid", key.key_id}, {"error", made.error().message()}});
    }
  }
}

JwtVerifier::~JwtVerifier() = default;

Result<JwtVerifier::Verified> JwtVerifier::Verify(std::string_view token, const Account& account,
                                                  Instant now) const {
  if (token.size() > kTokenBytesMax) return Refused("too long");
  const std::vector<std::string_view> parts = Split(token, '.');
  if (parts.size() != 3) return Refused("not three parts");
  SB_TRY(json::Value header, ParsePart(parts[0], "header"));
  const std::optional<std::string> signature = Base64UrlDecode(parts[2]);
  if (!signature) return Refused("signature is not base64url");
  const std::string_view text = token.substr(0, parts[0].size() + 1 + parts[1].size());
  SB_TRY(std::string key_id, state_->CheckSignature(header, text, *signature));
  SB_TRY(json::Value claims, ParsePart(parts[1], "payload"));
  SB_TRY(Verified verified, state_->CheckClaims(claims, account, now));
  verified.caller.key_id = "jwt:" + key_id;
  return verified;
}

}  // namespace securebase::api
