#pragma once

// Log groups and streams, first form: durable, ordered, readable at once.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"

namespace securebase::events {

struct LogEvent {
  Instant time;
  std::string message;
  Instant ingested_at;
};

struct LogGroup {
  std::string name;
  Instant created_at;
  std::uint64_t stored_bytes = 0;
};

struct LogStream {
  std::string name;
  Instant created_at;
  std::optional<Instant> first_event;
  std::optional<Instant> last_event;
  std::optional<Instant> last_ingestion;
};

struct ReadRequest {
  std::string group;
  std::optional<std::string> stream;  // none: all streams, merged by time
  Instant start;                      // inclusive
  Instant end;                        // exclusive
  bool from_head = true;              // oldest first; else the newest `events_max`, newest first
  std::size_t events_max = 10'000;
  std::size_t skip = 0;  // for paging
};

struct ReadEvent {
  std::string stream;
  LogEvent event;
  std::string id;  // unique within the group, stable
};

/// Thread-safe.
class LogStore {
 public:
  virtual ~LogStore() = default;
  /// Creates group and stream where they are missing; durable when it returns. No events make an
  /// empty stream; an empty stream name and no events make the group alone.
  virtual Result<> Append(const Account& account, std::string_view group, std::string_view stream,
                          std::vector<LogEvent> events) = 0;
  virtual std::vector<LogGroup> Groups(const Account& account, std::string_view prefix) const = 0;
  /// kNotFound for an unknown group.
  virtual Result<std::vector<LogStream>> Streams(const Account& account, std::string_view group,
                                                 std::string_view prefix) const = 0;
  virtual Result<std::vector<ReadEvent>> Read(const Account& account,
                                              const ReadRequest& request) const = 0;
};

}  // namespace securebase::events
