#pragma once

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
/// The same, appended to `out`.
void AppendSeriesKey(const Account& account, const Metric& metric, std::string_view unit,
                     std::string& out);

struct SeriesKey {
  Account account;
  Metric metric;
  std::string unit;
};

/// Empty for bytes that EncodeSeriesKey did not write.
std::optional<SeriesKey> DecodeSeriesKey(std::string_view bytes);

}  // namespace securebase::metrics
