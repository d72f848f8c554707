#include "api/rate_limit.h"

#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"

namespace securebase::api {
namespace {

using namespace std::chrono_literals;

Customer Of(std::string id) { return {.account = {}, .id = std::move(id)}; }

TEST(RateLimiterTest, TheStandardPlanIsThePublishedOne) {
  ManualClock clock(FromUnixSeconds(1'780'315'230));
  RateLimiter limiter(BuiltInPlans(), clock);
  const auto admits = [&](RateClass rate, std::uint32_t limit) {
    for (std::uint32_t i = 1; i <= limit; ++i) {
      const auto verdict = limiter.Admit(Of("a"), "standard", rate);
      EXPECT_TRUE(verdict.allowed && verdict.limited);
      EXPECT_EQ(verdict.limit, limit);
      EXPECT_EQ(verdict.remaining, limit - i);
    }
    const auto refused = limiter.Admit(Of("a"), "standard", rate);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.remaining, 0u);
    EXPECT_EQ(refused.reset, FromUnixSeconds(1'780'315'260));
  };
  admits(RateClass::kQueries, 100);
  admits(RateClass::kExports, 20);
  admits(RateClass::kReports, 50);
}

TEST(RateLimiterTest, CustomersAndMinutesAreCountedApart) {
  ManualClock clock(FromUnixSeconds(1'780'315'230));
  RateLimiter limiter({{.name = "one", .per_minute = {{RateClass::kQueries, 1}}}}, clock);
  EXPECT_TRUE(limiter.Admit(Of("a"), "one", RateClass::kQueries).allowed);
  EXPECT_FALSE(limiter.Admit(Of("a"), "one", RateClass::kQueries).allowed);
  EXPECT_TRUE(limiter.Admit(Of("b"), "one", RateClass::kQueries).allowed);
  clock.Advance(30s);
  EXPECT_TRUE(limiter.Admit(Of("a"), "one", RateClass::kQueries).allowed);
}

TEST(RateLimiterTest, WhatAPlanDoesNotNameIsUnlimited) {
  ManualClock clock(FromUnixSeconds(0));
  RateLimiter limiter(BuiltInPlans(), clock);
  for (const auto& [plan, rate] :
       {std::pair("unlimited", RateClass::kQueries), std::pair("standard", RateClass::kNone),
        std::pair("unknown", RateClass::kQueries)}) {
    const auto verdict = limiter.Admit(Of("a"), plan, rate);
    EXPECT_TRUE(verdict.allowed);
    EXPECT_FALSE(verdict.limited);
  }
  EXPECT_TRUE(limiter.HasPlan("standard"));
  EXPECT_FALSE(limiter.HasPlan("unknown"));
}

TEST(RateLimiterTest, ALaterPlanOfTheSameNameWins) {
  ManualClock clock(FromUnixSeconds(0));
  std::vector<Plan> plans = BuiltInPlans();
  plans.push_back({.name = "standard", .per_minute = {{RateClass::kQueries, 7}}});
  RateLimiter limiter(std::move(plans), clock);
  EXPECT_EQ(limiter.Admit(Of("a"), "standard", RateClass::kQueries).limit, 7u);
}

}  // namespace
}  // namespace securebase::api
