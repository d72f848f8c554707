#include "events/internal/column_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

#include "base/check.h"

namespace securebase::events {
namespace {

constexpr int kBitsMax = 56;  // with up to 7 bits of shift a value still lies in one 8-byte load

using Type = query::Type;

int BitsOf(std::uint64_t span) {
  const int bits = std::bit_width(span);
  return bits > kBitsMax ? 64 : bits;
}

std::uint64_t PackedSize(std::size_t count, int bits) { return (count * bits + 7) / 8; }

std::size_t PresenceSize(std::size_t rows) { return (rows + 7) / 8; }

class BitPacker {
 public:
  BitPacker(std::string& out, int bits) : out_(out), bits_(bits) {}
  void Put(std::uint64_t value) {
    if (bits_ == 64) return PutFixed(out_, value);
    pending_ |= value << used_;
    used_ += bits_;
    while (used_ >= 8) {
      out_.push_back(static_cast<char>(pending_));
      pending_ >>= 8;
      used_ -= 8;
    }
  }
  void Finish() {
    if (used_ > 0) out_.push_back(static_cast<char>(pending_));
  }

 private:
  std::string& out_;
  const int bits_;
  std::uint64_t pending_ = 0;
  int used_ = 0;
};

std::uint64_t Load64(const char* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Calls emit(i, n) for the numbers first .. first + count - 1 of a bit-packed array.
template <class Emit>
void Unpack(const char* data, std::size_t first, std::size_t count, int bits, Emit emit) {
  if (bits == 0) {
    for (std::size_t i = 0; i < count; ++i) emit(i, std::uint64_t{0});
    return;
  }
  if (bits == 64) {
    for (std::size_t i = 0; i < count; ++i) emit(i, Load64(data + (first + i) * 8));
    return;
  }
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::size_t at = first * bits;
  for (std::size_t i = 0; i < count; ++i, at += bits) {
    emit(i, Load64(data + at / 8) >> at % 8 & mask);
  }
}

void PutPresence(std::span<const std::uint8_t> valid, std::string& out) {
  for (std::size_t i = 0; i < valid.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t j = i; j < std::min(i + 8, valid.size()); ++j) byte |= valid[j] << (j - i);
    out.push_back(static_cast<char>(byte));
  }
}

std::uint32_t CountAbsent(std::span<const std::uint8_t> valid) {
  return static_cast<std::uint32_t>(std::count(valid.begin(), valid.end(), 0));
}

struct Extremes {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

template <class T>
Extremes ExtremesOf(std::span<const T> values, std::span<const std::uint8_t> valid) {
  Extremes e{.min = std::numeric_limits<std::int64_t>::max(),
             .max = std::numeric_limits<std::int64_t>::min()};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!valid.empty() && valid[i] == 0) continue;
    e.min = std::min<std::int64_t>(e.min, values[i]);
    e.max = std::max<std::int64_t>(e.max, values[i]);
  }
  return e;
}

std::uint64_t Difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

// Collects the greatest common divisor; cheap once it has fallen to 1.
void Fold(std::uint64_t& divisor, std::uint64_t difference) {
  if (divisor == 1 || difference == 0) return;
  if (divisor == 0 || difference % divisor != 0) divisor = std::gcd(divisor, difference);
}

template <class T>
std::uint64_t DivisorOf(std::span<const T> values, std::span<const std::uint8_t> valid,
                        std::int64_t base) {
  std::uint64_t divisor = 0;
  for (std::size_t i = 0; i < values.size() && divisor != 1; ++i) {
    if (valid.empty() || valid[i] != 0) Fold(divisor, Difference(values[i], base));
  }
  return divisor == 0 ? 1 : divisor;
}

template <class T>
BlockHeader EncodePacked(std::span<const T> values, std::span<const std::uint8_t> valid,
                         const Extremes& extremes, std::uint64_t divisor, std::string& out) {
  BlockHeader header{.encoding = Encoding::kPacked, .absent = CountAbsent(valid)};
  header.base = extremes.min;
  header.divisor = divisor;
  header.span = Difference(extremes.max, extremes.min) / divisor;
  if (header.HasPresence(values.size())) PutPresence(valid, out);
  const int bits = BitsOf(header.span);
  if (bits == 0) return header;
  BitPacker packer(out, bits);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool present = valid.empty() || valid[i] != 0;
    const std::uint64_t n = present ? Difference(values[i], header.base) : 0;
    packer.Put(divisor == 1 ? n : n / divisor);
  }
  packer.Finish();
  return header;
}

