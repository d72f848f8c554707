#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace securebase::events {

/// First and last eight bytes of a segment; the digit is the version.
inline constexpr std::string_view kSegmentMagic = "SBSEGMT1";
inline constexpr std::string_view kSegmentEndMagic = "1TMGESBS";
/// Footer size, footer checksum, end magic.
inline constexpr std::size_t kSegmentTailSize = 24;

inline constexpr std::size_t kCompressedDictionaryMin = 256;
inline constexpr int kDictionaryLevel = 3;
/// A dictionary that would decode to more is refused: no writer makes one.
inline constexpr std::uint64_t kDictionaryBytesMax = 1ull << 30;

}  // namespace securebase::events
