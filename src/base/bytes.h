#pragma once

// Little-endian encoding of our own formats, and their checksum.

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace securebase {

static_assert(std::endian::native == std::endian::little,
              "formats are written as memory holds them");

/// XXH3, 64 bits: the checksum of every frame, block and segment.
std::uint64_t Checksum(std::string_view bytes);

template <class T>
void PutFixed(std::string& out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

inline void PutVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
inline std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}
/// Length as varint, then the bytes.
inline void PutBytes(std::string& out, std::string_view bytes) {
  PutVarint(out, bytes.size());
  out.append(bytes);
}

/// Reads what the Put functions wrote. After a read past the end ok() is false and every
/// further read yields zero: check ok() once at the end (and before trusting a length).
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T Fixed() {
    T value{};
    if (rest_.size() < sizeof value) {
      Fail();
    } else {
      std::memcpy(&value, rest_.data(), sizeof value);
      rest_.remove_prefix(sizeof value);
    }
    return value;
  }
  std::uint64_t Varint();
  /// A view into the input; empty when it does not fit.
  std::string_view Bytes() { return Take(Varint()); }
  std::string_view Take(std::uint64_t size);

  /// What is not read yet.
  std::string_view Rest() const { return rest_; }

  bool ok() const { return ok_; }
  bool empty() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  void Fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace securebase
