#pragma once

// Log groups in memory: their streams, the events that no file holds yet, and where the blocks
// of the others lie.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "events/internal/log_block.h"
#include "events/log_store.h"
#include "storage/key_value.h"

namespace securebase::events {

struct LogGroupState {
  std::uint32_t id = 0;
  Account account;
  LogGroup group;
  std::vector<LogStream> streams;  // by number
  std::map<std::string, std::uint32_t, std::less<>> stream_numbers;
  std::set<std::uint32_t> changed_streams;  // since the last Seal
  std::vector<StoredEvent> head;            // in order of arrival
  std::vector<StoredEvent> sealed;
  std::vector<LogBlock> blocks;
  std::vector<LogBlock> written;  // of `sealed`; blocks once the catalogue has them
};

std::string LogBlockKey(std::uint64_t file_id, std::uint32_t block_number);

/// Not thread-safe.
class LogState {
 public:
  /// Reads groups, streams and blocks from the catalogue; kInternal for what does not decode.
  Result<> Load(const storage::KeyValue& key_values);

  const LogGroupState* Find(const Account& account, std::string_view group) const;
  std::vector<LogGroup> Groups(const Account& account, std::string_view prefix) const;
  /// Bytes of the events that are in memory.
  std::uint64_t HeadBytes() const { return head_bytes_ + sealed_bytes_; }
  std::set<std::uint64_t> LiveFiles() const;
  std::uint64_t NewFileId() { return next_file_id_++; }
  /// Gives this id to no file.
  void ReserveFileId(std::uint64_t id) { next_file_id_ = std::max(next_file_id_, id + 1); }

  /// Adds events of one stream (their `stream` is set here), creating what is missing.
  void Add(const Account& account, std::string_view group, std::string_view stream,
           std::int64_t now_ms, std::vector<StoredEvent> events);

  void Seal();
  /// Groups with sealed events; the pointers stay valid.
  std::vector<LogGroupState*> SealedGroups();
  /// Entries of the groups and streams as they were at Seal.
  void PutSealedEntries(storage::WriteBatch& batch) const;
  void DropSealed();

 private:
  using Key = std::tuple<std::string, std::string, std::string>;  // account, region, name

  LogGroupState& GroupOf(const Account& account, std::string_view group, std::int64_t now_ms);
  static std::uint32_t StreamOf(LogGroupState& group, std::string_view stream, std::int64_t now_ms);
  void Index(LogGroupState group);
  bool LoadGroup(std::string_view value);
  bool LoadStream(std::string_view value);
  bool LoadBlock(std::string_view value);

  std::map<Key, LogGroupState> groups_;  // nodes stay where they are
  std::map<std::uint32_t, LogGroupState*> groups_by_id_;
  std::set<LogGroupState*> changed_groups_;            // since the last Seal
  std::map<std::string, std::string> sealed_entries_;  // catalogue key and value
  std::uint32_t next_group_id_ = 1;
  std::uint64_t next_file_id_ = 1;
  std::uint64_t head_bytes_ = 0;
  std::uint64_t sealed_bytes_ = 0;
};

}  // namespace securebase::events
