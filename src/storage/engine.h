#pragma once

// The one place that makes writes durable. A commit is one journal record: parts for one or more
// stores, so a batch that touches documents and metrics is atomic. The record is on the disk
// before any store sees it, and every store has applied it before the writer is answered.
//
//   writer -> journal (group commit, one sync for many) -> Apply in journal order -> answer
//   maintenance: Seal heads -> immutable files -> catalogue, in one RocksDB batch -> cut journal
//
// Recovery opens the catalogue (RocksDB, its own log off: a projection of the journal) and
// replays the journal's records that a store's durable state does not contain yet.
// Format: docs/formats/journal.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "storage/key_value.h"

namespace securebase::storage {

/// Number of a journal record, from 1, without gaps.
using Sequence = std::uint64_t;

/// Which store a part of a record belongs to. Written to disk: never renumber.
enum class StoreId : std::uint8_t { kDocuments = 1, kMetrics = 2, kEvents = 3 };

struct Part {
  StoreId store;
  std::string payload;
};

/// A store as the engine sees it.
class Participant {
 public:
  virtual ~Participant() = default;
  virtual StoreId store_id() const = 0;

  /// All records up to this one are in the store's durable state (as the catalogue, opened
  /// before this is asked, says); replay starts after it.
  virtual Sequence durable_sequence() const = 0;

  /// Takes a durable part into the head. Called in order, from one thread at a time, live and in
  /// replay. Cannot fail: what could be refused was refused before the commit. A payload that
  /// does not decode is damage that the checksum missed: SB_CHECK.
  virtual void Apply(Sequence sequence, std::string_view payload) = 0;

  /// Sets the head up to `sequence` aside for flushing; later records go to a new head. Queries
  /// see both. Called on the commit thread: must be quick. With a sealed head still unflushed
  /// (its flush failed) keeps it and grows it instead.
  virtual void Seal(Sequence sequence) = 0;

  /// Writes the sealed head to immutable files (synced) and adds the catalogue's changes,
  /// the new durable sequence among them, to `batch`. On an error nothing changes.
  virtual Result<> WriteSealed(WriteBatch& batch) = 0;

  /// The batch is durable: the sealed head goes, the files take its place.
  virtual void DropSealed() = 0;
};

struct EngineOptions {
  std::string folder;
  std::uint64_t journal_file_bytes = 64ull << 20;  // pre-allocated
  std::uint64_t journal_bytes_max = 512ull << 20;  // a checkpoint is forced beyond
  std::uint64_t record_bytes_max = 32ull << 20;
};

/// What happened so far; for metrics and tests.
struct EngineStatistics {
  std::uint64_t commits = 0;
  std::uint64_t syncs = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t replayed_records = 0;
  std::uint64_t checkpoints = 0;
};

/// Thread-safe after Recover.
class Engine {
 public:
  using Done = std::function<void(Result<Sequence>)>;

  virtual ~Engine() = default;

  /// Locks the folder (kConflict: another process has it) and opens journal and catalogue.
  /// Errors name the file and, for damage, the offset. A torn tail of the last journal file is
  /// what a crash leaves and is cut; damage anywhere else is an error.
  static Result<std::unique_ptr<Engine>> Open(const EngineOptions& options, FileSystem& files);

  /// The catalogue and the documents' projection. Keys of a store begin with its StoreId byte.
  virtual KeyValue& key_values() = 0;
  virtual const std::string& folder() const = 0;
  virtual FileSystem& files() = 0;

  /// Registers a store; before Recover. The store outlives the engine's Close.
  virtual void Register(Participant& participant) = 0;

  /// Replays the journal into the stores and starts the commit thread.
  virtual Result<> Recover() = 0;

  /// Makes the parts durable and applied, then returns. kUnavailable when the disk is full (later
  /// commits work again when there is room), and for good after a failed sync.
  virtual Result<Sequence> Commit(std::vector<Part> parts) = 0;

  /// The same without waiting; `done` runs on the commit thread and must be short.
  virtual void CommitAsync(std::vector<Part> parts, Done done) = 0;

  /// Flushes all heads and cuts the journal. One at a time; blocks for as long as it takes.
  virtual Result<> Checkpoint() = 0;

  virtual EngineStatistics statistics() const = 0;

  /// Finishes accepted commits, checkpoints, closes. Later commits are refused.
  virtual Result<> Close() = 0;
};

}  // namespace securebase::storage
