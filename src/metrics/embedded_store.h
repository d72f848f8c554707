#pragma once

// The MetricStore on the journal and blocks of our own.
//
//   Put -> journal record -> Apply merges into the head -> done
//   checkpoint: Seal sets the head aside, WriteSealed makes it a block (and merges small blocks),
//   DropSealed lets the block take its place
//
// Catalogue keys (all below the byte of StoreId::kMetrics):
//   'Q'              number of the last record that blocks contain
//   'S' series       the series' key (EncodeSeriesKey)
//   'B' block number level of the block: how often its content was merged

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metrics/block.h"
#include "metrics/head.h"
#include "metrics/metric_store.h"
#include "metrics/series_index.h"
#include "storage/engine.h"

namespace securebase::metrics {

class EmbeddedMetricStore final : public MetricStore, public storage::Participant {
 public:
  /// Reads the catalogue, opens the blocks and registers with the engine: before its Recover.
  /// A damaged block is logged and does not keep the store from opening: queries that would need
  /// it fail, naming it.
  static Result<std::unique_ptr<EmbeddedMetricStore>> Open(storage::Engine& engine,
                                                           const Clock& clock);

  void Put(const Account& account, std::vector<Datum> data,
           std::function<void(Result<>)> done) override;
  void Put(const Account& account, std::span<const DatumView> data,
           std::function<void(Result<>)> done) override;
  Result<std::vector<UnitSeries>> Query(const Account& account,
                                        const StatisticsRequest& request) const override;
  Result<ListPage> List(const Account& account, const ListRequest& request) const override;
  Result<> VisitMetrics(const Account& account, const MetricFilter& filter,
                        const MetricVisitor& visit) const override;
  MetricStoreStatistics statistics() const override;

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
    std::shared_ptr<const Block> block;  // null: damaged
    std::optional<Error> damage;
  };
  using Blocks = std::vector<LiveBlock>;

  EmbeddedMetricStore(storage::Engine& engine, const Clock& clock);
  Result<> LoadCatalogue();
  Result<> RemoveOrphans();
  Result<LiveBlock> WriteBlock(std::string bytes, std::uint32_t level);
  Result<> Compact(Blocks& blocks, std::vector<std::uint64_t>& replaced);
  Result<LiveBlock> MergeLevel(const Blocks& merging, std::uint32_t level);
  void RemoveBlock(std::uint64_t number);
  std::string BlockPath(std::uint64_t number) const;

  storage::Engine& engine_;
  const Clock& clock_;
  storage::Sequence durable_sequence_ = 0;

  mutable std::shared_mutex mutex_;
  SeriesIndex index_;                   // guarded by mutex_
  Head head_;                           // guarded by mutex_
  std::shared_ptr<const Head> sealed_;  // guarded by mutex_
  Blocks blocks_;                       // guarded by mutex_

  // Only the maintenance thread touches these, between Seal and DropSealed.
  storage::Sequence sealed_sequence_ = 0;  // guarded by mutex_
  SeriesId catalogued_series_ = 0;         // series below are in the catalogue
  SeriesId written_series_ = 0;            // of the batch under way
  std::uint64_t next_block_ = 1;
  Blocks next_blocks_;
  std::vector<std::uint64_t> replaced_blocks_;
};

}  // namespace securebase::metrics
