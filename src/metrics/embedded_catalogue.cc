// The embedded store and its files: what the catalogue says, and how heads become blocks.

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "base/bytes.h"
#include "base/log.h"
#include "metrics/embedded_store.h"

namespace securebase::metrics {
namespace {

constexpr char kStoreByte = static_cast<char>(storage::StoreId::kMetrics);
// Blocks of one level are merged into one of the next when there are this many, so a bucket is
// rewritten once a level and a query reads few blocks.
constexpr std::size_t kBlocksPerLevel = 8;
// Together larger than this they stay as they are: a merge holds its result in memory.
constexpr std::uint64_t kMergedBytesMax = 512ull << 20;
constexpr std::size_t kSeriesPerEntry = 256;
constexpr std::string_view kSetAside = ".damaged";

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

}  // namespace

std::string EmbeddedMetricStore::BlockPath(std::uint64_t number) const {
  return fmt::format("{}/blocks/{:010}.blk", engine_.folder(), number);
}

Result<> EmbeddedMetricStore::LoadCatalogue() {
  SB_TRY(const auto sequence, engine_.key_values().Get(CatalogueKey('Q')));
  durable_sequence_ = sequence ? ByteReader(*sequence).Varint() : 0;
  SB_TRY_OK(LoadSeries());
  return LoadBlocks();
}

Result<> EmbeddedMetricStore::LoadSeries() {
  storage::KeyValue& catalogue = engine_.key_values();
  std::optional<std::uint64_t> bad;
  const auto restore = [&](std::uint64_t id, std::string_view key) {
    if (id != index_.size() || !index_.Restore(static_cast<SeriesId>(id), key)) bad = id;
    return !bad;
  };
  const std::string old = CatalogueKey('S');
  SB_TRY_OK(catalogue.Visit(
      old, storage::PrefixEnd(old), false,
      [&](std::string_view key, std::string_view value) { return restore(NumberOf(key), value); }));
  const std::string many = CatalogueKey('N');
  SB_TRY_OK(catalogue.Visit(many, storage::PrefixEnd(many), false,
                            [&](std::string_view key, std::string_view value) {
                              ByteReader reader(value);
                              for (std::uint64_t id = NumberOf(key); !reader.empty(); ++id) {
                                const std::string_view series = reader.Bytes();
                                if (!reader.ok() || !restore(id, series)) {
                                  bad = id;
                                  return false;
                                }
                              }
                              return true;
                            }));
  if (bad)
    return Internal(fmt::format("the catalogue is damaged: series {} does not decode", *bad));
  catalogued_series_ = index_.size();
  return {};
}

Result<> EmbeddedMetricStore::LoadBlocks() {
  Blocks blocks;
  const std::string prefix = CatalogueKey('B');
  SB_TRY_OK(engine_.key_values().Visit(prefix, storage::PrefixEnd(prefix), false,
                                       [&](std::string_view key, std::string_view value) {
                                         LiveBlock live;
                                         live.number = NumberOf(key);
                                         ByteReader reader(value);
                                         live.level = static_cast<std::uint32_t>(reader.Varint());
                                         if (!reader.empty()) {
                                           live.first_s = UnZigZag(reader.Varint());
                                           live.last_s = UnZigZag(reader.Varint());
                                           live.due_s = UnZigZag(reader.Varint());
                                         }
                                         blocks.push_back(std::move(live));
                                         return true;
                                       }));
  for (LiveBlock& live : blocks) {
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
    const std::vector<Block::Span> spans = live.block->Spans();
    if (live.due_s == INT64_MAX) {
      // Of the version before, which did not say: read whenever it may matter, and written anew
      // with the next checkpoint.
      live.due_s = INT64_MIN;
    }
    for (const Block::Span& span : spans) {
      if (span.series >= index_.size()) {
        return Internal(
            fmt::format("block {} names a series that the catalogue lacks", live.block->name()));
      }
      index_.Touch(span.series, span.last_s);
    }
  }
  blocks_ = std::make_shared<const Blocks>(std::move(blocks));
  return {};
}

// What a crash left between writing a block and the catalogue's change.
Result<> EmbeddedMetricStore::RemoveOrphans() {
  const std::string folder = engine_.folder() + "/blocks";
  SB_TRY(const std::vector<std::string> names, engine_.files().List(folder));
  for (const std::string& name : names) {
    const bool live = std::any_of(blocks_->begin(), blocks_->end(), [&](const LiveBlock& block) {
      return BlockPath(block.number) == folder + "/" + name;
    });
    if (!live && !name.ends_with(kSetAside)) {
      SB_TRY_OK(engine_.files().Remove(folder + "/" + name));
    }
  }
  return {};
}

Result<EmbeddedMetricStore::LiveBlock> EmbeddedMetricStore::WriteBlock(const NewBlock& block,
                                                                       std::uint32_t level) {
  LiveBlock live{.number = next_block_++,
                 .level = level,
                 .first_s = block.first_s,
                 .last_s = block.last_s,
                 .due_s = block.due_s};
  const std::string path = BlockPath(live.number);
  SB_TRY_OK(WriteFileAtomically(engine_.files(), path, block.bytes));
  SB_TRY(live.block, Block::Open(engine_.files(), path));
  return live;
}

// One block in place of several. Nothing changes on an error.
Result<> EmbeddedMetricStore::Replace(Blocks& blocks, const std::vector<std::uint64_t>& numbers,
                                      std::uint32_t level, const Ages& ages) {
  const auto replaced = [&](const LiveBlock& live) {
    return std::find(numbers.begin(), numbers.end(), live.number) != numbers.end();
  };
  std::vector<std::shared_ptr<const Block>> merging;
  for (const LiveBlock& live : blocks) {
    if (replaced(live)) merging.push_back(live.block);
  }
  SB_TRY(const NewBlock merged, MergeBlocks(merging, ages, retention_));
  std::optional<LiveBlock> live;
  if (!merged.bytes.empty()) {
    SB_TRY(live, WriteBlock(merged, level));
  }
  std::erase_if(blocks, replaced);
  if (live) blocks.push_back(*std::move(live));
  replaced_blocks_.insert(replaced_blocks_.end(), numbers.begin(), numbers.end());
  return {};
}

// Merges the blocks of each level that has too many, then writes those anew that are due for it.
// On an error `blocks` says what was done until then, which holds.
Result<> EmbeddedMetricStore::Compact(Blocks& blocks, const Ages& ages) {
  std::uint32_t level_max = 0;
  for (const LiveBlock& live : blocks) level_max = std::max(level_max, live.level);
  for (std::uint32_t level = 0; level <= level_max; ++level) {
    std::vector<std::uint64_t> merging;
    std::uint64_t bytes = 0;
    for (const LiveBlock& live : blocks) {
      if (live.level != level || live.damage) continue;
      merging.push_back(live.number);
      bytes += live.block->size_bytes();
    }
    if (merging.size() < kBlocksPerLevel || bytes > kMergedBytesMax) continue;
    SB_TRY_OK(Replace(blocks, merging, level + 1, ages));
    level_max = std::max(level_max, level + 1);
  }
  const std::int64_t now_s = ToUnixSeconds(clock_.Now());
  std::vector<LiveBlock> due;
  std::copy_if(blocks.begin(), blocks.end(), std::back_inserter(due),
               [&](const LiveBlock& live) { return live.due_s <= now_s && !live.damage; });
  for (const LiveBlock& live : due) SB_TRY_OK(Replace(blocks, {live.number}, live.level, ages));
  return {};
}

void EmbeddedMetricStore::RemoveBlock(std::uint64_t number) {
  const Result<> removed = engine_.files().Remove(BlockPath(number));
  // One that stays costs room until the next start removes it.
  if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
    Log(LogLevel::kWarn, "cannot remove a block", {{"error", removed.error().message()}});
  }
}

