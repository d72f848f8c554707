#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace securebase {
namespace {

std::string_view AsText(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::uint64_t Random::Next() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  Fill(bytes);
  std::uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::uint64_t Random::Below(std::uint64_t bound) {
  SB_CHECK(bound > 0);
  // The lowest 2^64 mod bound values would favour small remainders: draw again.
  const std::uint64_t biased = -bound % bound;
  std::uint64_t value = Next();
  while (value < biased) value = Next();
  return value % bound;
}

std::string Random::Uuid() {
  std::array<std::uint8_t, 16> bytes;
  Fill(bytes);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;  // version 4
  bytes[8] = (bytes[8] & 0x3f) | 0x80;  // RFC 4122 variant
  std::string uuid = HexEncode(AsText(bytes));
  for (const std::size_t dash : {8, 13, 18, 23}) uuid.insert(dash, 1, '-');
  return uuid;
}

std::string Random::Hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  Fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
  return HexEncode(raw);
}

void SystemRandom::Fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    SB_CHECK(count > 0, std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

// SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
void SeededRandom::Fill(std::span<std::uint8_t> bytes) {
  while (!bytes.empty()) {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    mixed ^= mixed >> 31;
    const std::size_t count = std::min(bytes.size(), sizeof mixed);
    std::memcpy(bytes.data(), &mixed, count);
    bytes = bytes.subspan(count);
  }
}

}  // namespace securebase
