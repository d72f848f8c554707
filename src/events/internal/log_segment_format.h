#pragma once

#include <cstddef>
#include <string_view>

namespace securebase::events {

/// First and last eight bytes of a log segment; the digit is the version.
inline constexpr std::string_view kLogSegmentMagic = "SBLOGSG2";
inline constexpr std::string_view kLogSegmentEndMagic = "2GSGOLBS";
/// Footer size, footer checksum, end magic.
inline constexpr std::size_t kLogSegmentTailSize = 24;

}  // namespace securebase::events
