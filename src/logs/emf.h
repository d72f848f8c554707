#pragma once

// The embedded metric format: a log event that is also a set of metrics (spec: logs-api 12).

#include <string_view>
#include <vector>

#include "base/time.h"
#include "metrics/metric_store.h"

namespace securebase::logs {

struct EmfMetrics {
  std::vector<metrics::Datum> data;
  bool parsing_error = false;     // it names itself EMF and is no JSON object, or lacks its members
  bool validation_error = false;  // a directive, metric or dimension set was dropped
};

/// The metrics of a message; nothing for one without `_aws`. Text before the first '{' is skipped,
/// as Lambda puts it there.
EmfMetrics ParseEmf(std::string_view message, Instant now);

}  // namespace securebase::logs
