#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>

#include "base/text.h"
#include "cli/command.h"
#include "cli/line_chart.h"
#include "cli/metrics_client.h"
#include "cli/metrics_output.h"
#include "cli/terminal.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase metrics list --endpoint http://127.0.0.1:8080 --namespace SecureBase/Analytics\n"
    "  securebase metrics get SecureBase/Analytics QueryExecutionTime --stat p95 --stat Average "
    "\\\n"
    "      --last 3h --format chart --endpoint http://127.0.0.1:8080\n"
    "  securebase metrics get AWS/ApiGateway Count --stat Sum --follow "
    "--endpoint http://127.0.0.1:8080\n"
    "  securebase metrics put My/App Latency 0.25 0.31 --unit Seconds --dimension Host=a \\\n"
    "      --endpoint http://127.0.0.1:8080\n\n"
    "Exit codes: 0 good, 1 the server refused it or cannot be reached, 2 wrong usage.";

struct Options {
  MetricsClientOptions client;
  std::string namespace_name;
  std::string name;
  std::vector<std::string> dimensions;  // NAME=VALUE
  std::string format = "table";
  // list
  std::size_t limit = 1'000;
  bool recent = false;
  // get
  std::vector<std::string> statistics;
  std::string expression;
  std::int64_t period_s = 0;
  std::string last = "3h";
  std::string start;
  std::string end;
  std::string unit;
  bool follow = false;
  std::string interval = "5s";
  std::size_t polls = 0;  // of --follow; 0: until it is stopped
  // put
  std::vector<double> values;
  std::string time;
  bool high_resolution = false;
};

/// {"Name", "Value"} of each NAME=VALUE; where `names_alone`, of a NAME too.
Result<json::Array> DimensionsOf(const Options& options, bool names_alone) {
  json::Array out;
  for (const std::string& text : options.dimensions) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || (equals == std::string::npos && !names_alone)) {
      return InvalidArgument("dimension", "--dimension must be NAME=VALUE, not " + text);
    }
    json::Object dimension{{"Name", text.substr(0, equals)}};
    if (equals != std::string::npos) dimension.emplace_back("Value", text.substr(equals + 1));
    out.push_back(std::move(dimension));
  }
  return out;
}

int Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? kExitGood : Failure("cannot write the result");
}

// ---- list

Result<std::vector<ListedMetric>> ListAll(const Options& options, MetricsClient& client,
                                          json::Array dimensions) {
  std::vector<ListedMetric> all;
  std::string token;
  do {
    json::Value input{json::Object{}};
    if (!options.namespace_name.empty()) input.Set("Namespace", options.namespace_name);
    if (!options.name.empty()) input.Set("MetricName", options.name);
    if (!dimensions.empty()) input.Set("Dimensions", dimensions);
    if (options.recent) input.Set("RecentlyActive", "PT3H");
    if (!token.empty()) input.Set("NextToken", token);
    SB_TRY(const json::Value answer, client.Call("ListMetrics", input));
    SB_TRY_OK(AppendListed(answer, all));
    const json::Value* next = answer.Find("NextToken");
    token = next != nullptr && next->IsString() ? next->AsString() : std::string();
  } while (!token.empty() && all.size() < options.limit);
  if (all.size() > options.limit) all.resize(options.limit);
  return all;
}

int List(const Options& options) {
  Result<json::Array> dimensions = DimensionsOf(options, /*names_alone=*/true);
  if (!dimensions.ok()) return UsageError(dimensions.error().message());
  MetricsClient client(options.client);
  const auto metrics = ListAll(options, client, *std::move(dimensions));
  if (!metrics.ok()) return Failure(metrics.error().message());
  return Print(PresentList(*metrics, options.format));
}

// ---- put

