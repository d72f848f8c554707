#include "aws/codec/cbor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace securebase::aws::codec {
namespace {

constexpr int kDepthMax = 64;
constexpr std::uint8_t kFalse = 20, kTrue = 21, kNull = 22, kUndefined = 23;
constexpr std::uint8_t kHalf = 25, kSingle = 26, kDouble = 27;
constexpr std::uint8_t kBreak = 0xFF;
constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint64_t kEpochTag = 1;

constexpr std::string_view kMajorNames[] = {"an unsigned integer",
                                            "a negative integer",
                                            "a byte string",
                                            "a text",
                                            "an array",
                                            "a map",
                                            "a tag",
                                            "a simple value"};

double FromHalf(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F;
  const double mantissa = bits & 0x3FF;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent == 31) {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  } else {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

Result<Value> Bind(const Shape& shape, CborReader& in, const std::string& path);

Result<Value> BindStruct(const Shape& shape, CborReader& in, const std::string& path) {
  Value::Struct out;
  SB_TRY_OK(in.Members([&](std::string_view name, CborReader& value) -> Result<> {
    SB_TRY(const Member* member, FindMember(shape, name, path));
    if (value.SkipNull()) return {};
    for (const auto& [seen, ignored] : out.fields) {
      if (seen == name) {
        return Malformed(JoinPath(path, name), "The member '" + seen + "' is given twice");
      }
    }
    SB_TRY(Value bound, Bind(*member->shape, value, JoinPath(path, name)));
    out.fields.emplace_back(std::string(name), std::move(bound));
    return {};
  }));
  return Value(std::move(out));
}

Result<Value> BindList(const Shape& shape, CborReader& in, const std::string& path) {
  Value::List out;
  SB_TRY_OK(in.Elements([&](CborReader& element) -> Result<> {
    SB_TRY(Value bound,
           Bind(*shape.element, element, path + ".member." + std::to_string(out.size() + 1)));
    out.push_back(std::move(bound));
    return {};
  }));
  return Value(std::move(out));
}

Result<Value> BindMap(const Shape& shape, CborReader& in, const std::string& path) {
  Value::Map out;
  SB_TRY_OK(in.Members([&](std::string_view key, CborReader& value) -> Result<> {
    if (value.SkipNull()) return {};
    SB_TRY(Value bound, Bind(*shape.element, value, JoinPath(path, key)));
    out.entries.emplace_back(std::string(key), std::move(bound));
    return {};
  }));
  return Value(std::move(out));
}

Result<Value> BindScalar(const Shape& shape, CborReader& in) {
  switch (shape.kind) {
    case Shape::Kind::kText: {
      SB_TRY(const std::string_view text, in.Text());
      return Value(text);
    }
    case Shape::Kind::kBlob: {
      SB_TRY(const std::string_view bytes, in.Bytes());
      return Value(Value::Blob{std::string(bytes)});
    }
    case Shape::Kind::kInt: {
      SB_TRY(const std::int64_t number, in.Int());
      return Value(number);
    }
    case Shape::Kind::kDouble: {
      SB_TRY(const double number, in.Double());
      return Value(number);
    }
    case Shape::Kind::kBool: {
      SB_TRY(const bool b, in.Bool());
      return Value(b);
    }
    case Shape::Kind::kTime: {
      SB_TRY(const Instant time, in.Time());
      return Value(time);
    }
    default:
      return Malformed("", "This member has no CBOR form");
  }
}

Result<Value> Bind(const Shape& shape, CborReader& in, const std::string& path) {
  if (shape.kind == Shape::Kind::kStruct) return BindStruct(shape, in, path);
  if (shape.kind == Shape::Kind::kList) return BindList(shape, in, path);
  if (shape.kind == Shape::Kind::kMap) return BindMap(shape, in, path);
  Result<Value> value = BindScalar(shape, in);
  if (value.ok() || !value.error().field().empty()) return value;
  return Malformed(path, value.error().message() + " at '" + path + "'");
}

void AppendBigEndian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift);
  }
}

