#include "metrics/embedded_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "metrics/payload.h"

namespace securebase::metrics {
namespace {

constexpr char kStoreByte = static_cast<char>(storage::StoreId::kMetrics);
// Blocks of one level are merged into one of the next when there are this many, so a bucket is
// rewritten once a level and a query reads few blocks.
constexpr std::size_t kBlocksPerLevel = 8;
constexpr Duration kRetention = std::chrono::hours(24 * 455);

std::string CatalogueKey(char kind) { return {kStoreByte, kind}; }

// Numbers big-endian, so that keys sort as numbers do.
std::string CatalogueKey(char kind, std::uint64_t number) {
  std::string key = CatalogueKey(kind);
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}

std::uint64_t NumberOf(std::string_view key) {
  std::uint64_t number = 0;
  for (const char c : key.substr(2)) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

std::string Number(std::uint64_t value) {
  std::string out;
  PutVarint(out, value);
  return out;
}

std::uint64_t ReadNumberValue(std::string_view value) { return ByteReader(value).Varint(); }

// The period of a request that holds a bucket: its index, or -1 outside. Sub-minute periods hold
// standard buckets by their start, as the specification has it.
std::int64_t PeriodIndex(const StatisticsRequest& request, std::int64_t start_s) {
  const std::int64_t offset = start_s * 1000 - ToUnixMillis(request.start);
  if (offset < 0 || FromUnixSeconds(start_s) >= request.end) return -1;
  return offset / request.period.count();
}

bool MatchesList(const Metric& metric, const ListRequest& request) {
  if (request.namespace_name && metric.namespace_name != *request.namespace_name) return false;
  if (request.name && metric.name != *request.name) return false;
  return std::all_of(
      request.dimensions.begin(), request.dimensions.end(), [&](const Dimension& wanted) {
        return std::any_of(metric.dimensions.begin(), metric.dimensions.end(),
                           [&](const Dimension& has) {
                             return has.name == wanted.name &&
                                    (wanted.value.empty() || has.value == wanted.value);
                           });
      });
}

// Merges a payload into a head.
class HeadWriter final : public PayloadVisitor {
 public:
  HeadWriter(SeriesIndex& index, Head& head) : index_(index), head_(head) {}
  void Begin(std::string_view key, std::int64_t start_s, std::int32_t resolution_s) override {
    const SeriesId id = index_.IdOf(key);
    index_.Touch(id, start_s);
    bucket_ = &head_.At(id, start_s, resolution_s);
  }
  void Value(double value, double count) override { bucket_->Add(value, count); }
  void Set(const StatisticSet& set) override { bucket_->Add(set); }

 private:
  SeriesIndex& index_;
  Head& head_;
  Bucket* bucket_ = nullptr;
};

}  // namespace

Result<> MetricStore::PutAndWait(const Account& account, std::vector<Datum> data) {
  std::promise<Result<>> promise;
  std::future<Result<>> future = promise.get_future();
  Put(account, std::move(data), [&](Result<> result) { promise.set_value(std::move(result)); });
  return future.get();
}

EmbeddedMetricStore::EmbeddedMetricStore(storage::Engine& engine, const Clock& clock)
    : engine_(engine), clock_(clock) {}

Result<std::unique_ptr<EmbeddedMetricStore>> EmbeddedMetricStore::Open(storage::Engine& engine,
                                                                       const Clock& clock) {
  std::unique_ptr<EmbeddedMetricStore> store(new EmbeddedMetricStore(engine, clock));
  SB_TRY_OK(engine.files().CreateFolders(engine.folder() + "/blocks"));
  SB_TRY_OK(store->LoadCatalogue());
  SB_TRY_OK(store->RemoveOrphans());
  engine.Register(*store);
  return store;
}

std::string EmbeddedMetricStore::BlockPath(std::uint64_t number) const {
  return fmt::format("{}/blocks/{:010}.blk", engine_.folder(), number);
}

Result<> EmbeddedMetricStore::LoadCatalogue() {
  storage::KeyValue& catalogue = engine_.key_values();
  SB_TRY(const auto sequence, catalogue.Get(CatalogueKey('Q')));
  durable_sequence_ = sequence ? ReadNumberValue(*sequence) : 0;

  const std::string series_prefix = CatalogueKey('S');
  std::optional<std::string> bad;
  SB_TRY_OK(catalogue.Visit(series_prefix, storage::PrefixEnd(series_prefix), false,
                            [&](std::string_view key, std::string_view value) {
                              const auto id = static_cast<SeriesId>(NumberOf(key));
                              if (!index_.Restore(id, value)) bad = fmt::format("series {}", id);
                              return !bad;
                            }));
  if (bad) return Internal(fmt::format("the catalogue is damaged: {} does not decode", *bad));
  catalogued_series_ = index_.size();

  const std::string block_prefix = CatalogueKey('B');
  SB_TRY_OK(catalogue.Visit(
      block_prefix, storage::PrefixEnd(block_prefix), false,
      [&](std::string_view key, std::string_view value) {
        blocks_.push_back({NumberOf(key), static_cast<std::uint32_t>(ReadNumberValue(value)), {}});
        return true;
      }));
  for (LiveBlock& live : blocks_) {
    SB_TRY(live.block, Block::Open(engine_.files(), BlockPath(live.number)));
    for (const Block::Span& span : live.block->Spans()) {
      if (span.series >= index_.size()) {
        return Internal(fmt::format("block {} names a series that the catalogue lacks",
                                    live.block->name()));
      }
      index_.Touch(span.series, span.last_s);
    }
    next_block_ = std::max(next_block_, live.number + 1);
  }
  return {};
}

// What a crash left between writing a block and the catalogue's change.
Result<> EmbeddedMetricStore::RemoveOrphans() {
  const std::string folder = engine_.folder() + "/blocks";
  SB_TRY(const std::vector<std::string> names, engine_.files().List(folder));
  for (const std::string& name : names) {
    const bool live = std::any_of(blocks_.begin(), blocks_.end(), [&](const LiveBlock& block) {
      return BlockPath(block.number) == folder + "/" + name;
    });
    if (!live) SB_TRY_OK(engine_.files().Remove(folder + "/" + name));
  }
  return {};
}

void EmbeddedMetricStore::Put(const Account& account, std::vector<Datum> data,
                              std::function<void(Result<>)> done) {
  std::vector<storage::Part> parts;
  parts.push_back({storage::StoreId::kMetrics, EncodePayload(account, data)});
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

Result<> EmbeddedMetricStore::VisitSeries(
    SeriesId series, std::int64_t first_s, std::int64_t end_s,
    const std::function<void(const StoredBucket&)>& visit) const {
  for (const LiveBlock& live : blocks_) {
    SB_TRY_OK(live.block->Visit(series, first_s, end_s, visit));
  }
  for (const Head* head : {sealed_.get(), &head_}) {
    if (head == nullptr) continue;
    const std::vector<StoredBucket>& buckets = head->Of(series);
    auto at = std::lower_bound(
        buckets.begin(), buckets.end(), first_s,
        [](const StoredBucket& bucket, std::int64_t first) { return bucket.start_s < first; });
    for (; at != buckets.end() && at->start_s < end_s; ++at) visit(*at);
  }
  return {};
}

Result<std::vector<UnitSeries>> EmbeddedMetricStore::Query(const Account& account,
                                                           const StatisticsRequest& request) const {
  if (request.period.count() <= 0) return InvalidArgument("Period", "must be positive");
  const std::int64_t first_s = ToUnixSeconds(request.start + std::chrono::milliseconds(999));
  const std::int64_t end_s = ToUnixSeconds(request.end + std::chrono::milliseconds(999));
  std::vector<UnitSeries> result;
  std::shared_lock lock(mutex_);
  for (const SeriesIndex::UnitId& unit : index_.Find(account, request.metric)) {
    if (request.unit && unit.unit != *request.unit) continue;
    std::map<std::int64_t, Bucket> periods;
    SB_TRY_OK(VisitSeries(unit.id, first_s, end_s, [&](const StoredBucket& stored) {
      const std::int64_t index = PeriodIndex(request, stored.start_s);
      if (index >= 0) periods[index].Merge(stored.bucket);
    }));
    if (periods.empty()) continue;
    UnitSeries series{unit.unit, {}};
    for (auto& [index, bucket] : periods) {
      series.buckets.emplace_back(request.start + index * request.period, std::move(bucket));
    }
    result.push_back(std::move(series));
  }
  return result;
}

Result<ListPage> EmbeddedMetricStore::List(const Account& account,
                                           const ListRequest& request) const {
  ListPage page;
  std::shared_lock lock(mutex_);
  const SeriesIndex::Metrics& metrics = index_.Of(account);
  auto at = metrics.begin();
  if (request.after) {
    at = metrics.upper_bound(*request.after);
  } else if (request.namespace_name) {
    at = metrics.lower_bound(Metric{*request.namespace_name, request.name.value_or(""), {}});
  }
  for (; at != metrics.end(); ++at) {
    const auto& [metric, units] = *at;
    if (request.namespace_name && metric.namespace_name > *request.namespace_name) break;
    if (!MatchesList(metric, request)) continue;
    const bool active = !request.active_since ||
                        std::any_of(units.begin(), units.end(), [&](const auto& unit) {
                          return index_.LastActive(unit.id) >= ToUnixSeconds(*request.active_since);
                        });
    if (!active) continue;
    if (page.metrics.size() == request.metrics_max) {
      page.more = true;
      break;
    }
    page.metrics.push_back(metric);
  }
  return page;
}

MetricStoreStatistics EmbeddedMetricStore::statistics() const {
  std::shared_lock lock(mutex_);
  MetricStoreStatistics statistics;
  statistics.series = index_.size();
  statistics.head_buckets = head_.bucket_count() + (sealed_ ? sealed_->bucket_count() : 0);
  statistics.blocks = blocks_.size();
  for (const LiveBlock& live : blocks_) statistics.block_bytes += live.block->size_bytes();
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

Result<EmbeddedMetricStore::LiveBlock> EmbeddedMetricStore::WriteBlock(std::string bytes,
                                                                       std::uint32_t level) {
  LiveBlock live{next_block_++, level, nullptr};
  const std::string path = BlockPath(live.number);
  SB_TRY_OK(WriteFileAtomically(engine_.files(), path, bytes));
  SB_TRY(live.block, Block::Open(engine_.files(), path));
  return live;
}

// Merges the blocks of a level that has too many. Buckets past their retention stay behind.
Result<> EmbeddedMetricStore::Compact(Blocks& blocks, std::vector<std::uint64_t>& replaced) {
  const std::int64_t oldest_s = ToUnixSeconds(clock_.Now() - kRetention);
  for (std::uint32_t level = 0;; ++level) {
    Blocks merging;
    bool above = false;
    for (const LiveBlock& live : blocks) {
      if (live.level == level) merging.push_back(live);
      above = above || live.level > level;
    }
    if (merging.size() < kBlocksPerLevel) {
      if (!above) return {};
      continue;
    }
    std::set<SeriesId> series;
    for (const LiveBlock& live : merging) {
      for (const Block::Span& span : live.block->Spans()) series.insert(span.series);
    }
    BlockBuilder builder;
    for (const SeriesId id : series) {
      Head merged;
      for (const LiveBlock& live : merging) {
        SB_TRY_OK(live.block->Visit(id, oldest_s, INT64_MAX, [&](const StoredBucket& stored) {
          merged.At(0, stored.start_s, stored.resolution_s).Merge(stored.bucket);
        }));
      }
      builder.Add(id, merged.Of(0));
    }
    for (const LiveBlock& live : merging) {
      replaced.push_back(live.number);
      std::erase_if(blocks, [&](const LiveBlock& b) { return b.number == live.number; });
    }
    if (!builder.empty()) {
      SB_TRY(LiveBlock live, WriteBlock(builder.Finish(), level + 1));
      blocks.push_back(std::move(live));
    }
  }
}

Result<> EmbeddedMetricStore::WriteSealed(storage::WriteBatch& batch) {
  std::shared_ptr<const Head> sealed;
  Blocks blocks;
  std::vector<std::string> new_keys;
  {
    std::shared_lock lock(mutex_);
    sealed = sealed_;
    blocks = blocks_;
    written_series_ = index_.size();
    for (SeriesId id = catalogued_series_; id < written_series_; ++id) {
      new_keys.push_back(index_.KeyOf(id));
    }
    batch.Put(CatalogueKey('Q'), Number(sealed_sequence_));
  }
  for (std::size_t i = 0; i < new_keys.size(); ++i) {
    batch.Put(CatalogueKey('S', catalogued_series_ + i), new_keys[i]);
  }

  BlockBuilder builder;
  for (std::size_t series = 0; series < sealed->series_end(); ++series) {
    builder.Add(static_cast<SeriesId>(series), sealed->Of(static_cast<SeriesId>(series)));
  }
  std::vector<std::uint64_t> replaced;
  if (!builder.empty()) {
    SB_TRY(LiveBlock live, WriteBlock(builder.Finish(), 0));
    blocks.push_back(std::move(live));
    SB_TRY_OK(Compact(blocks, replaced));
  }
  for (const std::uint64_t number : replaced) batch.Delete(CatalogueKey('B', number));
  for (const LiveBlock& live : blocks) {
    batch.Put(CatalogueKey('B', live.number), Number(live.level));
  }
  next_blocks_ = std::move(blocks);
  replaced_blocks_ = std::move(replaced);
  return {};
}

void EmbeddedMetricStore::DropSealed() {
  {
    std::unique_lock lock(mutex_);
    sealed_ = nullptr;
    blocks_ = std::move(next_blocks_);
    durable_sequence_ = sealed_sequence_;
  }
  next_blocks_.clear();
  catalogued_series_ = written_series_;
  for (const std::uint64_t number : replaced_blocks_) {
    const Result<> removed = engine_.files().Remove(BlockPath(number));
    // A merged block that stays costs room until the next start removes it.
    if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
      Log(LogLevel::kWarn, "cannot remove a merged block", {{"error", removed.error().message()}});
    }
  }
  replaced_blocks_.clear();
}

}  // namespace securebase::metrics
