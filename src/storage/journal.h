#pragma once

// The journal's files: `0000000001.jnl`, `0000000002.jnl`, .., and `spare.jnl`, which becomes the
// next one. All are allocated and written with zeroes (or an old life's frames) beforehand, so
// that an append changes no metadata and costs one fdatasync.

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "storage/engine.h"
#include "storage/journal_format.h"

namespace securebase::storage {

/// Append and Replay belong to one thread at a time; Cut and PrepareSpare may run beside them on
/// another.
class Journal {
 public:
  /// Opens or creates the journal in `folder`. Cuts a torn tail of the newest file; damage
  /// elsewhere is kInternal with file and offset.
  static Result<std::unique_ptr<Journal>> Open(const std::string& folder, std::uint64_t file_bytes,
                                               FileSystem& files);

  /// Visits all records after `after`, in order. kInternal when some are missing.
  Result<> Replay(Sequence after, const RecordVisitor& visit);

  /// Writes and syncs as many records, from the front, as fit into one file; says how many. They
  /// are durable then and have the numbers after last_sequence(). An error means that none of
  /// them may be answered with success: kUnavailable when the disk is full (try again later), and
  /// for good after a failed sync.
  Result<std::size_t> Append(std::span<const std::string_view> records);

  /// Of the last durable record; 0 when there is none.
  Sequence last_sequence() const { return next_sequence_ - 1; }
  /// The spare was used up.
  bool wants_spare();
  std::uint64_t syncs() const { return syncs_; }
  /// Largest record that fits into a file.
  std::uint64_t record_bytes_max() const;

  /// Removes files that hold only records up to `sequence`; keeps one as the spare.
  Result<> Cut(Sequence sequence);
  /// Makes the next file beforehand, if that is not done yet.
  Result<> PrepareSpare();

 private:
  struct FileEntry {
    std::uint64_t number = 0;
    Sequence first_sequence = 0;
  };

  Journal(std::string folder, std::uint64_t file_bytes, FileSystem& files);

  std::string PathOf(std::uint64_t number) const;
  std::string SparePath() const;
  Result<> ReadEntries();
  Result<> OpenNewest();
  /// Starts the next file.
  Result<> Rotate();
  Result<> CreateSpare();
  Result<> WriteFrames(std::span<const std::string_view> records);
  Error Fail(const Error& cause);

  const std::string folder_;
  const std::uint64_t file_bytes_;
  FileSystem& files_;

  // The newest file: the appending thread's.
  std::unique_ptr<WritableFile> file_;
  std::uint64_t number_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint64_t end_ = 0;
  Sequence next_sequence_ = 1;
  bool rotate_first_ = false;  // a write failed: what the file holds behind end_ is unknown
  bool failed_ = false;        // a sync failed: nothing is certain any more
  std::uint64_t syncs_ = 0;
  std::string buffer_;

  std::mutex mutex_;
  std::vector<FileEntry> entries_;      // guarded by mutex_; ascending, the newest last
  std::vector<std::string> leftovers_;  // guarded by mutex_; of a cut that a crash undid half
  bool spare_ready_ = false;            // guarded by mutex_
};

}  // namespace securebase::storage
