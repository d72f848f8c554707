#pragma once

// Pulls fields out of protobuf bytes: the reader of libprotobuf, without generated classes. What a
// message means is its parser's.

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace securebase::ingest {

/// One field of a message.
struct WireField {
  enum class Type { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  int number = 0;
  Type type = Type::kVarint;
  std::uint64_t bits = 0;  // of a varint or a fixed one
  std::string_view bytes;  // a view into the message

  std::uint64_t Uint() const { return bits; }
  std::int64_t Int() const { return static_cast<std::int64_t>(bits); }
  /// Of sint32 and sint64.
  std::int64_t ZigZagInt() const {
    return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
  }
  bool Bool() const { return bits != 0; }
  double Double() const { return std::bit_cast<double>(bits); }
};

/// Reads the fields of one message in their order. Errors: kInvalidArgument for bytes that are no
/// message (a wrong tag, a field that ends too early, a group). Not thread-safe.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}

  /// False at the end of the message.
  Result<bool> Next(WireField& field);

  /// Calls `each(std::uint64_t bits)` for the numbers of a repeated field, packed or not;
  /// `type` is their own: kVarint, kFixed64 or kFixed32.
  template <class Each>
  static Result<> Numbers(const WireField& field, WireField::Type type, Each&& each) {
    if (field.type == type) {
      each(field.bits);
      return {};
    }
    if (field.type != WireField::Type::kBytes) return WrongType(field);
    std::string_view rest = field.bytes;
    while (!rest.empty()) {
      SB_TRY(const std::uint64_t bits, ReadNumber(rest, type));
      each(bits);
    }
    return {};
  }

  /// kInvalidArgument that names the field's number.
  static Error WrongType(const WireField& field);
  /// The field must be of that type.
  static Result<> Expect(const WireField& field, WireField::Type type) {
    if (field.type == type) return {};
    return WrongType(field);
  }

 private:
  static Result<std::uint64_t> ReadNumber(std::string_view& rest, WireField::Type type);

  std::string_view rest_;
};

/// Calls `each(const WireField&) -> Result<>` for every field of a message.
template <class Each>
Result<> ForEachField(std::string_view message, Each&& each) {
  WireReader reader(message);
  WireField field;
  while (true) {
    SB_TRY(const bool more, reader.Next(field));
    if (!more) return {};
    SB_TRY_OK(each(field));
  }
}

/// The block format of snappy, as Prometheus and Loki compress. Errors: kInvalidArgument (field
/// "body"); kLimitExceeded where the result would exceed `size_max`.
Result<std::string> SnappyDecode(std::string_view bytes, std::size_t size_max);

}  // namespace securebase::ingest
