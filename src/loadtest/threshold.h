#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "loadtest/quantiles.h"

namespace securebase::loadtest {

/// A bound on a figure of the result: `p95<5s`, `avg<=200ms`, `errors<1%`, `rate>100`.
struct Threshold {
  std::string text;    // as given
  std::string figure;  // p50 p90 p95 p99 min max avg (seconds), errors (share), rate (a second)
  std::string op;      // < <= > >=
  double bound = 0;    // seconds, share or a second
};

/// Errors name the text and what is accepted.
Result<Threshold> ParseThreshold(std::string_view text);

struct Figures {
  Summary latency;  // seconds
  double error_share = 0;
  double requests_per_second = 0;
};

bool Holds(const Threshold& threshold, const Figures& figures);

}  // namespace securebase::loadtest
