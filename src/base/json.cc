#include "base/json.h"

#include <fmt/compile.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cmath>
#include <optional>

#include "base/text.h"

namespace securebase::json {
namespace {

// A parser keeps memory of several times its largest text: those of larger ones are let go.
constexpr std::size_t kKeptTextMax = 1 << 20;
// Members up to which comparing all names is cheaper than a set.
constexpr std::size_t kFewMembers = 16;

Error NotJson(std::string message) { return InvalidArgument({}, std::move(message)); }

// Where in the document we are: a chain on the stack, made text only for an error.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;  // of a member
  std::size_t index = 0;  // of an element
  bool is_element = false;

  std::string Path() const {
    if (parent == nullptr) return {};
    const std::string above = parent->Path();
    if (is_element) return fmt::format("{}[{}]", above, index);
    return above.empty() ? std::string(name) : fmt::format("{}.{}", above, name);
  }
};

// Turns simdjson's tape into values, checking what simdjson leaves to us.
class Converter {
 public:
  explicit Converter(int depth_max) : depth_max_(depth_max) {}

  Result<Value> Convert(simdjson::dom::element root) {
    Value value;
    Into(value, root, Place{}, 0);
    if (error_) return *std::move(error_);
    return value;
  }

 private:
  void Into(Value& out, simdjson::dom::element element, const Place& place, int depth) {
    using simdjson::dom::element_type;
    switch (element.type()) {
      case element_type::ARRAY:
        return IntoArray(out, element, place, depth + 1);
      case element_type::OBJECT:
        return IntoObject(out, element, place, depth + 1);
      case element_type::INT64:
        out = Value(element.get_int64().value_unsafe());
        return;
      case element_type::UINT64:  // only where it exceeds int64
        out = Value(static_cast<double>(element.get_uint64().value_unsafe()));
        return;
      case element_type::DOUBLE:
        out = Value(element.get_double().value_unsafe());
        return;
      case element_type::STRING:
        out = Value(element.get_string().value_unsafe());
        return;
      case element_type::BOOL:
        out = Value(element.get_bool().value_unsafe());
        return;
      case element_type::NULL_VALUE:
        return;
    }
  }

  void IntoArray(Value& out, simdjson::dom::element element, const Place& place, int depth) {
    if (TooDeep(place, depth)) return;
    const simdjson::dom::array elements = element.get_array().value_unsafe();
    Array array;
    array.reserve(elements.size());
    for (const simdjson::dom::element e : elements) {
      const Place here{&place, {}, array.size(), true};
      Into(array.emplace_back(), e, here, depth);
      if (error_) return;
    }
    out = Value(std::move(array));
  }

  void IntoObject(Value& out, simdjson::dom::element element, const Place& place, int depth) {
    if (TooDeep(place, depth)) return;
    const simdjson::dom::object members = element.get_object().value_unsafe();
    const bool few = members.size() <= kFewMembers;
    boost::unordered_flat_set<std::string_view> names;
    if (!few) names.reserve(members.size());
    Object object;
    object.reserve(members.size());
    for (const simdjson::dom::key_value_pair member : members) {
      const Place here{&place, member.key};
      const bool twice =
          few ? std::any_of(object.begin(), object.end(),
                            [&](const auto& other) { return other.first == member.key; })
              : !names.insert(member.key).second;
      if (twice) {
        error_ = InvalidArgument(here.Path(), "is named twice in one object");
        return;
      }
      object.emplace_back(std::string(member.key), Value());
      Into(object.back().second, member.value, here, depth);
      if (error_) return;
    }
    out = Value(std::move(object));
  }

  bool TooDeep(const Place& place, int depth) {
    if (depth <= depth_max_) return false;
    error_ = InvalidArgument(place.Path(), fmt::format("is nested deeper than {}", depth_max_));
    return true;
  }

  const int depth_max_;
  std::optional<Error> error_;
};

// simdjson refuses integers beyond 64 bits. An exponent makes the same number a double.
std::string WithBigIntegersAsDoubles(std::string_view text) {
  constexpr std::size_t kInt64Digits = 19;
  constexpr std::string_view kNumber = "0123456789+-.eE";
  std::string out;
  out.reserve(text.size() + 16);
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string || kNumber.find(c) == kNumber.npos) {
      if (c == '"') in_string = !in_string;
      const std::size_t size = in_string && c == '\\' ? 2 : 1;
      out += text.substr(i, size);
      i += size;
      continue;
    }
    const std::size_t end = std::min(text.find_first_not_of(kNumber, i), text.size());
    const std::string_view number = text.substr(i, end - i);
    out += number;
    if (number.size() >= kInt64Digits && number.find_first_of(".eE") == number.npos) out += "e0";
    i = end;
  }
  return out;
}

Error ParseError(simdjson::error_code code, std::string_view text) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return NotJson(fmt::format("is not UTF-8: wrong byte at offset {}", ValidUtf8Prefix(text)));
    case simdjson::EMPTY:
      return NotJson("is not JSON: it is empty");
    case simdjson::DEPTH_ERROR:
      return NotJson("is nested too deep");
    case simdjson::STRING_ERROR:
      return NotJson("is not JSON: a string has a wrong escape");
    case simdjson::UNCLOSED_STRING:
      return NotJson("is not JSON: a string does not end");
    case simdjson::UNESCAPED_CHARS:
      return NotJson("is not JSON: a string holds a control character that is not escaped");
    case simdjson::NUMBER_ERROR:
      return NotJson("is not JSON: a number is malformed or out of range");
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
      return NotJson("is not JSON: a word is neither true, false nor null");
    default:
      return NotJson("is not JSON: commas, colons, brackets or quotes are missing or too many");
  }
}

