#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "criteria/coverage_file.h"
#include "criteria/criterion.h"
#include "criteria/present.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase validate --endpoint http://127.0.0.1:8080 --window 1h --coverage coverage.xml\n\n"
    "Exit codes: 0 all criteria met, 1 one missed, 2 one without data, or it could not be told.";

struct Options {
  ServerAddress server;
  std::string window = "1h";
  std::string coverage_file;
  std::string format = "table";
  bool quiet = false;
};

Result<> PublishCoverage(const Options& options, ApiClient& client) {
  SB_TRY(const std::string text, PosixFileSystem().Read(options.coverage_file));
  const Result<criteria::Coverage> coverage = criteria::ParseCoverageFile(text);
  if (!coverage.ok()) return coverage.error().Within(options.coverage_file);
  SB_TRY_OK(
      client.Post("/v1/criteria/coverage", json::Object{{"percent", coverage->percent}}, 201));
  return {};
}

Result<criteria::Run> Validate(const Options& options) {
  ApiClient client(options.server, "validate");
  if (!options.coverage_file.empty()) SB_TRY_OK(PublishCoverage(options, client));
  SB_TRY(const json::Value body,
         client.Get("/v1/criteria?window=" + PercentEncode(options.window)));
  return criteria::ParseRun(body);
}

int Run(Options options) {
  const Result<criteria::Format> format = criteria::ParseFormat(options.format);
  if (!format.ok()) return UsageError("--format " + format.error().message());
  while (options.server.endpoint.ends_with('/')) options.server.endpoint.pop_back();
  const Result<criteria::Run> run = Validate(options);
  if (!run.ok()) return UsageError(run.error().message());
  const criteria::PresentOptions present{.endpoint = options.server.endpoint,
                                         .marks = CanPrintMarks(STDOUT_FILENO),
                                         .evidence = !options.quiet};
  const std::string text = criteria::Present(*run, *format, present);
  std::fwrite(text.data(), 1, text.size(), stdout);
  // A verdict that did not reach its reader is none.
  if (std::fflush(stdout) != 0) return UsageError("cannot write the result");
  return run->ExitCode();
}

}  // namespace

Command ValidateCommand() {
  return {"validate", "Measure the success criteria of a running server", kExample,
          [](CLI::App& app) -> std::function<int()> {
            auto options = std::make_shared<Options>();
            AddServerAddress(app, options->server,
                             "API key (role viewer; analyst with --coverage)");
            app.add_option("--window", options->window,
                           "How far back to look, such as 15m, 1h, 7d (adoption: always 30 days)")
                ->capture_default_str();
            app.add_option("--coverage", options->coverage_file,
                           "Publish the test coverage of this file first: Cobertura XML, LCOV or "
                           "coverage.py JSON");
            app.add_option("--format", options->format, "table, json, junit or markdown")
                ->capture_default_str();
            app.add_flag("--quiet", options->quiet, "Table without the evidence");
            return [options] { return Run(*options); };
          }};
}

}  // namespace securebase::cli
