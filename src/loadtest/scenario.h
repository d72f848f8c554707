#pragma once

// What a load test asks: named mixes of requests, as the mission's checklist lists them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::loadtest {

/// One request of a scenario.
struct Step {
  std::string method = "GET";
  std::string path;  // with query
  std::string body;
  std::string content_type;
};

struct Scenario {
  std::string name;
  std::string summary;
  /// Sent in turn by each client, beginning at a different step each.
  std::vector<Step> steps;
};

/// query, filters, range-90d, export, mixed.
const std::vector<Scenario>& BuiltInScenarios();

/// kInvalidArgument, listing the names, for an unknown one.
Result<Scenario> FindScenario(std::string_view name);

}  // namespace securebase::loadtest
