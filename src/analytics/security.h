#pragma once

// Findings as they stand, and the security score.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/reader.h"
#include "base/json.h"

namespace securebase::analytics {

/// A finding's latest state within a range.
struct Finding {
  std::string id;
  std::string title;
  std::string severity;  // "critical" .. "informational"
  std::string status;
  std::string compliance;
  std::string control_id;
  std::string requirements;
  std::vector<std::string> resources;
  std::int64_t time_ms = 0;

  /// Its check failed, or, where it is no check, it is open. Suppressed findings never fail.
  bool Failing() const;
  /// Its check passed.
  bool Passing() const;
};

/// The latest state of each finding updated in the range. kLimitExceeded beyond a million.
Result<std::vector<Finding>> LatestFindings(const Reader& reader, const DateRange& range);

/// 10, 5, 2, 1 for critical to low; 0 for anything else.
int SeverityWeight(std::string_view severity);

/// 100 * (1 - weight of failing checks / weight of all checks). A check that passes weighs at
/// least 1: products report what passes as informational. Empty without any check.
class SecurityScore {
 public:
  void Add(const Finding& finding);
  std::optional<double> Value() const;

 private:
  double failing_ = 0;
  double all_ = 0;
};

/// GET /analytics/security. `severity` empty: all.
Result<json::Value> SecurityAnswer(const Reader& reader, const DateRange& range,
                                   std::string_view severity);

/// Null where the value is missing; else rounded to two decimals.
json::Value Rounded(std::optional<double> value);

}  // namespace securebase::analytics
