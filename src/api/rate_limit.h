#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/route.h"
#include "base/clock.h"

namespace securebase::api {

/// Requests a minute by class; a class that is absent is unlimited.
struct Plan {
  std::string name;
  std::map<RateClass, std::uint32_t> per_minute;
};

/// `unlimited`, and `standard`: queries 100, exports 20, report CRUD 50 a minute.
std::vector<Plan> BuiltInPlans();

/// Fixed one-minute windows per customer and class. Thread-safe.
class RateLimiter {
 public:
  RateLimiter(std::vector<Plan> plans, const Clock& clock);
  ~RateLimiter();

  struct Verdict {
    bool allowed = true;
    bool limited = false;  // the plan limits this class: send the X-RateLimit headers
    std::uint32_t limit = 0;
    std::uint32_t remaining = 0;
    Instant reset;
  };
  Verdict Admit(const Customer& customer, std::string_view plan, RateClass rate);
  bool HasPlan(std::string_view plan) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::api
