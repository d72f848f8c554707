#include "metrics/embedded_store.h"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/check.h"
#include "metrics/payload.h"

namespace securebase::metrics {
namespace {

// Counts and sums beyond these are mistakes, and could overflow a double when they add up.
constexpr double kCountMax = 1e18;
constexpr double kFigureMax = 1e200;
// Year 30,000: far from where a start in milliseconds would overflow.
constexpr std::int64_t kTimeMaxMs = std::int64_t{900} << 40;

bool IsFigure(double value) { return std::abs(value) <= kFigureMax; }
bool IsCount(double count) { return count > 0 && count <= kCountMax; }

// What would be journalled and could not be applied. The codecs say more about each field; this
// is the last line.
Result<> Check(const DatumView& datum) {
  if (datum.resolution_s != 1 && datum.resolution_s != 60) {
    return InvalidArgument("StorageResolution", "must be 1 or 60");
  }
  if (std::abs(ToUnixMillis(datum.time)) > kTimeMaxMs) {
    return InvalidArgument("Timestamp", "is out of range");
  }
  if (datum.values.empty() != datum.statistics.has_value()) {
    return InvalidArgument("Values", "must be given, or StatisticValues, and not both");
  }
  for (const auto& [value, count] : datum.values) {
    if (!IsFigure(value)) return InvalidArgument("Value", "is out of range");
    if (!IsCount(count)) return InvalidArgument("Counts", "must be above 0 and at most 1e18");
  }
  if (const auto& set = datum.statistics) {
    if (!IsCount(set->sample_count)) {
      return InvalidArgument("StatisticValues.SampleCount", "must be above 0 and at most 1e18");
    }
    if (!IsFigure(set->sum) || !IsFigure(set->minimum) || !IsFigure(set->maximum) ||
        set->minimum > set->maximum) {
      return InvalidArgument("StatisticValues", "is out of range");
    }
  }
  return {};
}

// Merges a payload into a head.
class HeadWriter final : public PayloadVisitor {
 public:
  HeadWriter(SeriesIndex& index, Head& head) : index_(index), head_(head) {}
  void Begin(std::string_view key, std::int64_t start_s, std::int32_t resolution_s) override {
    BeginKnown(index_.IdOf(key), start_s, resolution_s);
  }
  void BeginKnown(SeriesId id, std::int64_t start_s, std::int32_t resolution_s) override {
    SB_CHECK(id < index_.size(), "a journalled series is not defined by any record before");
    index_.Touch(id, start_s);
    id_ = id;
    start_s_ = start_s;
    resolution_s_ = resolution_s;
  }
  void Value(double value, double count) override {
    head_.Add(id_, start_s_, resolution_s_, value, count);
  }
  void Set(const StatisticSet& set) override { head_.Add(id_, start_s_, resolution_s_, set); }
  void Merge(Bucket bucket) override {
    head_.Merge(id_, start_s_, resolution_s_, std::move(bucket));
  }

