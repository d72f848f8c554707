#include "insights/query.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "base/worker_pool.h"
#include "cli/command.h"
#include "cli/progress_line.h"
#include "cli/query_files.h"
#include "cli/query_output.h"
#include "cli/query_remote.h"
#include "cli/terminal.h"
#include "insights/file_input.h"
#include "insights/run.h"

namespace securebase::cli {
namespace {

struct Options {
  std::string query;
  std::vector<std::string> files;
  std::string start, end;
  std::string input = "auto";
  std::vector<std::string> groups;
  std::vector<std::string> lookups;
  std::string format = "table";
  std::size_t limit = 0;
  std::size_t memory_mib = 1024;
  std::size_t threads = 0;
  bool explain = false;
  bool quiet = false;
  std::string chart = "auto";
  std::string endpoint, key, ca_file;
  bool insecure = false;
};

QueryFormat FormatOf(const std::string& name) {
  if (name == "csv") return QueryFormat::kCsv;
  if (name == "json") return QueryFormat::kJson;
  if (name == "ndjson") return QueryFormat::kNdjson;
  if (name == "markdown") return QueryFormat::kMarkdown;
  return QueryFormat::kTable;
}

insights::LineFormat InputOf(const std::string& name) {
  if (name == "text") return insights::LineFormat::kText;
  if (name == "json") return insights::LineFormat::kJson;
  if (name == "events") return insights::LineFormat::kEvents;
  return insights::LineFormat::kAuto;
}

std::string Text(const Error& error) {
  return error.field().empty() ? error.message() : error.field() + ": " + error.message();
}

/// Epoch seconds or milliseconds, ISO 8601, a duration ago, "now". A whole second as an end goes to
/// its last millisecond, as in StartQuery.
Result<std::int64_t> ReadBound(const std::string& option, const std::string& text, bool end,
                               std::int64_t now_ms) {
  if (text == "now") return now_ms;
  if (const auto number = ParseInt(text)) {
    if (*number >= 100'000'000'000) return *number;
    return *number * 1000 + (end ? 999 : 0);
  }
  if (const auto time = ParseIso(text); time.ok()) {
    const std::int64_t ms = ToUnixMillis(*time);
    return end && text.find('.') == std::string::npos ? ms + 999 : ms;
  }
  if (const auto ago = ParseDuration(text); ago.ok()) return now_ms - ago->count();
  return InvalidArgument(option, "'" + text +
                                     "' is neither epoch seconds nor ISO 8601 nor a duration ago "
                                     "such as 3h");
}

Result<insights::Range> RangeOf(const Options& options, std::int64_t now_ms) {
  // Everything: the years 1 to 9999.
  insights::Range range{-62'135'596'800'000, 253'402'300'799'999};
  if (!options.start.empty()) {
    SB_TRY(range.start_ms, ReadBound("--start", options.start, false, now_ms));
  }
  if (!options.end.empty()) {
    SB_TRY(range.end_ms, ReadBound("--end", options.end, true, now_ms));
  }
  if (range.end_ms < range.start_ms) {
    return InvalidArgument("--end", "end date and time should be after start");
  }
  return range;
}

Result<> ReadLookups(const Options& options, insights::RunOptions& run) {
  for (const std::string& entry : options.lookups) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == entry.size()) {
      return InvalidArgument("--lookup", "must be NAME=FILE, not '" + entry + "'");
    }
    const std::string file = entry.substr(equals + 1);
    SB_TRY(const std::string text, PosixFileSystem().Read(file));
    auto table = insights::ReadLookupTable(text);
    if (!table.ok()) return InvalidArgument(file, table.error().message());
    run.lookups[entry.substr(0, equals)] =
        std::make_shared<const insights::LookupTable>(*std::move(table));
  }
  return {};
}

OutputOptions TerminalOptions() {
  OutputOptions out;
  if (IsTerminal(STDOUT_FILENO)) {
    winsize size{};
    out.width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
    out.blocks = CanPrintMarks(STDOUT_FILENO);
  }
  return out;
}

void Print(const Options& options, const insights::Query& query, const insights::Table& table,
           const insights::Statistics& statistics, const std::string& advice, double seconds) {
  const OutputOptions output = TerminalOptions();
  const QueryFormat format = FormatOf(options.format);
  std::string text = FormatAnswer(table, format, output);
  const bool chart = options.chart == "always" ||
                     (options.chart == "auto" && format == QueryFormat::kTable && output.width > 0);
  if (chart && query.time_column()) {
    const std::string bars = FormatChart(table, *query.time_column(), output);
    if (!bars.empty()) text = bars + '\n' + text;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  // What it cost goes to people, not into pipes.
  if (options.quiet || !(format == QueryFormat::kTable || IsTerminal(STDERR_FILENO))) return;
  std::fprintf(stderr, "%s\n", FormatCost(statistics, seconds).c_str());
  if (!advice.empty() && seconds > 1) std::fprintf(stderr, "%s\n", advice.c_str());
}

int RunOnFiles(const Options& options, const insights::Query& query, insights::Range range,
               std::int64_t now_ms) {
  std::vector<std::string> names = options.files;
  if (names.empty()) {
    if (IsTerminal(STDIN_FILENO)) {
      return UsageError("no input: name files or folders, - for standard input, or --endpoint");
    }
    names.emplace_back("-");
  }
  const SystemClock clock;
  insights::RunOptions run;
  if (const auto read = ReadLookups(options, run); !read.ok())
    return UsageError(Text(read.error()));
  const auto files = OpenQueryFiles(names, now_ms);
  if (!files.ok()) return UsageError(Text(files.error()));
  ProgressLine line(!options.quiet && IsTerminal(STDERR_FILENO), "records");
  const auto input = insights::FileInput::Open(files->files, InputOf(options.input));
  if (!input.ok()) return UsageError(Text(input.error()));
  if (!options.groups.empty()) {
    const auto groups = (*input)->Resolve({.names = options.groups});
    if (!groups.ok()) return UsageError(Text(groups.error()));
    run.groups = *groups;
    if (run.groups.empty()) {
      return UsageError("no event is of the group " + options.groups.front());
    }
  }
  run.start_ms = range.start_ms;
  run.end_ms = range.end_ms;
  run.now_ms = now_ms;
  if (options.limit > 0) run.limit = options.limit;
  run.control.memory_max = std::uint64_t{options.memory_mib} << 20;
  run.threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  std::unique_ptr<WorkerPool> workers;
  if (run.threads > 1) {
    workers = std::make_unique<WorkerPool>(run.threads - 1, 64);
    run.workers = workers.get();
  }
  std::mutex mutex;  // of the line
  run.on_progress = [&](const insights::Progress& progress) {
    const std::lock_guard lock(mutex);
    line.Show(progress.statistics.records_scanned, progress.fraction);
  };
  const auto answer = insights::Run(query, **input, run);
  if (!answer.ok()) {
    const bool usage = answer.error().code() == ErrorCode::kInvalidArgument ||
                       answer.error().code() == ErrorCode::kNotFound;
    return usage ? UsageError(answer.error().message()) : Failure(answer.error().message());
  }
  Print(options, query, answer->table, answer->statistics, answer->advice, line.Seconds());
  return kExitGood;
}

int RunOnServer(const Options& options, const insights::Query& query, insights::Range range,
                std::int64_t now_ms) {
  if (!options.files.empty()) return UsageError("--endpoint and files exclude each other");
  if (!options.lookups.empty()) return UsageError("--lookup works on files only");
  RemoteQuery remote;
  remote.endpoint = options.endpoint;
  remote.key = options.key;
  remote.ca_file = options.ca_file;
  remote.insecure = options.insecure;
  remote.text = options.query;
  remote.groups = options.groups;
  // A server's default is the last hour.
  remote.start_s = options.start.empty() ? now_ms / 1000 - 3600
                                         : std::max<std::int64_t>(0, range.start_ms / 1000);
  remote.end_s = options.end.empty() ? now_ms / 1000 + 60 : range.end_ms / 1000;
  if (options.limit > 0) remote.limit = options.limit;
  ProgressLine line(!options.quiet && IsTerminal(STDERR_FILENO), "records");
  const auto answer =
      RunRemoteQuery(remote, query.columns(), [&](std::uint64_t rows) { line.Show(rows); });
  if (!answer.ok()) {
    const bool usage = answer.error().code() == ErrorCode::kInvalidArgument;
    return usage ? UsageError(answer.error().message()) : Failure(answer.error().message());
  }
  Print(options, query, answer->table, answer->statistics, "", line.Seconds());
  return kExitGood;
}

int RunQuery(const Options& options) {
  const SystemClock clock;
  const std::int64_t now_ms = ToUnixMillis(clock.Now());
  const insights::ParseResult query = insights::Parse(options.query);
  if (!query.ok()) {
    std::fprintf(stderr, "securebase: malformed query: %s",
                 query.error().ToText(options.query).c_str());
    return kExitUsage;
  }
  if (options.explain) {
    std::fputs(query->Explain().c_str(), stdout);
    return kExitGood;
  }
  const auto range = RangeOf(options, now_ms);
  if (!range.ok()) return UsageError(Text(range.error()));
  return options.endpoint.empty() ? RunOnFiles(options, *query, *range, now_ms)
                                  : RunOnServer(options, *query, *range, now_ms);
}

}  // namespace

Command QueryCommand() {
  return {
      .name = "query",
      .summary = "Run a Logs Insights query on files, standard input or a server.",
      .example =
          "  securebase query 'stats count(*) by level' app.log.gz logs/\n"
          "  kubectl logs x | securebase query 'filter @message like /timeout/ | limit 20'\n"
          "  securebase query --start 3h 'stats count(*) by bin(5m)' app.log\n"
          "  securebase query --endpoint http://127.0.0.1:8080 --group app/api 'limit 5'",
      .setup =
          [](CLI::App& app) {
            auto options = std::make_shared<Options>();
            app.add_option("query", options->query, "The query")->required();
            app.add_option("file", options->files,
                           "Files (also gzip and Zstandard), folders, - for standard input");
            app.add_option("--start", options->start,
                           "Begin: epoch seconds, ISO 8601 or a duration ago (3h)");
            app.add_option("--end", options->end, "End, inclusive");
            app.add_option("--input", options->input, "What the lines are")
                ->check(CLI::IsMember({"auto", "text", "json", "events"}));
            app.add_option("--group", options->groups, "Log group; may be given several times")
                ->allow_extra_args(false);
            app.add_option("--lookup", options->lookups,
                           "Table for lookup: NAME=FILE, CSV with a header or a JSON array")
                ->allow_extra_args(false);
            app.add_option("--format", options->format, "Of the answer")
                ->check(CLI::IsMember({"table", "csv", "json", "ndjson", "markdown"}));
            app.add_option("--limit", options->limit, "At most so many rows (default 10000)")
                ->check(CLI::Range(std::size_t{1}, insights::kResultRowsMax));
            app.add_option("--memory", options->memory_mib, "Most memory for the query, MiB")
                ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20));
            app.add_option("--threads", options->threads, "Threads (default: all cores)")
                ->check(CLI::Range(1, 256));
            app.add_option("--chart", options->chart, "Bars for `stats … by bin()`")
                ->check(CLI::IsMember({"auto", "always", "never"}));
            app.add_flag("--explain", options->explain, "Print the plan, read nothing");
            app.add_flag("--quiet,-q", options->quiet, "No progress bar, no line on the cost");
            app.add_option("--endpoint", options->endpoint, "URL of a running server");
            app.add_option("--key", options->key, "API key for the server")
                ->envname("SECUREBASE_KEY");
            app.add_option("--ca-file", options->ca_file, "Certificates to trust");
            app.add_flag("--insecure", options->insecure, "Accept any certificate");
            return std::function<int()>([options] { return RunQuery(*options); });
          },
  };
}

}  // namespace securebase::cli
