#pragma once

#include <atomic>

#include "base/clock.h"

namespace securebase {

/// A clock that only the test moves. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Instant start) : now_ms_(ToUnixMillis(start)) {}
  Instant Now() const override { return FromUnixMillis(now_ms_.load()); }
  std::chrono::nanoseconds Monotonic() const override {
    return std::chrono::milliseconds(now_ms_.load());
  }
  void Advance(Duration d) { now_ms_ += d.count(); }
  void Set(Instant t) { now_ms_ = ToUnixMillis(t); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

}  // namespace securebase
