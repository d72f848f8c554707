// `securebase logs`: groups, streams and events of a server on the command line.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <set>
#include <thread>

#include "base/text.h"
#include "cli/command.h"
#include "cli/logs_client.h"
#include "cli/terminal.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase logs groups --prefix /aws/lambda/\n"
    "  echo 'ERROR it broke' | securebase logs put /app/api web-1\n"
    "  securebase logs tail /app/api --since 1h --filter ERROR --follow";

struct Options {
  LogsServer server;
  std::string group;
  std::string stream;
  std::string prefix;
  std::string filter;
  std::string since = "10m";
  std::string until;
  std::string format = "text";
  std::vector<std::string> messages;
  int limit = 0;
  bool follow = false;
};

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}
std::int64_t NumberOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsInt() ? found->AsInt() : 0;
}

void Print(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stdout); }

/// "10m" ago, an ISO time or epoch seconds.
Result<std::int64_t> TimeOf(const std::string& text, Instant now) {
  if (const Result<Duration> ago = ParseDuration(text); ago.ok()) return ToUnixMillis(now - *ago);
  SB_TRY(const Instant time, ParseIsoOrEpoch(text));
  return ToUnixMillis(time);
}

/// Calls `each` for every row of all pages.
Result<> ForEach(LogsClient& client, std::string_view operation, json::Value input,
                 std::string_view member, const std::function<void(const json::Value&)>& each) {
  for (;;) {
    SB_TRY(const json::Value answer, client.Call(operation, input));
    if (const json::Value* rows = answer.Find(member); rows != nullptr && rows->IsArray()) {
      for (const json::Value& row : rows->AsArray()) each(row);
    }
    const std::string token = TextOf(answer, "nextToken");
    if (token.empty()) return {};
    input.Set("nextToken", token);
  }
}

Result<> Groups(const Options& options, LogsClient& client) {
  json::Value input{json::Object()};
  if (!options.prefix.empty()) input.Set("logGroupNamePrefix", options.prefix);
  return ForEach(client, "DescribeLogGroups", input, "logGroups", [&](const json::Value& group) {
    if (options.format == "json") return Print(json::Write(group) + "\n");
    const std::int64_t days = NumberOf(group, "retentionInDays");
    Print(FormatIso(FromUnixMillis(NumberOf(group, "creationTime"))) + "  " +
          std::to_string(NumberOf(group, "storedBytes")) + " bytes  " +
          (days == 0 ? "kept" : std::to_string(days) + " days") + "  " +
          TextOf(group, "logGroupName") + "\n");
  });
}

Result<> Streams(const Options& options, LogsClient& client) {
  json::Value input{json::Object{{"logGroupName", options.group}}};
  if (!options.prefix.empty()) input.Set("logStreamNamePrefix", options.prefix);
  return ForEach(client, "DescribeLogStreams", input, "logStreams", [&](const json::Value& one) {
    if (options.format == "json") return Print(json::Write(one) + "\n");
    const std::int64_t last = NumberOf(one, "lastEventTimestamp");
    Print((last == 0 ? std::string("-                   ") : FormatIso(FromUnixMillis(last))) +
          "  " + TextOf(one, "logStreamName") + "\n");
  });
}

void PrintEvent(const Options& options, const json::Value& event) {
  if (options.format == "json") return Print(json::Write(event) + "\n");
  std::string message = TextOf(event, "message");
  while (message.ends_with('\n')) message.pop_back();
  const std::string stream = TextOf(event, "logStreamName");
  Print(FormatIsoMillis(FromUnixMillis(NumberOf(event, "timestamp"))) + " " +
        (stream.empty() ? "" : stream + " ") + message + "\n");
}

