// `securebase agent`: follows files and the systemd journal and puts their lines as log events.

#include <glob.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "base/file_system.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/file_follower.h"
#include "cli/logs_client.h"

namespace securebase::cli {
namespace {

constexpr const char* kExample =
    "  securebase agent --file '/var/log/app/*.log' --group /app/web --state agent.json\n"
    "  securebase agent --journald --group /host/journal --state agent.json\n\n"
    "Every line is sent at least once: the state file says how far the server has confirmed.";

constexpr std::size_t kBatchBytes = 900'000;  // below PutLogEvents' limit, with its overhead
constexpr std::size_t kBatchEvents = 10'000;

struct Options {
  LogsServer server;
  std::vector<std::string> files;
  bool journald = false;
  std::string journal_command = "journalctl --output=json --follow --all";
  std::string group;
  std::string stream;
  std::string state_file = "securebase-agent.json";
  bool once = false;
};

volatile std::sig_atomic_t stop_asked = 0;

/// Where reading goes on, by file; and the journal's cursor. Written whole after each confirmed
/// batch.
struct State {
  std::map<std::string, FilePosition> files;
  std::string cursor;

  static Result<State> Load(const std::string& path) {
    State state;
    const Result<std::string> text = PosixFileSystem().Read(path);
    if (!text.ok()) {
      if (text.error().code() == ErrorCode::kNotFound) return state;
      return text.error();
    }
    SB_TRY(const json::Value saved, json::Parse(*text));
    if (const json::Value* files = saved.Find("files"); files != nullptr && files->IsObject()) {
      for (const auto& [name, value] : files->AsObject()) {
        const json::Value* inode = value.Find("inode");
        const json::Value* offset = value.Find("offset");
        if (inode == nullptr || !inode->IsInt() || offset == nullptr || !offset->IsInt()) {
          return InvalidArgument("state", path + " is damaged");
        }
        state.files[name] = {static_cast<std::uint64_t>(inode->AsInt()),
                             static_cast<std::uint64_t>(offset->AsInt())};
      }
    }
    if (const json::Value* cursor = saved.Find("cursor"); cursor != nullptr && cursor->IsString()) {
      state.cursor = cursor->AsString();
    }
    return state;
  }

  Result<> Save(const std::string& path) const {
    json::Value saved{json::Object()};
    json::Value list{json::Object()};
    for (const auto& [name, position] : files) {
      list.Set(name, json::Object{{"inode", position.inode}, {"offset", position.offset}});
    }
    saved.Set("files", std::move(list));
    saved.Set("cursor", cursor);
    const std::string text = json::WritePretty(saved) + "\n";
    const std::string fresh = path + ".new";
    std::FILE* file = std::fopen(fresh.c_str(), "w");
    if (file == nullptr) return Unavailable("cannot write " + fresh);
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() &&
                         std::fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (std::fclose(file) != 0 || !written || std::rename(fresh.c_str(), path.c_str()) != 0) {
      return Unavailable("cannot write " + path);
    }
    return {};
  }
};

std::vector<std::string> Expand(const std::vector<std::string>& patterns) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    glob_t found;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
      for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
    }
    globfree(&found);
  }
  return paths;
}

class Agent {
 public:
  Agent(const Options& options, State state)
      : options_(options), state_(std::move(state)), client_(options.server) {}

  Result<> Run() { return options_.journald ? RunJournal() : RunFiles(); }

 private:
  Result<> RunFiles();
  Result<> RunJournal();
  Result<bool> ReadFiles();
  Result<> Send(const std::string& stream, json::Array events);
  Result<json::Value> CallUntilTaken(std::string_view operation, const json::Value& input);
  Result<> Create(const std::string& stream);
  std::string StreamOf(const std::string& source) const {
    std::string stream = options_.stream.empty() ? source : options_.stream;
    for (char& c : stream) {
      if (c == ':' || c == '*') c = '_';
    }
    return stream.substr(0, 512);
  }

  const Options& options_;
  State state_;
  LogsClient client_;
  SystemClock clock_;
  std::map<std::string, std::unique_ptr<FileFollower>> followers_;
  std::map<std::string, bool> created_;  // streams
};

