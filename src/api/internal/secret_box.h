#pragma once

// AES-256-GCM for secrets that must be recoverable.

#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/random.h"
#include "base/result.h"

namespace securebase::api {

inline constexpr std::size_t kMasterKeyBytes = 32;

/// The key that encrypts secrets: SECUREBASE_MASTER_KEY (64 hexadecimal digits) of the
/// environment, else the file `master.key` of the folder, which is made, readable for its owner
/// only, where it is missing. Errors: kInvalidArgument for a malformed variable or file.
Result<std::string> MasterKey(FileSystem& files, const std::string& data_folder, Random& random);

/// Seals `secret`; `context` is not hidden but must be the same at opening, so that one record's
/// secret cannot be put into another. Nonce, ciphertext and tag in one text.
std::string SealSecret(std::string_view master_key, std::string_view context,
                       std::string_view secret, Random& random);
/// kInternal where key or context differ or the bytes were changed.
Result<std::string> OpenSecret(std::string_view master_key, std::string_view context,
                               std::string_view sealed);

}  // namespace securebase::api
