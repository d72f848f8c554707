#pragma once

// The users' anomaly detectors, in an internal table (spec: cloudwatch-api 6.11).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"
#include "base/tenant.h"
#include "documents/document_store.h"
#include "metrics/math/anomaly.h"

namespace securebase::aws::cloudwatch {

/// A detector as its definition says: {SingleMetricAnomalyDetector or MetricMathAnomalyDetector,
/// Configuration, MetricCharacteristics}, checked and with sorted dimensions.
using DetectorDefinition = Value;

/// What a stored definition has; also the shape in which it is kept.
ShapePtr DetectorDefinitionShape();

/// Thread-safe.
class AnomalyDetectorStore {
 public:
  explicit AnomalyDetectorStore(documents::DocumentStore& documents) : documents_(documents) {}

  /// Creates or replaces the detector of the same metric (or the same queries).
  Result<> Put(const Account& account, const DetectorDefinition& definition) const;
  /// False where there was none.
  Result<bool> Delete(const Account& account, const DetectorDefinition& definition) const;
  Result<std::optional<DetectorDefinition>> FindSingle(const Account& account,
                                                       const metrics::Metric& metric,
                                                       std::string_view statistic) const;
  /// All, in a fixed order: their keys, and what they are.
  Result<std::vector<std::pair<std::string, DetectorDefinition>>> List(
      const Account& account) const;

 private:
  documents::DocumentStore& documents_;
};

/// What the model takes from a definition.
metrics::math::DetectorConfiguration ConfigurationOf(const DetectorDefinition& definition);

/// An account's detectors, for evaluations.
class AccountDetectors final : public metrics::math::AnomalyDetectors {
 public:
  AccountDetectors(const AnomalyDetectorStore& store, Account account)
      : store_(store), account_(std::move(account)) {}
  std::optional<metrics::math::DetectorConfiguration> Find(
      const metrics::Metric& metric, std::string_view statistic) const override;

 private:
  const AnomalyDetectorStore& store_;
  const Account account_;
};

}  // namespace securebase::aws::cloudwatch
