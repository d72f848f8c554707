// Tokens are made here with OpenSSL; what must be refused is most of the promise.
#include "api/jwt.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <string>

#include "api/api.h"
#include "base/hash.h"
#include "base/text.h"

namespace securebase::api {
namespace {

constexpr Instant kNow = FromUnixSeconds(1'780'315'200);
const std::string kSecret = "a shared secret of some length";

class KeyPair {
 public:
  explicit KeyPair(EVP_PKEY* key) : key_(key) {}
  ~KeyPair() { EVP_PKEY_free(key_); }
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;

  std::string PublicPem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key_);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
  }

  std::string Sign(std::string_view text) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string signature(1'024, '\0');
    std::size_t size = signature.size();
    EXPECT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_), 1);
    EXPECT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>(text.data()), text.size()),
              1);
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }

  // The r || s form that JWS uses.
  std::string SignEs256(std::string_view text) const {
    const std::string der = Sign(text);
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
    std::string raw(64, '\0');
    auto* out = reinterpret_cast<unsigned char*>(raw.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
    ECDSA_SIG_free(signature);
    return raw;
  }

 private:
  EVP_PKEY* key_;
};

const KeyPair& Rsa() {
  static const KeyPair pair(EVP_RSA_gen(2048));
  return pair;
}
const KeyPair& Ec() {
  static const KeyPair pair(EVP_EC_gen("P-256"));
  return pair;
}

std::string Unsigned(std::string_view header, std::string_view claims) {
  return Base64UrlEncode(header) + "." + Base64UrlEncode(claims);
}

std::string Hs256(std::string_view claims, std::string_view header = R"({"alg":"HS256"})",
                  std::string_view secret = kSecret) {
  const std::string text = Unsigned(header, claims);
  return text + "." + Base64UrlEncode(HmacSha256(secret, text));
}

std::string Claims(std::string_view more = {}) {
  std::string claims = R"({"customerId":"acme","exp":1780315300)";
  if (!more.empty()) claims += "," + std::string(more);
  return claims + "}";
}

JwtOptions HsOptions() {
  return {.keys = {{.algorithm = "HS256", .key_id = "k1", .material = kSecret}}};
}

Result<JwtVerifier::Verified> Verify(const std::string& token,
                                     const JwtOptions& options = HsOptions()) {
  return JwtVerifier(options).Verify(token, Account{}, kNow);
}

void Refuses(const std::string& token, std::string_view part,
             const JwtOptions& options = HsOptions()) {
  const auto verified = Verify(token, options);
  ASSERT_FALSE(verified.ok()) << token;
  EXPECT_EQ(verified.error().code(), ErrorCode::kUnauthenticated);
  EXPECT_NE(verified.error().message().find(part), std::string::npos) << verified.error().message();
}

TEST(JwtTest, TakesAValidTokenOfEachAlgorithm) {
  const auto hs = Verify(Hs256(Claims(R"("role":"manager","nbf":1780315200)")));
  ASSERT_TRUE(hs.ok()) << hs.error().message();
  EXPECT_EQ(hs->caller.customer.id, "acme");
  EXPECT_EQ(hs->caller.role, Role::kManager);
  EXPECT_EQ(hs->caller.key_id, "jwt:k1");
  EXPECT_EQ(hs->expires_at, kNow + std::chrono::seconds(100));

  const JwtOptions options{
      .keys = {{.algorithm = "RS256", .key_id = "r", .material = Rsa().PublicPem()},
               {.algorithm = "ES256", .key_id = "e", .material = Ec().PublicPem()}}};
  EXPECT_TRUE(JwtVerifier::Check(options).ok());
  const std::string rsa_text = Unsigned(R"({"alg":"RS256","kid":"r"})", Claims());
  const auto rs = Verify(rsa_text + "." + Base64UrlEncode(Rsa().Sign(rsa_text)), options);
  ASSERT_TRUE(rs.ok()) << rs.error().message();
  EXPECT_EQ(rs->caller.role, Role::kViewer);
  const std::string ec_text = Unsigned(R"({"alg":"ES256"})", Claims());
  const auto es = Verify(ec_text + "." + Base64UrlEncode(Ec().SignEs256(ec_text)), options);
  ASSERT_TRUE(es.ok()) << es.error().message();
  EXPECT_EQ(es->caller.key_id, "jwt:e");
}

TEST(JwtTest, RefusesAlgNone) {
  Refuses(Unsigned(R"({"alg":"none"})", Claims()) + ".", "no key of ours");
  Refuses(Unsigned(R"({"alg":"None"})", Claims()) + ".", "no key of ours");
  Refuses(Unsigned(R"({"alg":""})", Claims()) + ".", "no key of ours");
  Refuses(Unsigned(R"({})", Claims()) + ".", "no alg");
}

TEST(JwtTest, RefusesHs256UnderAnRsaPublicKey) {
  // The classic confusion: the attacker takes the public key as the shared secret.
  const std::string pem = Rsa().PublicPem();
  const JwtOptions options{.keys = {{.algorithm = "RS256", .key_id = "r", .material = pem}}};
  Refuses(Hs256(Claims(), R"({"alg":"HS256","kid":"r"})", pem), "no key of ours", options);
  // Nor can the configuration make that mistake.
  const JwtOptions wrong{.keys = {{.algorithm = "HS256", .key_id = "r", .material = pem}}};
  EXPECT_FALSE(JwtVerifier::Check(wrong).ok());
  Refuses(Hs256(Claims(), R"({"alg":"HS256","kid":"r"})", pem), "no key of ours", wrong);
}

