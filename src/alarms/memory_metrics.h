#pragma once

// A MetricStore in memory: what test files and replays of alarms bring along.

#include <map>
#include <mutex>
#include <string>

#include "metrics/head.h"
#include "metrics/metric_store.h"

namespace securebase::alarms {

/// Thread-safe. Keeps everything.
class MemoryMetricStore final : public metrics::MetricStore {
 public:
  void Put(const Account& account, std::vector<metrics::Datum> data,
           std::function<void(Result<>)> done) override;
  Result<std::vector<metrics::UnitSeries>> Query(
      const Account& account, const metrics::StatisticsRequest& request) const override;
  Result<metrics::ListPage> List(const Account& account,
                                 const metrics::ListRequest& request) const override;
  metrics::MetricStoreStatistics statistics() const override { return {}; }

 private:
  using Series = std::map<std::int64_t, metrics::Bucket>;  // by start in seconds
  using Units = std::map<std::string, Series>;
  mutable std::mutex mutex_;
  std::map<Account, std::map<metrics::Metric, Units>> metrics_;  // guarded by mutex_
};

}  // namespace securebase::alarms
