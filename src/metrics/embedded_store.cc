#include "metrics/embedded_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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

// Counts and sums beyond these are mistakes, and could overflow a double when they add up.
constexpr double kCountMax = 1e18;
constexpr double kFigureMax = 1e200;

bool IsFigure(double value) { return std::abs(value) <= kFigureMax; }
bool IsCount(double count) { return count > 0 && count <= kCountMax; }

// What would be journalled and could not be applied. The codecs say more about each field; this
// is the last line.
Result<> Check(const DatumView& datum) {
  if (datum.resolution_s != 1 && datum.resolution_s != 60) {
    return InvalidArgument("StorageResolution", "must be 1 or 60");
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
    bucket_ = &head_.At(id, start_s, resolution_s);
  }
  void Value(double value, double count) override { bucket_->Add(value, count); }
  void Set(const StatisticSet& set, const Sketch& distribution) override {
    bucket_->Add(set, distribution);
  }

 private:
  SeriesIndex& index_;
  Head& head_;
  Bucket* bucket_ = nullptr;
};

}  // namespace

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
    next_block_ = std::max(next_block_, live.number + 1);
    Result<std::shared_ptr<const Block>> block =
        Block::Open(engine_.files(), BlockPath(live.number));
    if (!block.ok()) {
      Log(LogLevel::kError, "cannot read a block: queries that need it will fail",
          {{"error", block.error().message()}});
      live.damage = block.error();
      continue;
    }
    live.block = *std::move(block);
    for (const Block::Span& span : live.block->Spans()) {
      if (span.series >= index_.size()) {
        return Internal(
            fmt::format("block {} names a series that the catalogue lacks", live.block->name()));
      }
      index_.Touch(span.series, span.last_s);
    }
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

namespace {

// Buckets by the index of their period.
using Periods = std::map<std::int64_t, Bucket>;

void MergeHead(const Head& head, SeriesId series, std::int64_t first_s, std::int64_t end_s,
               const StatisticsRequest& request, Periods& periods) {
  const std::vector<StoredBucket>& buckets = head.Of(series);
  auto at = std::lower_bound(
      buckets.begin(), buckets.end(), first_s,
      [](const StoredBucket& bucket, std::int64_t first) { return bucket.start_s < first; });
  for (; at != buckets.end() && at->start_s < end_s; ++at) {
    const std::int64_t index = PeriodIndex(request, at->start_s);
    if (index >= 0) periods[index].Merge(at->bucket);
  }
}

}  // namespace

Result<std::vector<UnitSeries>> EmbeddedMetricStore::Query(const Account& account,
                                                           const StatisticsRequest& request) const {
  if (request.period.count() <= 0) return InvalidArgument("Period", "must be positive");
  const std::int64_t first_s = ToUnixSeconds(request.start + std::chrono::milliseconds(999));
  const std::int64_t end_s = ToUnixSeconds(request.end + std::chrono::milliseconds(999));
  struct Unit {
    SeriesIndex::UnitId id;
    Periods periods;
  };
  std::vector<Unit> units;
  Blocks blocks;
  {
    // Heads under the lock, blocks after it: they are immutable, and reading may touch the disk.
    std::shared_lock lock(mutex_);
    for (const SeriesIndex::UnitId& id : index_.Find(account, request.metric)) {
      if (request.unit && id.unit != *request.unit) continue;
      Unit unit{id, {}};
      if (sealed_) MergeHead(*sealed_, id.id, first_s, end_s, request, unit.periods);
      MergeHead(head_, id.id, first_s, end_s, request, unit.periods);
      units.push_back(std::move(unit));
    }
    if (!units.empty()) blocks = blocks_;
  }
  std::vector<UnitSeries> result;
  for (Unit& unit : units) {
    for (const LiveBlock& live : blocks) {
      if (live.damage) return *live.damage;
      SB_TRY_OK(live.block->Visit(unit.id.id, first_s, end_s, [&](const StoredBucket& stored) {
        const std::int64_t index = PeriodIndex(request, stored.start_s);
        if (index >= 0) unit.periods[index].Merge(stored.bucket);
      }));
    }
    if (unit.periods.empty()) continue;
    UnitSeries series{std::string(unit.id.unit), {}};
    for (auto& [index, bucket] : unit.periods) {
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
  statistics.blocks = blocks_.size();
  for (const LiveBlock& live : blocks_) {
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

Result<EmbeddedMetricStore::LiveBlock> EmbeddedMetricStore::WriteBlock(std::string bytes,
                                                                       std::uint32_t level) {
  LiveBlock live{next_block_++, level, nullptr};
  const std::string path = BlockPath(live.number);
  SB_TRY_OK(WriteFileAtomically(engine_.files(), path, bytes));
  SB_TRY(live.block, Block::Open(engine_.files(), path));
  return live;
}

// One block of the next level from several. Buckets past their retention stay behind.
Result<EmbeddedMetricStore::LiveBlock> EmbeddedMetricStore::MergeLevel(const Blocks& merging,
                                                                       std::uint32_t level) {
  const std::int64_t oldest_s = ToUnixSeconds(clock_.Now() - kRetention);
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
  return WriteBlock(builder.Finish(), level + 1);
}

// Merges the blocks of each level that has too many. On an error `blocks` and `replaced` say what
// was merged until then, which holds.
Result<> EmbeddedMetricStore::Compact(Blocks& blocks, std::vector<std::uint64_t>& replaced) {
  std::uint32_t level_max = 0;
  for (const LiveBlock& live : blocks) level_max = std::max(level_max, live.level);
  for (std::uint32_t level = 0; level <= level_max; ++level) {
    Blocks merging;
    for (const LiveBlock& live : blocks) {
      if (live.level == level && !live.damage) merging.push_back(live);
    }
    if (merging.size() < kBlocksPerLevel) continue;
    SB_TRY(LiveBlock merged, MergeLevel(merging, level));
    for (const LiveBlock& live : merging) {
      replaced.push_back(live.number);
      std::erase_if(blocks, [&](const LiveBlock& b) { return b.number == live.number; });
    }
    level_max = std::max(level_max, level + 1);
    blocks.push_back(std::move(merged));
  }
  return {};
}

void EmbeddedMetricStore::RemoveBlock(std::uint64_t number) {
  const Result<> removed = engine_.files().Remove(BlockPath(number));
  // One that stays costs room until the next start removes it.
  if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
    Log(LogLevel::kWarn, "cannot remove a block", {{"error", removed.error().message()}});
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
      new_keys.emplace_back(index_.KeyOf(id));
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
    // Merging only saves work later: damage in an old block must not keep new data from the disk.
    if (const Result<> compacted = Compact(blocks, replaced); !compacted.ok()) {
      Log(LogLevel::kError, "cannot merge blocks", {{"error", compacted.error().message()}});
    }
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
  for (const std::uint64_t number : replaced_blocks_) RemoveBlock(number);
  replaced_blocks_.clear();
}

}  // namespace securebase::metrics
