#pragma once

// PutMetricData as a part of a journal record. Format: docs/formats/journal.md, "Metrics".

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "metrics/head.h"
#include "metrics/metric_store.h"

namespace securebase::metrics {

/// The number of a series that an earlier record of the journal, or the catalogue, defines; none
/// for one that this payload has to define.
using KnownSeries = std::function<std::optional<SeriesId>(std::string_view series_key)>;

/// Series that are known are written by number, the others by key: replay gives them the same
/// numbers again, since it sees the same records in the same order. Several values are written as
/// the bucket that they make.
std::string EncodePayload(const Account& account, std::span<const DatumView> data,
                          const KnownSeries& known);

/// One datum of a payload: first its place, then what goes there.
class PayloadVisitor {
 public:
  virtual ~PayloadVisitor() = default;
  virtual void Begin(std::string_view series_key, std::int64_t start_s,
                     std::int32_t resolution_s) = 0;
  virtual void BeginKnown(SeriesId series, std::int64_t start_s, std::int32_t resolution_s) = 0;
  virtual void Value(double value, double count) = 0;
  virtual void Set(const StatisticSet& set) = 0;
  virtual void Merge(Bucket bucket) = 0;
};

/// False for bytes that EncodePayload, of this version or the one before, did not write.
[[nodiscard]] bool VisitPayload(std::string_view payload, PayloadVisitor& visitor);

}  // namespace securebase::metrics
