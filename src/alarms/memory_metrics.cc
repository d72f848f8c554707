#include "alarms/memory_metrics.h"

#include <algorithm>

namespace securebase::alarms {

void MemoryMetricStore::Put(const Account& account, std::vector<metrics::Datum> data,
                            std::function<void(Result<>)> done) {
  {
    std::lock_guard lock(mutex_);
    for (metrics::Datum& datum : data) {
      std::sort(datum.metric.dimensions.begin(), datum.metric.dimensions.end());
      std::int64_t start_s = ToUnixSeconds(datum.time);
      if (datum.resolution_s == 60) start_s -= ((start_s % 60) + 60) % 60;
      metrics::Bucket& bucket = metrics_[account][datum.metric][datum.unit][start_s];
      for (const auto& [value, count] : datum.values) bucket.Add(value, count);
      if (datum.statistics) bucket.Add(*datum.statistics);
    }
  }
  done({});
}

Result<std::vector<metrics::UnitSeries>> MemoryMetricStore::Query(
    const Account& account, const metrics::StatisticsRequest& request) const {
  std::lock_guard lock(mutex_);
  std::vector<metrics::UnitSeries> out;
  const auto of_account = metrics_.find(account);
  if (of_account == metrics_.end()) return out;
  const auto found = of_account->second.find(request.metric);
  if (found == of_account->second.end()) return out;
  for (const auto& [unit, series] : found->second) {
    if (request.unit && unit != *request.unit) continue;
    std::map<Instant, metrics::Bucket> periods;
    const std::int64_t first_s = ToUnixSeconds(request.start + Duration(999));
    for (auto at = series.lower_bound(first_s);
         at != series.end() && FromUnixSeconds(at->first) < request.end; ++at) {
      const auto index = (FromUnixSeconds(at->first) - request.start) / request.period;
      periods[request.start + index * request.period].Merge(at->second);
    }
    if (periods.empty()) continue;
    out.push_back({unit, metrics::Buckets(periods.begin(), periods.end())});
  }
  return out;
}

Result<metrics::ListPage> MemoryMetricStore::List(const Account& account,
                                                  const metrics::ListRequest& request) const {
  std::lock_guard lock(mutex_);
  metrics::ListPage page;
  const auto of_account = metrics_.find(account);
  if (of_account == metrics_.end()) return page;
  for (const auto& [metric, units] : of_account->second) {
    if (request.after && metric <= *request.after) continue;
    if (request.namespace_name && metric.namespace_name != *request.namespace_name) continue;
    if (request.name && metric.name != *request.name) continue;
    const bool matches = std::all_of(
        request.dimensions.begin(), request.dimensions.end(), [&](const auto& wanted) {
          return std::any_of(metric.dimensions.begin(), metric.dimensions.end(),
                             [&](const auto& has) {
                               return has.name == wanted.name &&
                                      (wanted.value.empty() || has.value == wanted.value);
                             });
        });
    if (!matches) continue;
    if (page.metrics.size() == request.metrics_max) {
      page.more = true;
      break;
    }
    page.metrics.push_back(metric);
  }
  return page;
}

}  // namespace securebase::alarms
