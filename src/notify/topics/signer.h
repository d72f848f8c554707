#pragma once

// Signs what topics send, with a key and certificate of our own.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"

namespace securebase::notify {

/// Thread-safe; immutable.
class Signer {
 public:
  /// Reads `folder`/sns-signing.pem (key and certificate, mode 0600), made where it is missing:
  /// RSA 2048, a self-signed certificate of ten years.
  static Result<std::unique_ptr<Signer>> Open(FileSystem& files, const std::string& folder,
                                              const Clock& clock);
  ~Signer();

  /// Base64 of RSASSA-PKCS1-v1_5 over the text: SHA-1 for version "1", SHA-256 for "2".
  std::string Sign(std::string_view text, std::string_view version) const;
  /// "/SimpleNotificationService-<sha>.pem": where the certificate is served.
  const std::string& certificate_path() const { return certificate_path_; }
  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Key;
  Signer() = default;
  std::unique_ptr<Key> key_;
  std::string certificate_pem_;
  std::string certificate_path_;
};

}  // namespace securebase::notify
