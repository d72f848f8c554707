// What is promised: the machine's time, shifted where asked; a test's clock moves only by hand.
#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"

namespace securebase {
namespace {

using namespace std::chrono_literals;

TEST(SystemClockTest, ReadsTheMachinesTime) {
  const auto before = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  const Instant now = SystemClock().Now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(SystemClockTest, RunsOnFromItsStart) {
  const Instant start = *ParseIso("2026-06-01");
  const SystemClock clock(start);
  const Instant now = clock.Now();
  EXPECT_GE(now, start);
  EXPECT_LT(now, start + 1h);
}

TEST(SystemClockTest, MonotonicNeverGoesBack) {
  const SystemClock clock(FromUnixMillis(0));
  const auto first = clock.Monotonic();
  EXPECT_GE(clock.Monotonic(), first);
}

TEST(ManualClockTest, MovesOnlyByHand) {
  ManualClock clock(FromUnixSeconds(100));
  const auto monotonic = clock.Monotonic();
  clock.Advance(5s);
  EXPECT_EQ(clock.Now(), FromUnixSeconds(105));
  EXPECT_EQ(clock.Monotonic() - monotonic, 5s);
  clock.Set(FromUnixSeconds(1));
  EXPECT_EQ(clock.Now(), FromUnixSeconds(1));
}

}  // namespace
}  // namespace securebase
