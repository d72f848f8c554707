#pragma once

// The server's own log: one JSON object a line on stderr (or readable text on a terminal).
// An error is logged once, where it is handled. Never log a secret.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace securebase {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kJson, kText };

/// Chosen once at start. Default: info, text.
void ConfigureLog(LogLevel level, LogFormat format);

/// Writes a line: time, level, message and the fields, each value as text.
/// Log(LogLevel::kError, "cannot flush", {{"file", path}, {"error", error.message()}}).
void Log(LogLevel level, std::string_view message,
         std::initializer_list<std::pair<std::string_view, std::string>> fields = {});

void FlushLog();

}  // namespace securebase
