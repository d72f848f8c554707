#pragma once

// Controls of compliance frameworks, from the controls dataset and from findings that name the
// requirements they check.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/security.h"

namespace securebase::analytics {

struct ControlState {
  std::string title;
  std::string severity;
  std::string status;               // passed, failed, not_applicable
  std::set<std::string> resources;  // that fail
  std::int64_t time_ms = 0;         // of the newest row that tells it
};

/// Controls of a framework by id. A control fails when its newest row says so or when any finding
/// that checks it fails; it passes when something says so and nothing fails.
struct ControlStates {
  std::map<std::string, ControlState> controls;

  std::size_t Count(std::string_view status) const;
  /// 100 * passed / (passed + failed); empty without either.
  std::optional<double> Score() const;
};

/// By framework; only those asked for (empty: all).
Result<std::map<std::string, ControlStates, std::less<>>> ReadControls(
    const Reader& reader, const DateRange& range, const std::vector<Finding>& findings,
    std::string_view framework);

/// GET /analytics/compliance. Without a framework: the scores of all that have controls.
Result<json::Value> ComplianceAnswer(const Reader& reader, const DateRange& range,
                                     std::string_view framework);

}  // namespace securebase::analytics
