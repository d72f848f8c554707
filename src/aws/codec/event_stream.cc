#include "aws/codec/event_stream.h"

#include <libdeflate.h>

#include <cstdint>

namespace securebase::aws::codec {
namespace {

constexpr std::uint8_t kTextHeader = 7;
constexpr std::size_t kPrelude = 8;
constexpr std::size_t kChecksum = 4;

void PutBigEndian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

std::uint32_t Crc(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

}  // namespace

std::string EncodeEvent(const EventHeaders& headers, std::string_view payload) {
  std::string fields;
  for (const auto& [name, value] : headers) {
    fields += static_cast<char>(name.size());
    fields += name;
    fields += static_cast<char>(kTextHeader);
    fields += static_cast<char>(value.size() >> 8);
    fields += static_cast<char>(value.size());
    fields += value;
  }
  std::string out;
  const std::size_t total = kPrelude + kChecksum + fields.size() + payload.size() + kChecksum;
  out.reserve(total);
  PutBigEndian(out, static_cast<std::uint32_t>(total));
  PutBigEndian(out, static_cast<std::uint32_t>(fields.size()));
  PutBigEndian(out, Crc(out));
  out += fields;
  out += payload;
  PutBigEndian(out, Crc(out));
  return out;
}

}  // namespace securebase::aws::codec
