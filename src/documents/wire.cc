// Values as the DynamoDB API writes them, and as plain JSON.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "documents/value.h"

namespace securebase::documents {
namespace {

Error Validation(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), {}, "ValidationException");
}

Error Serialization(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), {}, "SerializationException");
}

Error Malformed(std::string_view what) {
  return Validation(fmt::format("One or more parameter values were invalid: {}", what));
}

/// What the service's JSON reader calls a value of a wrong type.
std::string_view TokenName(const json::Value& value) {
  if (value.IsNull()) return "NULL_VALUE";
  if (value.IsBool()) return value.AsBool() ? "TRUE_VALUE" : "FALSE_VALUE";
  if (value.IsNumber()) return "NUMBER_VALUE";
  if (value.IsString()) return "STRING_VALUE";
  return value.IsArray() ? "START_ARRAY" : "START_OBJECT";
}

Error Unconvertible(const json::Value& value, std::string_view wanted) {
  return Serialization(fmt::format("{} cannot be converted to {}", TokenName(value), wanted));
}

Result<std::string> Text(const json::Value& value) {
  if (!value.IsString()) return Unconvertible(value, "String");
  return value.AsString();
}

Result<std::string> Base64(const json::Value& value) {
  if (!value.IsString()) return Unconvertible(value, "Blob");
  auto bytes = Base64Decode(value.AsString());
  if (!bytes) return Serialization("Invalid Base64 in an attribute of type B");
  return *std::move(bytes);
}

Result<std::vector<std::string>> Elements(const json::Value& value, std::string_view kind,
                                          Result<std::string> (*read)(const json::Value&)) {
  if (!value.IsArray()) return Unconvertible(value, "List");
  std::vector<std::string> elements;
  for (const json::Value& element : value.AsArray()) {
    SB_TRY(std::string text, read(element));
    elements.push_back(std::move(text));
  }
  if (elements.empty()) {
    // The service's own words, both blanks included.
    if (kind == "binary") return Malformed("Binary sets should not be empty");
    return Malformed(fmt::format("An {} set  may not be empty", kind));
  }
  return elements;
}

template <class T>
Result<> SortUnique(std::vector<T>& elements) {
  std::sort(elements.begin(), elements.end());
  if (std::adjacent_find(elements.begin(), elements.end()) != elements.end()) {
    return Malformed("Input collection contains duplicates.");
  }
  return {};
}

Result<Value> SetFromWire(std::string_view type, const json::Value& content) {
  if (type == "BS") {
    SB_TRY(std::vector<std::string> elements, Elements(content, "binary", Base64));
    SB_TRY_OK(SortUnique(elements));
    return Value(Value::Data(BinarySet{std::move(elements)}));
  }
  SB_TRY(std::vector<std::string> elements,
         Elements(content, type == "SS" ? "string" : "number", Text));
  if (type == "SS") {
    SB_TRY_OK(SortUnique(elements));
    return Value(Value::Data(StringSet{std::move(elements)}));
  }
  NumberSet set;
  for (const std::string& text : elements) {
    SB_TRY(Number number, Number::Parse(text));
    set.elements.push_back(std::move(number));
  }
  SB_TRY_OK(SortUnique(set.elements));
  return Value(Value::Data(std::move(set)));
}

Result<Item> MapFromWire(const json::Value& wire, int depth_max) {
  if (!wire.IsObject()) return Unconvertible(wire, "Map");
  Item item;
  for (const auto& [name, member] : wire.AsObject()) {
    if (name.empty()) {
      return Validation(
          "One or more parameter values were invalid: An attribute name must be at least one "
          "character long");
    }
    SB_TRY(Value value, FromWire(member, depth_max));
    item.insert_or_assign(name, std::move(value));
  }
  return item;
}

Result<Value> ContainerFromWire(std::string_view type, const json::Value& content, int depth_max) {
  if (depth_max < 1) {
    return Validation("Nesting Levels have exceeded supported limits");
  }
  if (type == "M") {
    SB_TRY(Item map, MapFromWire(content, depth_max - 1));
    return Value(std::move(map));
  }
  if (!content.IsArray()) return Unconvertible(content, "List");
  List list;
  for (const json::Value& element : content.AsArray()) {
    SB_TRY(Value value, FromWire(element, depth_max - 1));
    list.push_back(std::move(value));
  }
  return Value(std::move(list));
}

