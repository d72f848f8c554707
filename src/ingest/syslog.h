#pragma once

// Syslog, RFC 5424 and RFC 3164: frames of a TCP stream (RFC 6587), messages, and how they become
// log events (docs/logs.md).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "ingest/log_batch.h"

namespace securebase::ingest {

struct SyslogMessage {
  std::optional<int> priority;  // facility * 8 + severity
  std::optional<Instant> time;  // none: the receiver's
  std::string host;
  std::string app;
  std::string process_id;
  std::string message_id;
  /// Element, and its parameters.
  std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> data;
  std::string text;
};

/// Never fails: what follows neither RFC is text without a header. `now` completes the times of RFC
/// 3164, which have neither year nor zone (UTC is meant).
SyslogMessage ParseSyslog(std::string_view message, Instant now);

/// Adds a message to the batch: group "/syslog", stream "HOST/APP", the parts as a JSON object.
void AddSyslog(std::string_view message, Instant now, LogBatch& batch);

/// Cuts a TCP stream into messages: "LENGTH MESSAGE" or one a line, told apart at each message's
/// start. Not thread-safe.
class SyslogFramer {
 public:
  static constexpr std::size_t kMessageMax = 64u << 10;  // longer ones are cut there

  /// Takes bytes; calls nothing for what is not whole yet.
  void Feed(std::string_view bytes, std::vector<std::string>& messages);
  /// The connection ended: what is left is a message.
  void End(std::vector<std::string>& messages);

 private:
  std::string buffer_;
  bool skipping_ = false;  // the rest of a line that was too long
};

}  // namespace securebase::ingest
