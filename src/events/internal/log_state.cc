#include "events/internal/log_state.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/check.h"
#include "events/internal/event_part.h"

namespace securebase::events {
namespace {

constexpr char kBlockKind = 'B';
constexpr char kGroupKind = 'G';
constexpr char kStreamKind = 'T';
constexpr std::uint8_t kEntryVersion = 1;
constexpr std::uint64_t kEventOverhead = sizeof(StoredEvent);

void PutBigEndian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

std::string GroupKey(std::uint32_t id) {
  std::string key = CatalogueKey(kGroupKind);
  PutBigEndian(key, id, 4);
  return key;
}

std::string StreamKey(std::uint32_t group_id, std::uint32_t number) {
  std::string key = CatalogueKey(kStreamKind);
  PutBigEndian(key, group_id, 4);
  PutBigEndian(key, number, 4);
  return key;
}

std::string EncodeGroup(const LogGroupState& group) {
  std::string out;
  PutFixed(out, kEntryVersion);
  PutVarint(out, group.id);
  PutBytes(out, group.account.id);
  PutBytes(out, group.account.region);
  PutBytes(out, group.group.name);
  PutVarint(out, ZigZag(ToUnixMillis(group.group.created_at)));
  PutVarint(out, group.group.stored_bytes);
  return out;
}

void PutTime(std::string& out, const std::optional<Instant>& time) {
  PutFixed<std::uint8_t>(out, time.has_value() ? 1 : 0);
  if (time.has_value()) PutVarint(out, ZigZag(ToUnixMillis(*time)));
}

std::optional<Instant> GetTime(ByteReader& in) {
  if (in.Fixed<std::uint8_t>() == 0) return std::nullopt;
  return FromUnixMillis(UnZigZag(in.Varint()));
}

std::string EncodeStream(const LogStream& stream, std::uint32_t group_id) {
  std::string out;
  PutFixed(out, kEntryVersion);
  PutVarint(out, group_id);
  PutBytes(out, stream.name);
  PutVarint(out, ZigZag(ToUnixMillis(stream.created_at)));
  PutTime(out, stream.first_event);
  PutTime(out, stream.last_event);
  PutTime(out, stream.last_ingestion);
  return out;
}

}  // namespace

std::string LogBlockKey(std::uint64_t file_id, std::uint32_t block_number) {
  std::string key = CatalogueKey(kBlockKind);
  PutBigEndian(key, file_id, 8);
  PutBigEndian(key, block_number, 4);
  return key;
}

void LogState::Index(LogGroupState group) {
  Key key(group.account.id, group.account.region, group.group.name);
  next_group_id_ = std::max(next_group_id_, group.id + 1);
  const auto [it, added] = groups_.emplace(std::move(key), std::move(group));
  SB_CHECK(added);
  groups_by_id_[it->second.id] = &it->second;
}

bool LogState::LoadGroup(std::string_view value) {
  ByteReader in(value);
  LogGroupState group;
  const bool known = in.Fixed<std::uint8_t>() == kEntryVersion;
  group.id = static_cast<std::uint32_t>(in.Varint());
  group.account.id = in.Bytes();
  group.account.region = in.Bytes();
  group.group.name = in.Bytes();
  group.group.created_at = FromUnixMillis(UnZigZag(in.Varint()));
  group.group.stored_bytes = in.Varint();
  if (!known || !in.ok() || !in.empty() || groups_by_id_.contains(group.id)) return false;
  Index(std::move(group));
  return true;
}

bool LogState::LoadStream(std::string_view value) {
  ByteReader in(value);
  LogStream stream;
  const bool known = in.Fixed<std::uint8_t>() == kEntryVersion;
  const auto group = groups_by_id_.find(static_cast<std::uint32_t>(in.Varint()));
  stream.name = in.Bytes();
  stream.created_at = FromUnixMillis(UnZigZag(in.Varint()));
  stream.first_event = GetTime(in);
  stream.last_event = GetTime(in);
  stream.last_ingestion = GetTime(in);
  if (!known || !in.ok() || !in.empty() || group == groups_by_id_.end()) return false;
  // Keys are in the order of the numbers, from 0 without gaps.
  LogGroupState& state = *group->second;
  state.stream_numbers.emplace(stream.name, static_cast<std::uint32_t>(state.streams.size()));
  state.streams.push_back(std::move(stream));
  return true;
}

bool LogState::LoadBlock(std::string_view value) {
  const std::optional<LogBlockEntry> entry = DecodeLogBlockEntry(value);
  if (!entry.has_value()) return false;
  const auto group = groups_by_id_.find(entry->group_id);
  if (group == groups_by_id_.end()) return false;
  group->second->blocks.push_back(entry->block);
  ReserveFileId(entry->block.file_id);
  return true;
}

Result<> LogState::Load(const storage::KeyValue& key_values) {
  bool good = true;
  const auto load = [&](char kind, bool (LogState::*take)(std::string_view)) {
    const std::string prefix = CatalogueKey(kind);
    return key_values.Visit(prefix, storage::PrefixEnd(prefix), false,
                            [&](std::string_view, std::string_view value) {
                              good = good && (this->*take)(value);
                              return good;
                            });
  };
  SB_TRY_OK(load(kGroupKind, &LogState::LoadGroup));
  SB_TRY_OK(load(kStreamKind, &LogState::LoadStream));
  SB_TRY_OK(load(kBlockKind, &LogState::LoadBlock));
  if (!good) return Internal("an entry of the log groups in the catalogue does not decode");
  return {};
}

const LogGroupState* LogState::Find(const Account& account, std::string_view group) const {
  const auto it = groups_.find(Key(account.id, account.region, std::string(group)));
  return it == groups_.end() ? nullptr : &it->second;
}

std::vector<LogGroup> LogState::Groups(const Account& account, std::string_view prefix) const {
  std::vector<LogGroup> groups;
  const Key first(account.id, account.region, std::string(prefix));
  for (auto it = groups_.lower_bound(first); it != groups_.end(); ++it) {
    if (it->second.account != account || !it->second.group.name.starts_with(prefix)) break;
    groups.push_back(it->second.group);
  }
  return groups;
}

std::set<std::uint64_t> LogState::LiveFiles() const {
  std::set<std::uint64_t> files;
  for (const auto& [key, group] : groups_) {
    for (const LogBlock& block : group.blocks) files.insert(block.file_id);
  }
  return files;
}

LogGroupState& LogState::GroupOf(const Account& account, std::string_view group,
                                 std::int64_t now_ms) {
  const Key key(account.id, account.region, std::string(group));
  if (const auto it = groups_.find(key); it != groups_.end()) return it->second;
  LogGroupState state;
  state.id = next_group_id_;
  state.account = account;
  state.group = {.name = std::string(group), .created_at = FromUnixMillis(now_ms)};
  Index(std::move(state));
  return groups_.find(key)->second;
}

std::uint32_t LogState::StreamOf(LogGroupState& group, std::string_view stream,
                                 std::int64_t now_ms) {
  const auto it = group.stream_numbers.find(stream);
  if (it != group.stream_numbers.end()) return it->second;
  const auto number = static_cast<std::uint32_t>(group.streams.size());
  group.streams.push_back({.name = std::string(stream), .created_at = FromUnixMillis(now_ms)});
  group.stream_numbers.emplace(std::string(stream), number);
  return number;
}

void LogState::Add(const Account& account, std::string_view group_name, std::string_view stream,
                   std::int64_t now_ms, std::vector<StoredEvent> events) {
  LogGroupState& group = GroupOf(account, group_name, now_ms);
  changed_groups_.insert(&group);
  if (stream.empty()) return;  // the group alone
  const std::uint32_t number = StreamOf(group, stream, now_ms);
  group.changed_streams.insert(number);
  LogStream& state = group.streams[number];
  for (StoredEvent& event : events) {
    event.stream = number;
    const Instant time = FromUnixMillis(event.time_ms);
    state.first_event = std::min(state.first_event.value_or(time), time);
    state.last_event = std::max(state.last_event.value_or(time), time);
    state.last_ingestion = FromUnixMillis(event.ingested_ms);
    group.group.stored_bytes += event.message.size();
    head_bytes_ += event.message.size() + kEventOverhead;
  }
  std::move(events.begin(), events.end(), std::back_inserter(group.head));
}

void LogState::Seal() {
  for (LogGroupState* group : changed_groups_) {
    sealed_entries_[GroupKey(group->id)] = EncodeGroup(*group);
    for (const std::uint32_t number : group->changed_streams) {
      sealed_entries_[StreamKey(group->id, number)] =
          EncodeStream(group->streams[number], group->id);
    }
    group->changed_streams.clear();
    std::move(group->head.begin(), group->head.end(), std::back_inserter(group->sealed));
    group->head.clear();
  }
  changed_groups_.clear();
  sealed_bytes_ += head_bytes_;
  head_bytes_ = 0;
}

std::vector<LogGroupState*> LogState::SealedGroups() {
  std::vector<LogGroupState*> groups;
  for (auto& [key, group] : groups_) {
    if (!group.sealed.empty()) groups.push_back(&group);
  }
  return groups;
}

void LogState::PutSealedEntries(storage::WriteBatch& batch) const {
  for (const auto& [key, value] : sealed_entries_) batch.Put(key, value);
}

void LogState::DropSealed() {
  for (auto& [key, group] : groups_) {
    if (group.sealed.empty()) continue;
    group.sealed = {};
    group.blocks.insert(group.blocks.end(), group.written.begin(), group.written.end());
    group.written.clear();
  }
  sealed_entries_.clear();
  sealed_bytes_ = 0;
}

}  // namespace securebase::events
