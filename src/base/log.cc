#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

namespace securebase {
namespace {

using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

std::atomic<LogFormat> g_format = LogFormat::kText;

// Never destroyed: threads may log until the very end.
spdlog::logger& Logger() {
  static spdlog::logger* const logger = [] {
    auto* created =
        new spdlog::logger("securebase", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%v");
    created->set_level(spdlog::level::info);
    return created;
  }();
  return *logger;
}

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string JsonLine(LogLevel level, std::string_view message, Fields fields) {
  std::string line;
  json::Writer writer(line);
  writer.BeginObject();
  writer.Member("time", FormatIsoMillis(SystemClock().Now()));
  writer.Member("level", LevelName(level));
  writer.Member("message", ToValidUtf8(message));
  for (const auto& [name, value] : fields) writer.Member(name, ToValidUtf8(value));
  writer.EndObject();
  return line;
}

// Quoted where a reader, or a program that splits the line, could take it for something else:
// a client's text must not forge a line.
void AppendReadable(std::string& line, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \"=") == value.npos &&
                     !ContainsControlCharacter(value) && IsValidUtf8(value);
  if (plain) {
    line += value;
  } else {
    json::AppendQuoted(line, ToValidUtf8(value));
  }
}

std::string TextLine(LogLevel level, std::string_view message, Fields fields) {
  std::string line =
      fmt::format("{} {:<5} ", FormatIsoMillis(SystemClock().Now()), LevelName(level));
  if (ContainsControlCharacter(message) || !IsValidUtf8(message)) {
    json::AppendQuoted(line, ToValidUtf8(message));
  } else {
    line += message;
  }
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    AppendReadable(line, value);
  }
  return line;
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  Logger().set_level(SpdlogLevel(level));
  g_format = format;
}

void Log(LogLevel level, std::string_view message, Fields fields) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(SpdlogLevel(level))) return;
  const std::string line = g_format == LogFormat::kJson ? JsonLine(level, message, fields)
                                                        : TextLine(level, message, fields);
  logger.log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
}

void FlushLog() { Logger().flush(); }

}  // namespace securebase
