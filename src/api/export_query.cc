#include "api/export_query.h"

#include <algorithm>
#include <string>
#include <utility>

#include "analytics/query.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using documents::Item;

// The members of a report's config that shape its rows; the others say how it looks.
constexpr std::string_view kReportQueryMembers[] = {
    "dateRange", "startDate", "endDate", "dimension", "filters", "groupBy", "metrics"};

Error Under(std::string_view parent, const Error& error) {
  const std::string field =
      std::string(parent) + (error.field().empty() ? "" : "." + error.field());
  return Error(error.code(), error.message(), field, error.wire_code());
}

// The text that the parameter would have in a query string.
Result<std::string> ParameterText(const std::string& name, const json::Value& value) {
  if (value.IsString()) return value.AsString();
  if (value.IsNumber() || (value.IsObject() && name == "filters")) return json::Write(value);
  if (value.IsArray()) {
    std::string joined;
    for (const json::Value& entry : value.AsArray()) {
      if (!entry.IsString()) return InvalidArgument(name, "must be a list of texts");
      joined += (joined.empty() ? "" : ",") + entry.AsString();
    }
    return joined;
  }
  return InvalidArgument(name, "must not be " + std::string(value.TypeName()));
}

Result<analytics::Parameters> ToParameters(const json::Value& query) {
  if (!query.IsObject()) return InvalidArgument("", "must be an object");
  analytics::Parameters parameters;
  for (const auto& [name, value] : query.AsObject()) {
    if (value.IsNull()) continue;
    SB_TRY(std::string text, ParameterText(name, value));
    parameters.emplace_back(name, std::move(text));
  }
  return parameters;
}

json::Value ToJson(query::Cell cell, bool is_date) {
  if (!cell.present) return {};
  switch (cell.type) {
    case query::Type::kBool:
      return cell.integer != 0;
    case query::Type::kInt64:
      return cell.integer;
    case query::Type::kDouble:
      return cell.real;
    case query::Type::kString:
      return std::move(cell.text);
    case query::Type::kTime:
      break;
  }
  const Instant instant = FromUnixMillis(cell.integer);
  return is_date ? FormatDate(instant) : FormatIso(instant);
}

reports::ExportTable ToTable(analytics::QueryResult result, std::string title) {
  reports::ExportTable table{.title = std::move(title)};
  for (const analytics::ResultColumn& column : result.columns) {
    table.columns.push_back({.name = column.name});
  }
  table.rows.reserve(result.rows.size());
  for (std::vector<query::Cell>& cells : result.rows) {
    json::Array& row = table.rows.emplace_back();
    for (std::size_t c = 0; c < cells.size(); ++c) {
      row.push_back(ToJson(std::move(cells[c]), result.columns[c].name == "date"));
    }
  }
  reports::DetectColumnTypes(table);
  return table;
}

class Queries {
 public:
  Queries(const analytics::AnalyticsService& analytics, const documents::DocumentStore& documents,
          const documents::ProductTables& tables, const Clock& clock)
      : analytics_(analytics), documents_(documents), tables_(tables), clock_(clock) {}

  Result<reports::ExportTable> RunQuery(const Caller& caller, const json::Value& query) const {
    auto table = Run(caller, query, {});
    if (!table.ok()) return Under("query", table.error());
    return table;
  }

  Result<reports::ExportTable> RunReport(const Caller& caller, std::string_view id) const {
    const Item key{{"customer_id", caller.customer.id}, {"id", id}};
    const auto found = documents_.Get(caller.customer.account, tables_.reports, key);
    // An account whose customers have no reports yet has no table of them either.
    if (!found.ok() && found.error().code() != ErrorCode::kNotFound) return found.error();
    if (!found.ok() || !*found) return NotFound("no such report");
    const json::Value report = documents::ToJson((*found)->item);
    const json::Value* config = report.Find("config");
    json::Value query{json::Object{}};
    for (const std::string_view name : kReportQueryMembers) {
      const json::Value* value = config == nullptr ? nullptr : config->Find(name);
      if (value != nullptr) query.Set(name, *value);
    }
    auto table = Run(caller, query, documents::StringAttribute((*found)->item, "name"));
    if (!table.ok()) return Under("config", table.error());
    const json::Value* fields = config == nullptr ? nullptr : config->Find("fields");
    if (fields != nullptr && fields->IsArray() && !fields->AsArray().empty()) {
      return Choose(*std::move(table), fields->AsArray());
    }
    return table;
  }

 private:
  Result<reports::ExportTable> Run(const Caller& caller, const json::Value& query,
                                   std::string title) const {
    SB_TRY(const analytics::Parameters parameters, ToParameters(query));
    SB_TRY(analytics::AnalyticsQuery parsed, analytics::ParseQuery(parameters, clock_.Now()));
    if (analytics::FindParameter(parameters, "cursor") != nullptr) {
      return InvalidArgument("cursor", "an export holds all rows; it takes no cursor");
    }
    const bool limited = analytics::FindParameter(parameters, "limit") != nullptr;
    // One more than an export holds tells "all" from "cut".
    if (!limited) parsed.limit = reports::kRowsMax + 1;
    SB_TRY(analytics::QueryResult result, analytics_.Run(caller.customer, parsed));
    if (result.rows.size() > reports::kRowsMax) {
      return LimitExceeded("limit",
                           "the query gives more than 100000 rows; narrow it or set limit");
    }
    return ToTable(std::move(result), std::move(title));
  }

  // The columns that a report's `fields` names, in its order.
  static Result<reports::ExportTable> Choose(reports::ExportTable table,
                                             const json::Array& fields) {
    std::vector<std::size_t> chosen;
    reports::ExportTable result{.title = std::move(table.title)};
    for (const json::Value& field : fields) {
      const auto found = std::find_if(
          table.columns.begin(), table.columns.end(),
          [&](const auto& column) { return field.IsString() && column.name == field.AsString(); });
      if (found == table.columns.end()) {
        return InvalidArgument("config.fields", json::Write(field) + " is no column of the report");
      }
      chosen.push_back(static_cast<std::size_t>(found - table.columns.begin()));
      result.columns.push_back(*found);
    }
    for (const json::Array& row : table.rows) {
      json::Array& cells = result.rows.emplace_back();
      for (const std::size_t c : chosen) cells.push_back(row[c]);
    }
    return result;
  }

  const analytics::AnalyticsService& analytics_;
  const documents::DocumentStore& documents_;
  const documents::ProductTables& tables_;
  const Clock& clock_;
};

}  // namespace

ExportQueries MakeExportQueries(const analytics::AnalyticsService& analytics,
                                const documents::DocumentStore& documents,
                                const documents::ProductTables& tables, const Clock& clock) {
  const Queries queries(analytics, documents, tables, clock);
  return {
      .run_query = [queries](const Caller& caller,
                             const json::Value& query) { return queries.RunQuery(caller, query); },
      .run_report = [queries](const Caller& caller,
                              std::string_view id) { return queries.RunReport(caller, id); }};
}

}  // namespace securebase::api
