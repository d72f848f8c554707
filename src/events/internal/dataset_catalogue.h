#pragma once

// Which segments are live, and the edits of that. Written to the journal and, at a checkpoint, to
// the engine's catalogue. Format: docs/formats/segment.md.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "events/internal/segment.h"
#include "events/internal/segment_cache.h"
#include "storage/engine.h"

namespace securebase::events {

/// The dataset of one customer.
using DatasetKey = SegmentOwner;

inline bool operator<(const DatasetKey& a, const DatasetKey& b) {
  return std::tie(a.account, a.region, a.customer, a.dataset) <
         std::tie(b.account, b.region, b.customer, b.dataset);
}

/// Imports under such a key never replace, and their segments may be merged.
inline bool IsAppendKey(std::string_view source_key) { return source_key.starts_with("append:"); }

/// One live segment.
struct SegmentEntry {
  std::uint64_t file_id = 0;
  DatasetKey owner;
  std::string source_key;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::int64_t first_ms = 0;  // of the rows' times
  std::int64_t last_ms = 0;
  std::shared_ptr<const std::vector<std::string>> fields;  // that occur in it; often shared
  storage::Sequence sequence = 0;  // of the edit that added it; not in an edit's own bytes
};

/// One step of the catalogue: what an import adds (replacing what its source key and customer had
/// before), or the one segment that several are merged into.
struct DatasetEdit {
  std::vector<SegmentEntry> adds;           // all of one account, dataset and source key
  std::vector<std::uint64_t> merged_files;  // not empty: a merge into adds[0], which keeps the
                                            // largest sequence of them
};

std::string EncodeEdit(const DatasetEdit& edit);
std::optional<DatasetEdit> DecodeEdit(std::string_view bytes);
std::string EncodeEntry(const SegmentEntry& entry);
std::optional<SegmentEntry> DecodeEntry(std::string_view bytes);

/// Files that may be removed from the disk: nobody names or reads them any more. Thread-safe.
class Trash {
 public:
  void Add(std::string path);
  /// Removes the files; those that cannot be removed are logged and left to RemoveOrphans.
  void Empty(FileSystem& files);

 private:
  std::mutex mutex_;
  std::vector<std::string> paths_;  // guarded by mutex_
};

/// A live segment, opened when it is read. Thread-safe.
class SegmentHandle {
 public:
  /// What the handles of a store share.
  struct Shared {
    explicit Shared(std::uint64_t cache_bytes) : cache(cache_bytes) {}
    Trash trash;
    SegmentCache cache;
  };

  SegmentHandle(SegmentEntry entry, std::string path, FileSystem& files,
                std::shared_ptr<Shared> shared);
  /// Gives the file to the trash when it is obsolete.
  ~SegmentHandle();
  SegmentHandle(const SegmentHandle&) = delete;
  SegmentHandle& operator=(const SegmentHandle&) = delete;

  const SegmentEntry& entry() const { return entry_; }
  Result<std::shared_ptr<const Segment>> Open() const;
  /// Whether Open would find it in the cache.
  bool IsOpen() const { return shared_->cache.Contains(entry_.file_id); }
  /// The catalogue names the file no more; it goes when the last scan of it ends.
  void MarkObsolete() { obsolete_.store(true); }

 private:
  const SegmentEntry entry_;
  const std::string path_;
  FileSystem& files_;
  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> obsolete_{false};
};

/// The live segments of one customer's dataset, in the order of their edits; immutable.
using SegmentList = std::vector<std::shared_ptr<SegmentHandle>>;

/// Thread-safe.
class DatasetCatalogue {
 public:
  DatasetCatalogue(FileSystem& files, std::string folder, std::uint64_t cache_bytes);

  std::string PathOf(std::uint64_t file_id) const;
  std::uint64_t NewFileId() { return next_file_id_.fetch_add(1); }
  /// Reads the entries that a checkpoint wrote, and which files are there.
  Result<> Load(const storage::KeyValue& key_values);
  /// Removes the files found by Load that are not live.
  Result<> RemoveOrphans();
  void EmptyTrash() { shared_->trash.Empty(files_); }
  /// Gives a file that no entry names to the trash.
  void Discard(std::uint64_t file_id) { shared_->trash.Add(PathOf(file_id)); }

  /// Null where there is none.
  std::shared_ptr<const SegmentList> SegmentsOf(const DatasetKey& key) const;

  void Apply(storage::Sequence sequence, const DatasetEdit& edit);
  void Seal();
  void WriteSealed(storage::WriteBatch& batch) const;
  void DropSealed();

 private:
  // By file: the segment to write, or null to delete it.
  using Changes = std::map<std::uint64_t, std::shared_ptr<SegmentHandle>>;

  std::shared_ptr<SegmentHandle> MakeHandle(const SegmentEntry& entry) const;
  void ApplyImport(storage::Sequence sequence, const DatasetEdit& edit);
  void ApplyMerge(const DatasetEdit& edit);
  void Insert(const SegmentEntry& entry);
  template <class Gone>
  void Remove(const DatasetKey& key, Gone gone);

  FileSystem& files_;
  const std::string folder_;
  const std::shared_ptr<SegmentHandle::Shared> shared_;
  std::atomic<std::uint64_t> next_file_id_{1};
  std::vector<std::uint64_t> files_at_load_;

  mutable std::mutex mutex_;
  // All guarded by mutex_. Lists are replaced, never changed: scans keep theirs.
  std::map<DatasetKey, std::shared_ptr<const SegmentList>> segments_;
  Changes changes_;  // since the last Seal
  Changes sealed_;
};

}  // namespace securebase::events
