#pragma once

// JSON: a small value type parsed by simdjson, and a writer that escapes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace securebase::json {

class Value;
using Array = std::vector<Value>;
/// Members in the order of the text.
using Object = std::vector<std::pair<std::string, Value>>;

/// One JSON value. Numbers keep their kind: int64 where the text is an integer that fits,
/// double elsewhere.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool b) : data_(b) {}
  Value(int i) : data_(static_cast<std::int64_t>(i)) {}
  Value(std::int64_t i) : data_(i) {}
  Value(std::uint64_t i) : data_(static_cast<std::int64_t>(i)) {}
  Value(double d) : data_(d) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(Array a) : data_(std::move(a)) {}
  Value(Object o) : data_(std::move(o)) {}

  bool IsNull() const { return std::holds_alternative<std::monostate>(data_); }
  bool IsBool() const { return std::holds_alternative<bool>(data_); }
  bool IsInt() const { return std::holds_alternative<std::int64_t>(data_); }
  bool IsDouble() const { return std::holds_alternative<double>(data_); }
  bool IsNumber() const { return IsInt() || IsDouble(); }
  bool IsString() const { return std::holds_alternative<std::string>(data_); }
  bool IsArray() const { return std::holds_alternative<Array>(data_); }
  bool IsObject() const { return std::holds_alternative<Object>(data_); }
  /// "null", "boolean", "number", "string", "array" or "object".
  std::string_view TypeName() const;

  // Unchecked accessors: ask first.
  bool AsBool() const { return std::get<bool>(data_); }
  std::int64_t AsInt() const { return std::get<std::int64_t>(data_); }
  double AsNumber() const {
    return IsInt() ? static_cast<double>(std::get<std::int64_t>(data_)) : std::get<double>(data_);
  }
  const std::string& AsString() const { return std::get<std::string>(data_); }
  const Array& AsArray() const { return std::get<Array>(data_); }
  Array& AsArray() { return std::get<Array>(data_); }
  const Object& AsObject() const { return std::get<Object>(data_); }
  Object& AsObject() { return std::get<Object>(data_); }

  /// The member of an object, or null where this is no object or lacks it.
  const Value* Find(std::string_view name) const;
  /// Replaces or appends a member; makes an object of a null.
  void Set(std::string_view name, Value value);

  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct ParseLimits {
  int depth_max = 64;
  std::size_t size_max = 64u << 20;
};

/// Parses one document. Errors, all kInvalidArgument: not JSON or not UTF-8 (with the byte
/// offset where simdjson tells it), deeper or longer than the limits, and an object that names a
/// member twice (`field` is its path): which of both a client meant cannot be known.
Result<Value> Parse(std::string_view text, const ParseLimits& limits = {});

/// Compact text.
std::string Write(const Value& value);
/// With two blanks of indent a level, for people.
std::string WritePretty(const Value& value);

/// Writes JSON piece by piece into a string without building a tree. The caller opens and
/// closes what it writes; commas are the writer's.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view name);
  Writer& String(std::string_view text);
  Writer& Int(std::int64_t value);
  /// Infinite and NaN have no JSON form: they become null.
  Writer& Double(double value, bool force_point = false);
  Writer& Bool(bool value);
  Writer& Null();
  /// Text that already is JSON.
  Writer& Raw(std::string_view json);
  Writer& Any(const Value& value);
  /// Key and value in one call.
  template <class T>
  Writer& Member(std::string_view name, const T& value) {
    Key(name);
    if constexpr (std::is_same_v<T, bool>) {
      return Bool(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      return Double(value);
    } else if constexpr (std::is_integral_v<T>) {
      return Int(static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, Value>) {
      return Any(value);
    } else {
      return String(value);
    }
  }

 private:
  void Separate();

  std::string& out_;
  bool need_comma_ = false;
};

/// Appends `text` quoted and escaped.
void AppendQuoted(std::string& out, std::string_view text);

}  // namespace securebase::json
