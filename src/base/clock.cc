#include "base/clock.h"

namespace securebase {
namespace {

Instant MachineTime() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace

SystemClock::SystemClock(Instant start) : offset_(start - MachineTime()) {}

Instant SystemClock::Now() const { return MachineTime() + offset_; }

std::chrono::nanoseconds SystemClock::Monotonic() const {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace securebase
