#include "api/dataset_routes.h"

#include <algorithm>
#include <string>
#include <utility>

#include "analytics/datasets.h"
#include "analytics/import.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using analytics::Format;
using analytics::ImportReport;

Result<std::string> Body(const Call& call, std::size_t size_max) {
  Result<std::string> body = http::DecodedBody(call.request, size_max);
  if (body.ok() || body.error().code() == ErrorCode::kLimitExceeded) return body;
  return InvalidRequest(body.error().field(), body.error().message());
}

Result<Format> FormatOf(std::string_view content_type) {
  const std::string type = ToLower(Trim(content_type.substr(0, content_type.find(';'))));
  if (type == "application/json" || type.empty()) return Format::kJson;
  if (type == "application/x-ndjson" || type == "application/jsonl" ||
      type == "application/ndjson") {
    return Format::kNdjson;
  }
  if (type == "text/csv") return Format::kCsv;
  return InvalidArgument("Content-Type",
                         "must be application/json, application/x-ndjson or text/csv");
}

void WriteRejected(json::Writer& writer, const ImportReport& report) {
  writer.Key("rejected").BeginArray();
  for (const analytics::RejectedLine& rejected : report.rejected) {
    writer.BeginObject();
    writer.Member("line", rejected.line).Member("reason", rejected.reason);
    writer.EndObject();
  }
  writer.EndArray().Member("rejectedCount", report.rejected_count);
}

http::Response ReportResponse(const ImportReport& report, Instant now) {
  const bool failed = report.rows == 0 && report.rejected_count > 0;
  http::Response response = http::Response::Json(failed ? 422 : 200, {});
  json::Writer writer(response.body);
  writer.BeginObject();
  if (failed) {
    // The shape of every error, with the lines as its details.
    response = ErrorResponse(InvalidArgument("records", "every line was rejected; the first: " +
                                                            report.rejected.front().reason),
                             now);
    auto body = json::Parse(response.body);
    if (!body.ok()) return response;
    std::string details;
    json::Writer detail_writer(details);
    detail_writer.BeginObject();
    WriteRejected(detail_writer, report);
    detail_writer.EndObject();
    if (auto parsed = json::Parse(details); parsed.ok()) body->Set("details", *std::move(parsed));
    response.body = json::Write(*body);
    return response;
  }
  writer.Member("imported", report.rows);
  WriteRejected(writer, report);
  writer.EndObject();
  return response;
}

Result<std::string> DatasetIn(const Call& call) {
  const std::string_view dataset = call.PathValue("dataset");
  if (analytics::FindSchema(dataset) == nullptr) {
    return NotFound("no dataset '" + std::string(dataset) +
                    "': there are cost, usage, findings and controls");
  }
  return std::string(dataset);
}

Result<http::Response> PostRecords(const DatasetRouteDependencies& with, const Call& call) {
  SB_TRY_OK(call.CheckParameters({}));
  analytics::ImportOptions options{.account = call.caller.customer.account,
                                   .customer = call.caller.customer.id};
  SB_TRY(options.dataset, DatasetIn(call));
  SB_TRY(const Format format, FormatOf(call.request.headers.Get("Content-Type")));
  SB_TRY(const std::string body, Body(call, with.records_bytes_max));
  SB_TRY(const ImportReport report,
         analytics::ImportFiles(with.datasets, format, {{"body", body}}, options));
  return ReportResponse(report, with.clock.Now());
}

/// format, part, customerColumn once each; map any number of times.
Result<> ReadImportParameters(const Call& call, Format& format, analytics::ImportOptions& options) {
  const std::string* format_text = nullptr;
  for (const auto& [name, value] : call.parameters) {
    if (name == "map") {
      const std::size_t equals = value.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == value.size()) {
        return InvalidArgument("map", "must be FIELD=COLUMN");
      }
      std::string& column = options.columns[value.substr(0, equals)];
      if (!column.empty() && !value.starts_with("-=")) {
        return InvalidArgument("map", "names the field " + value.substr(0, equals) + " twice");
      }
      column += (column.empty() ? "" : ",") + value.substr(equals + 1);
      continue;
    }
    const auto same = [&wanted = name](const auto& other) { return other.first == wanted; };
    if (std::count_if(call.parameters.begin(), call.parameters.end(), same) > 1) {
      return InvalidArgument(name, "query parameter given more than once");
    }
    if (name == "format") {
      format_text = &value;
    } else if (name == "customerColumn") {
      options.customer_column = value;
    } else if (name == "part") {
      const auto part = ParseInt(value);
      if (!part || *part < 1 || *part > 100'000) {
        return InvalidArgument("part", "must be a whole number from 1 to 100000");
      }
      options.part = std::to_string(*part);
    } else {
      return InvalidArgument(name, "unknown query parameter");
    }
  }
  if (format_text == nullptr) return InvalidArgument("format", "is required");
  SB_TRY(format, analytics::ParseFormat(*format_text));
  return {};
}

Result<http::Response> PostImport(const DatasetRouteDependencies& with, const Call& call) {
  analytics::ImportOptions options{.account = call.caller.customer.account,
                                   .customer = call.caller.customer.id};
  SB_TRY(options.dataset, DatasetIn(call));
  Format format = Format::kCsv;
  SB_TRY_OK(ReadImportParameters(call, format, options));
  // A column that names customers would write into other customers' data.
  if (!options.customer_column.empty() && !call.caller.whole_account) {
    return Forbidden("customerColumn needs a key of the whole account");
  }
  SB_TRY(const std::string body, Body(call, with.import_bytes_max));
  SB_TRY(const ImportReport report,
         analytics::ImportFiles(with.datasets, format, {{"body", body}}, options));
  return ReportResponse(report, with.clock.Now());
}

}  // namespace

std::vector<Route> DatasetRoutes(DatasetRouteDependencies dependencies) {
  auto handler =
      [&](Result<http::Response> (*answer)(const DatasetRouteDependencies&, const Call&)) {
        return Answering(dependencies.clock, [dependencies, answer](const Call& call) {
          return answer(dependencies, call);
        });
      };
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .pattern = "/datasets/{dataset}/records",
                    .role = Role::kAdmin,
                    .handler = handler(PostRecords)});
  routes.push_back({.method = "POST",
                    .pattern = "/datasets/{dataset}/import",
                    .role = Role::kAdmin,
                    .handler = handler(PostImport)});
  return routes;
}

}  // namespace securebase::api
