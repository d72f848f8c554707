#pragma once

// API keys (`sbk_..`, kept as SHA-256 of a 256-bit random value) and AWS key pairs (their secrets
// encrypted with AES-256-GCM under a key file of the data directory, or SECUREBASE_MASTER_KEY).

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/caller.h"
#include "base/clock.h"
#include "base/file_system.h"
#include "base/random.h"
#include "documents/document_store.h"

namespace securebase::api {

struct AwsKeyPair {
  std::string access_key_id;
  std::string secret_access_key;
};

/// What lists show of a key: never the secret.
struct KeyDescription {
  std::string id;
  bool aws = false;
  Caller caller;
  Instant created_at;
};

/// Thread-safe; look-ups are answered from memory.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// Creates the key file with mode 0600 where neither it nor the variable exists.
  static Result<std::unique_ptr<KeyStore>> Open(documents::DocumentStore& documents,
                                                const Account& home, FileSystem& files,
                                                const std::string& data_folder, Random& random,
                                                const Clock& clock);

  /// The key's text: shown once, never again.
  virtual Result<std::string> CreateApiKey(const Caller& caller) = 0;
  virtual Result<AwsKeyPair> CreateAwsKey(const Caller& caller) = 0;
  virtual Result<> Delete(std::string_view key_id) = 0;
  virtual std::vector<KeyDescription> List(const Account& account) const = 0;

  virtual std::optional<Caller> FindApiKey(std::string_view key) const = 0;
  struct AwsKey {
    Caller caller;
    std::string secret;
  };
  virtual std::optional<AwsKey> FindAwsKey(std::string_view access_key_id) const = 0;
};

}  // namespace securebase::api
