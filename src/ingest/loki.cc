// Loki's push API: JSON and protobuf. Source: Grafana Loki, HTTP API, "Ingest logs".

#include <algorithm>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "ingest/log_routes.h"
#include "ingest/wire_reader.h"

namespace securebase::ingest {
namespace {

using Labels = std::map<std::string, std::string>;

/// Where the entries of a stream go.
struct Target {
  std::string group;
  std::string stream;
};

Target TargetOf(const Labels& labels) {
  const auto text = [&](const char* name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
  };
  std::string group = text("log_group");
  for (const char* name : {"service_name", "job", "app"}) {
    if (group.empty() && !text(name).empty()) group = "/loki/" + text(name);
  }
  std::string stream = text("log_stream");
  if (stream.empty()) {
    for (const auto& [name, value] : labels) {
      if (name == "log_group") continue;
      stream += (stream.empty() ? "" : ",") + name + "=" + value;
    }
  }
  return {GroupNameFrom(group, "/loki/default"), StreamNameFrom(stream, "default")};
}

/// The line as it is; with structured metadata, an object that holds both.
std::string MessageOf(std::string_view line, const json::Value& metadata) {
  if (!metadata.IsObject() || metadata.AsObject().empty()) return std::string(line);
  json::Value out;
  out.Set("message", line);
  for (const auto& [name, value] : metadata.AsObject()) out.Set(name, value);
  return json::Write(out);
}

/// `{a="b", c="d"}`, as the protobuf form writes labels.
Result<Labels> ParseLabels(std::string_view text) {
  const Error bad = InvalidArgument("labels", "cannot be parsed: " + ToValidUtf8(text));
  Labels labels;
  text = Trim(text);
  if (!text.starts_with("{") || !text.ends_with("}")) return bad;
  text = text.substr(1, text.size() - 2);
  std::size_t at = 0;
  const auto skip = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == ',')) ++at;
  };
  for (skip(); at < text.size(); skip()) {
    const std::size_t equals = text.find('=', at);
    if (equals == text.npos || equals + 1 >= text.size() || text[equals + 1] != '"') return bad;
    const std::string name(Trim(text.substr(at, equals - at)));
    std::string value;
    for (at = equals + 2; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at];
    }
    if (at == text.size() || name.empty()) return bad;
    ++at;
    labels[name] = ToValidUtf8(value);
  }
  return labels;
}

struct Entry {
  Instant time;
  std::string_view line;
  json::Value metadata;
};

Result<Entry> ParseEntry(std::string_view message) {
  Entry entry;
  SB_TRY_OK(ForEachField(message, [&](const WireField& field) -> Result<> {
    if (field.number == 1) {
      SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
      std::int64_t seconds = 0, nanos = 0;
      SB_TRY_OK(ForEachField(field.bytes, [&](const WireField& part) -> Result<> {
        if (part.number == 1) seconds = part.Int();
        if (part.number == 2) nanos = part.Int();
        return {};
      }));
      constexpr std::int64_t kSecondsMax = 253'402'300'799;
      seconds = std::clamp<std::int64_t>(seconds, 0, kSecondsMax);
      nanos = std::clamp<std::int64_t>(nanos, 0, 999'999'999);
      entry.time = FromUnixMillis(seconds * 1000 + nanos / 1'000'000);
    } else if (field.number == 2) {
      SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
      entry.line = field.bytes;
    } else if (field.number == 3) {
      std::string name, value;
      SB_TRY_OK(ForEachField(field.bytes, [&](const WireField& part) -> Result<> {
        if (part.number == 1) name = ToValidUtf8(part.bytes);
        if (part.number == 2) value = ToValidUtf8(part.bytes);
        return {};
      }));
      entry.metadata.Set(name, value);
    }
    return {};
  }));
  return entry;
}

}  // namespace

Result<> ParseLokiPush(std::string_view protobuf, LogBatch& batch) {
  return ForEachField(protobuf, [&](const WireField& of_request) -> Result<> {
    if (of_request.number != 1) return {};
    SB_TRY_OK(WireReader::Expect(of_request, WireField::Type::kBytes));
    std::string_view labels_text;
    std::vector<Entry> entries;
    SB_TRY_OK(ForEachField(of_request.bytes, [&](const WireField& field) -> Result<> {
      if (field.number == 1) labels_text = field.bytes;
      if (field.number != 2) return {};
      SB_TRY_OK(WireReader::Expect(field, WireField::Type::kBytes));
      SB_TRY(Entry entry, ParseEntry(field.bytes));
      entries.push_back(std::move(entry));
      return {};
    }));
    SB_TRY(const Labels labels, ParseLabels(labels_text));
    const Target target = TargetOf(labels);
    for (const Entry& entry : entries) {
      batch.Add(target.group, target.stream, entry.time, MessageOf(entry.line, entry.metadata));
    }
    return {};
  });
}

Result<> ParseLokiPushJson(std::string_view text, LogBatch& batch) {
  SB_TRY(const json::Value request, json::Parse(text));
  const json::Value* streams = request.Find("streams");
  if (streams == nullptr || !streams->IsArray()) {
    return InvalidArgument("streams", "must be an array");
  }
  for (const json::Value& stream : streams->AsArray()) {
    Labels labels;
    if (const json::Value* found = stream.Find("stream"); found != nullptr && found->IsObject()) {
      for (const auto& [name, value] : found->AsObject()) {
        if (!value.IsString()) return InvalidArgument("stream." + name, "must be a string");
        labels[name] = value.AsString();
      }
    }
    const Target target = TargetOf(labels);
    const json::Value* values = stream.Find("values");
    if (values == nullptr || !values->IsArray()) {
      return InvalidArgument("values", "must be an array");
    }
    for (const json::Value& value : values->AsArray()) {
      const bool good = value.IsArray() && value.AsArray().size() >= 2 &&
                        value.AsArray()[0].IsString() && value.AsArray()[1].IsString();
      const auto ns = good ? ParseInt(value.AsArray()[0].AsString()) : std::nullopt;
      if (!ns) {
        return InvalidArgument("values", "each must be [\"<nanoseconds>\", \"<line>\"]");
      }
      const json::Array& parts = value.AsArray();
      batch.Add(target.group, target.stream, FromUnixMillis(*ns / 1'000'000),
                MessageOf(parts[1].AsString(), parts.size() > 2 ? parts[2] : json::Value()));
    }
  }
  return {};
}

}  // namespace securebase::ingest
