#pragma once

// What the log store holds in memory: groups and streams, the head's events, which segments are
// live; and the catalogue's entries of that. Not thread-safe: the store's lock guards it.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/tenant.h"
#include "events/internal/log_file.h"
#include "events/internal/log_head.h"
#include "events/log_store.h"
#include "storage/engine.h"

namespace securebase::events {

/// What the service counts an event beside its text.
inline constexpr std::uint64_t kEventOverhead = 26;

struct LogGroupState {
  struct Stream {
    LogStream stream;
    std::uint64_t next_ordinal = 0;
    bool changed = false;
  };

  std::uint32_t id = 0;
  Account account;
  LogGroup group;
  std::uint64_t next_arrival = 0;
  bool deleted = false;  // for what still holds it
  bool changed = false;
  std::map<std::string, std::uint32_t, std::less<>> numbers;  // of streams, by name
  std::vector<Stream> streams;                                // by number; deleted: no name
  /// The names by number; copied before it changes while a scan reads it.
  std::shared_ptr<std::vector<std::string>> names = std::make_shared<std::vector<std::string>>();
  HeadBatches head;
  HeadBatches sealed;
  std::vector<std::shared_ptr<LogFile>> files;
  std::uint64_t stream_count_loaded = 0;
  bool lost_streams = false;  // rows of deleted streams may be in its files

  /// What is older is gone; the smallest time where all is kept.
  std::int64_t CutAt(Instant now) const;
};
using LogGroupPtr = std::shared_ptr<LogGroupState>;

/// The payload of a kLogEdit record, after its kind. Written to disk: never renumber.
enum class LogEdit : std::uint8_t {
  kCreateGroup = 1,  // attributes
  kDeleteGroup = 2,
  kSetRetention = 3,  // days
  kAttributes = 4,    // changes
  kCreateStream = 5,  // stream
  kDeleteStream = 6,  // stream
  kExpire = 7,        // drop segments that are wholly older than the retention; of all groups
};

class LogState {
 public:
  /// Reads groups, streams and segments. `open` makes the handle of an entry.
  using OpenFile = std::function<std::shared_ptr<LogFile>(const LogFileEntry&)>;
  Result<> Load(const storage::KeyValue& key_values, const OpenFile& open);

  LogGroupPtr Find(const Account& account, std::string_view group) const;
  LogGroupPtr FindById(std::uint32_t id) const;
  std::vector<LogGroup> List(const Account& account, const GroupListRequest& request) const;
  std::vector<LogGroupPtr> All() const;
  std::set<std::uint64_t> LiveFiles() const;

  std::uint64_t NewFileId() { return next_file_id_++; }
  void ReserveFileId(std::uint64_t id) { next_file_id_ = std::max(next_file_id_, id + 1); }
  std::uint64_t HeadBytes() const { return head_bytes_ + sealed_bytes_; }

  // Applied records.
  void Add(const Account& account, std::string_view group, std::string_view stream,
           std::int64_t now_ms, std::int64_t ingested_ms, HeadBatch batch);
  void Edit(LogEdit edit, const Account& account, std::string_view group, std::string_view argument,
            std::int64_t number, const std::map<std::string, std::optional<std::string>>& changes,
            std::int64_t now_ms);

  // A checkpoint.
  void Seal();
  /// Groups with sealed events.
  std::vector<LogGroupPtr> SealedGroups() const;
  void PutSealedEntries(storage::WriteBatch& batch) const;
  void DropSealed();

  /// Files that a checkpoint wrote take the place of others and of the group's sealed events.
  /// Where the group is gone meanwhile, they are obsolete at once.
  void Replace(const LogGroupPtr& group, const std::vector<std::shared_ptr<LogFile>>& added,
               const std::vector<std::shared_ptr<LogFile>>& removed);

  static std::string FileKey(std::uint64_t file_id);
  static std::string GroupKey(std::uint32_t id);
  static std::string StreamKey(std::uint32_t group_id, std::uint32_t number);
  static std::string EncodeGroup(const LogGroupState& group);
  static std::string EncodeStream(const LogGroupState& group, std::uint32_t number);

 private:
  friend class LogMigration;
  using Key = std::tuple<std::string, std::string, std::string>;  // account, region, group

  LogGroupState& GroupOf(const Account& account, std::string_view group, std::int64_t now_ms);
  std::uint32_t StreamOf(LogGroupState& group, std::string_view stream, std::int64_t now_ms);
  void SetName(LogGroupState& group, std::uint32_t number, std::string_view name);
  void Index(LogGroupPtr group);
  void Delete(const LogGroupPtr& group);
  void DropFile(const std::shared_ptr<LogFile>& file);
  void Expire(std::int64_t now_ms);
  bool LoadGroup(std::string_view value);
  bool LoadStream(std::string_view value);

  std::map<Key, LogGroupPtr> groups_;
  std::map<std::uint32_t, LogGroupPtr> by_id_;
  std::uint32_t next_group_id_ = 0;
  std::uint64_t next_file_id_ = 1;
  std::uint64_t head_bytes_ = 0;
  std::uint64_t sealed_bytes_ = 0;
  std::set<std::uint32_t> changed_groups_;
  /// Keys to put, or (no value) to delete, with the next and with the present checkpoint.
  std::map<std::string, std::optional<std::string>> changes_;
  std::map<std::string, std::optional<std::string>> sealed_changes_;
};

}  // namespace securebase::events
