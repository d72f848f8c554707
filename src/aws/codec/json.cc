#include "aws/codec/json.h"

#include <cmath>
#include <limits>

#include "base/text.h"

namespace securebase::aws::codec {
namespace {

// DynamoDB allows 32 levels of values, each of which is two levels of JSON.
constexpr int kDepthMax = 100;

std::string_view WireTypeName(const json::Value& value) {
  if (value.IsBool()) return value.AsBool() ? "TRUE_VALUE" : "FALSE_VALUE";
  if (value.IsNumber()) return value.IsInt() ? "NUMBER_VALUE" : "DECIMAL_VALUE";
  if (value.IsString()) return "STRING_VALUE";
  return value.IsArray() ? "Start of list" : "Start of structure or map";
}

Error WrongType(const json::Value& value, std::string_view wanted, const std::string& path) {
  return Malformed(path, std::string(WireTypeName(value)) + " cannot be converted to " +
                             std::string(wanted) + (path.empty() ? "" : " at '" + path + "'"));
}

Result<Value> Bind(const Shape& shape, json::Value& value, const std::string& path);

Result<Value> BindStruct(const Shape& shape, json::Value& value, const std::string& path) {
  if (!value.IsObject()) return WrongType(value, "structure", path);
  Value::Struct out;
  for (auto& [name, member_value] : value.AsObject()) {
    SB_TRY(const Member* member, FindMember(shape, name, path));
    if (member_value.IsNull()) continue;
    SB_TRY(Value bound, Bind(*member->shape, member_value, JoinPath(path, name)));
    out.fields.emplace_back(name, std::move(bound));
  }
  return Value(std::move(out));
}

Result<Value> BindList(const Shape& shape, json::Value& value, const std::string& path) {
  if (!value.IsArray()) return WrongType(value, "list", path);
  Value::List out;
  out.reserve(value.AsArray().size());
  for (json::Value& element : value.AsArray()) {
    const std::string at = path + ".member." + std::to_string(out.size() + 1);
    if (element.IsNull()) return Malformed(at, "null is no element of a list at '" + at + "'");
    SB_TRY(Value bound, Bind(*shape.element, element, at));
    out.push_back(std::move(bound));
  }
  return Value(std::move(out));
}

Result<Value> BindMap(const Shape& shape, json::Value& value, const std::string& path) {
  if (!value.IsObject()) return WrongType(value, "map", path);
  Value::Map out;
  for (auto& [key, entry] : value.AsObject()) {
    if (entry.IsNull()) continue;
    SB_TRY(Value bound, Bind(*shape.element, entry, JoinPath(path, key)));
    out.entries.emplace_back(key, std::move(bound));
  }
  return Value(std::move(out));
}

Result<Value> BindDouble(const json::Value& value, const std::string& path) {
  if (value.IsNumber()) return Value(value.AsNumber());
  if (value.IsString()) {
    if (value.AsString() == "NaN") return Value(std::numeric_limits<double>::quiet_NaN());
    if (value.AsString() == "Infinity") return Value(std::numeric_limits<double>::infinity());
    if (value.AsString() == "-Infinity") return Value(-std::numeric_limits<double>::infinity());
  }
  return WrongType(value, "Double", path);
}

Result<Value> BindInt(const json::Value& value, const std::string& path) {
  if (value.IsInt()) return Value(value.AsInt());
  // Some clients write whole numbers with a point.
  if (value.IsDouble() && value.AsNumber() == std::trunc(value.AsNumber()) &&
      std::abs(value.AsNumber()) < 9e15) {
    return Value(static_cast<std::int64_t>(value.AsNumber()));
  }
  return WrongType(value, "Integer", path);
}

Result<Value> BindTime(const json::Value& value, const std::string& path) {
  if (value.IsNumber()) {
    const double seconds = value.AsNumber();
    if (std::abs(seconds) < 1e12) {
      return Value(FromUnixMillis(static_cast<std::int64_t>(std::llround(seconds * 1000))));
    }
    return Malformed(path, "The time at '" + path + "' is out of range");
  }
  if (!value.IsString()) return WrongType(value, "Timestamp", path);
  Result<Instant> time = ParseIsoOrEpoch(value.AsString());
  if (!time.ok()) return Malformed(path, "STRING_VALUE cannot be converted to Timestamp");
  return Value(*time);
}

Result<Value> Bind(const Shape& shape, json::Value& value, const std::string& path) {
  switch (shape.kind) {
    case Shape::Kind::kStruct:
      return BindStruct(shape, value, path);
    case Shape::Kind::kList:
      return BindList(shape, value, path);
    case Shape::Kind::kMap:
      return BindMap(shape, value, path);
    case Shape::Kind::kText:
      if (!value.IsString()) return WrongType(value, "String", path);
      return Value(value.AsString());
    case Shape::Kind::kInt:
      return BindInt(value, path);
    case Shape::Kind::kDouble:
      return BindDouble(value, path);
    case Shape::Kind::kBool:
      if (!value.IsBool()) return WrongType(value, "Boolean", path);
      return Value(value.AsBool());
    case Shape::Kind::kTime:
      return BindTime(value, path);
    case Shape::Kind::kBlob: {
      if (!value.IsString()) return WrongType(value, "Blob", path);
      auto bytes = Base64Decode(value.AsString());
      if (!bytes) return Malformed(path, "The value at '" + path + "' is not base64");
      return Value(Value::Blob{*std::move(bytes)});
    }
    case Shape::Kind::kDocument:
      return Value(std::move(value));
  }
  return WrongType(value, "a known shape", path);
}

void Write(json::Writer& writer, const Value& value);

void WriteFields(json::Writer& writer, const Value::Fields& fields) {
  writer.BeginObject();
  for (const auto& [name, field] : fields) {
    if (field.IsNull()) continue;
    writer.Key(name);
    Write(writer, field);
  }
  writer.EndObject();
}

void WriteDouble(json::Writer& writer, double number) {
  if (std::isnan(number)) {
    writer.String("NaN");
  } else if (std::isinf(number)) {
    writer.String(number > 0 ? "Infinity" : "-Infinity");
  } else {
    writer.Double(number, /*force_point=*/true);
  }
}

void Write(json::Writer& writer, const Value& value) {
  if (const auto* s = value.As<Value::Struct>()) return WriteFields(writer, s->fields);
  if (const auto* m = value.As<Value::Map>()) return WriteFields(writer, m->entries);
  if (const auto* list = value.As<Value::List>()) {
    writer.BeginArray();
    for (const Value& element : *list) Write(writer, element);
    writer.EndArray();
  } else if (const auto* text = value.As<std::string>()) {
    writer.String(*text);
  } else if (const auto* i = value.As<std::int64_t>()) {
    writer.Int(*i);
  } else if (const auto* d = value.As<double>()) {
    WriteDouble(writer, *d);
  } else if (const auto* b = value.As<bool>()) {
    writer.Bool(*b);
  } else if (const auto* t = value.As<Instant>()) {
    writer.Double(static_cast<double>(ToUnixMillis(*t)) / 1000, /*force_point=*/true);
  } else if (const auto* blob = value.As<Value::Blob>()) {
    writer.String(Base64Encode(blob->bytes));
  } else if (const auto* document = value.As<json::Value>()) {
    writer.Any(*document);
  } else if (const auto* raw = value.As<Value::Raw>()) {
    writer.Raw(raw->json);
  } else {
    writer.Null();
  }
}

}  // namespace

Error Malformed(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "SerializationException");
}

Result<Value> DecodeJson(const Shape& shape, std::string_view body) {
  json::Value document = json::Object();
  if (!Trim(body).empty()) {
    Result<json::Value> parsed = json::Parse(body, {.depth_max = kDepthMax});
    if (!parsed.ok()) return Malformed(parsed.error().field(), parsed.error().message());
    document = *std::move(parsed);
  }
  return Bind(shape, document, "");
}

std::string EncodeJson(const Value& value) {
  std::string out;
  json::Writer writer(out);
  if (value.IsNull()) {
    writer.BeginObject().EndObject();
  } else {
    Write(writer, value);
  }
  return out;
}

}  // namespace securebase::aws::codec
