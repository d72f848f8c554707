#include "api/internal/secret_box.h"

#include <openssl/evp.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "base/check.h"
#include "base/text.h"

namespace securebase::api {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string RandomBytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  random.Fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

Result<std::string> ParseMasterKey(std::string_view text, const std::string& where) {
  const std::optional<std::string> key = HexDecode(Trim(text));
  if (!key || key->size() != kMasterKeyBytes) {
    return InvalidArgument(where, where + " must hold 64 hexadecimal digits");
  }
  return *key;
}

}  // namespace

Result<std::string> MasterKey(FileSystem& files, const std::string& data_folder, Random& random) {
  if (const char* variable = std::getenv("SECUREBASE_MASTER_KEY")) {
    return ParseMasterKey(variable, "SECUREBASE_MASTER_KEY");
  }
  const std::string path = data_folder + "/master.key";
  if (files.Exists(path)) {
    SB_TRY(std::string text, files.Read(path));
    return ParseMasterKey(text, path);
  }
  const std::string key = RandomBytes(random, kMasterKeyBytes);
  // FileSystem creates files with mode 0600.
  SB_TRY_OK(WriteFileAtomically(files, path, HexEncode(key) + "\n"));
  return key;
}

std::string SealSecret(std::string_view master_key, std::string_view context,
                       std::string_view secret, Random& random) {
  SB_CHECK(master_key.size() == kMasterKeyBytes);
  std::string sealed = RandomBytes(random, kNonceBytes);
  std::string body(secret.size() + kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(body.data());
  CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool sealed_well =
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(master_key),
                         Bytes(sealed)) == 1 &&
      EVP_EncryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher.get(), out, &size, Bytes(secret), static_cast<int>(secret.size())) ==
          1 &&
      EVP_EncryptFinal_ex(cipher.get(), out + size, &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + secret.size()) == 1;
  SB_CHECK(sealed_well);
  return sealed + body;
}

Result<std::string> OpenSecret(std::string_view master_key, std::string_view context,
                               std::string_view sealed) {
  SB_CHECK(master_key.size() == kMasterKeyBytes);
  if (sealed.size() < kNonceBytes + kTagBytes) return Internal("a sealed secret is too short");
  const std::string_view nonce = sealed.substr(0, kNonceBytes);
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string secret(body.size() + 1, '\0');
  auto* out = reinterpret_cast<unsigned char*>(secret.data());
  CipherContext cipher(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool opened =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(master_key),
                         Bytes(nonce)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &size, Bytes(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), out, &size, Bytes(body), static_cast<int>(body.size())) ==
          1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), out + size, &size) == 1;
  if (!opened) return Internal("a sealed secret does not open: wrong master key, or damaged");
  secret.resize(body.size());
  return secret;
}

}  // namespace securebase::api
