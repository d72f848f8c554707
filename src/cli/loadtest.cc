#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "loadtest/compare.h"
#include "loadtest/report.h"
#include "loadtest/runner.h"
#include "net/http_client.h"

namespace securebase::cli {
namespace {

using loadtest::LoadRun;
using loadtest::Plan;
using loadtest::Report;

struct Options {
  std::string endpoint;
  std::string key;
  std::string customer;
  std::string scenario = "query";
  std::size_t requests = 100;
  bool requests_given = false;
  std::string duration;
  std::size_t concurrency = 10;
  double rate = 0;
  std::string ramp;
  std::vector<std::string> thresholds;
  std::string format = "text";
  std::string output;
  std::string ca_file;
  bool insecure = false;
  bool quiet = false;
  bool no_publish = false;
  std::string first, second;  // compare
};

std::atomic<bool> interrupted{false};

void OnInterrupt(int) { interrupted = true; }

net::HttpClientOptions ClientOptions(const Options& options) {
  return net::HttpClientOptions{.ca_file = options.ca_file,
                                .insecure = options.insecure,
                                .user_agent = "securebase-loadtest"};
}

std::vector<std::pair<std::string, std::string>> RequestHeaders(const Options& options) {
  std::vector<std::pair<std::string, std::string>> headers;
  if (!options.key.empty()) headers.emplace_back("Authorization", "Bearer " + options.key);
  if (!options.customer.empty()) headers.emplace_back("X-Customer-Id", options.customer);
  return headers;
}

// One client: its own connection, kept between requests.
class HttpSender final : public loadtest::Sender {
 public:
  explicit HttpSender(const Options& options)
      : endpoint_(options.endpoint),
        headers_(RequestHeaders(options)),
        client_(ClientOptions(options)) {}

  loadtest::Outcome Send(const loadtest::Step& step) override {
    net::HttpClientRequest request;
    request.method = step.method;
    request.url = endpoint_ + step.path;
    request.headers = headers_;
    if (!step.content_type.empty()) request.headers.emplace_back("Content-Type", step.content_type);
    request.body = step.body;
    const Result<net::HttpClientResponse> response = client_.Send(request);
    if (!response.ok()) {
      const bool late = response.error().code() == ErrorCode::kDeadlineExceeded;
      return {.status = 0, .error = late ? "timeout" : "no answer"};
    }
    return {.status = response->status, .error = {}, .bytes = response->body.size()};
  }

 private:
  std::string endpoint_;
  std::vector<std::pair<std::string, std::string>> headers_;
  net::HttpClient client_;
};

// A line on the terminal, rewritten a few times a second.
class ProgressLine {
 public:
  explicit ProgressLine(const Plan& plan) : plan_(plan) {}
  ~ProgressLine() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

  void Show(const loadtest::Progress& progress) {
    const auto tick = static_cast<std::int64_t>(progress.elapsed_s * 5);
    std::int64_t last = tick_.load();
    if (tick <= last || !tick_.compare_exchange_strong(last, tick)) return;
    std::lock_guard lock(mutex_);
    shown_ = true;
    const std::string of = plan_.requests > 0 ? fmt::format("/{}", plan_.requests) : std::string();
    std::fputs(fmt::format("\r\033[K{}{} requests, {} failed, {:.0f}/s, {:.1f}s", progress.done, of,
                           progress.failed, static_cast<double>(progress.done) / progress.elapsed_s,
                           progress.elapsed_s)
                   .c_str(),
               stderr);
  }

