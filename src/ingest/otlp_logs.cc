// OpenTelemetry's logs: protobuf and JSON into the same JSON records. Source: opentelemetry-proto,
// logs/v1 and common/v1.

#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "ingest/log_routes.h"
#include "ingest/wire_reader.h"

namespace securebase::ingest {
namespace {

constexpr int kDepthMax = 32;

Result<json::Value> AnyValue(std::string_view message, int depth);

/// Adds a KeyValue to an object.
Result<> AddKeyValue(std::string_view message, int depth, json::Value& object) {
  std::string key;
  json::Value value;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 1) {
      SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
      key = ToValidUtf8(field.bytes);
    } else if (field.number == 2) {
      SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
      SB_TRY(value, AnyValue(field.bytes, depth + 1));
    }
    return {};
  }));
  object.Set(key, std::move(value));
  return {};
}

Result<json::Value> ArrayValue(std::string_view message, int depth) {
  json::Array array;
  SB_TRY_OK(ForEachField(message, [&](const WireField& one) -> Result<> {
    if (one.number != 1) return {};
    SB_TRY(json::Value element, AnyValue(one.bytes, depth + 1));
    array.push_back(std::move(element));
    return {};
  }));
  return json::Value(std::move(array));
}

Result<json::Value> ObjectValue(std::string_view message, int depth) {
  json::Value object{json::Object()};
  SB_TRY_OK(ForEachField(message, [&](const WireField& one) -> Result<> {
    return one.number == 1 ? AddKeyValue(one.bytes, depth + 1, object) : Result<>();
  }));
  return object;
}

Result<json::Value> AnyValue(std::string_view message, int depth) {
  if (depth > kDepthMax) return InvalidArgument("body", "a value is nested too deeply");
  json::Value value;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    switch (field.number) {
      case 1:
        value = ToValidUtf8(field.bytes);
        break;
      case 2:
        value = field.Bool();
        break;
      case 3:
        value = field.Int();
        break;
      case 4:
        value = field.Double();
        break;
      case 5: {
        SB_TRY(value, ArrayValue(field.bytes, depth));
        break;
      }
      case 6: {
        SB_TRY(value, ObjectValue(field.bytes, depth));
        break;
      }
      case 7:
        value = Base64Encode(field.bytes);
        break;
      default:
        break;
    }
    return {};
  }));
  return value;
}

/// A record as it is stored, and what decides where.
struct Record {
  std::uint64_t time_ns = 0;
  std::uint64_t observed_ns = 0;
  json::Value severity_number, severity_text, body, attributes{json::Object()}, flags;
  std::string trace_id, span_id;  // hexadecimal
};

std::string FirstText(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  if (found != nullptr && found->IsArray() && !found->AsArray().empty()) {
    found = &found->AsArray().front();
  }
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}

void AddRecord(const Record& record, const json::Value& resource, const json::Value& scope,
               const OtlpTarget& target, Instant now, LogBatch& batch) {
  const std::uint64_t ns = record.time_ns != 0 ? record.time_ns : record.observed_ns;
  const Instant time = ns == 0 ? now : FromUnixMillis(static_cast<std::int64_t>(ns / 1'000'000));
  std::string group = target.group;
  if (group.empty()) group = FirstText(resource, "aws.log.group.names");
  if (group.empty()) {
    const std::string service = FirstText(resource, "service.name");
    group = "/otel/" + (service.empty() ? "default" : service);
  }
  std::string stream = target.stream;
  for (const char* name : {"aws.log.stream.names", "service.instance.id", "host.name"}) {
    if (stream.empty()) stream = FirstText(resource, name);
  }
  json::Value out;
  out.Set("resource", json::Object{{"attributes", resource}});
  if (!scope.IsNull()) out.Set("scope", scope);
  out.Set("timeUnixNano", static_cast<std::int64_t>(record.time_ns));
  if (record.observed_ns != 0) {
    out.Set("observedTimeUnixNano", static_cast<std::int64_t>(record.observed_ns));
  }
  if (!record.severity_number.IsNull()) out.Set("severityNumber", record.severity_number);
  if (!record.severity_text.IsNull()) out.Set("severityText", record.severity_text);
  if (!record.body.IsNull()) out.Set("body", record.body);
  out.Set("attributes", record.attributes);
  if (!record.flags.IsNull()) out.Set("flags", record.flags);
  if (!record.trace_id.empty()) out.Set("traceId", record.trace_id);
  if (!record.span_id.empty()) out.Set("spanId", record.span_id);
  batch.Add(GroupNameFrom(group, "/otel/default"), StreamNameFrom(stream, "default"), time,
            json::Write(out));
}

Result<Record> ParseRecord(std::string_view message) {
  Record record;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    switch (field.number) {
      case 1:
        record.time_ns = field.Uint();
        break;
      case 2:
        record.severity_number = field.Int();
        break;
      case 3:
        record.severity_text = ToValidUtf8(field.bytes);
        break;
      case 5: {
        SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
        SB_TRY(record.body, AnyValue(field.bytes, 0));
        break;
      }
      case 6:
        SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
        SB_TRY_OK(AddKeyValue(field.bytes, 0, record.attributes));
        break;
      case 8:
        record.flags = field.Int();
        break;
      case 9:
        record.trace_id = HexEncode(field.bytes);
        break;
      case 10:
        record.span_id = HexEncode(field.bytes);
        break;
      case 11:
        record.observed_ns = field.Uint();
        break;
      default:
        break;
    }
    return {};
  }));
  return record;
}

