#include "notify/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"

namespace securebase::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const std::map<std::string, RetryPlan, std::less<>>& Plans() {
  static const std::map<std::string, RetryPlan, std::less<>> kPlans = {
      // Critical must get through: no count.
      {"pagerduty", {.base = seconds(2), .cap = minutes(5), .give_up_after = hours(24)}},
      {"slack",
       {.base = seconds(2), .cap = minutes(2), .attempts_max = 12, .give_up_after = hours(1)}},
      {"teams",
       {.base = seconds(2), .cap = minutes(2), .attempts_max = 12, .give_up_after = hours(1)}},
      {"webhook",
       {.base = seconds(2), .cap = minutes(5), .attempts_max = 15, .give_up_after = hours(6)}},
      {"email",
       {.base = seconds(10), .cap = minutes(10), .attempts_max = 50, .give_up_after = hours(6)}},
  };
  return kPlans;
}

}  // namespace

const RetryPlan& PlanOf(std::string_view channel) {
  static const RetryPlan kOther;
  if (channel == "ses") channel = "email";
  const auto found = Plans().find(channel);
  return found == Plans().end() ? kOther : found->second;
}

std::optional<Duration> NextDelay(const RetryPlan& plan, int attempts, Duration age,
                                  std::optional<Duration> retry_after, Random& random) {
  Duration delay{};
  if (!plan.fixed.empty()) {
    if (attempts > static_cast<int>(plan.fixed.size())) return std::nullopt;
    delay = plan.fixed[static_cast<std::size_t>(attempts - 1)];
  } else {
    if (plan.attempts_max > 0 && attempts >= plan.attempts_max) return std::nullopt;
    constexpr int kDoublingsMax = 20;
    const Duration full = plan.base * (1 << std::min(attempts - 1, kDoublingsMax));
    const Duration bound = std::min(plan.cap, full);
    delay = Duration(
        static_cast<std::int64_t>(random.Below(static_cast<std::uint64_t>(bound.count()) + 1)));
    delay = std::max<Duration>(delay, seconds(1));
  }
  if (retry_after) delay = std::max(delay, *retry_after);
  if (plan.fixed.empty() && age + delay > plan.give_up_after) return std::nullopt;
  return delay;
}

std::optional<Duration> ParseRetryAfter(std::string_view value, Instant now) {
  constexpr Duration kMax = hours(1);
  const std::string text(Trim(value));
  if (text.empty()) return std::nullopt;
  if (const auto given = ParseInt(text)) {
    if (*given < 0) return std::nullopt;
    return std::min<Duration>(seconds(std::min<std::int64_t>(*given, 3600)), kMax);
  }
  const time_t date = curl_getdate(text.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::clamp<Duration>(FromUnixSeconds(date) - now, Duration(0), kMax);
}

}  // namespace securebase::notify
