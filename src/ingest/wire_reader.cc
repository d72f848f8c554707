#include "ingest/wire_reader.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <snappy.h>

#include <climits>

namespace securebase::ingest {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

Error Damaged(std::string message) { return InvalidArgument("body", std::move(message)); }

CodedInputStream StreamOf(std::string_view bytes) {
  return CodedInputStream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                          static_cast<int>(bytes.size()));
}

/// One number of that type; false where the bytes end too early.
bool Read(CodedInputStream& in, WireField::Type type, std::uint64_t& bits) {
  if (type == WireField::Type::kVarint) return in.ReadVarint64(&bits);
  if (type == WireField::Type::kFixed64) return in.ReadLittleEndian64(&bits);
  std::uint32_t narrow = 0;
  if (!in.ReadLittleEndian32(&narrow)) return false;
  bits = narrow;
  return true;
}

}  // namespace

Error WireReader::WrongType(const WireField& field) {
  return Damaged("field " + std::to_string(field.number) + " of a message has a wrong type");
}

Result<std::uint64_t> WireReader::ReadNumber(std::string_view& rest, WireField::Type type) {
  CodedInputStream in = StreamOf(rest);
  std::uint64_t bits = 0;
  if (!Read(in, type, bits)) return Damaged("a packed field ends too early");
  rest.remove_prefix(static_cast<std::size_t>(in.CurrentPosition()));
  return bits;
}

Result<bool> WireReader::Next(WireField& field) {
  if (rest_.empty()) return false;
  if (rest_.size() > INT_MAX) return Damaged("the message is too long");
  CodedInputStream in = StreamOf(rest_);
  const std::uint32_t tag = in.ReadTag();
  field.number = WireFormatLite::GetTagFieldNumber(tag);
  field.bytes = {};
  field.bits = 0;
  if (tag == 0 || field.number == 0) return Damaged("the body is no protobuf message");
  bool whole = false;
  switch (WireFormatLite::GetTagWireType(tag)) {
    case WireFormatLite::WIRETYPE_VARINT:
      field.type = WireField::Type::kVarint;
      whole = Read(in, field.type, field.bits);
      break;
    case WireFormatLite::WIRETYPE_FIXED64:
      field.type = WireField::Type::kFixed64;
      whole = Read(in, field.type, field.bits);
      break;
    case WireFormatLite::WIRETYPE_FIXED32:
      field.type = WireField::Type::kFixed32;
      whole = Read(in, field.type, field.bits);
      break;
    case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
      field.type = WireField::Type::kBytes;
      std::uint32_t size = 0;
      whole = in.ReadVarint32(&size);
      const auto at = static_cast<std::size_t>(in.CurrentPosition());
      if (!whole || size > rest_.size() - at) return Damaged("a field ends too early");
      field.bytes = rest_.substr(at, size);
      rest_.remove_prefix(at + size);
      return true;
    }
    default:
      return Damaged("the body is no protobuf message that is understood here");
  }
  if (!whole) return Damaged("a field ends too early");
  rest_.remove_prefix(static_cast<std::size_t>(in.CurrentPosition()));
  return true;
}

Result<std::string> SnappyDecode(std::string_view bytes, std::size_t size_max) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(bytes.data(), bytes.size(), &size)) {
    return Damaged("the body is not compressed with snappy");
  }
  if (size > size_max) {
    return LimitExceeded("body", "the body must not exceed " + std::to_string(size_max) +
                                     " bytes when decompressed");
  }
  // Checked before anything is written: a length that lies must not cost its memory.
  if (!snappy::IsValidCompressedBuffer(bytes.data(), bytes.size())) {
    return Damaged("the body is not compressed with snappy");
  }
  std::string out;
  snappy::Uncompress(bytes.data(), bytes.size(), &out);
  return out;
}

}  // namespace securebase::ingest