void EmbeddedMetricStore::PutNewSeries(storage::WriteBatch& batch) {
  std::string keys;
  SeriesId first = catalogued_series_;
  for (SeriesId id = catalogued_series_; id < written_series_; ++id) {
    PutBytes(keys, index_.KeyOf(id));
    if (id + 1 < written_series_ && id + 1 - first < kSeriesPerEntry) continue;
    batch.Put(CatalogueKey('N', first), keys);
    keys.clear();
    first = id + 1;
  }
}

Result<> EmbeddedMetricStore::WriteSealed(storage::WriteBatch& batch) {
  std::shared_ptr<const Head> sealed;
  std::shared_ptr<const Blocks> before;
  {
    std::shared_lock lock(mutex_);
    sealed = sealed_;
    before = blocks_;
    written_series_ = index_.size();
    PutNewSeries(batch);
    batch.Put(CatalogueKey('Q'), Number(sealed_sequence_));
  }
  const Ages ages(clock_.Now(), retention_);
  Blocks blocks = *before;
  replaced_blocks_.clear();
  const NewBlock flushed = BuildBlock(*sealed, ages, retention_);
  if (!flushed.bytes.empty()) {
    SB_TRY(LiveBlock live, WriteBlock(flushed, 0));
    blocks.push_back(std::move(live));
  }
  // Merging only saves work later: damage in an old block must not keep new data from the disk.
  if (const Result<> compacted = Compact(blocks, ages); !compacted.ok()) {
    Log(LogLevel::kError, "cannot merge blocks", {{"error", compacted.error().message()}});
  }
  for (const std::uint64_t number : replaced_blocks_) batch.Delete(CatalogueKey('B', number));
  for (const LiveBlock& live : blocks) {
    std::string value = Number(live.level);
    for (const std::int64_t time : {live.first_s, live.last_s, live.due_s}) {
      PutVarint(value, ZigZag(time));
    }
    batch.Put(CatalogueKey('B', live.number), value);
  }
  next_blocks_ = std::move(blocks);
  return {};
}

