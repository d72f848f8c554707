#pragma once

#include <array>
#include <string>
#include <string_view>

namespace securebase {

/// 32 bytes of SHA-256, as a byte string.
std::string Sha256(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);
/// 32 bytes of HMAC-SHA-256.
std::string HmacSha256(std::string_view key, std::string_view bytes);
/// Compares without revealing by its time where the texts differ.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

}  // namespace securebase