void AppendHead(std::string& out, int major, std::uint64_t argument) {
  const auto first = static_cast<unsigned char>(major << 5);
  if (argument < 24) {
    out += static_cast<char>(first | argument);
  } else if (argument <= 0xFF) {
    out += static_cast<char>(first | 24);
    AppendBigEndian(out, argument, 1);
  } else if (argument <= 0xFFFF) {
    out += static_cast<char>(first | 25);
    AppendBigEndian(out, argument, 2);
  } else if (argument <= 0xFFFFFFFF) {
    out += static_cast<char>(first | 26);
    AppendBigEndian(out, argument, 4);
  } else {
    out += static_cast<char>(first | 27);
    AppendBigEndian(out, argument, 8);
  }
}

void AppendText(std::string& out, std::string_view text) {
  AppendHead(out, 3, text.size());
  out += text;
}

void AppendNumber(std::string& out, double number) {
  out += static_cast<char>(0xFB);
  AppendBigEndian(out, std::bit_cast<std::uint64_t>(number), 8);
}

void Append(std::string& out, const Value& value);

void AppendFields(std::string& out, const Value::Fields& fields) {
  std::uint64_t count = 0;
  for (const auto& [name, field] : fields) count += field.IsNull() ? 0 : 1;
  AppendHead(out, 5, count);
  for (const auto& [name, field] : fields) {
    if (field.IsNull()) continue;
    AppendText(out, name);
    Append(out, field);
  }
}

void AppendInt(std::string& out, std::int64_t number) {
  if (number >= 0) {
    AppendHead(out, 0, static_cast<std::uint64_t>(number));
  } else {
    AppendHead(out, 1, static_cast<std::uint64_t>(-(number + 1)));
  }
}

void Append(std::string& out, const Value& value) {
  if (const auto* s = value.As<Value::Struct>()) {
    AppendFields(out, s->fields);
  } else if (const auto* m = value.As<Value::Map>()) {
    AppendFields(out, m->entries);
  } else if (const auto* list = value.As<Value::List>()) {
    AppendHead(out, 4, list->size());
    for (const Value& element : *list) Append(out, element);
  } else if (const auto* text = value.As<std::string>()) {
    AppendText(out, *text);
  } else if (const auto* i = value.As<std::int64_t>()) {
    AppendInt(out, *i);
  } else if (const auto* d = value.As<double>()) {
    AppendNumber(out, *d);
  } else if (const auto* b = value.As<bool>()) {
    AppendHead(out, 7, *b ? kTrue : kFalse);
  } else if (const auto* t = value.As<Instant>()) {
    AppendHead(out, 6, kEpochTag);
    AppendNumber(out, static_cast<double>(ToUnixMillis(*t)) / 1000);
  } else if (const auto* blob = value.As<Value::Blob>()) {
    AppendHead(out, 2, blob->bytes.size());
    out += blob->bytes;
  } else {
    AppendHead(out, 7, kNull);
  }
}

}  // namespace

bool CborReader::SkipNull() {
  if (rest_.empty()) return false;
  const auto first = static_cast<std::uint8_t>(rest_[0]);
  if (first != (0xE0 | kNull) && first != (0xE0 | kUndefined)) return false;
  rest_.remove_prefix(1);
  return true;
}

bool CborReader::SkipBreak() {
  if (rest_.empty() || static_cast<std::uint8_t>(rest_[0]) != kBreak) return false;
  rest_.remove_prefix(1);
  return true;
}

Result<> CborReader::Enter() {
  if (++depth_ > kDepthMax) return Malformed("", "The CBOR is nested too deeply");
  return {};
}

Error CborReader::Wrong(const Head& head, std::string_view wanted) const {
  return Malformed(
      "", std::string(kMajorNames[head.major]) + " where " + std::string(wanted) + " is expected");
}

