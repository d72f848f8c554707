#pragma once

// LogStore on the local disk, first form: events in the journal and in memory until a checkpoint
// writes them to immutable files of compressed blocks. Format: docs/formats/log_block.md.

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "events/internal/event_part.h"
#include "events/log_store.h"
#include "storage/engine.h"

namespace securebase::events {

struct LogGroupState;

struct LogOptions {
  std::uint64_t head_bytes_max = 16ull << 20;  // a checkpoint is asked for beyond
  std::size_t block_bytes = 256u << 10;        // of events, before compression
};

/// Thread-safe. Made by EmbeddedEvents::Open.
class EmbeddedLogStore final : public LogStore, public EventPart {
 public:
  EmbeddedLogStore(storage::Engine& engine, const Clock& clock, const LogOptions& options);
  ~EmbeddedLogStore() override;

  /// Reads the catalogue's durable part; before the engine recovers.
  Result<> Load();
  /// Removes block files that were there at Load and that no entry names.
  Result<> RemoveOrphans();

  Result<> Append(const Account& account, std::string_view group, std::string_view stream,
                  std::vector<LogEvent> events) override;
  // TEMP
  void SetObserver(LogObserver*) override {}
  Result<> CreateGroup(const Account&, std::string_view, const LogAttributes&) override {
    return Unimplemented("soon");
  }
  Result<> DeleteGroup(const Account&, std::string_view) override { return Unimplemented("soon"); }
  Result<> SetRetention(const Account&, std::string_view, int) override {
    return Unimplemented("soon");
  }
  Result<> ChangeAttributes(const Account&, std::string_view,
                            const std::map<std::string, std::optional<std::string>>&) override {
    return Unimplemented("soon");
  }
  std::optional<LogGroup> FindGroup(const Account&, std::string_view) const override {
    return std::nullopt;
  }
  std::vector<LogGroup> ListGroups(const Account& account,
                                   const GroupListRequest& request) const override;
  Result<> CreateStream(const Account&, std::string_view, std::string_view) override {
    return Unimplemented("soon");
  }
  Result<> DeleteStream(const Account&, std::string_view, std::string_view) override {
    return Unimplemented("soon");
  }
  Result<std::optional<LogStream>> FindStream(const Account&, std::string_view,
                                              std::string_view) const override {
    return std::optional<LogStream>();
  }
  Result<Located> ReadOne(const Account&, std::string_view) const override {
    return Unimplemented("soon");
  }
  Result<std::vector<std::unique_ptr<LogSource>>> Scan(const Account&,
                                                       const LogScanRequest&) const override {
    return Unimplemented("soon");
  }
  Result<FieldCounts> CountFields(const Account&, std::string_view, Instant,
                                  Instant) const override {
    return FieldCounts();
  }
  Result<std::vector<LogStream>> Streams(const Account& account, std::string_view group,
                                         std::string_view prefix) const override;
  Result<std::vector<ReadEvent>> Read(const Account& account,
                                      const ReadRequest& request) const override;

  void Apply(storage::Sequence sequence, std::string_view payload) override;
  void Seal() override;
  Result<> WriteSealed(storage::WriteBatch& batch) override;
  void DropSealed() override;

 private:
  struct State;

  std::string PathOf(std::uint64_t file_id) const;
  Result<> FlushIfLarge();
  Result<> WriteBlocks(const std::vector<LogGroupState*>& groups, std::uint64_t file_id,
                       storage::WriteBatch& batch);

  storage::Engine& engine_;
  const Clock& clock_;
  const LogOptions options_;
  mutable std::shared_mutex mutex_;
  std::unique_ptr<State> state_;  // guarded by mutex_
  std::atomic<bool> flushing_{false};
};

}  // namespace securebase::events