 private:
  SeriesIndex& index_;
  Head& head_;
  SeriesId id_ = 0;
  std::int64_t start_s_ = 0;
  std::int32_t resolution_s_ = 60;
};

}  // namespace

EmbeddedMetricStore::EmbeddedMetricStore(storage::Engine& engine, const Clock& clock,
                                         const Retention& retention)
    : engine_(engine),
      clock_(clock),
      retention_(retention),
      blocks_(std::make_shared<const Blocks>()) {}

Result<std::unique_ptr<EmbeddedMetricStore>> EmbeddedMetricStore::Open(storage::Engine& engine,
                                                                       const Clock& clock,
                                                                       const Retention& retention) {
  std::unique_ptr<EmbeddedMetricStore> store(new EmbeddedMetricStore(engine, clock, retention));
  SB_TRY_OK(engine.files().CreateFolders(engine.folder() + "/blocks"));
  SB_TRY_OK(store->LoadCatalogue());
  SB_TRY_OK(store->RemoveOrphans());
  engine.Register(*store);
  return store;
}

void EmbeddedMetricStore::Put(const Account& account, std::vector<Datum> data,
                              std::function<void(Result<>)> done) {
  std::vector<DimensionView> dimensions;
  std::size_t count = 0;
  for (Datum& datum : data) {
    count += datum.metric.dimensions.size();
    if (!std::is_sorted(datum.metric.dimensions.begin(), datum.metric.dimensions.end())) {
      std::sort(datum.metric.dimensions.begin(), datum.metric.dimensions.end());
    }
  }
  dimensions.reserve(count);
  std::vector<DatumView> views;
  views.reserve(data.size());
  for (const Datum& datum : data) {
    const DimensionView* first = dimensions.data() + dimensions.size();
    for (const Dimension& one : datum.metric.dimensions)
      dimensions.push_back({one.name, one.value});
    views.push_back({.namespace_name = datum.metric.namespace_name,
                     .name = datum.metric.name,
                     .dimensions = {first, datum.metric.dimensions.size()},
                     .unit = datum.unit,
                     .time = datum.time,
                     .resolution_s = datum.resolution_s,
                     .values = datum.values,
                     .statistics = datum.statistics,
                     .distribution = &datum.distribution});
  }
  Put(account, views, std::move(done));
}

void EmbeddedMetricStore::Put(const Account& account, std::span<const DatumView> data,
                              std::function<void(Result<>)> done) {
  for (const DatumView& datum : data) {
    if (Result<> checked = Check(datum); !checked.ok()) {
      done(std::move(checked));
      return;
    }
  }
  std::vector<storage::Part> parts;
  {
    std::shared_lock lock(mutex_);
    parts.push_back(
        {storage::StoreId::kMetrics,
         EncodePayload(account, data, [this](std::string_view key) { return index_.Find(key); })});
  }
  engine_.CommitAsync(std::move(parts),
                      [done = std::move(done)](Result<storage::Sequence> committed) {
                        if (committed.ok()) {
                          done({});
                        } else {
                          done(committed.error());
                        }
                      });
}

void EmbeddedMetricStore::Apply(storage::Sequence, std::string_view payload) {
  std::unique_lock lock(mutex_);
  HeadWriter writer(index_, head_);
  SB_CHECK(VisitPayload(payload, writer), "a journalled metrics payload does not decode");
}

Result<ListPage> EmbeddedMetricStore::List(const Account& account,
                                           const ListRequest& request) const {
  ListPage page;
  std::shared_lock lock(mutex_);
  index_.VisitMetrics(account,
                      {.namespace_name = request.namespace_name,
                       .name = request.name,
                       .dimensions = request.dimensions,
                       .active_since = request.active_since,
                       .after = request.after},
                      [&](const Metric& metric) {
                        page.more = page.metrics.size() == request.metrics_max;
                        if (!page.more) page.metrics.push_back(metric);
                        return !page.more;
                      });
  return page;
}

Result<> EmbeddedMetricStore::VisitMetrics(const Account& account, const MetricFilter& filter,
                                           const MetricVisitor& visit) const {
  std::shared_lock lock(mutex_);
  index_.VisitMetrics(account, filter, visit);
  return {};
}

MetricStoreStatistics EmbeddedMetricStore::statistics() const {
  std::shared_lock lock(mutex_);
  MetricStoreStatistics statistics;
  statistics.series = index_.size();
  statistics.head_buckets = head_.bucket_count() + (sealed_ ? sealed_->bucket_count() : 0);
  statistics.blocks = blocks_->size();
  for (const LiveBlock& live : *blocks_) {
    if (live.block) statistics.block_bytes += live.block->size_bytes();
  }
  return statistics;
}

void EmbeddedMetricStore::Seal(storage::Sequence sequence) {
  std::unique_lock lock(mutex_);
  sealed_sequence_ = sequence;
  if (sealed_) {
    // The last flush failed: what it could not write waits for this one.
    auto grown = std::make_shared<Head>(*sealed_);
    grown->MergeFrom(head_);
    sealed_ = std::move(grown);
  } else {
    sealed_ = std::make_shared<Head>(std::move(head_));
  }
  head_ = Head();
}

}  // namespace securebase::metrics
