#include "documents/value.h"

#include <algorithm>

#include "base/bytes.h"

namespace securebase::documents {
namespace {

constexpr std::string_view kTypes[] = {"NULL", "S", "N", "B", "BOOL", "L", "M", "SS", "NS", "BS"};
static_assert(std::size(kTypes) == std::variant_size_v<Value::Data>);

/// Deeper than a client may nest, so that what was accepted always decodes.
constexpr int kDecodeDepthMax = 64;

// The tags of the variant's alternatives on disk: its index. Never renumber.
enum Tag : std::uint8_t { kNull, kString, kNumber, kBinary, kBool, kList, kMap, kSS, kNS, kBS };

void EncodeTo(std::string& out, const Value& value);

void EncodeTo(std::string& out, const Item& item) {
  PutVarint(out, item.size());
  for (const auto& [name, value] : item) {
    PutBytes(out, name);
    EncodeTo(out, value);
  }
}

struct Encoder {
  std::string& out;

  void operator()(const Null&) const {}
  void operator()(const std::string& s) const { PutBytes(out, s); }
  void operator()(const Number& n) const { PutBytes(out, n.text()); }
  void operator()(const Binary& b) const { PutBytes(out, b.bytes); }
  void operator()(bool b) const { out.push_back(b ? 1 : 0); }
  void operator()(const List& list) const {
    PutVarint(out, list.size());
    for (const Value& element : list) EncodeTo(out, element);
  }
  void operator()(const Item& map) const { EncodeTo(out, map); }
  void operator()(const StringSet& set) const { Strings(set.elements); }
  void operator()(const BinarySet& set) const { Strings(set.elements); }
  void operator()(const NumberSet& set) const {
    PutVarint(out, set.elements.size());
    for (const Number& n : set.elements) PutBytes(out, n.text());
  }
  void Strings(const std::vector<std::string>& elements) const {
    PutVarint(out, elements.size());
    for (const std::string& s : elements) PutBytes(out, s);
  }
};

void EncodeTo(std::string& out, const Value& value) {
  out.push_back(static_cast<char>(value.data().index()));
  std::visit(Encoder{out}, value.data());
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : reader_(bytes) {}

  Item ReadItem(int depth) {
    Item item;
    std::uint64_t count = Count();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) {
      std::string name(reader_.Bytes());
      // Names ascend in what Encode wrote: anything else is damage.
      if (!item.empty() && name <= item.rbegin()->first) reader_.Fail();
      Value value = ReadValue(depth);
      if (reader_.ok()) item.emplace_hint(item.end(), std::move(name), std::move(value));
    }
    return item;
  }

  bool ok() const { return reader_.ok() && reader_.empty(); }

 private:
  /// Each element needs a byte at least: a larger count is damage and must not allocate.
  std::uint64_t Count() {
    std::uint64_t count = reader_.Varint();
    if (count > reader_.remaining()) {
      reader_.Fail();
      return 0;
    }
    return count;
  }

  Number ReadNumber() {
    std::string_view text = reader_.Bytes();
    auto number = Number::Parse(text);
    if (!number.ok() || number->text() != text) {
      reader_.Fail();
      return Number();
    }
    return *std::move(number);
  }

  /// Ascending and unique, as sets are kept.
  std::vector<std::string> ReadStrings() {
    std::vector<std::string> elements;
    std::uint64_t count = Count();
    if (count == 0) reader_.Fail();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) {
      elements.emplace_back(reader_.Bytes());
      if (i > 0 && elements[i] <= elements[i - 1]) reader_.Fail();
    }
    return elements;
  }

