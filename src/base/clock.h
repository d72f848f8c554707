#pragma once

#include <chrono>

#include "base/time.h"

namespace securebase {

/// Where the time comes from. Nothing outside base/ reads the system's clock.
/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// The wall clock, UTC.
  virtual Instant Now() const = 0;
  /// A clock that never jumps, for measuring how long something takes. Its zero is arbitrary.
  virtual std::chrono::nanoseconds Monotonic() const = 0;
};

/// The machine's clock, optionally shifted so that it reads `start` at construction and runs on
/// from there (`serve --clock`; for tests, benches and replays).
class SystemClock final : public Clock {
 public:
  SystemClock() = default;
  explicit SystemClock(Instant start);
  Instant Now() const override;
  std::chrono::nanoseconds Monotonic() const override;

 private:
  Duration offset_{0};
};

}  // namespace securebase
