#pragma once

// When to try again (spec: notifications 1).

#include <optional>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"

namespace securebase::notify {

/// How often and how long a delivery is tried.
struct RetryPlan {
  Duration base = std::chrono::seconds(2);
  Duration cap = std::chrono::minutes(5);
  /// Attempts in all; 0: as many as fit before `give_up_after`.
  int attempts_max = 0;
  Duration give_up_after = std::chrono::hours(6);  // since it was made
  /// In place of the growing delays: one after each failed attempt, then the end.
  std::vector<Duration> fixed;
};

/// The plan of a channel by its name: "pagerduty", "slack", "teams", "webhook", "email", ..
const RetryPlan& PlanOf(std::string_view channel);

/// The wait before the next attempt, after `attempts` of them; none: give up. Full jitter
/// (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), never under a second
/// nor under what the receiver asked for.
std::optional<Duration> NextDelay(const RetryPlan& plan, int attempts, Duration age,
                                  std::optional<Duration> retry_after, Random& random);

/// Retry-After: seconds or an HTTP date; at most an hour. None where it is absent or unreadable.
std::optional<Duration> ParseRetryAfter(std::string_view value, Instant now);

}  // namespace securebase::notify
