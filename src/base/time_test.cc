// What is promised: ISO 8601 text in and out, strictly; durations in both directions.
#include "base/time.h"

#include <gtest/gtest.h>

#include <limits>

namespace securebase {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNewYear = FromUnixSeconds(1767225600);  // 2026-01-01T00:00:00Z

TEST(FormatTest, WritesIso) {
  EXPECT_EQ(FormatIso(kNewYear), "2026-01-01T00:00:00Z");
  EXPECT_EQ(FormatIso(kNewYear + 7ms), "2026-01-01T00:00:00.007Z");
  EXPECT_EQ(FormatIsoMillis(kNewYear), "2026-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatDate(kNewYear - 1ms), "2025-12-31");
  EXPECT_EQ(FormatIsoBasic(kNewYear + 13h + 4min + 5s), "20260101T130405Z");
  EXPECT_EQ(FormatIsoMillis(FromUnixMillis(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(FormatTest, StaysWithinFourDigitYears) {
  EXPECT_EQ(FormatIso(Instant(Duration(std::numeric_limits<std::int64_t>::max()))),
            "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(FormatIso(Instant(Duration(std::numeric_limits<std::int64_t>::min()))),
            "0001-01-01T00:00:00Z");
}

TEST(UnixTest, SecondsRoundTowardsThePast) {
  EXPECT_EQ(ToUnixSeconds(FromUnixMillis(-1)), -1);
  EXPECT_EQ(ToUnixSeconds(FromUnixMillis(1999)), 1);
}

TEST(ParseIsoTest, ReadsEveryPromisedForm) {
  const std::pair<const char*, Instant> cases[] = {
      {"2026-01-01", kNewYear},
      {"2026-01-01T00:00", kNewYear},
      {"2026-01-01 00:00:00", kNewYear},
      {"2026-01-01T00:00:00Z", kNewYear},
      {"2026-01-01T00:00Z", kNewYear},
      {"2026-01-01T00:00:00.5Z", kNewYear + 500ms},
      {"2026-01-01T00:00:00.123999Z", kNewYear + 123ms},
      {"2026-01-01T01:30:00+01:30", kNewYear},
      {"2025-12-31T19:00:00-0500", kNewYear},
      {"2024-02-29", FromUnixSeconds(1709164800)},
      {"0001-01-01", FromUnixSeconds(-62135596800)},
      {"9999-12-31T23:59:59.999Z", FromUnixMillis(253402300799999)},
  };
  for (const auto& [text, expected] : cases) {
    const Result<Instant> parsed = ParseIso(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(ParseIsoTest, RefusesTheRest) {
  for (const auto* text : {"",
                           "2026",
                           "2026-01",
                           "2026-1-01",
                           "26-01-01",
                           "2026-02-29",
                           "2026-13-01",
                           "2026-00-01",
                           "2026-01-32",
                           "2026-01-00",
                           "0000-01-01",
                           "10000-01-01",
                           "2026-01-01T",
                           "2026-01-01T24:00",
                           "2026-01-01T00:60",
                           "2026-01-01T00:00:60",
                           "2026-01-01T00:00:00.",
                           "2026-01-01T00:00:00z",
                           "2026-01-01t00:00:00Z",
                           "2026-01-01T00:00:00Z ",
                           " 2026-01-01",
                           "2026-01-01T00:00:00+1",
                           "2026-01-01T00:00:00+24:00",
                           "2026-01-01T00:00:00+01:60",
                           "2026-01-01T00:00:00ZZ",
                           "2026-01-01  00:00",
                           "2026/01/01",
                           "2026-01-01T0:00",
                           "2026-01-01T00",
                           "-026-01-01",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "now"}) {
    const Result<Instant> parsed = ParseIso(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_EQ(parsed.error().field(), "");
  }
}

TEST(ParseIsoTest, ReadsBackWhatFormatWrites) {
  for (std::int64_t ms = -62135596800000; ms < 253402300800000; ms += 86'400'000 * 97LL + 12'345) {
    const Instant t = FromUnixMillis(ms);
    EXPECT_EQ(*ParseIso(FormatIso(t)), t) << ms;
    EXPECT_EQ(*ParseIso(FormatIsoMillis(t)), t) << ms;
  }
}

TEST(ParseIsoOrEpochTest, ReadsBoth) {
  EXPECT_EQ(*ParseIsoOrEpoch("2026-01-01"), kNewYear);
  EXPECT_EQ(*ParseIsoOrEpoch("1767225600"), kNewYear);
  EXPECT_EQ(*ParseIsoOrEpoch("1767225600.25"), kNewYear + 250ms);
  EXPECT_EQ(*ParseIsoOrEpoch("1767225600.1239"), kNewYear + 123ms);
  EXPECT_EQ(*ParseIsoOrEpoch("-1.5"), FromUnixMillis(-1500));
  EXPECT_EQ(*ParseIsoOrEpoch("0"), FromUnixMillis(0));
}

TEST(ParseIsoOrEpochTest, RefusesTheRest) {
  for (const auto* text : {"", "-", ".", ".5", "1.", "1.2.3", "1e9", "253402300800", "+1",
                           "99999999999999999999", "-62135596801", "-62135596800.5"}) {
    const Result<Instant> parsed = ParseIsoOrEpoch(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(DurationTest, ReadsUnitsAndSums) {
  EXPECT_EQ(*ParseDuration("90s"), 90s);
  EXPECT_EQ(*ParseDuration("15m"), 15min);
  EXPECT_EQ(*ParseDuration("1h30m"), 90min);
  EXPECT_EQ(*ParseDuration("7d"), 7 * 24h);
  EXPECT_EQ(*ParseDuration("2w1ms"), 14 * 24h + 1ms);
  EXPECT_EQ(*ParseDuration("500ms"), 500ms);
}

TEST(DurationTest, RefusesTheRest) {
  for (const auto* text : {"", "0s", "s", "10", "1.5h", "-1h", "1h ", "1 h", "30m1h", "1m1m", "1y",
                           "1H", "99999999999999999999s", "9223372036854775807w",
                           "9223372036854775807ms1ms", "106751991167d1000000000000h"}) {
    const Result<Duration> parsed = ParseDuration(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  }
}

TEST(DurationTest, FormatIsReadBack) {
  EXPECT_EQ(FormatDuration(90min), "1h30m");
  EXPECT_EQ(FormatDuration(14 * 24h), "14d");
  EXPECT_EQ(FormatDuration(0ms), "0s");
  EXPECT_EQ(FormatDuration(-90s), "-1m30s");
  for (std::int64_t ms = 1; ms < 1'000'000'000'000; ms = ms * 7 + 3) {
    EXPECT_EQ(*ParseDuration(FormatDuration(Duration(ms))), Duration(ms));
  }
  const Duration longest(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*ParseDuration(FormatDuration(longest)), longest);
}

}  // namespace
}  // namespace securebase
