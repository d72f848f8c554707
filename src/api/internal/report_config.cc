#include "api/internal/report_config.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "analytics/query.h"

namespace securebase::api {
namespace {

constexpr std::size_t kConfigBytesMax = 64u << 10;
constexpr std::size_t kEntriesMax = 50;

constexpr std::array<std::string_view, 9> kMembers = {
    "dateRange", "startDate", "endDate", "dimension",      "filters",
    "fields",    "groupBy",   "metrics", "visualizations",
};
constexpr std::array<std::string_view, 9> kVisualizations = {
    "line", "bar", "pie", "gauge", "heatmap", "table", "area", "summary_cards", "trend"};

template <std::size_t n>
bool Contains(const std::array<std::string_view, n>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Error ConfigError(std::string_view field, std::string message) {
  return InvalidArgument("config." + std::string(field), std::move(message));
}

// Texts of an array, or of one text.
Result<std::vector<std::string>> Texts(const json::Value& value, std::string_view field) {
  std::vector<std::string> texts;
  if (value.IsString()) {
    texts.push_back(value.AsString());
    return texts;
  }
  if (!value.IsArray() || value.AsArray().size() > kEntriesMax) {
    return ConfigError(field,
                       "must be a list of at most " + std::to_string(kEntriesMax) + " texts");
  }
  for (const json::Value& entry : value.AsArray()) {
    if (!entry.IsString() || entry.AsString().empty() || entry.AsString().size() > 128) {
      return ConfigError(field, "must hold texts of 1 to 128 bytes");
    }
    texts.push_back(entry.AsString());
  }
  return texts;
}

// "line", or {"type": "line", ..}.
Result<> CheckVisualizations(const json::Value& value) {
  if (!value.IsArray() || value.AsArray().size() > kEntriesMax) {
    return ConfigError("visualizations", "must be a list of at most 50 entries");
  }
  for (const json::Value& entry : value.AsArray()) {
    const json::Value* type = entry.IsObject() ? entry.Find("type") : &entry;
    if (type == nullptr || !type->IsString() || !Contains(kVisualizations, type->AsString())) {
      return ConfigError("visualizations",
                         "must be of line, bar, pie, gauge, heatmap, table, area, summary_cards, "
                         "trend");
    }
  }
  return {};
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ",") + text;
  return joined;
}

json::Value MakeConfig(std::string_view text) {
  Result<json::Value> value = json::Parse(text);
  return value.ok() ? *std::move(value) : json::Value();
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> ReportQueryParameters(
    const json::Value& config) {
  std::vector<std::pair<std::string, std::string>> parameters;
  for (const std::string_view name : {"dateRange", "startDate", "endDate", "dimension"}) {
    const json::Value* value = config.Find(name);
    if (value == nullptr || value->IsNull()) continue;
    if (!value->IsString()) return ConfigError(name, "must be text");
    parameters.emplace_back(name, value->AsString());
  }
  if (const json::Value* filters = config.Find("filters"); filters && !filters->IsNull()) {
    if (!filters->IsObject()) return ConfigError("filters", "must be an object");
    parameters.emplace_back("filters", json::Write(*filters));
  }
  for (const std::string_view name : {"groupBy", "metrics"}) {
    const json::Value* value = config.Find(name);
    if (value == nullptr || value->IsNull()) continue;
    SB_TRY(const std::vector<std::string> names, Texts(*value, name));
    if (!names.empty()) parameters.emplace_back(name, Joined(names));
  }
  return parameters;
}

Result<> CheckReportConfig(const json::Value& config, Instant now) {
  if (!config.IsObject()) return InvalidArgument("config", "must be an object");
  if (json::Write(config).size() > kConfigBytesMax) {
    return InvalidArgument("config", "must have at most 64 KB");
  }
  for (const auto& [name, value] : config.AsObject()) {
    if (!Contains(kMembers, name)) return ConfigError(name, "unknown member");
  }
  if (const json::Value* value = config.Find("fields"); value && !value->IsNull()) {
    SB_TRY_OK(Texts(*value, "fields"));
  }
  if (const json::Value* value = config.Find("visualizations"); value && !value->IsNull()) {
    SB_TRY_OK(CheckVisualizations(*value));
  }
  SB_TRY(auto parameters, ReportQueryParameters(config));
  const Result<analytics::AnalyticsQuery> query = analytics::ParseQuery(parameters, now);
  if (!query.ok()) return ConfigError(query.error().field(), query.error().message());
  return {};
}

const std::vector<ReportTemplate>& BuiltInTemplates() {
  static const std::vector<ReportTemplate> templates = {
      {"cost-analysis", "Cost analysis",
       "Total and trend of 30 days, the ten most expensive services, cost by region.",
       MakeConfig(R"({"dateRange": "30d", "dimension": "service", "groupBy": ["region"],
         "metrics": ["cost", "usage", "count"],
         "visualizations": ["summary_cards", "trend", "bar", "pie", "table"]})")},
      {"security", "Security", "Security score and findings of 7 days by severity and service.",
       MakeConfig(R"({"dateRange": "7d", "dimension": "severity", "groupBy": ["product"],
         "metrics": ["count"],
         "visualizations": ["gauge", "bar", "heatmap", "table"]})")},
      {"compliance", "Compliance",
       "Compliance score of 30 days, controls by category, failed controls.",
       MakeConfig(R"({"dateRange": "30d", "dimension": "compliance", "metrics": ["count"],
         "visualizations": ["gauge", "bar", "table"]})")},
      {"usage", "Usage", "Usage of 30 days by service and region.",
       MakeConfig(R"({"dateRange": "30d", "dimension": "service", "groupBy": ["region"],
         "metrics": ["usage", "count"], "visualizations": ["area", "bar", "table"]})")},
      {"executive-summary", "Executive summary",
       "Key figures and the cost trend of 30 days on one page.",
       MakeConfig(R"({"dateRange": "30d", "dimension": "service", "metrics": ["cost"],
         "visualizations": ["summary_cards", "trend", "pie"]})")},
  };
  return templates;
}

}  // namespace securebase::api
