#pragma once

// An ExportMetricsServiceRequest as data, from protobuf or JSON.
// Source: opentelemetry-proto 1.x, metrics.proto.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/otlp_common.h"

namespace securebase::ingest {

/// A point of any kind: which members count depends on its metric's.
struct OtlpPoint {
  OtlpAttributes attributes;
  std::int64_t start_ns = 0;
  std::int64_t time_ns = 0;
  bool no_value = false;        // the sender says that there is none
  std::optional<double> value;  // of a gauge or sum
  std::uint64_t count = 0;      // of all below
  std::optional<double> sum;
  std::optional<double> minimum;
  std::optional<double> maximum;
  // Of a histogram.
  std::vector<std::uint64_t> bucket_counts;
  std::vector<double> bounds;
  // Of an exponential histogram.
  struct Powers {
    std::int64_t offset = 0;
    std::vector<std::uint64_t> counts;
  };
  std::int64_t scale = 0;
  std::uint64_t zero_count = 0;
  Powers positive;
  Powers negative;
  // Of a summary: quantile and value.
  std::vector<std::pair<double, double>> quantiles;
};

struct OtlpMetric {
  enum class Kind { kNone, kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };
  enum class Temporality { kUnspecified = 0, kDelta = 1, kCumulative = 2 };
  std::string name;
  std::string unit;
  Kind kind = Kind::kNone;
  Temporality temporality = Temporality::kUnspecified;
  bool monotonic = false;
  std::vector<OtlpPoint> points;
};

struct OtlpScopeMetrics {
  OtlpScope scope;
  std::vector<OtlpMetric> metrics;
};

struct OtlpResourceMetrics {
  OtlpResource resource;
  std::vector<OtlpScopeMetrics> scopes;
};

using OtlpMetrics = std::vector<OtlpResourceMetrics>;

/// Errors: kInvalidArgument. Members that nobody knows are left out, as OTLP demands.
Result<OtlpMetrics> ReadOtlpMetricsProtobuf(std::string_view body);
Result<OtlpMetrics> ReadOtlpMetricsJson(std::string_view body);

}  // namespace securebase::ingest