Result<CborReader::Head> CborReader::ReadHead() {
  if (rest_.empty()) return Malformed("", "The CBOR ends too early");
  const auto first = static_cast<std::uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  Head head;
  head.major = static_cast<Major>(first >> 5);
  head.additional = first & 0x1F;
  if (head.additional < 24) {
    head.argument = head.additional;
    return head;
  }
  if (head.additional == kIndefinite) {
    head.indefinite = true;
    if (head.major >= kBytes && head.major <= kMap) return head;
    return Malformed("", "The CBOR has a break or an indefinite length where none can be");
  }
  if (head.additional > 27) return Malformed("", "The CBOR has a reserved length");
  const std::size_t bytes = std::size_t{1} << (head.additional - 24);
  if (rest_.size() < bytes) return Malformed("", "The CBOR ends too early");
  for (std::size_t i = 0; i < bytes; ++i) {
    head.argument = head.argument << 8 | static_cast<std::uint8_t>(rest_[i]);
  }
  rest_.remove_prefix(bytes);
  return head;
}

Result<std::string_view> CborReader::ReadString(Major major, std::string_view wanted) {
  SB_TRY(const Head head, ReadHead());
  if (head.major != major) return Wrong(head, wanted);
  auto take = [this](std::uint64_t size) -> Result<std::string_view> {
    if (size > rest_.size()) return Malformed("", "The CBOR ends too early");
    const std::string_view piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return piece;
  };
  if (!head.indefinite) return take(head.argument);
  std::string joined;
  while (!SkipBreak()) {
    SB_TRY(const Head piece, ReadHead());
    if (piece.major != major || piece.indefinite) return Wrong(piece, wanted);
    SB_TRY(const std::string_view bytes, take(piece.argument));
    joined += bytes;
  }
  return std::string_view(joined_.emplace_back(std::move(joined)));
}

Result<std::string_view> CborReader::Text() {
  SB_TRY(const std::string_view text, ReadString(kText, "a text"));
  if (!IsValidUtf8(text)) return Malformed("", "a text that is not UTF-8");
  return text;
}

Result<std::string_view> CborReader::Bytes() { return ReadString(kBytes, "a byte string"); }

Result<std::int64_t> CborReader::Int() {
  SB_TRY(const Head head, ReadHead());
  const bool fits = head.argument <= static_cast<std::uint64_t>(INT64_MAX);
  if (head.major == kUnsigned && fits) return static_cast<std::int64_t>(head.argument);
  if (head.major == kNegative && fits) return -1 - static_cast<std::int64_t>(head.argument);
  return Wrong(head, "an integer");
}

Result<double> CborReader::Double() {
  SB_TRY(const Head head, ReadHead());
  if (head.major == kUnsigned) return static_cast<double>(head.argument);
  if (head.major == kNegative) return -1.0 - static_cast<double>(head.argument);
  if (head.major == kSimple) {
    if (head.additional == kDouble) return std::bit_cast<double>(head.argument);
    if (head.additional == kSingle) {
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)));
    }
    if (head.additional == kHalf) return FromHalf(static_cast<std::uint16_t>(head.argument));
  }
  return Wrong(head, "a number");
}

Result<bool> CborReader::Bool() {
  SB_TRY(const Head head, ReadHead());
  if (head.major == kSimple && head.additional == kTrue) return true;
  if (head.major == kSimple && head.additional == kFalse) return false;
  return Wrong(head, "a boolean");
}

Result<Instant> CborReader::Time() {
  SB_TRY(const Head head, ReadHead());
  if (head.major != kTag || head.argument != kEpochTag) return Wrong(head, "a time (tag 1)");
  SB_TRY(const double seconds, Double());
  if (!(std::abs(seconds) < 1e12)) return Malformed("", "a time that is out of range");
  return FromUnixMillis(static_cast<std::int64_t>(std::llround(seconds * 1000)));
}

Result<Value> DecodeCbor(const Shape& shape, std::string_view body) {
  if (body.empty()) return Value(Value::Struct());
  CborReader in(body);
  SB_TRY(Value value, Bind(shape, in, ""));
  if (!in.AtEnd()) return Malformed("", "There are bytes after the CBOR value");
  return value;
}

std::string EncodeCbor(const Value& value) {
  std::string out;
  Append(out, value.IsNull() ? Value(Value::Struct()) : value);
  return out;
}

}  // namespace securebase::aws::codec