// Tries deltas of ascending values; nothing is appended where packing is as small.
bool EncodeDeltas(std::span<const std::int64_t> values, BlockHeader& header, std::string& out) {
  std::uint64_t divisor = 0;
  std::uint64_t delta_min = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t delta_max = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t delta = Difference(values[i], values[i - 1]);
    delta_min = std::min(delta_min, delta);
    delta_max = std::max(delta_max, delta);
    Fold(divisor, delta);
  }
  if (divisor == 0) return false;  // all equal
  header.encoding = Encoding::kDelta;
  header.base = values.front();
  header.divisor = divisor;
  header.span = Difference(values.back(), values.front()) / divisor;
  header.delta_base = delta_min / divisor;
  header.delta_span = delta_max / divisor - header.delta_base;
  const int bits = BitsOf(header.delta_span);
  if (bits >= BitsOf(header.span)) return false;
  BitPacker packer(out, bits);
  for (std::size_t i = 1; i < values.size() && bits > 0; ++i) {
    packer.Put(Difference(values[i], values[i - 1]) / divisor - header.delta_base);
  }
  packer.Finish();
  return true;
}

// The values times 10^scale as integers, where every one of them reads back bit for bit.
bool ScaleExactly(std::span<const double> values, std::span<const std::uint8_t> valid,
                  std::uint8_t scale, std::vector<std::int64_t>& out) {
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  const double factor = PowerOfTen(scale);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!valid.empty() && valid[i] == 0) continue;
    const double scaled = values[i] * factor;
    if (!(std::fabs(scaled) <= kExactMax)) return false;  // NaN too
    const auto integer = static_cast<std::int64_t>(std::nearbyint(scaled));
    const double back = static_cast<double>(integer) / factor;
    if (std::bit_cast<std::uint64_t>(back) != std::bit_cast<std::uint64_t>(values[i])) {
      return false;
    }
    out[i] = integer;
  }
  return true;
}

BlockHeader EncodeRaw(std::span<const double> values, std::span<const std::uint8_t> valid,
                      std::string& out) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  BlockHeader header{.encoding = Encoding::kRaw, .absent = CountAbsent(valid)};
  header.raw_min = kInfinity;
  header.raw_max = -kInfinity;
  if (header.HasPresence(values.size())) PutPresence(valid, out);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool present = valid.empty() || valid[i] != 0;
    PutFixed(out, present ? values[i] : 0.0);
    if (!present) continue;
    const bool nan = std::isnan(values[i]);
    header.raw_min = std::min(header.raw_min, nan ? -kInfinity : values[i]);
    header.raw_max = std::max(header.raw_max, nan ? kInfinity : values[i]);
  }
  return header;
}

std::string_view ValuesOf(const BlockHeader& header, std::string_view block, std::size_t rows) {
  return header.HasPresence(rows) ? block.substr(PresenceSize(rows)) : block;
}

}  // namespace

