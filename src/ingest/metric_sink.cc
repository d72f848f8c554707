#include "ingest/metric_sink.h"

#include <memory>
#include <utility>

namespace securebase::ingest {

void Store(MetricSink sink, const Account& account, std::vector<metrics::Datum> data,
           TotalsTracker::Undo undo, std::function<void(Result<>)> done) {
  if (data.empty()) return done({});
  auto shared = std::make_shared<TotalsTracker::Undo>(std::move(undo));
  sink.metrics.Put(account, std::move(data), [shared, done = std::move(done)](Result<> stored) {
    if (!stored.ok()) shared->Roll();
    done(std::move(stored));
  });
}

}  // namespace securebase::ingest
