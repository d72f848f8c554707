// securebase alarm: list, describe, why, replay, test, import.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "alarms/case_runner.h"
#include "alarms/import.h"
#include "alarms/replay.h"
#include "base/file_system.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/command.h"
#include "net/http_client.h"
#include "server/stores.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase alarm test examples/alarms/*.test\n"
    "  securebase alarm import template.yaml --endpoint http://127.0.0.1:8080\n"
    "  securebase alarm replay --name SecureBase-Analytics-SlowQueries --from 24h \\\n"
    "      --endpoint http://127.0.0.1:8080\n"
    "  securebase alarm why SecureBase-Analytics-SlowQueries --endpoint http://127.0.0.1:8080";

struct Options {
  std::string endpoint;
  std::string key;
  std::string ca_file;
  bool insecure = false;
  bool json = false;
  std::string name;
  std::string state;
  std::string prefix;
  std::string at;
  std::string from;
  std::string to;
  std::string data;
  std::string account = Account().id;
  std::string region = Account().region;
  std::vector<std::string> files;
  bool dry_run = false;
};

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

/// The body of a good answer; what the server said elsewhere.
Result<json::Value> Ask(const Options& options, std::string method, const std::string& path,
                        std::string body = {}) {
  std::string endpoint = options.endpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  net::HttpClient client({.ca_file = options.ca_file,
                          .insecure = options.insecure,
                          .user_agent = "securebase-alarm"});
  net::HttpClientRequest request{.method = std::move(method), .url = endpoint + "/v1" + path};
  if (!options.key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.key);
  if (!body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = std::move(body);
  }
  Result<net::HttpClientResponse> response = client.Send(request);
  if (!response.ok()) return response.error().Within("cannot reach " + request.url);
  Result<json::Value> answer = json::Parse(response->body);
  if (response->status / 100 == 2) {
    if (!answer.ok()) return answer.error().Within(request.url + ": not JSON");
    return answer;
  }
  std::string said = request.url + " answered " + std::to_string(response->status);
  if (answer.ok()) {
    if (const json::Value* error = answer->Find("error"); error != nullptr && error->IsString()) {
      said = error->AsString();
    }
    const json::Value* details = answer->Find("details");
    if (details != nullptr && !details->IsNull()) said += " " + json::Write(*details);
  }
  return Unavailable(said);
}

std::string Member(const json::Value& value, std::string_view name) {
  const json::Value* found = value.Find(name);
  if (found == nullptr || found->IsNull()) return "-";
  return found->IsString() ? found->AsString() : json::Write(*found);
}

int RunList(const Options& options) {
  std::string path = "/alarms";
  char mark = '?';
  for (const auto& [name, value] :
       {std::pair{"state", &options.state}, std::pair{"prefix", &options.prefix}}) {
    if (value->empty()) continue;
    path += mark + std::string(name) + "=" + PercentEncode(*value);
    mark = '&';
  }
  const Result<json::Value> answer = Ask(options, "GET", path);
  if (!answer.ok()) return Failure(answer.error().message());
  const json::Array& list = answer->Find("alarms")->AsArray();
  if (options.json) {
    Print(json::WritePretty(list));
    return kExitGood;
  }
  if (list.empty()) Print("no alarms");
  for (const json::Value& alarm : list) {
    std::printf("%-17s  %-20.20s  %s\n", Member(alarm, "StateValue").c_str(),
                Member(alarm, "StateTransitionedTimestamp").c_str(),
                Member(alarm, "AlarmName").c_str());
  }
  return kExitGood;
}

int RunDescribe(const Options& options) {
  const Result<json::Value> answer = Ask(options, "GET", "/alarms/" + PercentEncode(options.name));
  if (!answer.ok()) return Failure(answer.error().message());
  Print(json::WritePretty(*answer));
  return kExitGood;
}

int RunWhy(const Options& options) {
  std::string path = "/alarms/" + PercentEncode(options.name) + "/why";
  if (!options.at.empty()) path += "?at=" + PercentEncode(options.at);
  const Result<json::Value> answer = Ask(options, "GET", path);
  if (!answer.ok()) return Failure(answer.error().message());
  Print(options.json ? json::WritePretty(*answer) : alarms::WhyText(*answer));
  return kExitGood;
}

/// A time, or how long ago: "24h".
Result<Instant> TimeOf(const std::string& text, Instant now, std::string_view option) {
  if (const Result<Duration> ago = ParseDuration(text); ago.ok()) return now - *ago;
  Result<Instant> time = ParseIsoOrEpoch(text);
  if (time.ok()) return time;
  return InvalidArgument("", std::string(option) +
                                 " must be a time (2026-01-01T00:00:00Z) or how long ago (24h)");
}