/// `content` of the one member that an AttributeValue has.
Result<Value> TypedFromWire(std::string_view type, const json::Value& content, int depth_max) {
  if (type == "S") {
    SB_TRY(std::string text, Text(content));
    return Value(std::move(text));
  }
  if (type == "N") {
    SB_TRY(std::string text, Text(content));
    SB_TRY(Number number, Number::Parse(text));
    return Value(std::move(number));
  }
  if (type == "B") {
    SB_TRY(std::string bytes, Base64(content));
    return Value(Value::Data(Binary{std::move(bytes)}));
  }
  if (type == "BOOL" || type == "NULL") {
    if (!content.IsBool()) return Unconvertible(content, "Boolean");
    if (type == "BOOL") return Value(content.AsBool());
    if (!content.AsBool()) {
      return Malformed("Null attribute value types must have the value of true");
    }
    return Value(Null{});
  }
  if (type == "SS" || type == "NS" || type == "BS") return SetFromWire(type, content);
  if (type == "M" || type == "L") return ContainerFromWire(type, content, depth_max);
  return Validation(
      "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
}

json::Value Strings(const std::vector<std::string>& elements) {
  json::Array array(elements.begin(), elements.end());
  return array;
}

json::Value Base64Strings(const std::vector<std::string>& elements) {
  json::Array array;
  for (const std::string& bytes : elements) array.emplace_back(Base64Encode(bytes));
  return array;
}

struct WireWriter {
  json::Value operator()(const Null&) const { return true; }
  json::Value operator()(const std::string& s) const { return s; }
  json::Value operator()(const Number& n) const { return n.text(); }
  json::Value operator()(const Binary& b) const { return Base64Encode(b.bytes); }
  json::Value operator()(bool b) const { return b; }
  json::Value operator()(const List& list) const {
    json::Array array;
    for (const Value& element : list) array.push_back(ToWire(element));
    return array;
  }
  json::Value operator()(const Item& map) const { return ToWire(map); }
  json::Value operator()(const StringSet& set) const { return Strings(set.elements); }
  json::Value operator()(const BinarySet& set) const { return Base64Strings(set.elements); }
  json::Value operator()(const NumberSet& set) const {
    json::Array array;
    for (const Number& n : set.elements) array.emplace_back(n.text());
    return array;
  }
};

json::Value NumberToJson(const Number& n) {
  if (auto whole = ParseInt(n.text())) return *whole;
  return n.ToDouble();
}

struct JsonWriter {
  json::Value operator()(const Null&) const { return nullptr; }
  json::Value operator()(const std::string& s) const { return s; }
  json::Value operator()(const Number& n) const { return NumberToJson(n); }
  json::Value operator()(const Binary& b) const { return Base64Encode(b.bytes); }
  json::Value operator()(bool b) const { return b; }
  json::Value operator()(const List& list) const {
    json::Array array;
    for (const Value& element : list) array.push_back(ToJson(element));
    return array;
  }
  json::Value operator()(const Item& map) const { return ToJson(map); }
  json::Value operator()(const StringSet& set) const { return Strings(set.elements); }
  json::Value operator()(const BinarySet& set) const { return Base64Strings(set.elements); }
  json::Value operator()(const NumberSet& set) const {
    json::Array array;
    for (const Number& n : set.elements) array.push_back(NumberToJson(n));
    return array;
  }
};

}  // namespace

json::Value ToWire(const Value& value) {
  json::Object object;
  object.emplace_back(std::string(value.type()), std::visit(WireWriter{}, value.data()));
  return object;
}

json::Value ToWire(const Item& item) {
  json::Object object;
  for (const auto& [name, value] : item) object.emplace_back(name, ToWire(value));
  return object;
}

Result<Value> FromWire(const json::Value& wire, int depth_max) {
  if (wire.IsString()) return Value(wire.AsString());
  if (wire.IsBool()) return Value(wire.AsBool());
  if (wire.IsInt()) return Value(wire.AsInt());
  if (wire.IsDouble()) return Value(Number::FromDouble(wire.AsNumber()));
  if (!wire.IsObject()) return Unconvertible(wire, "AttributeValue");
  if (wire.AsObject().size() > 1) {
    return Validation(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
        "supported datatypes");
  }
  if (wire.AsObject().empty()) {
    return Validation(
        "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  const auto& [type, content] = wire.AsObject().front();
  return TypedFromWire(type, content, depth_max);
}

Result<Item> ItemFromWire(const json::Value& wire) { return MapFromWire(wire, 32); }

json::Value ToJson(const Value& value) { return std::visit(JsonWriter{}, value.data()); }

json::Value ToJson(const Item& item) {
  json::Object object;
  for (const auto& [name, value] : item) object.emplace_back(name, ToJson(value));
  return object;
}

Value FromJson(const json::Value& value) {
  if (value.IsNull()) return Value(Null{});
  if (value.IsBool()) return Value(value.AsBool());
  if (value.IsInt()) return Value(value.AsInt());
  if (value.IsDouble()) return Value(Number::FromDouble(value.AsNumber()));
  if (value.IsString()) return Value(value.AsString());
  if (value.IsArray()) {
    List list;
    for (const json::Value& element : value.AsArray()) list.push_back(FromJson(element));
    return Value(std::move(list));
  }
  Item item;
  for (const auto& [name, member] : value.AsObject()) {
    item.insert_or_assign(name, FromJson(member));
  }
  return Value(std::move(item));
}

}  // namespace securebase::documents
