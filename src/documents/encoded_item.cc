#include "documents/encoded_item.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json.h"
#include "base/text.h"
#include "documents/value.h"

namespace securebase::documents {
namespace {

// The tags that EncodeItem writes (value.cc); never renumbered.
enum Tag : std::uint8_t { kNull, kString, kNumber, kBinary, kBool, kList, kMap, kSS, kNS, kBS };
constexpr std::string_view kOpen[] = {"{\"NULL\":", "{\"S\":", "{\"N\":",  "{\"B\":",  "{\"BOOL\":",
                                      "{\"L\":",    "{\"M\":", "{\"SS\":", "{\"NS\":", "{\"BS\":"};
constexpr int kDepthMax = 64;

Error Damaged() { return Internal("a stored item is damaged"); }

/// Walks the encoding and tells a visitor what it meets.
template <class Visitor>
class Walker {
 public:
  Walker(std::string_view bytes, Visitor& visitor) : reader_(bytes), visitor_(visitor) {}

  bool Walk() {
    WalkMap(0);
    return reader_.ok() && reader_.empty();
  }

 private:
  void WalkMap(int depth) {
    std::uint64_t count = reader_.Varint();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) {
      visitor_.Name(reader_.Bytes(), i == 0);
      WalkValue(depth);
    }
  }

  void WalkValue(int depth) {
    auto tag = reader_.Fixed<std::uint8_t>();
    if (!reader_.ok() || tag > kBS || depth > kDepthMax) {
      reader_.Fail();
      return;
    }
    visitor_.Open(tag);
    switch (tag) {
      case kNull:
        visitor_.Null();
        break;
      case kBool:
        visitor_.Bool(reader_.Fixed<std::uint8_t>() == 1);
        break;
      case kMap:
        visitor_.OpenMap();
        WalkMap(depth + 1);
        visitor_.CloseMap();
        break;
      case kString:
      case kNumber:
      case kBinary:
        visitor_.Scalar(tag, reader_.Bytes());
        break;
      default:
        WalkElements(tag, depth);
    }
    visitor_.Close();
  }

  void WalkElements(std::uint8_t tag, int depth) {
    visitor_.OpenArray(tag);
    std::uint64_t count = reader_.Varint();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) {
      visitor_.Element(tag, i == 0);
      if (tag == kList) {
        WalkValue(depth + 1);
      } else {
        visitor_.Scalar(tag == kSS ? kString : tag == kNS ? kNumber : kBinary, reader_.Bytes());
      }
    }
    visitor_.CloseArray();
  }

  ByteReader reader_;
  Visitor& visitor_;
};

/// The figures of ItemSize.
struct Sizer {
  static constexpr std::size_t kContainer = 3;
  std::size_t size = 0;
  int depth = 0;  // in maps below the item

  void Name(std::string_view name, bool) { size += name.size() + (depth > 0 ? 1 : 0); }
  void Open(std::uint8_t) {}
  void Close() {}
  void Null() { size += 1; }
  void Bool(bool) { size += 1; }
  void OpenMap() {
    size += kContainer;
    ++depth;
  }
  void CloseMap() { --depth; }
  void OpenArray(std::uint8_t tag) { size += tag == kList ? kContainer : 0; }
  void CloseArray() {}
  void Element(std::uint8_t tag, bool) { size += tag == kList ? 1 : 0; }
  void Scalar(std::uint8_t tag, std::string_view bytes) {
    size += tag == kNumber ? NumberTextSize(bytes) : bytes.size();
  }
};

struct WireWriter {
  std::string& out;

  void Name(std::string_view name, bool first) {
    if (!first) out += ',';
    json::AppendQuoted(out, name);
    out += ':';
  }
  void Open(std::uint8_t tag) { out += kOpen[tag]; }
  void Close() { out += '}'; }
  void Null() { out += "true"; }
  void Bool(bool b) { out += b ? "true" : "false"; }
  void OpenMap() { out += '{'; }
  void CloseMap() { out += '}'; }
  void OpenArray(std::uint8_t) { out += '['; }
  void CloseArray() { out += ']'; }
  void Element(std::uint8_t, bool first) {
    if (!first) out += ',';
  }
  void Scalar(std::uint8_t tag, std::string_view bytes) {
    if (tag == kString) return json::AppendQuoted(out, bytes);
    out += '"';
    if (tag == kNumber) {
      out += bytes;
    } else {
      out += Base64Encode(bytes);
    }
    out += '"';
  }
};

}  // namespace

Result<std::size_t> EncodedItemSize(std::string_view bytes) {
  Sizer sizer;
  if (!Walker<Sizer>(bytes, sizer).Walk()) return Damaged();
  return sizer.size;
}

Result<> AppendWire(std::string& out, std::string_view bytes) {
  WireWriter writer{out};
  out += '{';
  if (!Walker<WireWriter>(bytes, writer).Walk()) return Damaged();
  out += '}';
  return {};
}

}  // namespace securebase::documents
