#include "notify/topics/signer.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/hash.h"
#include "base/text.h"

namespace securebase::notify {
namespace {

template <class T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

constexpr long kValidSeconds = 10L * 365 * 24 * 3600;

std::string BytesOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string CertificatePem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return BytesOf(bio.get());
}

Result<std::string> MakePem(Instant now) {
  const KeyPointer key(EVP_RSA_gen(2048));
  const Certificate certificate(X509_new());
  if (key == nullptr || certificate == nullptr) return Internal("cannot make a signing key");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  // Both ends by our clock, which tests may have moved.
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), ToUnixSeconds(now) - 86'400);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), ToUnixSeconds(now) + kValidSeconds);
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("SecureBase notifications"), -1,
                             -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0) {
    return Internal("cannot sign the certificate");
  }
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return BytesOf(bio.get()) + CertificatePem(certificate.get());
}

}  // namespace

struct Signer::Key {
  KeyPointer key;
};

Signer::~Signer() = default;

Result<std::unique_ptr<Signer>> Signer::Open(FileSystem& files, const std::string& folder,
                                             const Clock& clock) {
  const std::string path = folder + "/sns-signing.pem";
  Result<std::string> pem = files.Read(path);
  if (!pem.ok() && pem.error().code() == ErrorCode::kNotFound) {
    SB_TRY(const std::string made, MakePem(clock.Now()));
    SB_TRY_OK(WriteFileAtomically(files, path, made));
    pem = made;
  }
  if (!pem.ok()) return pem.error();
  std::unique_ptr<Signer> signer(new Signer());
  const Bio key_bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const Bio certificate_bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  signer->key_ = std::make_unique<Key>(
      Key{KeyPointer(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr))});
  const Certificate certificate(
      PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  if (signer->key_->key == nullptr || certificate == nullptr) {
    return Internal(path + " holds no private key and certificate");
  }
  signer->certificate_pem_ = CertificatePem(certificate.get());
  signer->certificate_path_ =
      "/SimpleNotificationService-" + Sha256Hex(signer->certificate_pem_).substr(0, 32) + ".pem";
  return signer;
}

std::string Signer::Sign(std::string_view text, std::string_view version) const {
  struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  const EVP_MD* digest = version == "1" ? EVP_sha1() : EVP_sha256();
  EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_->key.get());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                 text.size());
  signature.resize(size);
  return Base64Encode(signature);
}

}  // namespace securebase::notify
