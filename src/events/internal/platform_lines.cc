#include "events/internal/platform_lines.h"

#include <algorithm>

#include "base/text.h"

namespace securebase::events {
namespace {

using Fields = std::vector<DiscoveredField>;

constexpr std::array<std::string_view, PlatformLines::kNames> kLambdaNames = {
    "@type",          "@requestId",    "@duration",    "@billedDuration", "@memorySize",
    "@maxMemoryUsed", "@initDuration", "@xrayTraceId", "@xraySegmentId"};
constexpr std::array<std::string_view, 14> kFlowNames = {
    "version",  "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort",
    "protocol", "packets",   "bytes",       "start",   "end",     "action",  "logStatus"};
constexpr std::array<std::string_view, 10> kDnsNames = {
    "version",      "queryTimestamp", "hostZoneId",   "queryName",  "queryType",
    "responseCode", "protocol",       "edgeLocation", "resolverIp", "ednsClientSubnet"};

// Leaves of Lambda's JSON form that have a field of the text form.
struct JsonSource {
  std::string_view name;
  PlatformLines::Name as;
};
constexpr std::array<JsonSource, 7> kJsonSources = {{
    {"record.requestId", PlatformLines::kRequestId},
    {"record.metrics.durationMs", PlatformLines::kDuration},
    {"record.metrics.billedDurationMs", PlatformLines::kBilledDuration},
    {"record.metrics.memorySizeMB", PlatformLines::kMemorySize},
    {"record.metrics.maxMemoryUsedMB", PlatformLines::kMaxMemoryUsed},
    {"record.metrics.initDurationMs", PlatformLines::kInitDuration},
    {"record.tracing.value", PlatformLines::kTraceId},
}};

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !IsHex(text[i])) return false;
  }
  return true;
}

FieldKind KindOf(std::string_view text) {
  return IsJsonNumber(text) ? FieldKind::kNumber : FieldKind::kString;
}

/// "123 ms" without its unit; empty where it has another.
std::string_view WithoutUnit(std::string_view text, std::string_view unit) {
  if (!text.ends_with(unit)) return {};
  return Trim(text.substr(0, text.size() - unit.size()));
}

/// Cuts at single blanks; 0 where there are not exactly so many columns.
template <std::size_t N>
bool Columns(std::string_view message, std::array<std::string_view, N>& columns) {
  while (message.ends_with('\n') || message.ends_with('\r')) message.remove_suffix(1);
  for (std::size_t i = 0; i < N; ++i) {
    const std::size_t blank = message.find(' ');
    if ((blank == message.npos) != (i + 1 == N)) return false;
    columns[i] = message.substr(0, blank);
    if (columns[i].empty()) return false;
    if (blank != message.npos) message.remove_prefix(blank + 1);
  }
  return true;
}

}  // namespace

