#pragma once

// A live log segment: what the catalogue says of it, and its file, opened when it is read.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_system.h"
#include "events/internal/dataset_catalogue.h"
#include "events/internal/log_segment.h"
#include "events/internal/segment_cache.h"

namespace securebase::events {

struct LogFileEntry {
  std::uint64_t file_id = 0;
  std::uint32_t group_id = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;          // of the file
  std::uint64_t message_bytes = 0;  // of its lines
  std::int64_t first_ms = 0;        // of the rows' times
  std::int64_t last_ms = 0;
};
std::string EncodeLogFileEntry(const LogFileEntry& entry);
std::optional<LogFileEntry> DecodeLogFileEntry(std::string_view bytes);

/// Thread-safe.
class LogFile {
 public:
  struct Shared {
    explicit Shared(std::uint64_t cache_bytes) : cache(cache_bytes) {}
    Trash trash;
    SegmentCacheOf<LogSegment> cache;
  };

  LogFile(LogFileEntry entry, std::string path, FileSystem& files, std::shared_ptr<Shared> shared)
      : entry_(std::move(entry)),
        path_(std::move(path)),
        files_(files),
        shared_(std::move(shared)) {}
  /// Gives the file to the trash when it is obsolete.
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  const LogFileEntry& entry() const { return entry_; }
  Result<std::shared_ptr<const LogSegment>> Open() const;
  /// The catalogue names the file no more; it goes when the last scan of it ends.
  void MarkObsolete() { obsolete_.store(true); }
  void MarkLive() { obsolete_.store(false); }

 private:
  const LogFileEntry entry_;
  const std::string path_;
  FileSystem& files_;
  const std::shared_ptr<Shared> shared_;
  std::atomic<bool> obsolete_{false};
};

}  // namespace securebase::events
