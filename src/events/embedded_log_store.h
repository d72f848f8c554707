#pragma once

// LogStore on the local disk: events in the journal and in memory until a checkpoint shreds them
// into immutable segments of columns. Format: docs/formats/log_segment.md.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "events/internal/event_part.h"
#include "events/log_store.h"
#include "storage/engine.h"

namespace securebase::events {

class LogFile;
struct LogFileEntry;
struct LogGroupState;
struct LogRow;
struct LogSnapshot;
enum class LogEdit : std::uint8_t;

struct LogOptions {
  std::uint64_t head_bytes_max = 64ull << 20;  // a checkpoint is asked for beyond
  std::size_t segment_rows_max = 128u << 10;
  std::uint64_t segment_bytes_max = 48ull << 20;    // of messages
  std::size_t small_files_max = 8;                  // of a group and day before they merge
  std::uint64_t small_file_bytes_max = 8ull << 20;  // of messages: a file with more is not small
  std::uint64_t merge_bytes_max = 96ull << 20;      // of messages that one checkpoint merges
  std::uint64_t cache_bytes = 96ull << 20;          // footers and dictionaries of open segments
};

/// What lies on the disk; for figures and tests.
struct LogStoreStatistics {
  std::uint64_t segments = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t message_bytes = 0;
  std::uint64_t head_bytes = 0;
};

/// Thread-safe. Made by EmbeddedEvents::Open.
class EmbeddedLogStore final : public LogStore, public EventPart {
 public:
  EmbeddedLogStore(storage::Engine& engine, const Clock& clock, const LogOptions& options);
  ~EmbeddedLogStore() override;

  /// Reads the catalogue's durable part, and turns blocks of the first format into segments;
  /// before the engine recovers.
  Result<> Load();
  /// Removes files that were there at Load and that no entry names.
  Result<> RemoveOrphans();
  Result<> Maintain() override;
  LogStoreStatistics statistics() const;

  Result<> Append(const Account& account, std::string_view group, std::string_view stream,
                  std::vector<LogEvent> events) override;
  void SetObserver(LogObserver* observer) override { observer_ = observer; }
  Result<> CreateGroup(const Account& account, std::string_view group,
                       const LogAttributes& attributes) override;
  Result<> DeleteGroup(const Account& account, std::string_view group) override;
  Result<> SetRetention(const Account& account, std::string_view group, int days) override;
  Result<> ChangeAttributes(
      const Account& account, std::string_view group,
      const std::map<std::string, std::optional<std::string>>& changes) override;
  std::optional<LogGroup> FindGroup(const Account& account, std::string_view group) const override;
  std::vector<LogGroup> ListGroups(const Account& account,
                                   const GroupListRequest& request) const override;
  Result<> CreateStream(const Account& account, std::string_view group,
                        std::string_view stream) override;
  Result<> DeleteStream(const Account& account, std::string_view group,
                        std::string_view stream) override;
  Result<std::vector<LogStream>> Streams(const Account& account, std::string_view group,
                                         std::string_view prefix) const override;
  Result<std::optional<LogStream>> FindStream(const Account& account, std::string_view group,
                                              std::string_view stream) const override;
  Result<std::vector<ReadEvent>> Read(const Account& account,
                                      const ReadRequest& request) const override;
  Result<Located> ReadOne(const Account& account, std::string_view ptr) const override;
  Result<std::vector<std::unique_ptr<LogSource>>> Scan(
      const Account& account, const LogScanRequest& request) const override;
  Result<FieldCounts> CountFields(const Account& account, std::string_view group, Instant start,
                                  Instant end) const override;

  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void ApplyEdit(std::string_view payload);
  void Seal() override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override;

 private:
  struct State;
  struct Replacement;
  using GroupPtr = std::shared_ptr<LogGroupState>;

  std::string PathOf(std::uint64_t file_id) const;
  std::shared_ptr<LogFile> MakeFile(const LogFileEntry& entry) const;
  Result<> FlushIfLarge();
  Result<> Commit(std::string payload);
  Result<> CommitEdit(LogEdit edit, const Account& account, std::string_view group,
                      std::string_view argument = {}, std::int64_t number = 0,
                      const std::map<std::string, std::optional<std::string>>& changes = {});
  Result<GroupPtr> Require(const Account& account, std::string_view group) const;
  LogSnapshot SnapshotOf(const LogGroupState& group, const std::vector<std::string>& streams,
                         std::int64_t start_ms, std::int64_t end_ms) const;

  Result<std::shared_ptr<LogFile>> WriteSegment(const LogGroupState& group,
                                                std::vector<LogRow>& rows, std::size_t first,
                                                std::size_t count);
  /// Rows in any order; files in the order of time.
  Result<> WriteSegments(const LogGroupState& group, std::vector<LogRow> rows,
                         std::vector<std::shared_ptr<LogFile>>& files);
  Result<> WriteHeads(std::vector<Replacement>& replacements);
  Result<> MergeFiles(std::vector<Replacement>& replacements);
  Result<> Rewrite(const GroupPtr& group, std::vector<std::shared_ptr<LogFile>> files,
                   std::vector<Replacement>& replacements);
  Result<bool> HasLostRows(const LogFile& file, const std::vector<std::string>& names) const;
  /// Turns blocks of the first format into segments.
  Result<> Migrate();

  storage::Engine& engine_;
  const Clock& clock_;
  const LogOptions options_;
  LogObserver* observer_ = nullptr;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<State> state_;  // guarded by mutex_
  std::atomic<bool> flushing_{false};
};

}  // namespace securebase::events
