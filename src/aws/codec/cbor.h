#pragma once

// The CBOR of Smithy RPC v2: maps with text keys, timestamps as tag 1, blobs as byte strings.

#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "aws/codec/json.h"
#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"

namespace securebase::aws::codec {

/// Pulls values out of CBOR bytes, one after the other, without building a tree. Takes definite
/// and indefinite lengths. Errors: wire code SerializationException. Not thread-safe.
class CborReader {
 public:
  explicit CborReader(std::string_view bytes) : rest_(bytes) {}

  /// Steps over null or undefined and says whether there was one.
  bool SkipNull();
  /// A view into the input (or into this reader, for a text in pieces), valid while both live.
  Result<std::string_view> Text();
  Result<std::string_view> Bytes();
  Result<std::int64_t> Int();
  /// Any number, of any width.
  Result<double> Double();
  Result<bool> Bool();
  /// Tag 1 over a number of seconds.
  Result<Instant> Time();

  /// Calls `each(std::string_view name, CborReader&)` for every entry of a map; it must consume
  /// the value.
  template <class Each>
  Result<> Members(Each&& each) {
    SB_TRY(Head head, ReadHead());
    if (head.major != kMap) return Wrong(head, "a map");
    SB_TRY_OK(Enter());
    for (std::uint64_t i = 0; head.indefinite || i < head.argument; ++i) {
      if (head.indefinite && SkipBreak()) break;
      SB_TRY(const std::string_view name, Text());
      SB_TRY_OK(each(name, *this));
    }
    --depth_;
    return {};
  }
  /// Calls `each(CborReader&)` for every element of an array; it must consume the element.
  template <class Each>
  Result<> Elements(Each&& each) {
    SB_TRY(Head head, ReadHead());
    if (head.major != kArray) return Wrong(head, "an array");
    SB_TRY_OK(Enter());
    for (std::uint64_t i = 0; head.indefinite || i < head.argument; ++i) {
      if (head.indefinite && SkipBreak()) break;
      SB_TRY_OK(each(*this));
    }
    --depth_;
    return {};
  }

  /// All bytes are consumed.
  bool AtEnd() const { return rest_.empty(); }

 private:
  enum Major { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
  struct Head {
    Major major = kSimple;
    std::uint8_t additional = 0;
    bool indefinite = false;
    std::uint64_t argument = 0;
  };
  Result<Head> ReadHead();
  Result<std::string_view> ReadString(Major major, std::string_view wanted);
  bool SkipBreak();
  Result<> Enter();
  Error Wrong(const Head& head, std::string_view wanted) const;

  std::string_view rest_;
  int depth_ = 0;
  std::deque<std::string> joined_;  // texts that came in pieces
};

/// Reads a request body of the shape; an empty one is an empty structure. Errors:
/// SerializationException, or ValidationError for members that are unknown or refused.
Result<Value> DecodeCbor(const Shape& shape, std::string_view body);

std::string EncodeCbor(const Value& value);

}  // namespace securebase::aws::codec
