#pragma once

// Writes protobuf messages by field number, for tests of their readers.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace securebase::ingest {

class ProtoWriter {
 public:
  ProtoWriter& Varint(int field, std::uint64_t value) {
    PutVarint(out_, static_cast<std::uint64_t>(field) << 3);
    PutVarint(out_, value);
    return *this;
  }
  ProtoWriter& Fixed64(int field, std::uint64_t value) {
    PutVarint(out_, static_cast<std::uint64_t>(field) << 3 | 1);
    PutFixed(out_, value);
    return *this;
  }
  ProtoWriter& Double(int field, double value) {
    return Fixed64(field, std::bit_cast<std::uint64_t>(value));
  }
  ProtoWriter& Bytes(int field, std::string_view bytes) {
    PutVarint(out_, static_cast<std::uint64_t>(field) << 3 | 2);
    PutBytes(out_, bytes);
    return *this;
  }
  ProtoWriter& Message(int field, const ProtoWriter& message) { return Bytes(field, message.out_); }
  ProtoWriter& PackedFixed64(int field, const std::vector<std::uint64_t>& values) {
    std::string packed;
    for (const std::uint64_t value : values) PutFixed(packed, value);
    return Bytes(field, packed);
  }
  ProtoWriter& PackedVarints(int field, const std::vector<std::uint64_t>& values) {
    std::string packed;
    for (const std::uint64_t value : values) PutVarint(packed, value);
    return Bytes(field, packed);
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

}  // namespace securebase::ingest