 private:
  const Plan& plan_;
  std::atomic<std::int64_t> tick_{-1};
  std::mutex mutex_;
  bool shown_ = false;
};

Result<Plan> MakePlan(const Options& options) {
  Plan plan;
  SB_TRY(plan.scenario, loadtest::FindScenario(options.scenario));
  plan.concurrency = options.concurrency;
  plan.rate = options.rate;
  if (!options.duration.empty()) {
    Result<Duration> duration = ParseDuration(options.duration);
    if (!duration.ok()) return InvalidArgument("--duration", duration.error().message());
    plan.duration = *duration;
  }
  if (!options.ramp.empty()) {
    Result<Duration> ramp = ParseDuration(options.ramp);
    if (!ramp.ok()) return InvalidArgument("--ramp", ramp.error().message());
    plan.ramp = *ramp;
  }
  // A duration alone means: until then, however many.
  plan.requests = options.duration.empty() || options.requests_given ? options.requests : 0;
  SB_TRY_OK(loadtest::Check(plan));
  return plan;
}

// The page shows the last load test; a server that refuses or lacks the route loses nothing.
void Publish(const Options& options, const Report& report) {
  json::Value body = loadtest::ToJson(report);
  auto& members = body.AsObject();
  std::erase_if(members, [](const auto& m) { return m.first == "sortedLatenciesSeconds"; });
  net::HttpClientRequest request;
  request.method = "POST";
  request.url = options.endpoint + "/v1/loadtests";
  request.headers = RequestHeaders(options);
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = json::Write(body);
  net::HttpClient client(ClientOptions(options));
  const auto response = client.Send(request);
  if (!options.quiet && (!response.ok() || response->status >= 300)) {
    std::fputs("note: the server did not keep this result for its page\n", stderr);
  }
}

std::string Render(const Options& options, const Report& report, bool marks) {
  if (options.format == "json") return json::WritePretty(loadtest::ToJson(report)) + "\n";
  if (options.format == "csv") return loadtest::ToCsv(report);
  return loadtest::ToText(report, marks);
}

int RunCommand(Options options) {
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  const Result<Plan> plan = MakePlan(options);
  if (!plan.ok()) {
    return UsageError(fmt::format("{}: {}", plan.error().field(), plan.error().message()));
  }
  std::vector<loadtest::Threshold> thresholds;
  for (const std::string& text : options.thresholds) {
    Result<loadtest::Threshold> threshold = loadtest::ParseThreshold(text);
    if (!threshold.ok()) return UsageError(threshold.error().message());
    thresholds.push_back(*std::move(threshold));
  }

  const SystemClock clock;
  const Instant started_at = clock.Now();
  const auto pacer = loadtest::MakeRealPacer(clock);
  std::signal(SIGINT, OnInterrupt);
  const bool show = !options.quiet && IsTerminal(STDERR_FILENO);
  LoadRun run;
  {
    ProgressLine line(*plan);
    run = loadtest::RunLoad(
        *plan, [&] { return std::make_unique<HttpSender>(options); }, *pacer,
        [&](const loadtest::Progress& progress) {
          if (show) line.Show(progress);
        },
        interrupted);
  }
  const bool unreachable =
      run.samples.empty() || std::all_of(run.samples.begin(), run.samples.end(),
                                         [](const auto& sample) { return sample.status == 0; });
  const Report report =
      loadtest::MakeReport(options.endpoint, started_at, std::move(run), std::move(thresholds));
  const std::string text =
      Render(options, report, options.output.empty() && CanPrintMarks(STDOUT_FILENO));
  if (options.output.empty()) {
    std::fputs(text.c_str(), stdout);
  } else if (!(std::ofstream(options.output, std::ios::binary) << text)) {
    return UsageError(fmt::format("cannot write {}", options.output));
  }
  if (unreachable) {
    return UsageError(fmt::format("no answer from {}: could not tell", options.endpoint));
  }
  if (!options.no_publish) Publish(options, report);
  return report.passed ? kExitGood : kExitNotMet;
}

Result<std::vector<double>> ReadLatencies(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidArgument(path, fmt::format("cannot read {}", path));
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto latencies = [&]() -> Result<std::vector<double>> {
    SB_TRY(json::Value value, json::Parse(text));
    return loadtest::LatenciesOf(value);
  }();
  if (!latencies.ok()) return latencies.error().Within(path);
  return latencies;
}

int CompareCommand(const Options& options) {
  const auto first = ReadLatencies(options.first);
  if (!first.ok()) return UsageError(first.error().message());
  const auto second = ReadLatencies(options.second);
  if (!second.ok()) return UsageError(second.error().message());
  const loadtest::Comparison c = loadtest::Compare(*first, *second);
  fmt::print(
      "{} -> {}\n"
      "Median: {:.3f}x   P95: {:.3f}x\n"
      "Rank test (Mann-Whitney): p = {:.3g}\n"
      "Effect size (Cliff's delta): {:+.3f} ({} in {:.0f}% of pairs)\n"
      "Verdict: {}\n",
      options.first, options.second, c.median_ratio, c.p95_ratio, c.p_value, c.effect,
      c.effect >= 0 ? "slower" : "faster", (1 + std::abs(c.effect)) * 50,
      c.regression ? "REGRESSION" : "no regression");
  return c.regression ? kExitNotMet : kExitGood;
}

std::string ScenarioHelp() {
  std::string help = "What to ask:";
  for (const auto& scenario : loadtest::BuiltInScenarios()) {
    help += fmt::format("\n  {}: {}", scenario.name, scenario.summary);
  }
  return help;
}

std::function<int()> Setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.require_subcommand(0, 1);
  auto* endpoint = app.add_option("--endpoint", options->endpoint, "Address of the server");
  app.add_option("--key", options->key, "API key")->envname("SECUREBASE_KEY");
  app.add_option("--customer", options->customer,
                 "Customer to ask as, on a server with --auth none");
  app.add_option("--scenario", options->scenario, ScenarioHelp())->capture_default_str();
  auto* requests =
      app.add_option("--requests", options->requests, "How many requests")->capture_default_str();
  app.add_option("--duration", options->duration,
                 "How long (30s, 5m); with --requests whichever "
                 "comes first");
  app.add_option("--concurrency", options->concurrency, "Clients, each with one connection")
      ->capture_default_str();
  app.add_option("--rate", options->rate,
                 "Requests a second in all (open model); without it each client asks again as "
                 "soon as it is answered (closed model)");
  app.add_option("--ramp", options->ramp, "Time over which the rate, or the clients, grow");
  app.add_option("--threshold", options->thresholds,
                 "Bound to pass, repeatable: p95<5s, avg<=200ms, errors<1%, rate>100 (default: "
                 "p95<5s and errors<1%)");
  app.add_option("--format", options->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--output", options->output, "File to write to, in place of the terminal");
  app.add_option("--ca-file", options->ca_file, "Certificates to trust, PEM");
  app.add_flag("--insecure", options->insecure, "Accept any certificate");
  app.add_flag("--quiet", options->quiet, "No progress line");
  app.add_flag("--no-publish", options->no_publish,
               "Do not leave the result for the server's page");

  CLI::App* compare = app.add_subcommand("compare",
                                         "Compare two reports of --format json; exit 1 "
                                         "when the second is slower beyond chance");
  compare->add_option("A", options->first, "Report of the first test")->required();
  compare->add_option("B", options->second, "Report of the second test")->required();
  return [options, requests, endpoint, compare] {
    if (compare->parsed()) return CompareCommand(*options);
    if (endpoint->count() == 0) return UsageError("--endpoint is required");
    options->requests_given = requests->count() > 0;
    return RunCommand(*options);
  };
}

}  // namespace

Command LoadtestCommand() {
  return {.name = "loadtest",
          .summary = "Load a server and say whether it holds; compare two results",
          .example =
              "  securebase loadtest --endpoint http://127.0.0.1:8080 --key $KEY "
              "--requests 1000 --concurrency 10\n"
              "  securebase loadtest --endpoint http://127.0.0.1:8080 --key $KEY --rate 200 "
              "--duration 30s \\\n    --scenario mixed --threshold 'p95<200ms' "
              "--threshold 'errors<0.1%' --format json > b.json\n"
              "  securebase loadtest compare a.json b.json",
          .setup = Setup};
}

}  // namespace securebase::cli