double PowerOfTen(std::uint8_t scale) {
  static constexpr std::array<double, kScaleMax + 1> kPowers = {
      1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  SB_DCHECK(scale <= kScaleMax);
  return kPowers[scale];
}

std::uint64_t BlockHeader::SizeOf(std::size_t rows) const {
  if (encoding == Encoding::kAbsent) return 0;
  const std::uint64_t presence = HasPresence(rows) ? PresenceSize(rows) : 0;
  switch (encoding) {
    case Encoding::kPacked:
      return presence + PackedSize(rows, BitsOf(span));
    case Encoding::kDelta:
      return presence + PackedSize(rows - 1, BitsOf(delta_span));
    default:
      return presence + 8 * rows;
  }
}

void PutHeader(std::string& out, const BlockHeader& header, Type type, std::size_t rows) {
  PutFixed(out, header.encoding);
  if (header.encoding == Encoding::kAbsent) return;
  PutVarint(out, header.absent);
  if (header.encoding == Encoding::kRaw) {
    PutFixed(out, header.raw_min);
    PutFixed(out, header.raw_max);
  } else {
    if (type == Type::kDouble) PutFixed(out, header.scale);
    PutVarint(out, ZigZag(header.base));
    PutVarint(out, header.divisor);
    PutVarint(out, header.span);
  }
  if (header.encoding == Encoding::kDelta) {
    PutVarint(out, header.delta_base);
    PutVarint(out, header.delta_span);
  }
  if (header.SizeOf(rows) > 0) PutFixed(out, header.checksum);
}

BlockHeader GetHeader(ByteReader& in, Type type, std::size_t rows) {
  BlockHeader header;
  header.encoding = in.Fixed<Encoding>();
  if (header.encoding == Encoding::kAbsent) {
    header.absent = static_cast<std::uint32_t>(rows);
    return header;
  }
  const std::uint64_t absent = in.Varint();
  bool good = header.encoding <= Encoding::kRaw && rows > 0 && absent < rows;
  header.absent = static_cast<std::uint32_t>(absent);
  if (header.encoding == Encoding::kRaw) {
    good = good && type == Type::kDouble;
    header.raw_min = in.Fixed<double>();
    header.raw_max = in.Fixed<double>();
  } else {
    if (type == Type::kDouble) header.scale = in.Fixed<std::uint8_t>();
    header.base = UnZigZag(in.Varint());
    header.divisor = in.Varint();
    header.span = in.Varint();
    __extension__ using Wide = unsigned __int128;
    const std::uint64_t room = Difference(std::numeric_limits<std::int64_t>::max(), header.base);
    good = good && header.scale <= kScaleMax && header.divisor > 0 &&
           Wide{header.divisor} * header.span <= room;
  }
  if (header.encoding == Encoding::kDelta) {
    header.delta_base = in.Varint();
    header.delta_span = in.Varint();
    good = good && type == Type::kTime && header.absent == 0;
  }
  if (!good) {
    in.Fail();
    return {};
  }
  if (header.SizeOf(rows) > 0) header.checksum = in.Fixed<std::uint64_t>();
  return header;
}

BlockHeader EncodeInts(std::span<const std::int64_t> values, std::span<const std::uint8_t> valid,
                       bool sorted, std::string& out) {
  const std::size_t start = out.size();
  const std::uint32_t absent = CountAbsent(valid);
  BlockHeader header{.absent = absent};
  if (absent == values.size()) return header;
  if (!(sorted && absent == 0 && EncodeDeltas(values, header, out))) {
    const Extremes extremes = ExtremesOf(values, valid);
    header = EncodePacked(values, valid, extremes, DivisorOf(values, valid, extremes.min), out);
  }
  header.checksum = Checksum(std::string_view(out).substr(start));
  return header;
}

BlockHeader EncodeCodes(std::span<const std::uint32_t> codes, std::span<const std::uint8_t> valid,
                        std::string& out) {
  const std::size_t start = out.size();
  const std::uint32_t absent = CountAbsent(valid);
  if (absent == codes.size()) return {.absent = absent};
  BlockHeader header = EncodePacked(codes, valid, ExtremesOf(codes, valid), 1, out);
  header.checksum = Checksum(std::string_view(out).substr(start));
  return header;
}

BlockHeader EncodeDoubles(std::span<const double> values, std::span<const std::uint8_t> valid,
                          std::uint8_t& scale_hint, std::string& out) {
  const std::size_t start = out.size();
  const std::uint32_t absent = CountAbsent(valid);
  if (absent == values.size()) return {.absent = absent};
  std::vector<std::int64_t> integers(values.size());
  // A larger scale than needed costs nothing: the common divisor takes it back.
  std::uint8_t scale = scale_hint;
  bool exact = ScaleExactly(values, valid, scale, integers);
  for (scale = exact ? scale : 0; !exact && scale <= kScaleMax; ++scale) {
    exact = ScaleExactly(values, valid, scale, integers);
    if (exact) break;
  }
  BlockHeader header;
  if (exact) {
    scale_hint = scale;
    const std::span<const std::int64_t> all(integers);
    const Extremes extremes = ExtremesOf(all, valid);
    header = EncodePacked(all, valid, extremes, DivisorOf(all, valid, extremes.min), out);
    header.scale = scale;
  } else {
    header = EncodeRaw(values, valid, out);
  }
  header.checksum = Checksum(std::string_view(out).substr(start));
  return header;
}

void DecodeInts(const BlockHeader& header, std::string_view block, std::size_t rows,
                std::size_t first, std::span<std::int64_t> out) {
  const std::string_view bytes = ValuesOf(header, block, rows);
  if (header.encoding == Encoding::kPacked) {
    const auto base = static_cast<std::uint64_t>(header.base);
    Unpack(bytes.data(), first, out.size(), BitsOf(header.span),
           [&](std::size_t i, std::uint64_t n) {
             out[i] = static_cast<std::int64_t>(base + header.divisor * n);
           });
    return;
  }
  SB_CHECK(header.encoding == Encoding::kDelta);
  auto value = static_cast<std::uint64_t>(header.base);
  if (first == 0 && !out.empty()) out[0] = header.base;
  const std::size_t deltas = first + out.size() - 1;
  Unpack(bytes.data(), 0, out.empty() ? 0 : deltas, BitsOf(header.delta_span),
         [&](std::size_t i, std::uint64_t n) {
           value += header.divisor * (header.delta_base + n);
           if (i + 1 >= first) out[i + 1 - first] = static_cast<std::int64_t>(value);
         });
}

void DecodeCodes(const BlockHeader& header, std::string_view block, std::size_t rows,
                 std::size_t first, std::span<std::uint32_t> out) {
  SB_CHECK(header.encoding == Encoding::kPacked);
  const auto base = static_cast<std::uint32_t>(header.base);
  Unpack(ValuesOf(header, block, rows).data(), first, out.size(), BitsOf(header.span),
         [&](std::size_t i, std::uint64_t n) { out[i] = base + static_cast<std::uint32_t>(n); });
}

void DecodeDoubles(const BlockHeader& header, std::string_view block, std::size_t rows,
                   std::size_t first, std::span<double> out) {
  const std::string_view bytes = ValuesOf(header, block, rows);
  if (header.encoding == Encoding::kRaw) {
    std::memcpy(out.data(), bytes.data() + first * 8, out.size() * 8);
    return;
  }
  SB_CHECK(header.encoding == Encoding::kPacked);
  const auto base = static_cast<std::uint64_t>(header.base);
  const double factor = PowerOfTen(header.scale);
  Unpack(bytes.data(), first, out.size(), BitsOf(header.span), [&](std::size_t i, std::uint64_t n) {
    const auto integer = static_cast<std::int64_t>(base + header.divisor * n);
    out[i] = static_cast<double>(integer) / factor;
  });
}

void DecodePresence(std::string_view block, std::size_t first, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t at = first + i;
    out[i] = static_cast<unsigned char>(block[at / 8]) >> at % 8 & 1;
  }
}

}  // namespace securebase::events
