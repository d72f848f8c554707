#pragma once

// Runs a plan over a range of time.
//
//   SB_TRY(const Plan plan, Plan::Make(queries));
//   const StoreSource source(store, account);
//   SB_TRY(Evaluation found, Evaluate(plan, source, {.start = .., .end = .., .now = ..}));

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "metrics/math/anomaly.h"
#include "metrics/math/grid.h"
#include "metrics/math/plan.h"
#include "metrics/math/source.h"

namespace securebase::metrics::math {

struct EvaluationLimits {
  std::size_t series_max = 500;      // that leave one expression
  std::size_t metrics_max = 10'000;  // that one SEARCH or SELECT reads
  /// Buckets held at once over all series; beyond: kLimitExceeded, "raise the Period".
  std::size_t buckets_max = 48'000'000;
};

struct EvaluationRequest {
  Account account{};  // for labels
  Instant start;
  Instant end;  // exclusive
  Instant now;
  /// Alarms: bucket k is [start + k * period, ..) of exactly this start; queries round it (3.2).
  bool exact_start = false;
  /// Also results of queries with ReturnData false.
  bool all_results = false;
  std::string timezone{};  // of times in labels: "+HHMM", "-HHMM"; empty: UTC
  EvaluationLimits limits{};
  const AnomalyDetectors* detectors = nullptr;  // none: default configuration everywhere
  std::function<bool()> cancelled{};            // asked between reads; true: kCancelled
};

struct Message {
  std::string code;  // "MultipleUnits", "MaxMetricsExceeded", ..
  std::string text;
};

/// One series that a query gave; an array gives several with the same query.
struct SeriesResult {
  std::size_t query = 0;  // place in Plan::queries()
  std::string id;
  std::string label;
  Duration period{0};
  TimeSeries series;
  std::optional<Metric> metric;  // of a metric, or of one that SEARCH found
  bool partial = false;          // a limit cut it off: StatusCode PartialData
  std::vector<Message> messages;
};

struct Evaluation {
  /// In the order of the queries. A metric or expression that is a single series has exactly one,
  /// empty where there is no data; an array has as many as it has series, perhaps none.
  std::vector<SeriesResult> results;
  /// Grid of each query, by its place; alarms read bucket starts from it.
  std::vector<Grid> grids;
  std::vector<Message> messages;
};

/// Blocks. Errors: kCancelled, kLimitExceeded, those of the source.
Result<Evaluation> Evaluate(const Plan& plan, const Source& source,
                            const EvaluationRequest& request);

}  // namespace securebase::metrics::math