/// A server that cannot be reached is asked again; one that refuses ends the agent.
Result<json::Value> Agent::CallUntilTaken(std::string_view operation, const json::Value& input) {
  for (std::chrono::seconds wait(1);; wait = std::min(wait * 2, std::chrono::seconds(30))) {
    Result<json::Value> answer = client_.Call(operation, input);
    if (answer.ok() || answer.error().code() != ErrorCode::kUnavailable || stop_asked != 0) {
      return answer;
    }
    Log(LogLevel::kWarn, "cannot send, will try again",
        {{"error", answer.error().message()}, {"wait", FormatDuration(wait)}});
    std::this_thread::sleep_for(wait);
  }
}

Result<> Agent::Create(const std::string& stream) {
  if (created_[stream]) return {};
  const json::Value group = json::Object{{"logGroupName", options_.group}};
  const json::Value both =
      json::Object{{"logGroupName", options_.group}, {"logStreamName", stream}};
  for (const bool of_stream : {false, true}) {
    const auto made =
        CallUntilTaken(of_stream ? "CreateLogStream" : "CreateLogGroup", of_stream ? both : group);
    if (!made.ok() && made.error().wire_code() != "ResourceAlreadyExistsException") {
      return made.error();
    }
  }
  created_[stream] = true;
  return {};
}

Result<> Agent::Send(const std::string& stream, json::Array events) {
  if (events.empty()) return {};
  SB_TRY_OK(Create(stream));
  SB_TRY(const json::Value answer,
         CallUntilTaken("PutLogEvents", json::Object{{"logGroupName", options_.group},
                                                     {"logStreamName", stream},
                                                     {"logEvents", std::move(events)}}));
  if (const json::Value* rejected = answer.Find("rejectedLogEventsInfo")) {
    Log(LogLevel::kWarn, "the server rejected events by their time",
        {{"stream", stream}, {"rejected", json::Write(*rejected)}});
  }
  return {};
}

/// One round over all files; whether something was sent.
Result<bool> Agent::ReadFiles() {
  bool sent = false;
  for (const std::string& path : Expand(options_.files)) {
    auto& follower = followers_[path];
    if (follower == nullptr) {
      const auto saved = state_.files.find(path);
      follower = std::make_unique<FileFollower>(
          path, saved == state_.files.end() ? FilePosition() : saved->second);
    }
    std::vector<std::string> lines;
    SB_TRY_OK(follower->Read(lines, kBatchBytes / 2));
    if (lines.empty()) continue;
    json::Array events;
    std::size_t bytes = 0;
    const std::string stream = StreamOf(path);
    const std::int64_t now = ToUnixMillis(clock_.Now());
    for (const std::string& line : lines) {
      if (line.empty()) continue;
      if (events.size() == kBatchEvents || bytes + line.size() > kBatchBytes) {
        SB_TRY_OK(Send(stream, std::exchange(events, json::Array())));
        bytes = 0;
      }
      bytes += line.size() + 26;
      events.push_back(json::Object{{"timestamp", now}, {"message", ToValidUtf8(line)}});
    }
    SB_TRY_OK(Send(stream, std::move(events)));
    state_.files[path] = follower->position();
    SB_TRY_OK(state_.Save(options_.state_file));
    sent = true;
  }
  return sent;
}