  NumberSet ReadNumbers() {
    NumberSet set;
    std::uint64_t count = Count();
    if (count == 0) reader_.Fail();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) {
      set.elements.push_back(ReadNumber());
      if (i > 0 && set.elements[i] <= set.elements[i - 1]) reader_.Fail();
    }
    return set;
  }

  Value ReadValue(int depth) {
    auto tag = reader_.Fixed<std::uint8_t>();
    if (!reader_.ok()) return Value();
    if ((tag == kList || tag == kMap) && depth >= kDecodeDepthMax) {
      reader_.Fail();
      return Value();
    }
    switch (tag) {
      case kNull:
        return Value(Null{});
      case kString:
        return Value(std::string(reader_.Bytes()));
      case kNumber:
        return Value(ReadNumber());
      case kBinary:
        return Value(Value::Data(Binary{std::string(reader_.Bytes())}));
      case kBool:
        return ReadBool();
      case kList:
        return ReadList(depth + 1);
      case kMap:
        return Value(ReadItem(depth + 1));
      case kSS:
        return Value(Value::Data(StringSet{ReadStrings()}));
      case kNS:
        return Value(Value::Data(ReadNumbers()));
      case kBS:
        return Value(Value::Data(BinarySet{ReadStrings()}));
      default:
        reader_.Fail();
        return Value();
    }
  }

  Value ReadBool() {
    auto byte = reader_.Fixed<std::uint8_t>();
    if (byte > 1) reader_.Fail();
    return Value(byte == 1);
  }

  Value ReadList(int depth) {
    List list;
    std::uint64_t count = Count();
    for (std::uint64_t i = 0; i < count && reader_.ok(); ++i) list.push_back(ReadValue(depth));
    return Value(std::move(list));
  }

  ByteReader reader_;
};

std::size_t NumberSize(const Number& n) { return NumberTextSize(n.text()); }

std::size_t ValueSize(const Value& value);

struct Sizer {
  // DynamoDB's own figures: 3 bytes a list or map, 1 more per element.
  static constexpr std::size_t kContainer = 3;

  std::size_t operator()(const Null&) const { return 1; }
  std::size_t operator()(const std::string& s) const { return s.size(); }
  std::size_t operator()(const Number& n) const { return NumberSize(n); }
  std::size_t operator()(const Binary& b) const { return b.bytes.size(); }
  std::size_t operator()(bool) const { return 1; }
  std::size_t operator()(const List& list) const {
    std::size_t size = kContainer;
    for (const Value& element : list) size += ValueSize(element) + 1;
    return size;
  }
  std::size_t operator()(const Item& map) const { return kContainer + map.size() + ItemSize(map); }
  std::size_t operator()(const StringSet& set) const { return Strings(set.elements); }
  std::size_t operator()(const BinarySet& set) const { return Strings(set.elements); }
  std::size_t operator()(const NumberSet& set) const {
    std::size_t size = 0;
    for (const Number& n : set.elements) size += NumberSize(n);
    return size;
  }
  static std::size_t Strings(const std::vector<std::string>& elements) {
    std::size_t size = 0;
    for (const std::string& s : elements) size += s.size();
    return size;
  }
};

std::size_t ValueSize(const Value& value) { return std::visit(Sizer{}, value.data()); }

}  // namespace

std::string_view Value::type() const { return kTypes[data_.index()]; }

std::string StringAttribute(const Item& item, std::string_view name) {
  auto found = item.find(name);
  if (found == item.end() || !found->second.string()) return {};
  return *found->second.string();
}

std::size_t NumberTextSize(std::string_view text) {
  std::size_t digits = 0, zeros = 0;  // zeros that a later digit makes count
  for (char c : text.substr(0, text.find('E'))) {
    if (c == '0' && digits > 0) ++zeros;
    if (c < '1' || c > '9') continue;
    digits += zeros + 1;
    zeros = 0;
  }
  return (digits + 1) / 2 + 1 + (text.starts_with('-') ? 1 : 0);
}

std::size_t ItemSize(const Item& item) {
  std::size_t size = 0;
  for (const auto& [name, value] : item) size += name.size() + ValueSize(value);
  return size;
}

std::string EncodeItem(const Item& item) {
  std::string out;
  EncodeTo(out, item);
  return out;
}

Result<Item> DecodeItem(std::string_view bytes) {
  Decoder decoder(bytes);
  Item item = decoder.ReadItem(0);
  if (!decoder.ok()) return Internal("a stored item is damaged");
  return item;
}

}  // namespace securebase::documents
