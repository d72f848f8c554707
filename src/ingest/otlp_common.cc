#include "ingest/otlp_common.h"

#include <limits>

#include "base/bytes.h"
#include "base/text.h"
#include "ingest/ingest.h"

namespace securebase::ingest {
namespace {

using Type = WireField::Type;

constexpr int kDepthMax = 32;

Error TooDeep() { return InvalidArgument("body", "an attribute is nested too deep"); }

std::string TextOf(std::string_view bytes) {
  return IsValidUtf8(bytes) ? std::string(bytes) : ToValidUtf8(bytes);
}

std::string_view MediaType(const http::Request& request) {
  const std::string_view type = request.headers.Get("Content-Type");
  return Trim(type.substr(0, type.find(';')));
}

Result<json::Value> ReadArrayValue(std::string_view message, int depth) {
  json::Array array;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    SB_TRY(json::Value value, ReadAnyValue(field.bytes, depth + 1));
    array.push_back(std::move(value));
    return {};
  }));
  return json::Value(std::move(array));
}

Result<> ReadKeyValueAt(std::string_view message, OtlpAttributes& into, int depth) {
  std::string name;
  json::Value value;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number > 2) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    if (field.number == 1) {
      name = TextOf(field.bytes);
      return {};
    }
    SB_TRY(value, ReadAnyValue(field.bytes, depth));
    return {};
  }));
  into.emplace_back(std::move(name), std::move(value));
  return {};
}

Result<json::Value> ReadObjectValue(std::string_view message, int depth) {
  OtlpAttributes members;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    return ReadKeyValueAt(field.bytes, members, depth + 1);
  }));
  return json::Value(json::Object(std::move(members)));
}

}  // namespace

std::string OtlpText(const json::Value& value) {
  if (value.IsString()) return value.AsString();
  return value.IsNull() ? std::string() : json::Write(value);
}

std::string OtlpAttribute(const OtlpAttributes& attributes, std::string_view name) {
  for (const auto& [key, value] : attributes) {
    if (key == name) return OtlpText(value);
  }
  return {};
}

Result<json::Value> ReadAnyValue(std::string_view message, int depth) {
  if (depth > kDepthMax) return TooDeep();
  json::Value value;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    switch (field.number) {
      case 1:
        SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
        value = json::Value(TextOf(field.bytes));
        return {};
      case 2:
        SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
        value = json::Value(field.Bool());
        return {};
      case 3:
        SB_TRY_OK(WireReader::Expect(field, Type::kVarint));
        value = json::Value(field.Int());
        return {};
      case 4:
        SB_TRY_OK(WireReader::Expect(field, Type::kFixed64));
        value = json::Value(field.Double());
        return {};
      case 5: {
        SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
        SB_TRY(value, ReadArrayValue(field.bytes, depth));
        return {};
      }
      case 6: {
        SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
        SB_TRY(value, ReadObjectValue(field.bytes, depth));
        return {};
      }
      case 7:
        SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
        value = json::Value(Base64Encode(field.bytes));
        return {};
      default:
        return {};
    }
  }));
  return value;
}

Result<> ReadKeyValue(std::string_view message, OtlpAttributes& into) {
  return ReadKeyValueAt(message, into, 0);
}

Result<OtlpResource> ReadOtlpResource(std::string_view message) {
  OtlpResource resource;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    return ReadKeyValue(field.bytes, resource.attributes);
  }));
  return resource;
}

Result<OtlpScope> ReadOtlpScope(std::string_view message) {
  OtlpScope scope;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number > 3) return {};
    SB_TRY_OK(WireReader::Expect(field, Type::kBytes));
    if (field.number == 1) scope.name = TextOf(field.bytes);
    if (field.number == 2) scope.version = TextOf(field.bytes);
    if (field.number == 3) return ReadKeyValue(field.bytes, scope.attributes);
    return {};
  }));
  return scope;
}

Result<std::int64_t> ReadOtlpInt(const json::Value* value, std::string_view name) {
  if (value == nullptr || value->IsNull()) return std::int64_t{0};
  if (value->IsInt()) return value->AsInt();
  if (value->IsString()) {
    if (const auto number = ParseInt(value->AsString())) return *number;
  }
  return InvalidArgument(std::string(name), std::string(name) + " must be an integer");
}

Result<double> ReadOtlpDouble(const json::Value* value, std::string_view name) {
  if (value == nullptr || value->IsNull()) return 0.0;
  if (value->IsNumber()) return value->AsNumber();
  if (value->IsString()) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (value->AsString() == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (value->AsString() == "Infinity") return kInfinity;
    if (value->AsString() == "-Infinity") return -kInfinity;
    if (const auto number = ParseDouble(value->AsString())) return *number;
  }
  return InvalidArgument(std::string(name), std::string(name) + " must be a number");
}

