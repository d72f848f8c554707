#pragma once

// Collects data of one delivery, checked and brought into the form of CloudWatch's metrics; what
// does not fit is counted with its first reasons.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "ingest/histogram.h"
#include "metrics/metric_store.h"

namespace securebase::ingest {

/// Names and values of dimensions in any order; empty values are left out.
using Labels = std::vector<std::pair<std::string, std::string>>;

class DataBuilder {
 public:
  /// `product_namespaces`: AWS/ may be written.
  DataBuilder(Instant now, bool product_namespaces)
      : now_(now), product_namespaces_(product_namespaces) {}

  /// What a series is called.
  struct Series {
    std::string_view namespace_name;
    std::string_view name;
    const Labels& labels;
    std::string_view unit = "None";
  };
  /// `time_ns` 0: now. False where it was rejected.
  bool AddValue(const Series& series, std::int64_t time_ns, double value, double count = 1);
  /// No samples: nothing is added, which is no fault.
  bool AddHistogram(const Series& series, std::int64_t time_ns, const Histogram& histogram);
  /// Samples that were added up here.
  bool AddBucket(const Series& series, std::int64_t time_ns, const metrics::Bucket& bucket);
  /// Counts a point that its protocol found wrong.
  void Reject(std::string reason, std::uint64_t points = 1);

  std::vector<metrics::Datum> TakeData() { return std::move(data_); }
  std::uint64_t rejected() const { return rejected_; }
  /// The first reasons, joined with "; ".
  const std::string& reasons() const { return reasons_; }
  Instant now() const { return now_; }

 private:
  bool Begin(const Series& series, std::int64_t time_ns, metrics::Datum& datum);

  const Instant now_;
  const bool product_namespaces_;
  std::vector<metrics::Datum> data_;
  std::uint64_t rejected_ = 0;
  std::string reasons_;
  int reason_count_ = 0;
};

/// A CloudWatch unit for one of UCUM ("ms", "By", "{request}", "1"); "None" where there is none.
/// Nothing is converted.
std::string_view UnitOfUcum(std::string_view unit);
/// The same from the customary end of a Prometheus name ("_seconds", "_bytes_total").
std::string_view UnitOfName(std::string_view name);

}  // namespace securebase::ingest
