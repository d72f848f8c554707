#pragma once

// PutMetricData as a part of a journal record.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/metric_store.h"

namespace securebase::metrics {

std::string EncodePayload(const Account& account, const std::vector<Datum>& data);

/// One datum of a payload: where its values go.
class PayloadVisitor {
 public:
  virtual ~PayloadVisitor() = default;
  virtual void Begin(std::string_view series_key, std::int64_t start_s,
                     std::int32_t resolution_s) = 0;
  virtual void Value(double value, double count) = 0;
  virtual void Set(const StatisticSet& set) = 0;
};

/// False for bytes that EncodePayload did not write.
[[nodiscard]] bool VisitPayload(std::string_view payload, PayloadVisitor& visitor);

}  // namespace securebase::metrics
