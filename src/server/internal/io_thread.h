#pragma once

// One I/O thread with its event loop and its connections. A connection stays on the loop that
// accepted it for life, so that nothing of it needs a lock.

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/text.h"
#include "server/http_server.h"
#include "server/internal/response_head.h"

namespace securebase::server {

namespace asio = boost::asio;

/// What all connections and loops of a server share.
struct ServerShared {
  ServerShared(HttpServerOptions options_in, http::Handler& handler_in, const Clock& clock_in,
               Random& random_in)
      : options(std::move(options_in)), handler(handler_in), clock(clock_in), random(random_in) {}

  const HttpServerOptions options;
  http::Handler& handler;
  const Clock& clock;
  Random& random;

  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> connections{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused_connections{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused_requests{0};

  std::mutex mutex;
  std::condition_variable drained;  // connections became 0 while stopping

  void ConnectionClosed() {
    // Under the lock, so that the one who waits cannot miss it.
    if (connections.fetch_sub(1) == 1 && stopping.load()) {
      std::lock_guard lock(mutex);
      drained.notify_all();
    }
  }
};

/// A connection as its loop sees it: something with a deadline.
class TimedConnection {
 public:
  virtual ~TimedConnection() = default;
  /// The deadline has passed, or the server stops: cancels what the connection waits for.
  virtual void Expire() = 0;

  std::chrono::nanoseconds deadline = std::chrono::nanoseconds::max();
  /// Waits for the first byte of a request: nothing is lost by closing.
  bool idle = false;
};

/// An event loop, the set of its connections and what they share without locks.
class IoThread {
 public:
  explicit IoThread(ServerShared& shared)
      : shared_(shared), loop_(/*concurrency_hint=*/1), timer_(loop_) {}

  asio::io_context& loop() { return loop_; }
  ServerShared& shared() { return shared_; }

  void Add(TimedConnection* connection) { connections_.insert(connection); }
  void Remove(TimedConnection* connection) { connections_.erase(connection); }

  /// Looks for passed deadlines now and then: one timer for all connections, where a timer each
  /// would have to be set again with every request.
  void WatchDeadlines() {
    timer_.expires_after(shared_.options.timeout_check_interval);
    timer_.async_wait([this](const boost::system::error_code& code) {
      if (code) return;
      const std::chrono::nanoseconds now = shared_.clock.Monotonic();
      for (TimedConnection* connection : connections_) {
        if (connection->deadline < now) connection->Expire();
      }
      WatchDeadlines();
    });
  }

  void CloseIdle() {
    for (TimedConnection* connection : connections_) {
      if (connection->idle) connection->Expire();
    }
  }

  /// The Date field's text, made once a second.
  std::string_view Date(Instant now) {
    if (const std::int64_t second = ToUnixSeconds(now); second != date_second_) {
      date_second_ = second;
      date_ = FormatHttpDate(now);
    }
    return date_;
  }

  /// A random UUID, version 4. The system is asked for many at once.
  std::string NewRequestId() {
    constexpr std::size_t kBytes = 16;
    if (random_used_ + kBytes > random_bytes_.size()) {
      shared_.random.Fill(random_bytes_);
      random_used_ = 0;
    }
    std::uint8_t* bytes = random_bytes_.data() + random_used_;
    random_used_ += kBytes;
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string id;
    id.reserve(36);
    for (std::size_t i = 0; i < kBytes; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) id.push_back('-');
      id.push_back(kDigits[bytes[i] >> 4]);
      id.push_back(kDigits[bytes[i] & 15]);
    }
    return id;
  }

 private:
  ServerShared& shared_;
  std::unordered_set<TimedConnection*> connections_;  // before loop_, whose end ends them
  asio::io_context loop_;
  asio::steady_timer timer_;
  std::int64_t date_second_ = -1;
  std::string date_;
  std::array<std::uint8_t, 4096> random_bytes_{};
  std::size_t random_used_ = random_bytes_.size();
};

}  // namespace securebase::server