Result<> Tail(const Options& options, LogsClient& client) {
  const SystemClock clock;
  SB_TRY(std::int64_t start, TimeOf(options.since, clock.Now()));
  json::Value input{json::Object{{"logGroupName", options.group}}};
  if (!options.filter.empty()) input.Set("filterPattern", options.filter);
  if (!options.stream.empty()) input.Set("logStreamNames", json::Array{options.stream});
  if (!options.until.empty()) {
    SB_TRY(const std::int64_t end, TimeOf(options.until, clock.Now()));
    input.Set("endTime", end);
  }
  // While following, events may come late: a while before the newest is asked for again, and what
  // was shown is left out.
  constexpr std::int64_t kLateMs = 30'000;
  std::set<std::string> shown;
  std::int64_t newest = start;
  for (;;) {
    input.Set("startTime", start);
    std::set<std::string> seen;
    SB_TRY_OK(ForEach(client, "FilterLogEvents", input, "events", [&](const json::Value& event) {
      std::string id = TextOf(event, "eventId");
      newest = std::max(newest, NumberOf(event, "timestamp"));
      if (!shown.contains(id)) PrintEvent(options, event);
      seen.insert(std::move(id));
    }));
    if (std::fflush(stdout) != 0) return Unavailable("cannot write the events");
    if (!options.follow) return {};
    shown = std::move(seen);
    start = std::max(start, newest - kLateMs);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

Result<> Get(const Options& options, LogsClient& client) {
  json::Value input{json::Object{
      {"logGroupName", options.group}, {"logStreamName", options.stream}, {"startFromHead", true}}};
  std::int64_t left = options.limit == 0 ? INT64_MAX : options.limit;
  for (std::string token; left > 0;) {
    if (!token.empty()) input.Set("nextToken", token);
    input.Set("limit", std::min<std::int64_t>(left, 10'000));
    SB_TRY(const json::Value answer, client.Call("GetLogEvents", input));
    const json::Value* events = answer.Find("events");
    if (events == nullptr || events->AsArray().empty()) return {};
    for (const json::Value& event : events->AsArray()) PrintEvent(options, event);
    left -= static_cast<std::int64_t>(events->AsArray().size());
    token = TextOf(answer, "nextForwardToken");
  }
  return {};
}

Result<> CreateMissing(const Options& options, LogsClient& client) {
  const auto create = [&](std::string_view operation, const json::Value& input) -> Result<> {
    const Result<json::Value> made = client.Call(operation, input);
    if (made.ok() || made.error().wire_code() == "ResourceAlreadyExistsException") return {};
    return made.error();
  };
  SB_TRY_OK(create("CreateLogGroup", json::Object{{"logGroupName", options.group}}));
  return create("CreateLogStream",
                json::Object{{"logGroupName", options.group}, {"logStreamName", options.stream}});
}

/// Puts the arguments, or the lines of standard input, all with the time of the call.
Result<> Put(const Options& options, LogsClient& client) {
  const SystemClock clock;
  SB_TRY_OK(CreateMissing(options, client));
  json::Array events;
  std::size_t bytes = 0;
  const auto flush = [&]() -> Result<> {
    if (events.empty()) return {};
    SB_TRY_OK(client.Call("PutLogEvents",
                          json::Object{{"logGroupName", options.group},
                                       {"logStreamName", options.stream},
                                       {"logEvents", std::exchange(events, json::Array())}}));
    bytes = 0;
    return {};
  };
  const auto add = [&](const std::string& message) -> Result<> {
    if (message.empty()) return {};
    if (events.size() == 10'000 || bytes + message.size() + 26 > 1'000'000) SB_TRY_OK(flush());
    bytes += message.size() + 26;
    events.push_back(
        json::Object{{"timestamp", ToUnixMillis(clock.Now())}, {"message", ToValidUtf8(message)}});
    return {};
  };
  for (const std::string& message : options.messages) SB_TRY_OK(add(message));
  if (options.messages.empty()) {
    for (std::string line; std::getline(std::cin, line);) SB_TRY_OK(add(line));
  }
  return flush();
}

using Action = Result<> (*)(const Options&, LogsClient&);

int RunAction(const Options& options, Action action) {
  if (options.format != "text" && options.format != "json") {
    return UsageError("--format must be text or json");
  }
  LogsClient client(options.server);
  const Result<> done = action(options, client);
  if (!done.ok()) return Failure(done.error().message());
  return std::fflush(stdout) == 0 ? kExitGood : Failure("cannot write the result");
}

}  // namespace

Command LogsCommand() {
  return {
      "logs", "List, read, follow and put log events of a running server", kExample,
      [](CLI::App& app) -> std::function<int()> {
        // Each has options of its own: what the environment says would else be set, for the
        // subcommands that were not asked for, over what the command line says.
        struct Chosen {
          std::shared_ptr<Options> options;
          Action run = nullptr;
        };
        auto chosen = std::make_shared<Chosen>();
        app.require_subcommand(1);
        const auto add = [&](const char* name, const char* summary, Action run) {
          auto options = std::make_shared<Options>();
          CLI::App* sub = app.add_subcommand(name, summary);
          sub->callback([chosen, options, run] { *chosen = {options, run}; });
          AddServerOptions(*sub, options->server);
          if (run != Put) {
            sub->add_option("--format", options->format, "text or json (one object a line)")
                ->capture_default_str();
          }
          return std::pair(sub, options);
        };
        const auto [groups, of_groups] = add("groups", "List log groups", Groups);
        groups->add_option("--prefix", of_groups->prefix, "Only names that begin so");
        const auto [streams, of_streams] = add("streams", "List the streams of a group", Streams);
        streams->add_option("group", of_streams->group, "Log group")->required();
        streams->add_option("--prefix", of_streams->prefix, "Only names that begin so");
        const auto [tail, of_tail] =
            add("tail", "Show the events of a group, and those that come", Tail);
        tail->add_option("group", of_tail->group, "Log group")->required();
        tail->add_option("--stream", of_tail->stream, "Only this stream");
        tail->add_option("--filter", of_tail->filter, "Filter pattern, as FilterLogEvents has");
        tail->add_option("--since", of_tail->since, "10m ago, an ISO time or epoch seconds")
            ->capture_default_str();
        tail->add_option("--until", of_tail->until, "The same, for the end");
        tail->add_flag("-f,--follow", of_tail->follow, "Go on showing events as they come");
        const auto [get, of_get] = add("get", "Show the events of a stream from its start", Get);
        get->add_option("group", of_get->group, "Log group")->required();
        get->add_option("stream", of_get->stream, "Log stream")->required();
        get->add_option("--limit", of_get->limit, "At most so many events");
        const auto [put, of_put] = add("put", "Put messages, or the lines of standard input", Put);
        put->add_option("group", of_put->group, "Log group, made if missing")->required();
        put->add_option("stream", of_put->stream, "Log stream, made if missing")->required();
        put->add_option("message", of_put->messages, "Messages; none: standard input");
        return [chosen] { return RunAction(*chosen->options, chosen->run); };
      }};
}

}  // namespace securebase::cli
