#pragma once

// Live tail: events as they arrive, to those who watch (spec: logs-api 10).

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "events/log_store.h"
#include "logs/filter_pattern.h"

namespace securebase::logs {

struct TailRequest {
  std::vector<std::string> groups;  // names, 1 to 10
  std::vector<std::string> streams;
  std::vector<std::string> stream_prefixes;
  FilterPattern pattern;
};

struct TailedEvent {
  std::string group;
  std::string stream;
  events::LogEvent event;
};

struct TailUpdate {
  std::vector<TailedEvent> events;  // in the order of their arrival
  bool sampled = false;             // more came than an update holds
};

/// Takes an update; false: nobody watches any more. Called about once a second, empty or not.
using TailSink = std::function<bool(const TailUpdate& update)>;

/// Thread-safe.
class LiveTail {
 public:
  static constexpr std::size_t kEventsMax = 500;  // of an update
  static constexpr std::size_t kSessionsMax = 100;
  static constexpr Duration kSessionMax = std::chrono::hours(3);

  /// Watches until the sink says false or the time is over; `ended` is called then.
  /// kLimitExceeded: too many sessions.
  Result<> Start(const Account& account, TailRequest request, Instant now, TailSink sink,
                 std::function<void()> ended);

  void Publish(const Account& account, std::string_view group, std::string_view stream,
               std::span<const events::LogEvent> events);
  /// Sends what came since the last call.
  void Flush(Instant now);
  /// Ends all sessions.
  void Stop();
  std::size_t sessions() const;

 private:
  struct Session {
    Account account;
    std::set<std::string, std::less<>> groups;
    TailRequest request;
    Instant ends_at;
    TailSink sink;
    std::function<void()> ended;
    TailUpdate pending;  // guarded by the tail's mutex_
    bool Takes(std::string_view stream) const;
  };

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Session>> sessions_;  // guarded by mutex_
  std::atomic<bool> watched_{false};                // whether there are sessions
};

}  // namespace securebase::logs