Result<Value> ParseWith(simdjson::dom::parser& parser, std::string_view text, int depth_max) {
  simdjson::dom::element root;
  simdjson::error_code code = parser.parse(text.data(), text.size()).get(root);
  if (code == simdjson::NUMBER_ERROR) {
    const std::string rewritten = WithBigIntegersAsDoubles(text);
    code = parser.parse(rewritten).get(root);
    // The tape holds copies: `rewritten` may go.
  }
  if (code != simdjson::SUCCESS) return ParseError(code, text);
  return Converter(depth_max).Convert(root);
}

void AppendPretty(std::string& out, const Value& value, std::size_t indent) {
  const auto new_line = [&out](std::size_t blanks) {
    out.push_back('\n');
    out.append(blanks, ' ');
  };
  if (value.IsArray() && !value.AsArray().empty()) {
    char before = '[';
    for (const Value& element : value.AsArray()) {
      out.push_back(before);
      new_line(indent + 2);
      AppendPretty(out, element, indent + 2);
      before = ',';
    }
    new_line(indent);
    out.push_back(']');
  } else if (value.IsObject() && !value.AsObject().empty()) {
    char before = '{';
    for (const auto& [name, member] : value.AsObject()) {
      out.push_back(before);
      new_line(indent + 2);
      AppendQuoted(out, name);
      out += ": ";
      AppendPretty(out, member, indent + 2);
      before = ',';
    }
    new_line(indent);
    out.push_back('}');
  } else {
    Writer(out).Any(value);
  }
}

}  // namespace

std::string_view Value::TypeName() const {
  if (IsNull()) return "null";
  if (IsBool()) return "boolean";
  if (IsNumber()) return "number";
  if (IsString()) return "string";
  return IsArray() ? "array" : "object";
}

const Value* Value::Find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&data_);
  if (object == nullptr) return nullptr;
  for (const auto& [member_name, member] : *object) {
    if (member_name == name) return &member;
  }
  return nullptr;
}

void Value::Set(std::string_view name, Value value) {
  if (IsNull()) data_ = Object();
  for (auto& [member_name, member] : AsObject()) {
    if (member_name == name) {
      member = std::move(value);
      return;
    }
  }
  AsObject().emplace_back(std::string(name), std::move(value));
}

Result<Value> Parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_max) {
    return NotJson(fmt::format("is longer than {} bytes", limits.size_max));
  }
  if (text.size() > kKeptTextMax) {
    simdjson::dom::parser parser;
    return ParseWith(parser, text, limits.depth_max);
  }
  thread_local simdjson::dom::parser parser;
  return ParseWith(parser, text, limits.depth_max);
}

std::string Write(const Value& value) {
  std::string out;
  Writer(out).Any(value);
  return out;
}

std::string WritePretty(const Value& value) {
  std::string out;
  AppendPretty(out, value, 0);
  return out;
}

void Writer::Separate() {
  if (need_comma_) out_.push_back(',');
  need_comma_ = true;
}

Writer& Writer::BeginObject() {
  Separate();
  out_.push_back('{');
  need_comma_ = false;
  return *this;
}

Writer& Writer::EndObject() {
  out_.push_back('}');
  need_comma_ = true;
  return *this;
}

Writer& Writer::BeginArray() {
  Separate();
  out_.push_back('[');
  need_comma_ = false;
  return *this;
}

Writer& Writer::EndArray() {
  out_.push_back(']');
  need_comma_ = true;
  return *this;
}

Writer& Writer::Key(std::string_view name) {
  Separate();
  AppendQuoted(out_, name);
  out_.push_back(':');
  need_comma_ = false;
  return *this;
}

Writer& Writer::String(std::string_view text) {
  Separate();
  AppendQuoted(out_, text);
  return *this;
}

Writer& Writer::Int(std::int64_t value) {
  Separate();
  fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), value);
  return *this;
}

Writer& Writer::Double(double value, bool force_point) {
  if (!std::isfinite(value)) return Null();
  Separate();
  AppendDouble(out_, value, force_point);
  return *this;
}

Writer& Writer::Bool(bool value) { return Raw(value ? "true" : "false"); }

Writer& Writer::Null() { return Raw("null"); }

Writer& Writer::Raw(std::string_view json) {
  Separate();
  out_ += json;
  return *this;
}

Writer& Writer::Any(const Value& value) {
  if (value.IsNull()) return Null();
  if (value.IsBool()) return Bool(value.AsBool());
  if (value.IsInt()) return Int(value.AsInt());
  if (value.IsDouble()) return Double(value.AsNumber());
  if (value.IsString()) return String(value.AsString());
  if (value.IsArray()) {
    BeginArray();
    for (const Value& element : value.AsArray()) Any(element);
    return EndArray();
  }
  BeginObject();
  for (const auto& [name, member] : value.AsObject()) Key(name).Any(member);
  return EndObject();
}

void AppendQuoted(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  std::size_t start = 0;  // of the run that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out += text.substr(start, i - start);
    start = i + 1;
    out.push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out.push_back(static_cast<char>(c));
        break;
      case '\n':
        out.push_back('n');
        break;
      case '\r':
        out.push_back('r');
        break;
      case '\t':
        out.push_back('t');
        break;
      default:
        out += "u00";
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 0xf]);
    }
  }
  out += text.substr(start);
  out.push_back('"');
}

}  // namespace securebase::json
