#pragma once

// The questions of the analytics API, answered from the datasets: one entry point per route of
// /v1, a typed form for reports and exports, and the cache of serialised answers.
// The answers' shapes and the formulas of the scores: docs/analytics.md.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/query.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "base/telemetry.h"
#include "base/tenant.h"
#include "events/dataset_store.h"

namespace securebase::analytics {

/// Decoded name-value pairs of a request, in order.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The routes below /v1/analytics that read.
enum class Question { kAnalytics, kSummary, kCostBreakdown, kSecurity, kCompliance, kUsage };

/// "/analytics", "/analytics/summary", ..
std::string_view PathOf(Question question);

struct ServiceOptions {
  std::size_t cache_bytes_max = 64u << 20;
  /// Answers older than this are computed anew even when no data came.
  Duration cache_age_max = std::chrono::hours(24);
  std::chrono::nanoseconds query_time_max = std::chrono::seconds(30);
  /// Up to so many rows a query is quick: some 25 ns each.
  std::uint64_t quick_rows_max = 8'192;
};

struct CacheStatistics {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

/// Thread-safe. What it is given outlives it.
class AnalyticsService {
 public:
  AnalyticsService(const events::DatasetStore& datasets, const Clock& clock, Telemetry& telemetry,
                   ServiceOptions options = {});
  ~AnalyticsService();

  /// The answer of an earlier, equal request (same customer, same query string as sent), with
  /// `cached` true and `executionTime` 0: empty when there is none, when data has come since, or
  /// when the UTC day or the age limit has passed. Microseconds: for I/O threads.
  std::optional<std::string> FindCached(Question question, const Customer& customer,
                                        std::string_view raw_query);

  /// Whether Answer would take some hundred microseconds at most and not wait for a disk, so that
  /// handing it to another thread would cost more than it spares. Microseconds: for I/O threads.
  bool IsQuick(Question question, const Customer& customer, const Parameters& parameters) const;

  /// Computes the answer's JSON text and keeps it for FindCached. Publishes QueryExecutionTime,
  /// ResultSetSize and CacheHitRate (FindCached does for its hits). Errors: kInvalidArgument
  /// naming the parameter, kConflict for a cursor whose data has changed, kDeadlineExceeded,
  /// kLimitExceeded.
  Result<std::string> Answer(Question question, const Customer& customer,
                             std::string_view raw_query, const Parameters& parameters);

  /// One of the answers as a value, neither cached nor published: for reports.
  Result<json::Value> Compute(Question question, const Customer& customer,
                              const Parameters& parameters) const;

  /// Runs a query parsed with ParseQuery (analytics/query.h): all rows of the answer, sorted,
  /// `query.limit` applied. Neither cached nor published.
  Result<QueryResult> Run(const Customer& customer, const AnalyticsQuery& query) const;

  CacheStatistics cache_statistics() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace securebase::analytics