TEST(JwtTest, RefusesChangedTokens) {
  std::string token = Hs256(Claims());
  Refuses(token.substr(0, token.size() - 2), "");
  const std::size_t dot = token.find('.');
  std::string other = token;
  other.replace(dot + 1, token.rfind('.') - dot - 1,
                Base64UrlEncode(R"({"customerId":"evil","exp":1780315300})"));
  Refuses(other, "no key of ours");
  Refuses(Hs256(Claims(), R"({"alg":"HS256"})", "another secret of some length"), "no key of ours");
  Refuses(Hs256(Claims(), R"({"alg":"HS256","kid":"k2"})"), "no key of ours");
}

TEST(JwtTest, RefusesBrokenTokens) {
  Refuses("", "three parts");
  Refuses("a.b", "three parts");
  Refuses("a.b.c.d", "three parts");
  Refuses(std::string(9'000, 'a'), "too long");
  Refuses("!.b.c", "header is not base64url");
  Refuses(Base64UrlEncode("[]") + ".e30.", "header is no JSON object");
  Refuses(Base64UrlEncode(R"({"alg":1})") + ".e30.", "no alg");
  Refuses(Base64UrlEncode(R"({"alg":"HS256"})") + ".e30.!", "signature is not base64url");
  Refuses(Hs256(Claims(), R"({"alg":"HS256","crit":["b64"]})"), "crit");
  Refuses(Hs256(Claims(), R"({"alg":"HS256","kid":7})"), "kid");
  Refuses(Hs256("not JSON"), "payload is no JSON object");
}

TEST(JwtTest, ChecksTheTimes) {
  Refuses(Hs256(R"({"customerId":"a"})"), "no exp");
  Refuses(Hs256(R"({"customerId":"a","exp":"1780315300"})"), "exp is no time");
  Refuses(Hs256(R"({"customerId":"a","exp":1e300})"), "exp is no time");
  Refuses(Hs256(R"({"customerId":"a","exp":1780315200})"), "expired");
  Refuses(Hs256(Claims(R"("nbf":1780315201)")), "not valid yet");
  Refuses(Hs256(Claims(R"("nbf":null)")), "nbf is no time");
}

TEST(JwtTest, ChecksIssuerAndAudience) {
  JwtOptions options = HsOptions();
  options.issuer = "https://issuer";
  options.audience = "securebase";
  EXPECT_TRUE(Verify(Hs256(Claims(R"("iss":"https://issuer","aud":"securebase")")), options).ok());
  EXPECT_TRUE(
      Verify(Hs256(Claims(R"("iss":"https://issuer","aud":["x","securebase"])")), options).ok());
  Refuses(Hs256(Claims(R"("aud":"securebase")")), "wrong iss", options);
  Refuses(Hs256(Claims(R"("iss":"other","aud":"securebase")")), "wrong iss", options);
  Refuses(Hs256(Claims(R"("iss":"https://issuer")")), "wrong aud", options);
  Refuses(Hs256(Claims(R"("iss":"https://issuer","aud":["x",1])")), "wrong aud", options);
  Refuses(Hs256(Claims(R"("iss":"https://issuer","aud":7)")), "wrong aud", options);
}

TEST(JwtTest, ChecksCustomerAndRole) {
  Refuses(Hs256(R"({"exp":1780315300})"), "customerId");
  Refuses(Hs256(R"({"exp":1780315300,"customerId":""})"), "customerId");
  Refuses(Hs256(R"({"exp":1780315300,"customerId":7})"), "customerId");
  Refuses(Hs256(R"({"exp":1780315300,"customerId":"a\nb"})"), "customerId");
  Refuses(Hs256(Claims(R"("role":"root")")), "unknown role");
  Refuses(Hs256(Claims(R"("role":["admin"])")), "role is no text");
}

TEST(JwtTest, RefusesKeysThatCannotBeUsed) {
  const auto bad = [](std::string algorithm, std::string material) {
    const JwtOptions options{.keys = {{std::move(algorithm), "k", std::move(material)}}};
    const Result<> checked = JwtVerifier::Check(options);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().field(), "jwt.keys");
    Refuses(Hs256(Claims()), "no key of ours", options);
  };
  bad("none", "");
  bad("HS512", kSecret);
  bad("HS256", "short");
  bad("RS256", kSecret);
  bad("RS256", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
  bad("RS256", Ec().PublicPem());
  bad("ES256", Rsa().PublicPem());
  bad("RS256", KeyPair(EVP_RSA_gen(1024)).PublicPem());
  bad("ES256", KeyPair(EVP_EC_gen("P-384")).PublicPem());
}

TEST(JwtTest, RefusesEs256SignaturesOfAWrongShape) {
  const JwtOptions options{
      .keys = {{.algorithm = "ES256", .key_id = "e", .material = Ec().PublicPem()}}};
  const std::string text = Unsigned(R"({"alg":"ES256"})", Claims());
  Refuses(text + "." + Base64UrlEncode(Ec().Sign(text)), "no key of ours", options);  // DER
  Refuses(text + "." + Base64UrlEncode(std::string(64, '\0')), "no key of ours", options);
  Refuses(text + ".", "no key of ours", options);
}

}  // namespace
}  // namespace securebase::api
