#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/file_system.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "criteria/coverage_file.h"
#include "criteria/criterion.h"
#include "criteria/present.h"
#include "net/http_client.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase validate --endpoint http://127.0.0.1:8080 --window 1h --coverage coverage.xml\n\n"
    "Exit codes: 0 all criteria met, 1 one missed, 2 one without data, or it could not be told.";

struct Options {
  std::string endpoint;
  std::string key;
  std::string window = "1h";
  std::string coverage_file;
  std::string format = "table";
  std::string ca_file;
  bool insecure = false;
  bool quiet = false;
};

net::HttpClientRequest RequestTo(const Options& options, std::string method, std::string path) {
  net::HttpClientRequest request{.method = std::move(method),
                                 .url = options.endpoint + std::move(path)};
  if (!options.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.key);
  return request;
}

// The body of an answer with that status; an Error that repeats what the server said elsewhere.
Result<json::Value> Ask(net::HttpClient& client, const net::HttpClientRequest& request,
                        int status) {
  Result<net::HttpClientResponse> response = client.Send(request);
  if (!response.ok()) return response.error().Within("cannot reach " + request.url);
  Result<json::Value> body = json::Parse(response->body);
  if (response->status != status) {
    const json::Value* error = body.ok() ? body->Find("error") : nullptr;
    const std::string text = error != nullptr && error->IsString() ? ": " + error->AsString() : "";
    return Unavailable(request.url + " answered " + std::to_string(response->status) + text);
  }
  if (!body.ok()) return body.error().Within(request.url + ": not JSON");
  return body;
}

Result<> PublishCoverage(const Options& options, net::HttpClient& client) {
  SB_TRY(const std::string text, PosixFileSystem().Read(options.coverage_file));
  const Result<criteria::Coverage> coverage = criteria::ParseCoverageFile(text);
  if (!coverage.ok()) return coverage.error().Within(options.coverage_file);
  net::HttpClientRequest request = RequestTo(options, "POST", "/v1/criteria/coverage");
  request.headers.emplace_back("Content-Type", "application/json");
  json::Writer writer(request.body);
  writer.BeginObject().Member("percent", coverage->percent).EndObject();
  SB_TRY_OK(Ask(client, request, 201));
  return {};
}

Result<criteria::Run> Validate(const Options& options) {
  net::HttpClient client({.ca_file = options.ca_file,
                          .insecure = options.insecure,
                          .user_agent = "securebase-validate"});
  if (!options.coverage_file.empty()) SB_TRY_OK(PublishCoverage(options, client));
  SB_TRY(
      const json::Value body,
      Ask(client, RequestTo(options, "GET", "/v1/criteria?window=" + PercentEncode(options.window)),
          200));
  return criteria::ParseRun(body);
}

int Run(Options options) {
  const Result<criteria::Format> format = criteria::ParseFormat(options.format);
  if (!format.ok()) return UsageError("--format " + format.error().message());
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  const Result<criteria::Run> run = Validate(options);
  if (!run.ok()) return UsageError(run.error().message());
  const criteria::PresentOptions present{.endpoint = options.endpoint,
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
            app.add_option("--endpoint", options->endpoint,
                           "Address of the server, http://HOST:PORT")
                ->required();
            app.add_option("--key", options->key, "API key (role viewer; analyst with --coverage)")
                ->envname("SECUREBASE_KEY");
            app.add_option("--window", options->window,
                           "How far back to look, such as 15m, 1h, 7d (adoption: always 30 days)")
                ->capture_default_str();
            app.add_option("--coverage", options->coverage_file,
                           "Publish the test coverage of this file first: Cobertura XML, LCOV or "
                           "coverage.py JSON");
            app.add_option("--format", options->format, "table, json, junit or markdown")
                ->capture_default_str();
            app.add_option("--cacert", options->ca_file, "PEM certificates to trust");
            app.add_flag("--insecure", options->insecure, "Do not check the server's certificate");
            app.add_flag("--quiet", options->quiet, "Table without the evidence");
            return [options] { return Run(*options); };
          }};
}

}  // namespace securebase::cli