/// The attributes of a Resource or a scope, in field `number`; a scope's name and version too.
Result<json::Value> ParseScope(std::string_view message) {
  json::Value scope{json::Object()};
  json::Value attributes{json::Object()};
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 1) scope.Set("name", ToValidUtf8(field.bytes));
    if (field.number == 2) scope.Set("version", ToValidUtf8(field.bytes));
    if (field.number == 3) SB_TRY_OK(AddKeyValue(field.bytes, 0, attributes));
    return {};
  }));
  if (!attributes.AsObject().empty()) scope.Set("attributes", std::move(attributes));
  return scope;
}

// ---- JSON ----

const json::Array& ArrayOf(const json::Value& object, std::string_view name) {
  static const json::Array kNone;
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsArray() ? found->AsArray() : kNone;
}

/// 64-bit numbers come as texts or numbers.
std::uint64_t NumberOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  if (found == nullptr) return 0;
  std::int64_t number = 0;
  if (found->IsInt()) number = found->AsInt();
  if (found->IsString()) number = ParseInt(found->AsString()).value_or(0);
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

json::Value PlainAttributes(const json::Array& list, int depth);

json::Value PlainValue(const json::Value& any, int depth) {
  if (depth > kDepthMax) return {};
  if (const auto* v = any.Find("stringValue")) return *v;
  if (const auto* v = any.Find("boolValue")) return *v;
  if (const auto* v = any.Find("intValue")) {
    if (!v->IsString()) return *v;
    const auto number = ParseInt(v->AsString());
    return number ? json::Value(*number) : *v;
  }
  if (const auto* v = any.Find("doubleValue")) return *v;
  if (const auto* v = any.Find("bytesValue")) return *v;
  if (const auto* v = any.Find("arrayValue")) {
    json::Array out;
    for (const json::Value& one : ArrayOf(*v, "values")) out.push_back(PlainValue(one, depth + 1));
    return out;
  }
  if (const auto* v = any.Find("kvlistValue")) {
    return PlainAttributes(ArrayOf(*v, "values"), depth + 1);
  }
  return {};
}

json::Value PlainAttributes(const json::Array& list, int depth) {
  json::Value out{json::Object()};
  for (const json::Value& pair : list) {
    const json::Value* key = pair.Find("key");
    const json::Value* value = pair.Find("value");
    if (key == nullptr || !key->IsString()) continue;
    out.Set(key->AsString(), value == nullptr ? json::Value() : PlainValue(*value, depth));
  }
  return out;
}

Record RecordOf(const json::Value& from) {
  Record record{.time_ns = NumberOf(from, "timeUnixNano"),
                .observed_ns = NumberOf(from, "observedTimeUnixNano"),
                .trace_id = FirstText(from, "traceId"),
                .span_id = FirstText(from, "spanId")};
  if (const auto* v = from.Find("severityNumber")) record.severity_number = *v;
  if (const auto* v = from.Find("severityText")) record.severity_text = *v;
  if (const auto* v = from.Find("body")) record.body = PlainValue(*v, 0);
  if (const auto* v = from.Find("flags")) record.flags = *v;
  record.attributes = PlainAttributes(ArrayOf(from, "attributes"), 0);
  return record;
}

}  // namespace

Result<> ParseOtlpLogs(std::string_view protobuf, const OtlpTarget& target, Instant now,
                       LogBatch& batch) {
  return ForEachField(protobuf, [&](const WireField& of_request) -> Result<> {
    if (of_request.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(of_request, WireField::Type::kBytes));
    json::Value resource{json::Object()};
    std::vector<std::string_view> scopes;
    SB_TRY_OK(ForEachField(of_request.bytes, [&](const WireField& field) -> Result<> {
      if (field.number == 1) {
        return ForEachField(field.bytes, [&](const WireField& one) -> Result<> {
          return one.number == 1 ? AddKeyValue(one.bytes, 0, resource) : Result<>();
        });
      }
      if (field.number == 2) scopes.push_back(field.bytes);
      return {};
    }));
    for (std::string_view scope_logs : scopes) {
      json::Value scope;
      std::vector<Record> records;
      SB_TRY_OK(ForEachField(scope_logs, [&](const WireField& field) -> Result<> {
        if (field.number == 1) {
          SB_TRY(scope, ParseScope(field.bytes));
        }
        if (field.number != 2) return {};
        SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
        SB_TRY(Record record, ParseRecord(field.bytes));
        records.push_back(std::move(record));
        return {};
      }));
      for (const Record& record : records) AddRecord(record, resource, scope, target, now, batch);
    }
    return {};
  });
}

Result<> ParseOtlpLogsJson(std::string_view text, const OtlpTarget& target, Instant now,
                           LogBatch& batch) {
  SB_TRY(const json::Value request, json::Parse(text));
  if (!request.IsObject()) return InvalidArgument("body", "must be a JSON object");
  for (const json::Value& resource_logs : ArrayOf(request, "resourceLogs")) {
    json::Value resource{json::Object()};
    if (const json::Value* found = resource_logs.Find("resource")) {
      resource = PlainAttributes(ArrayOf(*found, "attributes"), 0);
    }
    for (const json::Value& scope_logs : ArrayOf(resource_logs, "scopeLogs")) {
      json::Value scope;
      if (const json::Value* found = scope_logs.Find("scope")) {
        for (const char* name : {"name", "version"}) {
          if (const json::Value* v = found->Find(name)) scope.Set(name, *v);
        }
        if (const json::Array& list = ArrayOf(*found, "attributes"); !list.empty()) {
          scope.Set("attributes", PlainAttributes(list, 0));
        }
      }
      for (const json::Value& record : ArrayOf(scope_logs, "logRecords")) {
        AddRecord(RecordOf(record), resource, scope, target, now, batch);
      }
    }
  }
  return {};
}

}  // namespace securebase::ingest
