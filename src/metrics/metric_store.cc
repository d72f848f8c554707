#include "metrics/metric_store.h"

#include <future>
#include <map>

namespace securebase::metrics {

Result<> MetricStore::PutAndWait(const Account& account, std::vector<Datum> data) {
  std::promise<Result<>> promise;
  Put(account, std::move(data), [&](Result<> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

Result<std::vector<Buckets>> MetricStore::QueryGroups(const Account& account,
                                                      const GroupsRequest& request) const {
  std::vector<std::map<Instant, Bucket>> groups(request.group_count);
  for (const auto& [metric, group] : request.metrics) {
    SB_TRY(const std::vector<UnitSeries> series,
           Query(account, {.metric = metric,
                           .start = request.start,
                           .end = request.end,
                           .period = request.period,
                           .distribution = request.distribution}));
    for (const UnitSeries& unit : series) {
      for (const auto& [start, bucket] : unit.buckets) groups[group][start].Merge(bucket);
    }
  }
  std::vector<Buckets> merged;
  for (auto& group : groups) {
    merged.emplace_back(std::make_move_iterator(group.begin()),
                        std::make_move_iterator(group.end()));
  }
  return merged;
}

}  // namespace securebase::metrics
