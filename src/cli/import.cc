#include "analytics/import.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "analytics/datasets.h"
#include "base/clock.h"
#include "base/compression.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "events/embedded_events.h"
#include "net/http_client.h"
#include "storage/engine.h"

namespace securebase::cli {
namespace {

using analytics::Format;
using analytics::ImportReport;

struct Options {
  std::string format;
  std::vector<std::string> files;
  std::string customer = "default";
  std::string dataset;
  std::vector<std::string> map;  // field=column
  std::string customer_column;
  std::string data;
  std::string endpoint;
  std::string key;
  std::string account;
  std::string region;
  std::string ca_file;
  bool insecure = false;
  bool quiet = false;
};

// Packed files are unpacked in memory: a bomb ends here.
constexpr std::size_t kUnpackedBytesMax = std::size_t{2} << 30;
constexpr std::size_t kCustomerBytesMax = 128;

double Share(std::uint64_t done, std::uint64_t all) {
  return all == 0 ? 1 : static_cast<double>(done) / static_cast<double>(all);
}

std::string Text(const Error& error) {
  return error.field().empty() ? error.message() : error.field() + " " + error.message();
}

Result<> ReadMap(const std::vector<std::string>& map, analytics::ImportOptions& options) {
  for (const std::string& entry : map) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      return InvalidArgument("--map", "must be FIELD=COLUMN, not '" + entry + "'");
    }
    std::string& column = options.columns[entry.substr(0, equals)];
    if (!column.empty() && !entry.starts_with("-=")) {
      return InvalidArgument("--map", "names the field " + entry.substr(0, equals) + " twice");
    }
    column += (column.empty() ? "" : ",") + entry.substr(equals + 1);
  }
  return {};
}

/// What the files are mapped to or unpacked into, kept alive for the import.
struct Inputs {
  std::vector<std::unique_ptr<MappedFile>> files;
  std::vector<std::unique_ptr<std::string>> unpacked;
  std::vector<analytics::ImportInput> inputs;
  std::uint64_t bytes = 0;
};

/// The bytes of a file that gzip or Zstandard packed, as AWS delivers its reports; nothing for one
/// that is not packed.
Result<std::unique_ptr<std::string>> Unpack(const std::string& name, std::string_view bytes) {
  const bool gzip = bytes.starts_with("\x1f\x8b");
  if (!gzip && !bytes.starts_with("\x28\xb5\x2f\xfd")) return std::unique_ptr<std::string>();
  Result<std::string> text =
      gzip ? GunzipAll(bytes, kUnpackedBytesMax) : UnzstdAll(bytes, kUnpackedBytesMax);
  if (!text.ok()) return InvalidArgument(name, text.error().message());
  return std::make_unique<std::string>(*std::move(text));
}

Result<Inputs> MapFiles(const std::vector<std::string>& names) {
  Inputs mapped;
  for (const std::string& name : names) {
    // A pipe would be waited for without end.
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(name, ignored)) {
      return InvalidArgument(name, "is no regular file");
    }
    SB_TRY(std::unique_ptr<MappedFile> file, PosixFileSystem().Map(name));
    SB_TRY(std::unique_ptr<std::string> unpacked, Unpack(name, file->bytes()));
    const std::string_view text = unpacked ? std::string_view(*unpacked) : file->bytes();
    mapped.inputs.push_back({name, text});
    mapped.bytes += text.size();
    if (unpacked) {
      mapped.unpacked.push_back(std::move(unpacked));
    } else {
      mapped.files.push_back(std::move(file));
    }
  }
  return mapped;
}

/// Imports into a data folder that no server has open.
Result<ImportReport> ImportIntoFolder(const Options& options, Format format, const Inputs& mapped,
                                      const analytics::ImportOptions& import_options) {
  const SystemClock clock;
  SB_TRY_OK(PosixFileSystem().CreateFolders(options.data));
  SB_TRY(std::unique_ptr<storage::Engine> engine,
         storage::Engine::Open({.folder = options.data}, PosixFileSystem()));
  SB_TRY(std::unique_ptr<events::EmbeddedEvents> events,
         events::EmbeddedEvents::Open(*engine, clock));
  analytics::DefineDatasets(events->datasets());
  SB_TRY_OK(engine->Recover());
  SB_TRY_OK(events->RemoveOrphans());
  auto report = analytics::ImportFiles(events->datasets(), format, mapped.inputs, import_options);
  const Result<> closed = engine->Close();
  if (report.ok() && !closed.ok()) return closed.error();
  return report;
}

