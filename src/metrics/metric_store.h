#pragma once

// The store of metrics: series of buckets by account, namespace, name, dimensions and unit.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "metrics/bucket.h"

namespace securebase::metrics {

struct Dimension {
  std::string name;
  std::string value;
  bool operator==(const Dimension&) const = default;
  auto operator<=>(const Dimension&) const = default;
};

/// A metric and its exact dimension set, sorted by name. The unit is part of the series' key in the
/// store but not of the metric's identity for queries.
struct Metric {
  std::string namespace_name;
  std::string name;
  std::vector<Dimension> dimensions;
  bool operator==(const Metric&) const = default;
  auto operator<=>(const Metric&) const = default;
};

/// One datum of PutMetricData, validated by its codec.
struct Datum {
  Metric metric;
  std::string unit = "None";
  Instant time;
  int resolution_s = 60;                          // 60 or 1
  std::vector<std::pair<double, double>> values;  // value, count
  std::optional<StatisticSet> statistics;         // in place of values
  /// With `statistics`: how its samples are distributed, as a histogram from elsewhere tells it.
  /// Empty: unknown, unless the set is a point mass.
  Sketch distribution;
};

struct DimensionView {
  std::string_view name;
  std::string_view value;
};

/// A Datum that owns nothing: what a codec can hand over without copying a request's texts.
struct DatumView {
  std::string_view namespace_name;
  std::string_view name;
  std::span<const DimensionView> dimensions;  // sorted by name
  std::string_view unit = "None";
  Instant time;
  int resolution_s = 60;                              // 60 or 1
  std::span<const std::pair<double, double>> values;  // value, count
  std::optional<StatisticSet> statistics;             // in place of values
  /// As in Datum; null is empty.
  const Sketch* distribution = nullptr;
};

struct StatisticsRequest {
  Metric metric;
  std::optional<std::string> unit;  // none: every unit, one series each
  Instant start;                    // inclusive, already rounded (spec 3.2)
  Instant end;                      // exclusive
  Duration period{60'000};
  /// False: only simple statistics will be evaluated, so sketches need not be read.
  bool distribution = true;
};

/// Several metrics merged into groups: what Metrics Insights and aggregates over SEARCH ask. All
/// units are merged.
struct GroupsRequest {
  /// A metric and the number of the group that it belongs to.
  std::vector<std::pair<Metric, std::uint32_t>> metrics;
  std::uint32_t group_count = 1;
  Instant start;  // inclusive
  Instant end;    // exclusive
  Duration period{60'000};
  bool distribution = true;  // as in StatisticsRequest
};

/// Non-empty buckets, ascending by start; bucket k covers
/// [start + k * period, start + (k + 1) * period).
using Buckets = std::vector<std::pair<Instant, Bucket>>;

struct UnitSeries {
  std::string unit;
  Buckets buckets;
};

struct ListRequest {
  std::optional<std::string> namespace_name;
  std::optional<std::string> name;
  /// A dimension with an empty value matches any value of that name.
  std::vector<Dimension> dimensions;
  std::optional<Instant> active_since;
  /// Metrics after this one in the order of Metric's <=>; for paging.
  std::optional<Metric> after;
  std::size_t metrics_max = 500;
};

struct ListPage {
  std::vector<Metric> metrics;
  bool more = false;
};

/// Which metrics a visit wants; what is not set does not restrict.
struct MetricFilter {
  std::optional<std::string> namespace_name;
  std::optional<std::string> name;
  /// All of these; an empty value matches any value of that name.
  std::vector<Dimension> dimensions;
  /// Exactly these dimension names, in any order: the schema of SEARCH and Metrics Insights.
  std::optional<std::vector<std::string>> dimension_names;
  /// With a bucket that starts at this time or later, in any unit.
  std::optional<Instant> active_since;
  /// Metrics after this one in the order of Metric's <=>.
  std::optional<Metric> after;
};

/// False ends the visit. The metric is valid during the call only.
using MetricVisitor = std::function<bool(const Metric&)>;

struct MetricStoreStatistics {
  std::uint64_t series = 0;
  std::uint64_t head_buckets = 0;
  std::uint64_t blocks = 0;
  std::uint64_t block_bytes = 0;
};

/// Thread-safe.
class MetricStore {
 public:
  virtual ~MetricStore() = default;

  /// Stores all data or none; `done` is called once they are durable and visible, on another
  /// thread, and must be short.
  virtual void Put(const Account& account, std::vector<Datum> data,
                   std::function<void(Result<>)> done) = 0;
  /// The same; nothing that `data` points to is needed after the call. The default copies.
  virtual void Put(const Account& account, std::span<const DatumView> data,
                   std::function<void(Result<>)> done);
  /// Put, and wait.
  Result<> PutAndWait(const Account& account, std::vector<Datum> data);

  /// Pushes the whole aggregation down: one bucket a period and unit, never the stored buckets.
  virtual Result<std::vector<UnitSeries>> Query(const Account& account,
                                                const StatisticsRequest& request) const = 0;
  /// One sequence of buckets a group, in the order of the groups' numbers. The default asks
  /// Query for one metric after the other.
  virtual Result<std::vector<Buckets>> QueryGroups(const Account& account,
                                                   const GroupsRequest& request) const;
  virtual Result<ListPage> List(const Account& account, const ListRequest& request) const = 0;
  /// Visits the metrics that pass the filter in the order of Metric's <=>. Cheap where namespace
  /// and name, a dimension's value or a schema select few. The visitor must not call the store:
  /// the index is locked. The default asks List.
  virtual Result<> VisitMetrics(const Account& account, const MetricFilter& filter,
                                const MetricVisitor& visit) const;
  virtual MetricStoreStatistics statistics() const = 0;
};

}  // namespace securebase::metrics
