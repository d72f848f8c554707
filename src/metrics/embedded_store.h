#pragma once

// The MetricStore on the journal and blocks of our own.
//
//   Put -> journal record -> Apply merges into the head -> done
//   checkpoint: Seal sets the head aside, WriteSealed makes it a block (merges small blocks and
//   ages old ones), DropSealed lets the block take its place
//
// Catalogue keys (all below the byte of StoreId::kMetrics):
//   'Q'              number of the last record that blocks contain
//   'N' series       keys of series from that number on (PutBytes each), in order
//   'S' series       one series' key, as the version before wrote them
//   'B' block        level (how often its content was merged); then first and last start and when
//                    it is due to be aged, zigzag, which the version before did not write

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/block.h"
#include "metrics/compaction.h"
#include "metrics/head.h"
#include "metrics/metric_store.h"
#include "metrics/retention.h"
#include "metrics/series_index.h"
#include "storage/engine.h"

namespace securebase::metrics {

class PeriodSums;

/// A block that cannot be read, or of which a series cannot.
struct DamagedBlock {
  std::uint64_t number = 0;
  std::string path;
  Error error;
};

class EmbeddedMetricStore final : public MetricStore, public storage::Participant {
 public:
  /// Reads the catalogue, opens the blocks and registers with the engine: before its Recover.
  /// A damaged block is logged and does not keep the store from opening: queries that would need
  /// it fail, naming it.
  static Result<std::unique_ptr<EmbeddedMetricStore>> Open(storage::Engine& engine,
                                                           const Clock& clock,
                                                           const Retention& retention = {});

  void Put(const Account& account, std::vector<Datum> data,
           std::function<void(Result<>)> done) override;
  void Put(const Account& account, std::span<const DatumView> data,
           std::function<void(Result<>)> done) override;
  Result<std::vector<UnitSeries>> Query(const Account& account,
                                        const StatisticsRequest& request) const override;
  Result<std::vector<Buckets>> QueryGroups(const Account& account,
                                           const GroupsRequest& request) const override;
  Result<ListPage> List(const Account& account, const ListRequest& request) const override;
  Result<> VisitMetrics(const Account& account, const MetricFilter& filter,
                        const MetricVisitor& visit) const override;
  MetricStoreStatistics statistics() const override;

  /// Reads every block whole; those that cannot be read, with the reason.
  std::vector<DamagedBlock> FindDamage() const;
  /// Takes a block out of the store and renames its file to NAME.damaged: queries answer without
  /// its data. Not beside a checkpoint. kNotFound for a number that is none.
  Result<> SetAside(std::uint64_t block);

  storage::StoreId store_id() const override { return storage::StoreId::kMetrics; }
  storage::Sequence durable_sequence() const override { return durable_sequence_; }
  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal(storage::Sequence sequence) override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override;

 private:
  struct LiveBlock {
    std::uint64_t number = 0;
    std::uint32_t level = 0;
    std::int64_t first_s = INT64_MIN;  // between these its buckets start
    std::int64_t last_s = INT64_MAX;
    std::int64_t due_s = INT64_MAX;      // see NewBlock
    std::shared_ptr<const Block> block;  // null: damaged
    std::optional<Error> damage;
  };
  using Blocks = std::vector<LiveBlock>;
  /// A range of starts, parted into what is read from hours and what from base buckets.
  struct Reading {
    std::int64_t first_s;
    std::int64_t hours_end_s;
    std::int64_t end_s;
    Ages ages;
    bool bins;
  };

  EmbeddedMetricStore(storage::Engine& engine, const Clock& clock, const Retention& retention);
  Result<> LoadCatalogue();
  Result<> LoadSeries();
  Result<> LoadBlocks();
  Result<> RemoveOrphans();
  std::string BlockPath(std::uint64_t number) const;

  Reading ReadingOf(Instant start, Instant end, Duration period, bool bins) const;
  void AddHeads(const std::vector<SeriesId>& series, const Reading& reading,
                PeriodSums& sums) const;
  static Result<> AddBlocks(const Blocks& blocks, const std::vector<SeriesId>& series,
                            const Reading& reading, PeriodSums& sums);

  Result<LiveBlock> WriteBlock(const NewBlock& block, std::uint32_t level);
  Result<> Compact(Blocks& blocks, const Ages& ages);
  Result<> Replace(Blocks& blocks, const std::vector<std::uint64_t>& numbers, std::uint32_t level,
                   const Ages& ages);
  void PutNewSeries(storage::WriteBatch& batch);
  void RemoveBlock(std::uint64_t number);

  storage::Engine& engine_;
  const Clock& clock_;
  const Retention retention_;
  storage::Sequence durable_sequence_ = 0;

  mutable std::shared_mutex mutex_;
  SeriesIndex index_;                     // guarded by mutex_
  Head head_;                             // guarded by mutex_
  std::shared_ptr<const Head> sealed_;    // guarded by mutex_
  std::shared_ptr<const Blocks> blocks_;  // guarded by mutex_; never null

  // Only the maintenance thread touches these, between Seal and DropSealed.
  storage::Sequence sealed_sequence_ = 0;  // guarded by mutex_
  SeriesId catalogued_series_ = 0;         // series below are in the catalogue
  SeriesId written_series_ = 0;            // of the batch under way
  std::uint64_t next_block_ = 1;
  Blocks next_blocks_;
  std::vector<std::uint64_t> replaced_blocks_;
};

}  // namespace securebase::metrics