Result<json::Value> ReadAlarmFile(const std::string& path) {
  SB_TRY(const std::string text, PosixFileSystem().Read(path));
  Result<json::Value> parsed = json::Parse(text);
  if (!parsed.ok()) parsed = alarms::ParseYaml(text);
  if (!parsed.ok()) return parsed.error().Within(path);
  return parsed;
}

void PrintReplay(const Options& options, json::Value replayed) {
  const std::string chart = replayed.Find("chart")->AsString();
  if (!options.json) return Print(chart);
  replayed.Set("chart", json::Value());
  Print(json::WritePretty(replayed));
}

Result<json::Value> ReplayOnServer(const Options& options, Instant now) {
  // Without --to or --from the server's clock and its default of a day count.
  std::optional<Instant> from, to;
  if (!options.to.empty()) {
    SB_TRY(to, TimeOf(options.to, now, "--to"));
  }
  if (!options.from.empty()) {
    SB_TRY(from, TimeOf(options.from, to.value_or(now), "--from"));
  }
  if (!options.name.empty()) {
    std::string path = "/alarms/" + PercentEncode(options.name) + "/replay";
    char mark = '?';
    for (const auto& [name, time] : {std::pair{"from", from}, std::pair{"to", to}}) {
      if (!time) continue;
      path += mark + std::string(name) + "=" + PercentEncode(FormatIsoMillis(*time));
      mark = '&';
    }
    return Ask(options, "GET", path);
  }
  SB_TRY(json::Value alarm, ReadAlarmFile(options.files.front()));
  json::Value body;
  body.Set("alarm", std::move(alarm));
  if (from) body.Set("from", FormatIsoMillis(*from));
  if (to) body.Set("to", FormatIsoMillis(*to));
  return Ask(options, "POST", "/alarms/replay", json::Write(body));
}

Result<json::Value> ReplayOffline(const Options& options, Instant now) {
  const Account account{options.account, options.region};
  SystemClock clock;
  SystemRandom random;
  SB_TRY(const std::unique_ptr<server::Stores> stores,
         server::Stores::Open({.folder = options.data, .home = account}, PosixFileSystem(), clock,
                              random));
  SB_TRY(const Instant to, TimeOf(options.to.empty() ? "1s" : options.to, now, "--to"));
  SB_TRY(const Instant from, TimeOf(options.from.empty() ? "24h" : options.from, to, "--from"));
  alarms::AlarmService& service = stores->alarms();
  std::optional<alarms::Definition> definition;
  if (!options.name.empty()) {
    const alarms::AlarmPtr alarm = service.store().Find(account, options.name);
    if (alarm == nullptr) return NotFound("there is no alarm named " + options.name);
    definition = *alarm->definition;
  } else {
    SB_TRY(const json::Value alarm, ReadAlarmFile(options.files.front()));
    SB_TRY(definition, alarms::ParseAlarm(alarm, account));
  }
  SB_TRY(const alarms::Replayed replayed,
         alarms::Replay(*definition, account, service.evaluator(), from, to));
  json::Value out = alarms::ToJson(replayed);
  out.Set("chart", alarms::ToChart(replayed));
  return out;
}

int RunReplay(const Options& options) {
  if (options.name.empty() == options.files.empty() || options.files.size() > 1) {
    return UsageError("alarm replay wants one FILE or --name NAME");
  }
  if (options.endpoint.empty() == options.data.empty()) {
    return UsageError("alarm replay wants --endpoint or --data");
  }
  const Instant now = SystemClock().Now();
  const Result<json::Value> replayed =
      options.data.empty() ? ReplayOnServer(options, now) : ReplayOffline(options, now);
  if (!replayed.ok()) return Failure(replayed.error().message());
  PrintReplay(options, *replayed);
  return kExitGood;
}

int RunTest(const Options& options) {
  std::size_t passed = 0, failed = 0;
  for (const std::string& path : options.files) {
    const Result<std::string> text = PosixFileSystem().Read(path);
    if (!text.ok()) return UsageError(text.error().message());
    const bool lines = path.ends_with(".jsonl") || text->starts_with('{');
    const alarms::CaseReport report =
        lines ? alarms::RunJsonCases(*text) : alarms::RunCaseFile(*text);
    passed += report.passed;
    failed += report.failures.size();
    for (const alarms::CaseFailure& failure : report.failures) {
      Print(path + ":" + failure.name + ": " + failure.text);
    }
  }
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed == 0 ? kExitGood : kExitNotMet;
}

