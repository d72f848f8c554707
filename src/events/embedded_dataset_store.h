#pragma once

// DatasetStore on the local disk: immutable segment files in the engine's folder, and a catalogue
// of them in memory, kept durable as edits in the journal. Format: docs/formats/segment.md.

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/dataset_store.h"
#include "events/internal/dataset_catalogue.h"
#include "events/internal/event_part.h"
#include "storage/engine.h"

namespace securebase::events {

struct DatasetOptions {
  std::uint64_t cache_bytes = 48ull << 20;         // footers and dictionaries of open segments
  std::uint64_t import_memory_max = 192ull << 20;  // rows of one import held before they spill
  std::size_t append_segments_max = 16;            // small ones of a customer before they merge
  std::uint64_t append_rows_max = 8'192;           // a segment with more is not small
};

/// Thread-safe. Made by EmbeddedEvents::Open.
class EmbeddedDatasetStore final : public DatasetStore, public EventPart {
 public:
  EmbeddedDatasetStore(storage::Engine& engine, const DatasetOptions& options);
  ~EmbeddedDatasetStore() override;

  /// Reads the catalogue's durable part; before the engine recovers.
  Result<> Load();
  /// Removes segment files that were there at Load and that no entry names.
  Result<> RemoveOrphans();

  void Define(const Schema& schema) override;
  Result<std::unique_ptr<Import>> BeginImport(const Account& account, std::string_view dataset,
                                              std::string_view source_key) override;
  Result<std::unique_ptr<query::Source>> Scan(const Customer& customer,
                                              const ScanRequest& request) const override;
  ScanEstimate Estimate(const Customer& customer, std::string_view dataset, Instant start,
                        Instant end) const override;
  DatasetStatistics Statistics(const Customer& customer, std::string_view dataset) const override;
  std::uint64_t Generation(const Customer& customer, std::string_view dataset) const override;
  std::vector<std::string> FieldNames(const Customer& customer,
                                      std::string_view dataset) const override;

  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal() override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override;

  /// Merges a customer's small appended segments into one when there are more than the options
  /// allow. Imports call it after their commit; false when there was nothing to merge.
  Result<bool> Compact(const Customer& customer, std::string_view dataset);

 private:
  friend class EmbeddedImport;

  const Schema* FindSchema(std::string_view dataset) const;
  /// Writes the file `entry.file_id` and fills in the entry's extent and fields.
  Result<> WriteSegment(std::size_t rows, std::span<const SegmentColumn> columns,
                        SegmentEntry& entry);
  /// Makes the edit durable and visible. The files of an edit that is refused are removed as
  /// soon as that is certain.
  Result<> CommitEdit(const DatasetEdit& edit);
  Result<> Merge(const DatasetKey& key, const Schema& schema, const SegmentList& segments);

  storage::Engine& engine_;
  const DatasetOptions options_;
  mutable std::mutex schemas_mutex_;
  std::map<std::string, Schema, std::less<>> schemas_;  // never erased: pointers stay valid
  DatasetCatalogue catalogue_;
  std::mutex compaction_mutex_;
  std::mutex refused_mutex_;
  std::vector<std::uint64_t> refused_files_;  // guarded by refused_mutex_
};

}  // namespace securebase::events