void EmbeddedMetricStore::DropSealed() {
  {
    std::unique_lock lock(mutex_);
    sealed_ = nullptr;
    blocks_ = std::make_shared<const Blocks>(std::move(next_blocks_));
    durable_sequence_ = sealed_sequence_;
  }
  next_blocks_.clear();
  catalogued_series_ = written_series_;
  for (const std::uint64_t number : replaced_blocks_) RemoveBlock(number);
  replaced_blocks_.clear();
}

std::vector<DamagedBlock> EmbeddedMetricStore::FindDamage() const {
  std::shared_ptr<const Blocks> blocks;
  {
    std::shared_lock lock(mutex_);
    blocks = blocks_;
  }
  std::vector<DamagedBlock> damaged;
  for (const LiveBlock& live : *blocks) {
    Result<> read;
    if (live.damage) {
      read = *live.damage;
    } else {
      for (const Block::Span& span : live.block->Spans()) {
        if (const auto all = live.block->ReadAll(span.series); !all.ok()) {
          read = all.error();
          break;
        }
      }
    }
    if (!read.ok()) damaged.push_back({live.number, BlockPath(live.number), read.error()});
  }
  return damaged;
}

Result<> EmbeddedMetricStore::SetAside(std::uint64_t block) {
  Blocks rest;
  {
    std::shared_lock lock(mutex_);
    rest = *blocks_;
  }
  if (std::erase_if(rest, [&](const LiveBlock& live) { return live.number == block; }) == 0) {
    return NotFound(fmt::format("there is no block {}", block));
  }
  // The name first: a start between the two finds the block missing, which is said and can be set
  // aside again, and never an orphan to remove.
  const std::string path = BlockPath(block);
  if (engine_.files().Exists(path)) {
    SB_TRY_OK(engine_.files().Rename(path, path + std::string(kSetAside)));
    SB_TRY_OK(engine_.files().SyncFolder(engine_.folder() + "/blocks"));
  }
  storage::WriteBatch batch;
  batch.Delete(CatalogueKey('B', block));
  SB_TRY_OK(engine_.key_values().Write(batch));
  SB_TRY_OK(engine_.key_values().Flush());
  std::unique_lock lock(mutex_);
  blocks_ = std::make_shared<const Blocks>(std::move(rest));
  return {};
}

}  // namespace securebase::metrics