Result<json::Value> ReadAnyValue(const json::Value& value, int depth) {
  if (depth > kDepthMax) return TooDeep();
  if (const json::Value* text = value.Find("stringValue")) {
    if (text->IsString()) return json::Value(text->AsString());
    return InvalidArgument("stringValue", "stringValue must be a text");
  }
  if (const json::Value* flag = value.Find("boolValue")) {
    if (flag->IsBool()) return json::Value(flag->AsBool());
    return InvalidArgument("boolValue", "boolValue must be true or false");
  }
  if (const json::Value* number = value.Find("intValue")) {
    SB_TRY(const std::int64_t integer, ReadOtlpInt(number, "intValue"));
    return json::Value(integer);
  }
  if (const json::Value* number = value.Find("doubleValue")) {
    SB_TRY(const double real, ReadOtlpDouble(number, "doubleValue"));
    return json::Value(real);
  }
  if (const json::Value* bytes = value.Find("bytesValue")) return *bytes;
  if (const json::Value* list = value.Find("arrayValue")) {
    json::Array array;
    SB_TRY_OK(ForEachElement(list->Find("values"), "values", [&](const json::Value& v) -> Result<> {
      SB_TRY(json::Value element, ReadAnyValue(v, depth + 1));
      array.push_back(std::move(element));
      return {};
    }));
    return json::Value(std::move(array));
  }
  if (const json::Value* list = value.Find("kvlistValue")) {
    json::Object object;
    SB_TRY_OK(ForEachElement(list->Find("values"), "values", [&](const json::Value& v) -> Result<> {
      const json::Value* key = v.Find("key");
      const json::Value* inner = v.Find("value");
      SB_TRY(json::Value element,
             ReadAnyValue(inner == nullptr ? json::Value() : *inner, depth + 1));
      object.emplace_back(key != nullptr && key->IsString() ? key->AsString() : std::string(),
                          std::move(element));
      return {};
    }));
    return json::Value(std::move(object));
  }
  return json::Value();
}

Result<OtlpAttributes> ReadOtlpAttributes(const json::Value* value) {
  OtlpAttributes attributes;
  SB_TRY_OK(ForEachElement(value, "attributes", [&](const json::Value& pair) -> Result<> {
    const json::Value* key = pair.Find("key");
    if (key == nullptr || !key->IsString()) {
      return InvalidArgument("attributes", "an attribute must have a key");
    }
    const json::Value* inner = pair.Find("value");
    SB_TRY(json::Value read, ReadAnyValue(inner == nullptr ? json::Value() : *inner, 0));
    attributes.emplace_back(key->AsString(), std::move(read));
    return {};
  }));
  return attributes;
}

Result<OtlpResource> ReadOtlpResource(const json::Value* value) {
  OtlpResource resource;
  if (value != nullptr) {
    SB_TRY(resource.attributes, ReadOtlpAttributes(value->Find("attributes")));
  }
  return resource;
}

Result<OtlpScope> ReadOtlpScope(const json::Value* value) {
  OtlpScope scope;
  if (value == nullptr) return scope;
  const json::Value* name = value->Find("name");
  const json::Value* version = value->Find("version");
  if (name != nullptr && name->IsString()) scope.name = name->AsString();
  if (version != nullptr && version->IsString()) scope.version = version->AsString();
  SB_TRY(scope.attributes, ReadOtlpAttributes(value->Find("attributes")));
  return scope;
}

Result<OtlpEncoding> OtlpEncodingOf(const http::Request& request) {
  const std::string_view type = MediaType(request);
  if (EqualsIgnoreCase(type, "application/x-protobuf")) return OtlpEncoding::kProtobuf;
  if (EqualsIgnoreCase(type, "application/json")) return OtlpEncoding::kJson;
  return InvalidArgument("Content-Type",
                         "the Content-Type must be application/x-protobuf or application/json");
}

http::Response OtlpAnswer(OtlpEncoding encoding, std::uint64_t rejected,
                          std::string_view rejected_member, std::string_view message) {
  http::Response response = http::Response::Json(200, "{}");
  const bool partial = rejected > 0 || !message.empty();
  if (encoding == OtlpEncoding::kJson) {
    if (!partial) return response;
    response.body.clear();
    json::Writer(response.body)
        .BeginObject()
        .Key("partialSuccess")
        .BeginObject()
        .Member(rejected_member, std::to_string(rejected))
        .Member("errorMessage", message)
        .EndObject()
        .EndObject();
    return response;
  }
  std::string inner;
  if (rejected > 0) {
    inner.push_back(0x08);  // field 1, a varint
    PutVarint(inner, rejected);
  }
  if (!message.empty()) {
    inner.push_back(0x12);  // field 2, bytes
    PutBytes(inner, message);
  }
  response.body.clear();
  if (partial) {
    response.body.push_back(0x0A);  // field 1, a message
    PutBytes(response.body, inner);
  }
  response.headers.Set("Content-Type", "application/x-protobuf");
  return response;
}

http::Response OtlpRefusal(const http::Request& request, const Error& error) {
  // Of google.rpc.Code; clients go by the HTTP status.
  constexpr int kInvalidArgumentCode = 3, kUnavailableCode = 14;
  const int code = StatusOf(error) == 503 ? kUnavailableCode : kInvalidArgumentCode;
  http::Response response = ErrorText(request, error);
  const bool json = EqualsIgnoreCase(MediaType(request), "application/json");
  response.body.clear();
  if (json) {
    json::Writer(response.body)
        .BeginObject()
        .Member("code", code)
        .Member("message", error.message())
        .EndObject();
  } else {
    response.body.push_back(0x08);
    PutVarint(response.body, static_cast<std::uint64_t>(code));
    response.body.push_back(0x12);
    PutBytes(response.body, error.message());
  }
  response.headers.Set("Content-Type", json ? "application/json" : "application/x-protobuf");
  return response;
}

}  // namespace securebase::ingest
