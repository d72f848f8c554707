#include "base/hash.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"
#include "base/text.h"

namespace securebase {
namespace {

constexpr std::size_t kSha256Bytes = 32;

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Fetching an algorithm takes locks and look-ups: once per process.
const EVP_MD* Sha256Algorithm() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  SB_CHECK(algorithm != nullptr);
  return algorithm;
}

std::unique_ptr<EVP_MAC_CTX, Free> NewHmacContext() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  SB_CHECK(algorithm != nullptr);
  std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(algorithm));
  SB_CHECK(context != nullptr);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  SB_CHECK(EVP_MAC_CTX_set_params(context.get(), parameters) == 1);
  return context;
}

const unsigned char* AsUnsigned(std::string_view bytes) {
  // OpenSSL takes a null key for "the key of the last call".
  return reinterpret_cast<const unsigned char*>(bytes.empty() ? "" : bytes.data());
}

unsigned char* AsUnsigned(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  std::string digest(kSha256Bytes, '\0');
  SB_CHECK(EVP_DigestInit_ex(context.get(), Sha256Algorithm(), nullptr) == 1);
  SB_CHECK(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  SB_CHECK(EVP_DigestFinal_ex(context.get(), AsUnsigned(digest), nullptr) == 1);
  return digest;
}

std::string Sha256Hex(std::string_view bytes) { return HexEncode(Sha256(bytes)); }

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  // Setting the digest costs more than the HMAC of a short text: the context keeps it.
  thread_local const std::unique_ptr<EVP_MAC_CTX, Free> context = NewHmacContext();
  std::string mac(kSha256Bytes, '\0');
  std::size_t size = 0;
  SB_CHECK(EVP_MAC_init(context.get(), AsUnsigned(key), key.size(), nullptr) == 1);
  SB_CHECK(EVP_MAC_update(context.get(), AsUnsigned(bytes), bytes.size()) == 1);
  SB_CHECK(EVP_MAC_final(context.get(), AsUnsigned(mac), &size, mac.size()) == 1);
  SB_CHECK(size == kSha256Bytes);
  return mac;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace securebase