Result<> Agent::RunFiles() {
  while (stop_asked == 0) {
    SB_TRY(const bool sent, ReadFiles());
    if (sent) continue;
    if (options_.once) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
  return {};
}

/// A journal entry as an event; none for one without a message.
std::optional<json::Value> EventOfEntry(const json::Value& entry, std::string& cursor) {
  const auto text = [&](std::string_view name) {
    const json::Value* found = entry.Find(name);
    return found != nullptr && found->IsString() ? found->AsString() : std::string();
  };
  if (const std::string at = text("__CURSOR"); !at.empty()) cursor = at;
  const auto micros = ParseInt(text("__REALTIME_TIMESTAMP"));
  std::string message = text("MESSAGE");
  if (const json::Value* bytes = entry.Find("MESSAGE"); bytes != nullptr && bytes->IsArray()) {
    // What is no UTF-8 comes as an array of bytes.
    for (const json::Value& one : bytes->AsArray()) {
      if (one.IsInt()) message += static_cast<char>(one.AsInt());
    }
    message = ToValidUtf8(message);
  }
  if (!micros || message.empty()) return std::nullopt;
  json::Value out;
  for (const auto& [from, to] : {std::pair{"_HOSTNAME", "host"},
                                 {"_SYSTEMD_UNIT", "unit"},
                                 {"SYSLOG_IDENTIFIER", "identifier"},
                                 {"_PID", "pid"}}) {
    if (const std::string value = text(from); !value.empty()) out.Set(to, value);
  }
  if (const auto priority = ParseInt(text("PRIORITY"))) out.Set("priority", *priority);
  out.Set("message", message);
  return json::Object{{"timestamp", *micros / 1000}, {"message", json::Write(out)}};
}

Result<> Agent::RunJournal() {
  std::string command = options_.journal_command;
  if (!state_.cursor.empty()) command += " --after-cursor='" + state_.cursor + "'";
  if (state_.cursor.find('\'') != std::string::npos) {
    return InvalidArgument("state", options_.state_file + " is damaged");
  }
  std::FILE* journal = popen(command.c_str(), "r");
  if (journal == nullptr) return Unavailable("cannot run " + options_.journal_command);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(journal, pclose);
  const std::string stream = StreamOf("journal");
  std::string buffer, cursor = state_.cursor;
  for (bool ended = false; !ended && stop_asked == 0;) {
    pollfd waiting{.fd = fileno(journal), .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 1000) == 0) continue;
    std::array<char, 64 << 10> bytes;
    const ssize_t count = read(waiting.fd, bytes.data(), bytes.size());
    if (count <= 0) {
      ended = true;
    } else {
      buffer.append(bytes.data(), static_cast<std::size_t>(count));
    }
    json::Array events;
    std::int64_t last = 0;
    std::size_t start = 0;
    for (std::size_t end; (end = buffer.find('\n', start)) != buffer.npos; start = end + 1) {
      const auto entry = json::Parse(std::string_view(buffer).substr(start, end - start));
      if (!entry.ok()) continue;
      auto event = EventOfEntry(*entry, cursor);
      if (!event) continue;
      // A batch is in the order of time; the clock may have been set back.
      const std::int64_t time = event->Find("timestamp")->AsInt();
      if (time < last || events.size() == kBatchEvents) {
        SB_TRY_OK(Send(stream, std::exchange(events, json::Array())));
      }
      last = time;
      events.push_back(*std::move(event));
    }
    buffer.erase(0, start);
    SB_TRY_OK(Send(stream, std::move(events)));
    if (cursor != state_.cursor) {
      state_.cursor = cursor;
      SB_TRY_OK(state_.Save(options_.state_file));
    }
  }
  return {};
}

int Run(const Options& options) {
  if (options.files.empty() == !options.journald) {
    return UsageError("give either --file or --journald");
  }
  Result<State> state = State::Load(options.state_file);
  if (!state.ok()) return UsageError("--state: " + state.error().message());
  std::signal(SIGINT, [](int) { stop_asked = 1; });
  std::signal(SIGTERM, [](int) { stop_asked = 1; });
  const Result<> done = Agent(options, *std::move(state)).Run();
  return done.ok() ? kExitGood : Failure(done.error().message());
}

}  // namespace

Command AgentCommand() {
  return {"agent", "Follow files or the systemd journal and send their lines to a server", kExample,
          [](CLI::App& app) -> std::function<int()> {
            auto options = std::make_shared<Options>();
            AddServerOptions(app, options->server);
            app.add_option("--file", options->files,
                           "A file or pattern to follow; may be repeated");
            app.add_flag("--journald", options->journald, "Follow the systemd journal");
            app.add_option("--journal-command", options->journal_command,
                           "What prints the journal as JSON lines")
                ->capture_default_str();
            app.add_option("--group", options->group, "Log group, made if missing")->required();
            app.add_option("--stream", options->stream,
                           "Log stream; none: the file's path, or \"journal\"");
            app.add_option("--state", options->state_file, "Where the agent keeps how far it is")
                ->capture_default_str();
            app.add_flag("--once", options->once, "Send what is there, then end");
            return [options] { return Run(*options); };
          }};
}

}  // namespace securebase::cli
