#pragma once

// How the values of one column of one chunk lie on the disk. Format: docs/formats/segment.md.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "query/column.h"

namespace securebase::events {

/// Written to disk: never renumber.
enum class Encoding : std::uint8_t {
  kAbsent = 0,  // no row has a value; no bytes
  kPacked = 1,  // base + divisor * n, n bit-packed; no bytes when all are equal
  kDelta = 2,   // base, then the running sum of divisor * (delta_base + n), n bit-packed
  kRaw = 3,     // 8 bytes a value
};

/// What the footer says of a block: how to read it, and its zone.
struct BlockHeader {
  Encoding encoding = Encoding::kAbsent;
  std::uint32_t absent = 0;
  std::uint8_t scale = 0;     // doubles, packed: the integer is the value times 10^scale
  std::int64_t base = 0;      // the smallest value (kDelta: also the first)
  std::uint64_t divisor = 1;  // of all differences
  std::uint64_t span = 0;     // (largest - base) / divisor
  std::uint64_t delta_base = 0;
  std::uint64_t delta_span = 0;
  double raw_min = 0;  // kRaw; infinite where a value is NaN
  double raw_max = 0;
  std::uint64_t checksum = 0;  // of the block's bytes; not written for an empty block

  std::int64_t int_max() const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + divisor * span);
  }
  /// Bytes of the block, from the header alone.
  std::uint64_t SizeOf(std::size_t rows) const;
  bool HasPresence(std::size_t rows) const { return absent > 0 && absent < rows; }
};

inline constexpr std::uint8_t kScaleMax = 15;
/// 10^scale, exact.
double PowerOfTen(std::uint8_t scale);

void PutHeader(std::string& out, const BlockHeader& header, query::Type type, std::size_t rows);
/// Fails the reader on anything that a writer would not have written.
BlockHeader GetHeader(ByteReader& in, query::Type type, std::size_t rows);

/// Encoders append the block's bytes to `out`. `valid` is empty when all values are present;
/// the slots of absent ones are ignored. `sorted`: the values ascend, deltas may pay.
BlockHeader EncodeInts(std::span<const std::int64_t> values, std::span<const std::uint8_t> valid,
                       bool sorted, std::string& out);
BlockHeader EncodeCodes(std::span<const std::uint32_t> codes, std::span<const std::uint8_t> valid,
                        std::string& out);
/// `scale_hint` is the scale to try first; it is set to the one found.
BlockHeader EncodeDoubles(std::span<const double> values, std::span<const std::uint8_t> valid,
                          std::uint8_t& scale_hint, std::string& out);

/// Decoders read rows [first, first + out.size()) of a block whose bytes the checksum has
/// verified. At least 8 readable bytes follow `block`. Absent rows read as the base.
void DecodeInts(const BlockHeader& header, std::string_view block, std::size_t rows,
                std::size_t first, std::span<std::int64_t> out);
void DecodeCodes(const BlockHeader& header, std::string_view block, std::size_t rows,
                 std::size_t first, std::span<std::uint32_t> out);
void DecodeDoubles(const BlockHeader& header, std::string_view block, std::size_t rows,
                   std::size_t first, std::span<double> out);
/// One byte a row, 1 where a value is present. The block has presence bits.
void DecodePresence(std::string_view block, std::size_t first, std::span<std::uint8_t> out);

}  // namespace securebase::events
