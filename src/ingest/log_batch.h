#pragma once

// Log events of other protocols on their way into the log store: collected by group and stream,
// checked, appended.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "events/log_store.h"

namespace securebase::ingest {

/// The text with '_' for what a group's name cannot have, cut to 512 bytes; `otherwise` where it is
/// empty.
std::string GroupNameFrom(std::string_view text, std::string_view otherwise);
/// The same for a stream's name.
std::string StreamNameFrom(std::string_view text, std::string_view otherwise);

/// Not thread-safe.
class LogBatch {
 public:
  /// Events of one call are ingested at `now`.
  explicit LogBatch(Instant now) : now_(now) {}

  /// Takes an event, or counts it as rejected: older than 14 days, more than 2 hours ahead, empty,
  /// or larger than 1 MB.
  void Add(std::string group, std::string stream, Instant time, std::string message);

  /// Appends all, creating groups and streams. On an error some groups may have been stored: the
  /// sender sends everything again.
  Result<> Store(events::LogStore& store, const Account& account);

  /// What was taken, by group and stream.
  using Streams = std::map<std::pair<std::string, std::string>, std::vector<events::LogEvent>>;
  const Streams& streams() const { return streams_; }
  std::size_t accepted() const { return accepted_; }
  std::size_t rejected() const { return rejected_; }
  /// Why the last one was rejected; empty: none was.
  const std::string& reason() const { return reason_; }

 private:
  const Instant now_;
  Streams streams_;
  std::size_t accepted_ = 0;
  std::size_t rejected_ = 0;
  std::string reason_;
};

}  // namespace securebase::ingest
