#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase {

/// Inflates one or more gzip members. Errors: kInvalidArgument for anything that is not whole
/// gzip (truncated, bad checksum, trailing bytes); kLimitExceeded when the result would exceed
/// `size_max` (a bomb is stopped before it is inflated past the limit).
Result<std::string> GunzipAll(std::string_view bytes, std::size_t size_max);
std::string Gzip(std::string_view bytes, int level = 1);

/// The same for Zstandard frames.
Result<std::string> UnzstdAll(std::string_view bytes, std::size_t size_max);
std::string Zstd(std::string_view bytes, int level = 1);

}  // namespace securebase