bool PlatformLines::IsName(std::string_view name) {
  const auto has = [&](const auto& names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  return has(kLambdaNames) || has(kFlowNames) || has(kDnsNames);
}

PlatformLines::PlatformLines(NameTable& names) : names_(names) {
  const auto ids_of = [&](const auto& all, auto& ids) {
    for (std::size_t i = 0; i < all.size(); ++i) ids[i] = names.IdOf(all[i]);
  };
  ids_of(kLambdaNames, ids_);
  ids_of(kFlowNames, flow_ids_);
  ids_of(kDnsNames, dns_ids_);
  json_type_ = names.IdOf("type");
}

void PlatformLines::Add(Name name, FieldKind kind, std::string_view text, Fields& fields) {
  for (const DiscoveredField& field : fields) {
    if (field.name_id == ids_[name]) return;  // the first one counts
  }
  fields.push_back({.name = kLambdaNames[name], .name_id = ids_[name], .kind = kind, .text = text});
}

void PlatformLines::AddNumber(Name name, std::string_view text, Fields& fields) {
  if (IsJsonNumber(text)) Add(name, FieldKind::kNumber, text, fields);
}

// Lambda's megabytes are a million bytes each.
void PlatformLines::AddMegabytes(Name name, std::string_view text, Fields& fields) {
  const std::optional<double> megabytes = ParseDouble(text);
  if (!megabytes || *megabytes < 0 || *megabytes > 1e9) return;
  scratch_[name] = std::to_string(static_cast<std::int64_t>(*megabytes * 1e6 + 0.5));
  Add(name, FieldKind::kNumber, scratch_[name], fields);
}

void PlatformLines::Discover(std::string_view message, Fields& fields) {
  if (message.empty()) return;
  switch (message.front()) {
    case 'R':
      if (message.starts_with("REPORT RequestId: ")) return DiscoverReport(message, fields);
      break;
    case 'S':
    case 'E': {
      const bool start = message.starts_with("START RequestId: ");
      if (!start && !message.starts_with("END RequestId: ")) break;
      Add(kType, FieldKind::kString, start ? "START" : "END", fields);
      std::string_view id = message.substr(message.find(':') + 2);
      id = id.substr(0, id.find_first_of(" \t\r\n"));
      if (!id.empty()) Add(kRequestId, FieldKind::kString, id, fields);
      return;
    }
    case '1':
      if (DiscoverDns(message, fields)) return;
      break;
    case '2':
      if (DiscoverFlow(message, fields)) return;
      break;
    default:
      break;
  }
  DiscoverApplication(message, fields);
}

void PlatformLines::DiscoverReport(std::string_view message, Fields& fields) {
  Add(kType, FieldKind::kString, "REPORT", fields);
  while (!message.empty()) {
    const std::size_t end = message.find_first_of("\t\n");
    DiscoverReportColumn(Trim(message.substr(0, end)), fields);
    if (end == message.npos) return;
    message.remove_prefix(end + 1);
  }
}

void PlatformLines::DiscoverReportColumn(std::string_view column, Fields& fields) {
  const std::size_t colon = column.find(": ");
  if (colon == column.npos) return;
  const std::string_view key = column.substr(0, colon);
  const std::string_view value = Trim(column.substr(colon + 2));
  if (value.empty()) return;
  if (key == "REPORT RequestId") {
    Add(kRequestId, FieldKind::kString, value, fields);
  } else if (key == "Duration") {
    AddNumber(kDuration, WithoutUnit(value, "ms"), fields);
  } else if (key == "Billed Duration") {
    AddNumber(kBilledDuration, WithoutUnit(value, "ms"), fields);
  } else if (key == "Memory Size") {
    AddMegabytes(kMemorySize, WithoutUnit(value, "MB"), fields);
  } else if (key == "Max Memory Used") {
    AddMegabytes(kMaxMemoryUsed, WithoutUnit(value, "MB"), fields);
  } else if (key == "Init Duration") {
    AddNumber(kInitDuration, WithoutUnit(value, "ms"), fields);
  } else if (key == "XRAY TraceId") {
    Add(kTraceId, FieldKind::kString, value, fields);
  } else if (key == "SegmentId") {
    Add(kSegmentId, FieldKind::kString, value, fields);
  }
}

// "[LEVEL] TAB time TAB id TAB text", "time TAB id TAB LEVEL TAB text" or, when it timed out,
// "time id Task timed out after ...".
void PlatformLines::DiscoverApplication(std::string_view message, Fields& fields) {
  std::string_view rest = message;
  for (int column = 0; column < 3; ++column) {
    const std::size_t end = rest.find_first_of("\t ");
    if (end == rest.npos) return;
    const bool task = rest[end] == ' ';
    const std::string_view word = rest.substr(0, end);
    if (column > 0 && IsUuid(word)) {
      if (task && !rest.substr(end + 1).starts_with("Task timed out")) return;
      Add(kRequestId, FieldKind::kString, word, fields);
      return;
    }
    rest.remove_prefix(end + 1);
  }
}

bool PlatformLines::DiscoverFlow(std::string_view message, Fields& fields) {
  std::array<std::string_view, 14> columns;
  if (!message.starts_with("2 ") || !Columns(message, columns)) return false;
  const std::string_view status = columns[13];
  if (status != "OK" && status != "NODATA" && status != "SKIPDATA") return false;
  if (!IsJsonNumber(columns[10]) || !IsJsonNumber(columns[11])) return false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fields.push_back({.name = kFlowNames[i],
                      .name_id = flow_ids_[i],
                      .kind = KindOf(columns[i]),
                      .text = columns[i]});
  }
  return true;
}

bool PlatformLines::DiscoverDns(std::string_view message, Fields& fields) {
  std::array<std::string_view, 10> columns;
  if (!message.starts_with("1.") || !Columns(message, columns)) return false;
  const std::string_view time = columns[1];
  if (time.size() < 20 || time[4] != '-' || time[10] != 'T' || !time.ends_with('Z')) return false;
  if (columns[6] != "UDP" && columns[6] != "TCP") return false;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const FieldKind kind = i == 0 ? KindOf(columns[i]) : FieldKind::kString;
    fields.push_back(
        {.name = kDnsNames[i], .name_id = dns_ids_[i], .kind = kind, .text = columns[i]});
  }
  return true;
}

void PlatformLines::DiscoverJson(std::string_view message, Fields& fields) {
  // Two looks at the text spare most lines the loop.
  if (message.substr(0, 256).find("platform.") == message.npos) return;
  const auto type = std::find_if(fields.begin(), fields.end(),
                                 [&](const auto& field) { return field.name_id == json_type_; });
  if (type == fields.end() || type->kind != FieldKind::kString) return;
  const std::string_view text = type->text;
  std::string_view name;
  if (text == "platform.start") name = "START";
  if (text == "platform.runtimeDone") name = "END";
  if (text == "platform.report") name = "REPORT";
  if (name.empty()) return;
  Add(kType, FieldKind::kString, name, fields);
  const std::size_t count = fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    const DiscoveredField field = fields[i];
    for (const JsonSource& source : kJsonSources) {
      if (field.name != source.name) continue;
      if (source.as == kMemorySize || source.as == kMaxMemoryUsed) {
        AddMegabytes(source.as, field.text, fields);
      } else if (source.as == kTraceId) {
        std::string_view trace = field.text.substr(0, field.text.find(';'));
        if (trace.starts_with("Root=")) trace.remove_prefix(5);
        Add(kTraceId, FieldKind::kString, trace, fields);
      } else if (source.as == kRequestId || field.kind == FieldKind::kNumber) {
        Add(source.as, field.kind, field.text, fields);
      }
    }
  }
}

}  // namespace securebase::events
