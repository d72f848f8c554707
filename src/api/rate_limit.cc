#include "api/rate_limit.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <utility>

namespace securebase::api {
namespace {

constexpr std::int64_t kWindowMs = 60'000;
constexpr std::size_t kClasses = 4;

}  // namespace

std::vector<Plan> BuiltInPlans() {
  return {{.name = "unlimited", .per_minute = {}},
          {.name = "standard",
           .per_minute = {
               {RateClass::kQueries, 100}, {RateClass::kExports, 20}, {RateClass::kReports, 50}}}};
}

struct RateLimiter::State {
  std::vector<Plan> plans;
  const Clock& clock;

  std::mutex mutex;
  std::int64_t window = 0;  // minutes since the epoch; guarded by mutex
  // Requests of the window by customer; guarded by mutex. Emptied when the window ends, so that it
  // holds only who asked within one minute.
  boost::unordered_flat_map<std::string, std::array<std::uint32_t, kClasses>> counts;

  const Plan* Find(std::string_view name) const {
    // The newest of a name wins: the configuration may redefine a built-in plan.
    const auto found = std::find_if(plans.rbegin(), plans.rend(),
                                    [&](const Plan& plan) { return plan.name == name; });
    return found == plans.rend() ? nullptr : &*found;
  }
};

RateLimiter::RateLimiter(std::vector<Plan> plans, const Clock& clock)
    : state_(new State{.plans = std::move(plans), .clock = clock}) {}

RateLimiter::~RateLimiter() = default;

RateLimiter::Verdict RateLimiter::Admit(const Customer& customer, std::string_view plan_name,
                                        RateClass rate) {
  const Plan* plan = state_->Find(plan_name);
  if (plan == nullptr || rate == RateClass::kNone) return {};
  const auto limit = plan->per_minute.find(rate);
  if (limit == plan->per_minute.end()) return {};

  const std::int64_t window = ToUnixMillis(state_->clock.Now()) / kWindowMs;
  const std::string key = customer.account.id + '/' + customer.account.region + '/' + customer.id;
  std::lock_guard lock(state_->mutex);
  if (window != state_->window) {
    state_->counts.clear();
    state_->window = window;
  }
  std::uint32_t& count = state_->counts[key][static_cast<std::size_t>(rate)];
  Verdict verdict{.allowed = count < limit->second,
                  .limited = true,
                  .limit = limit->second,
                  .reset = FromUnixMillis((window + 1) * kWindowMs)};
  if (verdict.allowed) ++count;
  verdict.remaining = limit->second - std::min(count, limit->second);
  return verdict;
}

bool RateLimiter::HasPlan(std::string_view plan) const { return state_->Find(plan) != nullptr; }

}  // namespace securebase::api