/// Adds the server's answer for one file to the report.
Result<> ReadAnswer(std::string_view file, const net::HttpClientResponse& response,
                    ImportReport& report) {
  const auto body = json::Parse(response.body);
  const json::Value* rejected = nullptr;
  const json::Value* count = nullptr;
  if (body.ok()) {
    const json::Value* details = body->Find("details");
    const json::Value& lines = details != nullptr ? *details : *body;
    rejected = lines.Find("rejected");
    count = lines.Find("rejectedCount");
  }
  if (rejected == nullptr || !rejected->IsArray() || count == nullptr || !count->IsInt()) {
    const json::Value* error = body.ok() ? body->Find("error") : nullptr;
    return Error(
        ErrorCode::kUnavailable,
        fmt::format("the server answered {}{}{}", response.status, error != nullptr ? ": " : "",
                    error != nullptr && error->IsString() ? error->AsString() : ""));
  }
  if (const json::Value* imported = body->Find("imported");
      imported != nullptr && imported->IsInt()) {
    report.rows += static_cast<std::uint64_t>(imported->AsInt());
  }
  for (const json::Value& line : rejected->AsArray()) {
    const json::Value* number = line.Find("line");
    const json::Value* reason = line.Find("reason");
    if (number == nullptr || !number->IsInt() || reason == nullptr || !reason->IsString()) continue;
    if (report.rejected.size() == ImportReport::kRejectedKept) break;
    report.rejected.push_back(
        {std::string(file), static_cast<std::uint64_t>(number->AsInt()), reason->AsString()});
  }
  report.rejected_count += static_cast<std::uint64_t>(count->AsInt());
  return {};
}

/// Sends the files to a server, one request each. Parts of a billing period are numbered, so that
/// the second file does not replace the first.
Result<ImportReport> ImportOverHttp(const Options& options, Format format, const Inputs& mapped,
                                    ProgressLine& line) {
  const std::string dataset = analytics::DatasetOf(format).empty()
                                  ? options.dataset
                                  : std::string(analytics::DatasetOf(format));
  std::string url = options.endpoint;
  while (url.ends_with('/')) url.pop_back();
  url += "/v1/datasets/" + PercentEncode(dataset) + "/import?format=" + options.format;
  for (const std::string& entry : options.map) url += "&map=" + PercentEncode(entry);
  if (!options.customer_column.empty()) {
    url += "&customerColumn=" + PercentEncode(options.customer_column);
  }
  net::HttpClient client({.timeout = std::chrono::minutes(30),
                          .ca_file = options.ca_file,
                          .insecure = options.insecure,
                          .user_agent = "securebase-import"});
  ImportReport report;
  std::uint64_t sent = 0;
  for (std::size_t i = 0; i < mapped.inputs.size(); ++i) {
    net::HttpClientRequest request{.method = "POST",
                                   .url = url + "&part=" + std::to_string(i + 1),
                                   .body = std::string(mapped.inputs[i].text)};
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.headers.emplace_back("X-Customer-Id", options.customer);
    if (!options.key.empty()) {
      request.headers.emplace_back("Authorization", "Bearer " + options.key);
    }
    SB_TRY(const net::HttpClientResponse response, client.Send(request));
    auto read = ReadAnswer(mapped.inputs[i].name, response, report);
    if (!read.ok()) return read.error().Within(mapped.inputs[i].name);
    sent += mapped.inputs[i].text.size();
    line.Show(Share(sent, mapped.bytes), report.rows);
  }
  return report;
}

void PrintRejected(const ImportReport& report) {
  for (const analytics::RejectedLine& line : report.rejected) {
    fmt::print(stderr, "{}:{}: {}\n", line.file, line.line, line.reason);
  }
  if (report.rejected_count > report.rejected.size()) {
    fmt::print(stderr, "and {} more\n", report.rejected_count - report.rejected.size());
  }
}