int RunImport(const Options& options) {
  const Account account{options.account, options.region};
  std::size_t imported = 0, skipped = 0, refused = 0;
  for (const std::string& path : options.files) {
    const Result<std::string> text = PosixFileSystem().Read(path);
    if (!text.ok()) return UsageError(text.error().message());
    const Result<alarms::Imported> found = alarms::ImportAlarms(*text, account);
    if (!found.ok()) return Failure(path + ": " + found.error().message());
    for (const std::string& line : found->skipped) {
      Print("skipped " + line);
      ++skipped;
    }
    for (const json::Value& alarm : found->alarms) {
      const std::string name = Member(alarm, "AlarmName");
      if (options.endpoint.empty() || options.dry_run) {
        Print(json::Write(alarm));
        ++imported;
        continue;
      }
      const Result<json::Value> put = Ask(options, "POST", "/alarms", json::Write(alarm));
      if (put.ok()) {
        Print("imported " + name);
        ++imported;
      } else {
        Print("refused " + name + ": " + put.error().message());
        ++refused;
      }
    }
  }
  std::fprintf(stderr, "%zu imported, %zu skipped, %zu refused\n", imported, skipped, refused);
  return refused == 0 ? kExitGood : kExitNotMet;
}

using Shared = std::shared_ptr<Options>;

void AddServer(CLI::App* app, const Shared& options, bool required) {
  CLI::Option* endpoint = app->add_option("--endpoint", options->endpoint,
                                          "Address of the server, http://HOST:PORT")
                              ->envname("SECUREBASE_ENDPOINT");
  if (required) endpoint->required();
  app->add_option("--key", options->key, "API key")->envname("SECUREBASE_KEY");
  app->add_option("--cacert", options->ca_file, "PEM certificates to trust");
  app->add_flag("--insecure", options->insecure, "Do not check the server's certificate");
}

void AddAccount(CLI::App* app, const Shared& options) {
  app->add_option("--account", options->account, "Account of 12 digits")->capture_default_str();
  app->add_option("--region", options->region, "Region")->capture_default_str();
}

std::function<int()> Setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto chosen = std::make_shared<int (*)(const Options&)>(nullptr);
  auto add = [&](const char* name, const char* summary, int (*run)(const Options&)) {
    CLI::App* sub = app.add_subcommand(name, summary);
    sub->callback([chosen, run] { *chosen = run; });
    return sub;
  };
  app.require_subcommand(1);

  CLI::App* list = add("list", "List alarms and their states", RunList);
  AddServer(list, options, true);
  list->add_option("--state", options->state, "Only those in OK, ALARM or INSUFFICIENT_DATA");
  list->add_option("--prefix", options->prefix, "Only those whose name begins so");
  list->add_flag("--json", options->json, "Print JSON");

  CLI::App* describe = add("describe", "Print one alarm as JSON", RunDescribe);
  AddServer(describe, options, true);
  describe->add_option("NAME", options->name, "The alarm")->required();

  CLI::App* why = add("why", "Explain an alarm's state", RunWhy);
  AddServer(why, options, true);
  why->add_option("NAME", options->name, "The alarm")->required();
  why->add_option("--at", options->at, "At that time rather than now");
  why->add_flag("--json", options->json, "Print JSON");

  CLI::App* replay =
      add("replay", "Run an alarm over stored history: when it would have gone off", RunReplay);
  AddServer(replay, options, false);
  replay->add_option("FILE", options->files, "Definition, as put-metric-alarm takes it");
  replay->add_option("--name", options->name, "A stored alarm instead of a file");
  replay->add_option("--from", options->from, "Time, or how long ago; default: a day before --to");
  replay->add_option("--to", options->to, "Time, or how long ago; default: now");
  replay->add_option("--data", options->data, "Data folder of a stopped server");
  AddAccount(replay, options);
  replay->add_flag("--json", options->json, "Print JSON");

  CLI::App* test = add("test", "Run test files of alarms", RunTest);
  test->add_option("FILE", options->files, "Test files (*.test, *.jsonl)")->required();

  CLI::App* import = add(
      "import", "Import alarms of CloudFormation, Terraform, the AWS CLI or Prometheus", RunImport);
  AddServer(import, options, false);
  import->add_option("FILE", options->files, "Files")->required();
  import->add_flag("--dry-run", options->dry_run, "Print what would be put");
  AddAccount(import, options);

  return [options, chosen] { return (*chosen)(*options); };
}

}  // namespace

Command AlarmCommand() {
  return {"alarm", "Work with alarms: list, why, replay, test, import", kExample, Setup};
}

}  // namespace securebase::cli