int Put(const Options& options) {
  Result<json::Array> dimensions = DimensionsOf(options, /*names_alone=*/false);
  if (!dimensions.ok()) return UsageError(dimensions.error().message());
  json::Value datum{json::Object{{"MetricName", options.name}}};
  json::Array values;
  for (const double value : options.values) values.push_back(value);
  datum.Set("Values", std::move(values));
  if (!dimensions->empty()) datum.Set("Dimensions", *std::move(dimensions));
  if (!options.unit.empty()) datum.Set("Unit", options.unit);
  if (options.high_resolution) datum.Set("StorageResolution", 1);
  MetricsClient client(options.client);
  if (!options.time.empty()) {
    const Result<Instant> now = client.Now();
    if (!now.ok()) return Failure(now.error().message());
    const Result<Instant> time = ParseTimeOrAge(options.time, *now);
    if (!time.ok()) return UsageError("--time " + time.error().message());
    datum.Set("Timestamp", static_cast<double>(ToUnixMillis(*time)) / 1000);
  }
  const auto put =
      client.Call("PutMetricData", json::Object{{"Namespace", options.namespace_name},
                                                {"MetricData", json::Array{std::move(datum)}}});
  return put.ok() ? kExitGood : Failure(put.error().message());
}

// ---- get

/// What is asked, with the times resolved.
struct Question {
  json::Array queries;
  Instant start;
  Instant end;
  Duration period{60'000};
};

/// A period that gives a readable number of points.
std::int64_t PeriodFor(Duration length) {
  for (const std::int64_t period : {60, 300, 900, 3600, 21'600}) {
    if (length / std::chrono::seconds(period) <= 200) return period;
  }
  return 86'400;
}

Result<Question> QuestionOf(const Options& options, Instant now) {
  Question question;
  const Result<Duration> last = ParseDuration(options.last);
  if (!last.ok()) return InvalidArgument("last", "--last must be a duration such as 3h");
  // The server tells its time in whole seconds: what was published just now belongs to the range.
  question.end = now + std::chrono::seconds(2);
  if (!options.end.empty()) {
    const auto end = ParseTimeOrAge(options.end, now);
    if (!end.ok()) return InvalidArgument("end", "--end " + end.error().message());
    question.end = *end;
  }
  question.start = question.end - *last;
  if (!options.start.empty()) {
    const auto start = ParseTimeOrAge(options.start, now);
    if (!start.ok()) return InvalidArgument("start", "--start " + start.error().message());
    question.start = *start;
  }
  if (question.start >= question.end || (options.end.empty() && question.start >= now)) {
    return InvalidArgument("start", "--start must lie before --end");
  }
  const std::int64_t period =
      options.period_s > 0 ? options.period_s : PeriodFor(question.end - question.start);
  question.period = std::chrono::seconds(period);
  // Whole periods of the clock, so that the rows do not move from one call to the next.
  question.start = FromUnixSeconds(ToUnixSeconds(question.start) / period * period);
  if (!options.expression.empty()) {
    question.queries.push_back(
        json::Object{{"Id", "m0"}, {"Expression", options.expression}, {"Period", period}});
    return question;
  }
  SB_TRY(json::Array dimensions, DimensionsOf(options, /*names_alone=*/false));
  json::Value metric{
      json::Object{{"Namespace", options.namespace_name}, {"MetricName", options.name}}};
  if (!dimensions.empty()) metric.Set("Dimensions", std::move(dimensions));
  for (std::size_t i = 0; i < options.statistics.size(); ++i) {
    json::Value stat{
        json::Object{{"Metric", metric}, {"Period", period}, {"Stat", options.statistics[i]}}};
    if (!options.unit.empty()) stat.Set("Unit", options.unit);
    question.queries.push_back(json::Object{{"Id", "m" + std::to_string(i)},
                                            {"Label", options.statistics[i]},
                                            {"MetricStat", std::move(stat)}});
  }
  return question;
}

Result<std::vector<ChartSeries>> AskSeries(MetricsClient& client, const Question& question) {
  std::vector<ChartSeries> series;
  std::string token;
  do {
    json::Value input{
        json::Object{{"MetricDataQueries", question.queries},
                     {"StartTime", static_cast<double>(ToUnixMillis(question.start)) / 1000},
                     {"EndTime", static_cast<double>(ToUnixMillis(question.end)) / 1000},
                     {"ScanBy", "TimestampAscending"}}};
    if (!token.empty()) input.Set("NextToken", token);
    SB_TRY(const json::Value answer, client.Call("GetMetricData", input));
    SB_TRY_OK(AppendSeries(answer, series));
    const json::Value* next = answer.Find("NextToken");
    token = next != nullptr && next->IsString() ? next->AsString() : std::string();
  } while (!token.empty());
  return series;
}

std::string Present(const Options& options, const Question& question,
                    const std::vector<ChartSeries>& series) {
  if (options.format != "chart") return PresentSeries(series, options.format);
  return DrawLineChart(series, {.width = TerminalWidth(STDOUT_FILENO),
                                .start = question.start,
                                .end = question.end,
                                .period = question.period,
                                .colours = CanPrintColours(STDOUT_FILENO),
                                .unicode = HasUtf8Locale()});
}

int GetOnce(const Options& options, MetricsClient& client, const Question& question) {
  const auto series = AskSeries(client, question);
  if (!series.ok()) return Failure(series.error().message());
  bool any = false;
  for (const ChartSeries& one : *series) any = any || !one.points.empty();
  if (!any) std::fprintf(stderr, "securebase: no data in this range\n");
  return Print(Present(options, question, *series));
}

/// Waits, and says whether SIGINT or SIGTERM came meanwhile.
bool StopsWithin(const sigset_t& signals, Duration wait) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(wait);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(wait - seconds).count();
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

/// Prints what is new or changed at each look; a chart is drawn anew.
int Follow(const Options& options, MetricsClient& client, Duration interval) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  FollowedRows rows(options.format);
  const bool redraw = options.format == "chart" && IsTerminal(STDOUT_FILENO);
  for (std::size_t poll = 1;; ++poll) {
    const Result<Instant> now = client.Now();
    if (!now.ok()) return Failure(now.error().message());
    const Result<Question> question = QuestionOf(options, *now);
    if (!question.ok()) return UsageError(question.error().message());
    const auto series = AskSeries(client, *question);
    if (!series.ok()) return Failure(series.error().message());
    const std::string text = options.format == "chart" ? (redraw ? "\033[H\033[2J" : "") +
                                                             Present(options, *question, *series)
                                                       : rows.Next(*series);
    if (const int code = Print(text); code != kExitGood) return code;
    if (poll == options.polls || StopsWithin(signals, interval)) return kExitGood;
  }
}

int Get(const Options& options) {
  if (options.expression.empty() && (options.namespace_name.empty() || options.name.empty())) {
    return UsageError("get needs NAMESPACE and NAME, or --expression");
  }
  if (options.follow && !options.end.empty()) {
    return UsageError("--follow and --end exclude each other");
  }
  const Result<Duration> interval = ParseDuration(options.interval);
  if (!interval.ok()) return UsageError("--interval must be a duration such as 5s");
  MetricsClient client(options.client);
  if (options.follow) return Follow(options, client, *interval);
  const Result<Instant> now = client.Now();
  if (!now.ok()) return Failure(now.error().message());
  const Result<Question> question = QuestionOf(options, *now);
  if (!question.ok()) return UsageError(question.error().message());
  return GetOnce(options, client, *question);
}

// ---- options

void AddClientOptions(CLI::App& app, Options& options) {
  MetricsClientOptions& client = options.client;
  app.add_option("--endpoint", client.endpoint, "Address of the server, http://HOST:PORT")
      ->required();
  app.add_option("--key", client.key, "API key (viewer; put needs analyst)")
      ->envname("SECUREBASE_KEY");
  app.add_option("--access-key", client.access_key_id, "AWS access key id, in place of --key")
      ->envname("AWS_ACCESS_KEY_ID");
  app.add_option("--secret-key", client.secret_access_key, "Its secret")
      ->envname("AWS_SECRET_ACCESS_KEY");
  app.add_option("--region", client.region, "Region of the metrics")->capture_default_str();
  app.add_option("--cacert", client.ca_file, "PEM certificates to trust");
  app.add_flag("--insecure", client.insecure, "Do not check the server's certificate");
}

void AddFormat(CLI::App& app, Options& options, const std::vector<std::string>& formats) {
  std::string names;
  for (const std::string& format : formats) names += (names.empty() ? "" : ", ") + format;
  app.add_option("--format", options.format, names)
      ->capture_default_str()
      ->check(CLI::IsMember(formats));
}

CLI::App* AddList(CLI::App& app, Options& options) {
  CLI::App* list = app.add_subcommand("list", "List the metrics there are");
  AddClientOptions(*list, options);
  list->add_option("--namespace", options.namespace_name, "Only of this namespace");
  list->add_option("--name", options.name, "Only of this name");
  list->add_option("--dimension", options.dimensions, "Only with NAME=VALUE, or NAME; repeatable");
  list->add_flag("--recent", options.recent, "Only those with data of the last three hours");
  list->add_option("--limit", options.limit, "At most so many")->capture_default_str();
  AddFormat(*list, options, {"table", "csv", "json"});
  return list;
}

CLI::App* AddGet(CLI::App& app, Options& options) {
  CLI::App* get = app.add_subcommand("get", "Show a metric's values");
  AddClientOptions(*get, options);
  get->add_option("NAMESPACE,--namespace", options.namespace_name, "The metric's namespace");
  get->add_option("NAME,--name", options.name, "The metric's name");
  get->add_option("--dimension", options.dimensions, "NAME=VALUE; repeatable, all it has");
  get->add_option("--stat", options.statistics, "Average, Sum, p95, TM(10%:90%), ..; repeatable");
  get->add_option("--expression", options.expression,
                  "Metric math, SEARCH or SELECT, in place of a metric");
  get->add_option("--period", options.period_s, "Seconds a row (chosen by the range where absent)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400}));
  get->add_option("--last", options.last, "How far back")->capture_default_str();
  get->add_option("--start", options.start, "An ISO time, or an age such as 1h");
  get->add_option("--end", options.end, "The same; now where absent");
  get->add_option("--unit", options.unit, "Only data of this unit");
  get->add_flag("--follow", options.follow, "Keep printing what is new, until Ctrl-C");
  get->add_option("--interval", options.interval, "Between two looks of --follow")
      ->capture_default_str();
  get->add_option("--polls", options.polls, "Stop --follow after so many looks");
  AddFormat(*get, options, {"table", "csv", "json", "chart"});
  return get;
}

CLI::App* AddPut(CLI::App& app, Options& options) {
  CLI::App* put = app.add_subcommand("put", "Publish values");
  AddClientOptions(*put, options);
  put->add_option("NAMESPACE,--namespace", options.namespace_name, "The metric's namespace")
      ->required();
  put->add_option("NAME,--name", options.name, "The metric's name")->required();
  put->add_option("VALUE,--value", options.values, "One or more values")->required();
  put->add_option("--dimension", options.dimensions, "NAME=VALUE; repeatable");
  put->add_option("--unit", options.unit, "Seconds, Bytes, Count, ..");
  put->add_option("--time", options.time, "An ISO time, or an age such as 10m; now where absent");
  put->add_flag("--high-resolution", options.high_resolution, "Keep it by the second");
  return put;
}

}  // namespace

Command MetricsCommand() {
  return {"metrics", "List, show and publish metrics of a running server", kExample,
          [](CLI::App& app) -> std::function<int()> {
            auto options = std::make_shared<Options>();
            app.require_subcommand(1);
            CLI::App* list = AddList(app, *options);
            CLI::App* get = AddGet(app, *options);
            CLI::App* put = AddPut(app, *options);
            for (CLI::App* sub : {list, get, put}) {
              sub->footer(std::string("Example:\n") + kExample);
            }
            return [options, list, get] {
              std::string& endpoint = options->client.endpoint;
              while (endpoint.ends_with('/')) endpoint.pop_back();
              if (options->statistics.empty()) options->statistics = {"Average"};
              if (list->parsed()) return List(*options);
              return get->parsed() ? Get(*options) : Put(*options);
            };
          }};
}

}  // namespace securebase::cli