Result<Format> CheckUsage(const Options& options) {
  if (options.data.empty() == options.endpoint.empty()) {
    return InvalidArgument("--data", "or --endpoint: give one of them");
  }
  SB_TRY(const Format format, analytics::ParseFormat(options.format));
  if (analytics::DatasetOf(format).empty() && options.dataset.empty()) {
    return InvalidArgument("--dataset", "is required for csv and ndjson");
  }
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (options.customer.size() > kCustomerBytesMax ||
      std::any_of(options.customer.begin(), options.customer.end(), is_control) ||
      (options.customer.empty() && options.customer_column.empty())) {
    return InvalidArgument("--customer", "must have 1 to 128 bytes and no control characters");
  }
  return format;
}

int RunCommand(const Options& options) {
  const Result<Format> format = CheckUsage(options);
  if (!format.ok()) return UsageError(Text(format.error()));
  analytics::ImportOptions import_options{.customer = options.customer,
                                          .customer_column = options.customer_column,
                                          .dataset = options.dataset};
  if (!options.account.empty()) import_options.account.id = options.account;
  if (!options.region.empty()) import_options.account.region = options.region;
  if (const Result<> map = ReadMap(options.map, import_options); !map.ok()) {
    return UsageError(Text(map.error()));
  }
  const Result<Inputs> mapped = MapFiles(options.files);
  if (!mapped.ok()) return UsageError(Text(mapped.error()));

  double seconds = 0;
  const Result<ImportReport> report = [&] {
    ProgressLine line(!options.quiet && IsTerminal(STDERR_FILENO));
    import_options.progress = [&](std::uint64_t rows, std::uint64_t bytes) {
      line.Show(Share(bytes, mapped->bytes), rows);
    };
    auto result = options.data.empty()
                      ? ImportOverHttp(options, *format, *mapped, line)
                      : ImportIntoFolder(options, *format, *mapped, import_options);
    seconds = line.Seconds();
    return result;
  }();
  if (!report.ok()) return Failure("cannot import: " + Text(report.error()));
  PrintRejected(*report);
  if (!options.quiet) {
    fmt::print("{} rows imported for {}, {} rejected, {:.1f} s ({:.0f} rows/s)\n", report->rows,
               options.customer_column.empty() ? options.customer
                                               : "the customers of " + options.customer_column,
               report->rejected_count, seconds,
               static_cast<double>(report->rows) / std::max(seconds, 1e-3));
  }
  return report->rows == 0 && report->rejected_count > 0 ? kExitNotMet : kExitGood;
}

std::function<int()> Setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "FORMAT", options->format,
         "focus (FOCUS 1.x), cur (AWS Cost and Usage Report, legacy or 2.0), asff (Security "
         "Hub findings), csv or ndjson (with --dataset)")
      ->required()
      ->check(CLI::IsMember({"focus", "cur", "asff", "csv", "ndjson"}));
  app.add_option("FILE", options->files, "Files, imported as one; gzip and Zstandard are unpacked")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--customer", options->customer, "Whose data it is")->capture_default_str();
  app.add_option("--dataset", options->dataset,
                 "For csv and ndjson: cost, usage, findings or controls")
      ->check(CLI::IsMember({"cost", "usage", "findings", "controls"}));
  app.add_option("--map", options->map,
                 "FIELD=COLUMN, repeatable: the column that holds a field (service=product_code); "
                 "-=COLUMN leaves a column out");
  app.add_option("--customer-column", options->customer_column,
                 "Column that names each row's customer, in place of --customer");
  app.add_option("--data", options->data, "Data directory of a server that is stopped");
  app.add_option("--endpoint", options->endpoint, "Address of a running server");
  app.add_option("--key", options->key, "API key of role admin, with --endpoint")
      ->envname("SECUREBASE_KEY");
  app.add_option("--account", options->account, "Account of the customer, with --data");
  app.add_option("--region", options->region, "Region of the account, with --data");
  app.add_option("--ca-file", options->ca_file, "Certificates to trust, PEM");
  app.add_flag("--insecure", options->insecure, "Accept any certificate");
  app.add_flag("--quiet", options->quiet, "No progress and no summary");
  return [options] { return RunCommand(*options); };
}

}  // namespace

Command ImportCommand() {
  return {.name = "import",
          .summary = "Bring in cost, usage and security files",
          .example =
              "securebase import cur report.csv --customer acme --data ./data\n"
              "securebase import csv bill.csv --customer acme --dataset cost "
              "--map service=product_code --map -=comment --data ./data",
          .setup = Setup};
}

}  // namespace securebase::cli
