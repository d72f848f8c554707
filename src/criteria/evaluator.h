#pragma once

// Measures the success criteria from our own metrics and tables.

#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "base/tenant.h"
#include "criteria/coverage_file.h"
#include "criteria/criterion.h"
#include "documents/document_store.h"
#include "documents/product_tables.h"
#include "metrics/metric_store.h"

namespace securebase::criteria {

/// All outlive the evaluator.
struct EvaluatorDependencies {
  metrics::MetricStore& metrics;
  documents::DocumentStore& documents;
  const documents::ProductTables& tables;
  const Clock& clock;
};

inline constexpr Duration kWindowDefault = std::chrono::hours(1);
inline constexpr Duration kWindowMin = std::chrono::minutes(1);
/// Beyond 15 days a query at one-minute edges would need older rollups.
inline constexpr Duration kWindowMax = std::chrono::hours(24 * 14);

/// kInvalidArgument (field "window") unless whole minutes within the limits.
Result<> CheckWindow(Duration window);

/// Thread-safe: holds no state of its own.
class Evaluator {
 public:
  Evaluator(Account account, EvaluatorDependencies dependencies);

  /// Measures all criteria over the `window` that ends with the running minute; adoption always
  /// over 30 days. A source that cannot be read makes its criterion NO DATA with the reason.
  Result<Run> Measure(Duration window) const;

  /// Publishes SecureBase/Criteria Value and Passed (dimension Criterion) and SecureBase/Analytics
  /// CustomReportAdoption, and keeps the run: one a minute, the newest kRunsKept.
  Result<> Record(const Run& run) const;

  /// The newest runs kept, newest first.
  Result<std::vector<Run>> Runs(std::size_t runs_max) const;

  /// Publishes SecureBase/Criteria TestCoverage; durable and visible when it returns.
  Result<> RecordCoverage(const Coverage& coverage) const;

  static constexpr std::size_t kRunsKept = 2'000;

 private:
  Account account_;
  EvaluatorDependencies dependencies_;
};

}  // namespace securebase::criteria
