#pragma once

// Where the data of a delivery go, and what stays between deliveries: the totals of counters.

#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/tenant.h"
#include "ingest/totals.h"
#include "metrics/metric_store.h"

namespace securebase::ingest {

/// What every receiver of metrics works with. Both outlive it.
struct MetricSink {
  metrics::MetricStore& metrics;
  TotalsTracker& totals;
};

/// Stores the data, undoes the totals where that fails, then calls `done`, on any thread.
void Store(MetricSink sink, const Account& account, std::vector<metrics::Datum> data,
           TotalsTracker::Undo undo, std::function<void(Result<>)> done);

}  // namespace securebase::ingest
