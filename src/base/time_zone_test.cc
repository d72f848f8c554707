#include "base/time_zone.h"

#include <gtest/gtest.h>

namespace securebase {
namespace {

TEST(TimeZoneTest, IsUtcByDefault) {
  const TimeZone utc;
  EXPECT_EQ(utc.name(), "UTC");
  EXPECT_EQ(utc.ToLocal(FromUnixSeconds(5)), FromUnixSeconds(5));
  EXPECT_EQ(utc.Abbreviation(FromUnixSeconds(5)), "UTC");
}

TEST(TimeZoneTest, FollowsDaylightSaving) {
  const Result<TimeZone> berlin = TimeZone::Find("Europe/Berlin");
  ASSERT_TRUE(berlin.ok());
  EXPECT_EQ(berlin->name(), "Europe/Berlin");
  auto local = [&](const char* utc) { return FormatIso(berlin->ToLocal(*ParseIso(utc))); };
  EXPECT_EQ(local("2026-03-29T00:59:59Z"), "2026-03-29T01:59:59Z");
  EXPECT_EQ(local("2026-03-29T01:00:00Z"), "2026-03-29T03:00:00Z");
  EXPECT_EQ(berlin->Abbreviation(*ParseIso("2026-01-01")), "CET");
  EXPECT_EQ(berlin->Abbreviation(*ParseIso("2026-07-01")), "CEST");
}

TEST(TimeZoneTest, RefusesWhatTheDatabaseDoesNotKnow) {
  for (const char* name : {"", "Mars/Olympus", "../etc/passwd", "europe/berlin"}) {
    const Result<TimeZone> zone = TimeZone::Find(name);
    ASSERT_FALSE(zone.ok()) << name;
    EXPECT_EQ(zone.error().code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace securebase
