#pragma once

// What OTLP's signals share: attributes, resources, scopes, and the answers of OTLP/HTTP.
// Source: opentelemetry-proto 1.x, common.proto and resource.proto; OTLP specification 1.x.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"
#include "base/json.h"
#include "base/result.h"
#include "ingest/wire_reader.h"

namespace securebase::ingest {

/// Names and values in the sender's order. A value is a text, number, boolean, array or object;
/// bytes are base64.
using OtlpAttributes = std::vector<std::pair<std::string, json::Value>>;

struct OtlpResource {
  OtlpAttributes attributes;
};

struct OtlpScope {
  std::string name;
  std::string version;
  OtlpAttributes attributes;
};

/// The value as a text: a text as it stands, everything else as JSON.
std::string OtlpText(const json::Value& value);
/// The attribute as a text; empty where it is absent.
std::string OtlpAttribute(const OtlpAttributes& attributes, std::string_view name);

// From protobuf bytes. Errors: kInvalidArgument.
Result<json::Value> ReadAnyValue(std::string_view message, int depth = 0);
Result<> ReadKeyValue(std::string_view message, OtlpAttributes& into);
Result<OtlpResource> ReadOtlpResource(std::string_view message);
Result<OtlpScope> ReadOtlpScope(std::string_view message);

// From JSON. Members that are absent or null are empty. Errors: kInvalidArgument.
Result<json::Value> ReadAnyValue(const json::Value& value, int depth = 0);
Result<OtlpAttributes> ReadOtlpAttributes(const json::Value* value);
Result<OtlpResource> ReadOtlpResource(const json::Value* value);
Result<OtlpScope> ReadOtlpScope(const json::Value* value);
/// A 64-bit integer, which JSON writes as a text or a number. An absent one is 0.
Result<std::int64_t> ReadOtlpInt(const json::Value* value, std::string_view name);
/// A number, or one of "NaN", "Infinity", "-Infinity". An absent one is 0.
Result<double> ReadOtlpDouble(const json::Value* value, std::string_view name);
/// Calls `each(const json::Value&) -> Result<>` for the elements of an array; none where absent.
template <class Each>
Result<> ForEachElement(const json::Value* value, std::string_view name, Each&& each) {
  if (value == nullptr || value->IsNull()) return {};
  if (!value->IsArray()) return InvalidArgument(std::string(name), "must be an array");
  for (const json::Value& element : value->AsArray()) SB_TRY_OK(each(element));
  return {};
}

enum class OtlpEncoding { kProtobuf, kJson };
/// By the Content-Type. Error: kInvalidArgument (field "Content-Type", which is a 415).
Result<OtlpEncoding> OtlpEncodingOf(const http::Request& request);
/// Status 200: what was taken, with how many elements were not, and why. `rejected_member`:
/// "rejectedDataPoints" or "rejectedLogRecords".
http::Response OtlpAnswer(OtlpEncoding encoding, std::uint64_t rejected,
                          std::string_view rejected_member, std::string_view message);
/// A google.rpc.Status in the request's own encoding.
http::Response OtlpRefusal(const http::Request& request, const Error& error);

}  // namespace securebase::ingest
