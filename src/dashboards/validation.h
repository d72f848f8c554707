#pragma once

// Reads a dashboard's body and says what is wrong with it, as PutDashboard does
// (spec: dashboards 8).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dashboards/model.h"

namespace securebase::dashboards {

/// "/widgets/1/properties/metrics/0" and a sentence.
struct ValidationMessage {
  std::string path;
  std::string message;
  bool operator==(const ValidationMessage&) const = default;
};

struct ValidationOptions {
  std::string account;  // 12 digits: ARNs of others are told
  std::string region;   // what a widget without one gets
  /// A widget without a region is an error, as on AWS, rather than a warning.
  bool strict = false;
};

struct Reading {
  Dashboard dashboard;
  std::vector<ValidationMessage> errors;    // any: the body is refused
  std::vector<ValidationMessage> warnings;  // the body is kept and these are told

  bool accepted() const { return errors.empty(); }
};

inline constexpr std::size_t kBodyBytesMax = 1u << 20;

/// Every fault is listed, in the order of the document. Error: kInvalidArgument where the body is
/// no JSON object at all, or longer than kBodyBytesMax.
Result<Reading> ReadBody(std::string_view body, const ValidationOptions& options);

/// "The dashboard body is invalid, there are 2 validation errors:\n[..": AWS's text.
std::string ErrorText(const std::vector<ValidationMessage>& errors);

/// Reads "-PT3H", "-P1D", "-P3M", "-P1DT12H", "-PT0H" or an ISO time. Error: kInvalidArgument.
Result<TimeBound> ParseTimeBound(std::string_view text);

}  // namespace securebase::dashboards
