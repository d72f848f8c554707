#pragma once

// Attribute values and items, as DynamoDB defines them.

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace securebase::documents {

/// A decimal number of up to 38 significant digits, kept as normalised text ("1E+2" is "100";
/// beyond 38 digits before the point "1E+40").
/// Range 1e-130 to 9.9..e125 in magnitude, and 0.
class Number {
 public:
  Number() = default;
  /// kInvalidArgument for anything else than a number in range.
  static Result<Number> Parse(std::string_view text);
  static Number FromInt(std::int64_t value);
  static Number FromDouble(double value);

  const std::string& text() const { return text_; }
  double ToDouble() const;
  /// Bytes that compare (memcmp) as the numbers do; for keys.
  std::string OrderedBytes() const;

  friend Result<Number> Add(const Number& a, const Number& b);
  friend Result<Number> Subtract(const Number& a, const Number& b);
  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const { return text_ == other.text_; }

 private:
  std::string text_ = "0";
};

class Value;
using List = std::vector<Value>;
/// Sorted by name.
using Item = std::map<std::string, Value, std::less<>>;

struct Binary {
  std::string bytes;
  bool operator==(const Binary&) const = default;
};
struct StringSet {
  std::vector<std::string> elements;  // sorted, unique, not empty
  bool operator==(const StringSet&) const = default;
};
struct NumberSet {
  std::vector<Number> elements;
  bool operator==(const NumberSet&) const = default;
};
struct BinarySet {
  std::vector<std::string> elements;
  bool operator==(const BinarySet&) const = default;
};
struct Null {
  bool operator==(const Null&) const = default;
};

/// One attribute value: exactly one of the ten types.
class Value {
 public:
  using Data = std::variant<Null, std::string, Number, Binary, bool, List, Item, StringSet,
                            NumberSet, BinarySet>;

  Value() = default;
  Value(Data data) : data_(std::move(data)) {}
  Value(std::string s) : data_(std::move(s)) {}
  Value(std::string_view s) : data_(std::string(s)) {}
  Value(const char* s) : data_(std::string(s)) {}
  Value(Number n) : data_(std::move(n)) {}
  Value(bool b) : data_(b) {}
  Value(std::int64_t n) : data_(Number::FromInt(n)) {}
  Value(List l) : data_(std::move(l)) {}
  Value(Item m) : data_(std::move(m)) {}

  const Data& data() const { return data_; }
  Data& data() { return data_; }
  /// "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS" or "BS".
  std::string_view type() const;
  /// The text of an S, or null.
  const std::string* string() const { return std::get_if<std::string>(&data_); }
  const Number* number() const { return std::get_if<Number>(&data_); }
  const bool* boolean() const { return std::get_if<bool>(&data_); }
  const List* list() const { return std::get_if<List>(&data_); }
  const Item* map() const { return std::get_if<Item>(&data_); }

  bool operator==(const Value&) const = default;

 private:
  Data data_;
};

/// The text of item[name] when it is an S, else empty.
std::string StringAttribute(const Item& item, std::string_view name);

/// Bytes of an item as DynamoDB counts them (names and values); at most 400 KB are allowed.
std::size_t ItemSize(const Item& item);
/// Bytes of a number, by its normalised text: one per two significant digits, one for the exponent,
/// one for the sign.
std::size_t NumberTextSize(std::string_view text);

/// Compact binary form and back; Decode refuses damaged bytes.
std::string EncodeItem(const Item& item);
Result<Item> DecodeItem(std::string_view bytes);

/// {"S": ".."} form of the wire, and back. A bare string, number or boolean is taken as S, N, BOOL
/// (docs/decisions). Errors carry the wire code ValidationException or SerializationException.
json::Value ToWire(const Value& value);
json::Value ToWire(const Item& item);
Result<Value> FromWire(const json::Value& wire, int depth_max = 32);
Result<Item> ItemFromWire(const json::Value& wire);

/// Plain JSON ("abc", 3, [..]) and back, for documents of our own.
json::Value ToJson(const Value& value);
json::Value ToJson(const Item& item);
Value FromJson(const json::Value& value);

}  // namespace securebase::documents
