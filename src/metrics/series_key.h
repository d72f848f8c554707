#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/tenant.h"
#include "metrics/metric_store.h"

namespace securebase::metrics {

/// The identity of a series as bytes: account, region, metric and unit. Equal series have equal
/// bytes, whatever the order in which the dimensions came.
std::string EncodeSeriesKey(const Account& account, const Metric& metric, std::string_view unit);
/// The same, appended to `out`. The dimensions of a view are sorted already.
void AppendSeriesKey(const Account& account, const Metric& metric, std::string_view unit,
                     std::string& out);
void AppendSeriesKey(const Account& account, const DatumView& datum, std::string& out);

/// A key taken apart into views of it. The encoded pieces before and after the unit, together,
/// are the identity of the metric.
struct SeriesKeyView {
  std::string_view account_id;
  std::string_view region;
  std::string_view namespace_name;
  std::string_view name;
  std::string_view unit;
  std::string_view before_unit;  // encoded: account, region, namespace, name
  std::string_view dimensions;   // encoded: count, then names and values

  /// Calls `visit(name, value)` for each dimension until it returns false.
  template <class Visit>
  void VisitDimensions(Visit&& visit) const {
    ByteReader reader(dimensions);
    for (std::uint64_t left = reader.Varint(); left > 0 && reader.ok(); --left) {
      const std::string_view dimension = reader.Bytes();
      if (!visit(dimension, reader.Bytes())) return;
    }
  }
};

/// Empty for bytes that EncodeSeriesKey did not write.
std::optional<SeriesKeyView> ViewSeriesKey(std::string_view bytes);

/// The metric's part of a key, into `out`, whose memory is used again.
void MetricOf(const SeriesKeyView& key, Metric& out);

/// As Metric's <=> orders: by namespace, name and dimensions.
std::strong_ordering CompareMetrics(const SeriesKeyView& a, const SeriesKeyView& b);

}  // namespace securebase::metrics
