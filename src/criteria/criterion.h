#pragma once

// The seven success criteria and the result of measuring them (docs/criteria.md).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace securebase::criteria {

/// A target that a measured value meets or misses.
struct Criterion {
  std::string_view id;    // "query-execution-time": stable, used as metric dimension
  std::string_view name;  // "Query execution time"
  bool above = false;     // the value must be above (else below) the target, never equal to it
  double target = 0;
  std::string_view unit;  // "Seconds" or "Percent"
};

inline constexpr Criterion kQueryTime{"query-execution-time", "Query execution time (p95)", false,
                                      5, "Seconds"};
inline constexpr Criterion kPdfTime{"pdf-export-time", "PDF export time (maximum)", false, 10,
                                    "Seconds"};
inline constexpr Criterion kDelivery{"report-delivery-success", "Report delivery success", true, 98,
                                     "Percent"};
inline constexpr Criterion kAdoption{"custom-report-adoption", "Custom report adoption", true, 50,
                                     "Percent"};
inline constexpr Criterion kCoverage{"test-coverage", "Test coverage", true, 90, "Percent"};
inline constexpr Criterion kAvailability{"api-availability", "API availability", true, 99.9,
                                         "Percent"};
inline constexpr Criterion kErrorRate{"error-rate", "Error rate", false, 1, "Percent"};

/// All of them, in the order of the mission.
inline constexpr std::array<Criterion, 7> kCriteria{kQueryTime, kPdfTime,      kDelivery, kAdoption,
                                                    kCoverage,  kAvailability, kErrorRate};

enum class Verdict { kPass, kFail, kNoData };
/// "PASS", "FAIL", "NO DATA".
std::string_view ToText(Verdict verdict);

/// A 95 % confidence interval of a value, in the value's unit.
struct Interval {
  double low = 0;
  double high = 0;
  std::string method;  // "Wilson score", "order statistics"
  bool operator==(const Interval&) const = default;
};

/// One criterion, measured. Without samples the value is absent and the verdict NO DATA.
struct Measured {
  Criterion criterion;
  std::optional<double> value;
  Verdict verdict = Verdict::kNoData;
  Instant start;  // inclusive
  Instant end;    // exclusive
  double sample_count = 0;
  std::optional<Interval> interval;
  /// Why there is no value; empty elsewhere.
  std::string reason;
  /// What is shown beside the value: ("average", "0.12 s").
  std::vector<std::pair<std::string, std::string>> notes;
  /// Commands that print the same figure, with ENDPOINT for the server's address.
  std::vector<std::string> evidence;
};

/// One validation: all criteria at one instant.
struct Run {
  Instant at;
  Duration window{0};
  std::vector<Measured> results;

  std::size_t Count(Verdict verdict) const;
  /// kFail if any is missed, else kNoData if any has none, else kPass.
  Verdict Overall() const;
  /// Of `validate`: 1 if any is missed, else 2 if any has no data, else 0.
  int ExitCode() const;
};

/// Decides a measured value; without one NO DATA.
Verdict Decide(const Criterion& criterion, std::optional<double> value);

/// "< 5 s", "> 98 %".
std::string TargetText(const Criterion& criterion);
/// "0.123 s", "99.95 %": as many digits as keep the value on its side of the target.
std::string ValueText(const Criterion& criterion, double value);

/// The body of GET /v1/criteria:
/// {"generatedAt", "window": "1h", "verdict", "exitCode", "passed", "failed", "noData",
///  "criteria": [{"id", "name", "verdict", "value" (null without data), "valueText", "unit",
///    "target": {"comparison": "<" or ">", "value", "text"}, "startTime", "endTime",
///    "sampleCount", "confidence": null or {"level": 0.95, "low", "high", "method"}, "reason",
///    "notes": [{"name", "value"}], "evidence": ["aws ..", ..]}]}
json::Value ToJson(const Run& run);
/// Reads what ToJson wrote. Errors: kInvalidArgument naming the member; a criterion that this
/// build does not know is one.
Result<Run> ParseRun(const json::Value& value);

}  // namespace securebase::criteria
