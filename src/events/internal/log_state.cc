#include "events/internal/log_state.h"

#include <limits>

#include "base/bytes.h"
#include "base/check.h"
#include "events/internal/event_part.h"

namespace securebase::events {
namespace {

constexpr char kFileKind = 'L';
constexpr char kGroupKind = 'G';
constexpr char kStreamKind = 'T';
constexpr std::uint8_t kFirstVersion = 1;  // groups and streams before there were segments
constexpr std::uint8_t kVersion = 2;
constexpr std::uint64_t kBatchOverhead = sizeof(HeadBatch) + 64;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::uint64_t kStreamsMax = 1u << 30;

void PutBigEndian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

void PutTime(std::string& out, const std::optional<Instant>& time) {
  PutFixed<std::uint8_t>(out, time.has_value() ? 1 : 0);
  if (time.has_value()) PutVarint(out, ZigZag(ToUnixMillis(*time)));
}

std::optional<Instant> GetTime(ByteReader& in) {
  if (in.Fixed<std::uint8_t>() == 0) return std::nullopt;
  return FromUnixMillis(UnZigZag(in.Varint()));
}

}  // namespace

std::int64_t LogGroupState::CutAt(Instant now) const {
  if (group.retention_days == 0) return std::numeric_limits<std::int64_t>::min();
  return ToUnixMillis(now) - group.retention_days * kDayMs;
}

std::string LogState::FileKey(std::uint64_t file_id) {
  std::string key = CatalogueKey(kFileKind);
  PutBigEndian(key, file_id, 8);
  return key;
}

std::string LogState::GroupKey(std::uint32_t id) {
  std::string key = CatalogueKey(kGroupKind);
  PutBigEndian(key, id, 4);
  return key;
}

std::string LogState::StreamKey(std::uint32_t group_id, std::uint32_t number) {
  std::string key = CatalogueKey(kStreamKind);
  PutBigEndian(key, group_id, 4);
  PutBigEndian(key, number, 4);
  return key;
}

std::string LogState::EncodeGroup(const LogGroupState& group) {
  std::string out;
  PutFixed(out, kVersion);
  PutVarint(out, group.id);
  PutBytes(out, group.account.id);
  PutBytes(out, group.account.region);
  PutBytes(out, group.group.name);
  PutVarint(out, ZigZag(ToUnixMillis(group.group.created_at)));
  PutVarint(out, group.group.stored_bytes);
  PutVarint(out, group.next_arrival);
  PutVarint(out, static_cast<std::uint64_t>(group.group.retention_days));
  PutFixed<std::uint8_t>(out, group.lost_streams ? 1 : 0);
  PutVarint(out, group.streams.size());  // numbers are not given twice
  PutVarint(out, group.group.attributes.size());
  for (const auto& [name, value] : group.group.attributes) {
    PutBytes(out, name);
    PutBytes(out, value);
  }
  return out;
}

std::string LogState::EncodeStream(const LogGroupState& group, std::uint32_t number) {
  const LogGroupState::Stream& stream = group.streams[number];
  std::string out;
  PutFixed(out, kVersion);
  PutVarint(out, group.id);
  PutVarint(out, number);
  PutBytes(out, stream.stream.name);
  PutVarint(out, ZigZag(ToUnixMillis(stream.stream.created_at)));
  PutTime(out, stream.stream.first_event);
  PutTime(out, stream.stream.last_event);
  PutTime(out, stream.stream.last_ingestion);
  PutVarint(out, stream.next_ordinal);
  return out;
}

void LogState::Index(LogGroupPtr group) {
  Key key(group->account.id, group->account.region, group->group.name);
  next_group_id_ = std::max(next_group_id_, group->id + 1);
  by_id_[group->id] = group;
  SB_CHECK(groups_.emplace(std::move(key), std::move(group)).second);
}

bool LogState::LoadGroup(std::string_view value) {
  ByteReader in(value);
  auto group = std::make_shared<LogGroupState>();
  const auto version = in.Fixed<std::uint8_t>();
  group->id = static_cast<std::uint32_t>(in.Varint());
  group->account.id = in.Bytes();
  group->account.region = in.Bytes();
  group->group.name = in.Bytes();
  group->group.created_at = FromUnixMillis(UnZigZag(in.Varint()));
  group->group.stored_bytes = in.Varint();
  if (version == kVersion) {
    group->next_arrival = in.Varint();
    group->group.retention_days = static_cast<int>(in.Varint());
    group->lost_streams = in.Fixed<std::uint8_t>() != 0;
    group->stream_count_loaded = in.Varint();
    if (group->stream_count_loaded > kStreamsMax) return false;
    const std::uint64_t count = in.Varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
      std::string name(in.Bytes());
      group->group.attributes[std::move(name)] = in.Bytes();
    }
  } else if (version != kFirstVersion) {
    return false;
  }
  if (!in.ok() || !in.empty() || by_id_.contains(group->id)) return false;
  Index(std::move(group));
  return true;
}

bool LogState::LoadStream(std::string_view value) {
  ByteReader in(value);
  LogGroupState::Stream stream;
  const auto version = in.Fixed<std::uint8_t>();
  if (version != kVersion && version != kFirstVersion) return false;
  const auto found = by_id_.find(static_cast<std::uint32_t>(in.Varint()));
  if (found == by_id_.end()) return false;
  LogGroupState& group = *found->second;
  // Keys come in the order of the numbers; in the first version there were no gaps.
  const std::uint64_t number = version == kVersion ? in.Varint() : group.streams.size();
  stream.stream.name = in.Bytes();
  stream.stream.created_at = FromUnixMillis(UnZigZag(in.Varint()));
  stream.stream.first_event = GetTime(in);
  stream.stream.last_event = GetTime(in);
  stream.stream.last_ingestion = GetTime(in);
  if (version == kVersion) stream.next_ordinal = in.Varint();
  if (!in.ok() || !in.empty() || number < group.streams.size() || number > kStreamsMax) {
    return false;
  }
  if (stream.stream.name.empty() || group.numbers.contains(stream.stream.name)) return false;
  group.streams.resize(number);
  group.numbers.emplace(stream.stream.name, static_cast<std::uint32_t>(number));
  SetName(group, static_cast<std::uint32_t>(number), stream.stream.name);
  group.streams.push_back(std::move(stream));
  return true;
}

Result<> LogState::Load(const storage::KeyValue& key_values, const OpenFile& open) {
  bool good = true;
  const auto load = [&](char kind, auto take) {
    const std::string prefix = CatalogueKey(kind);
    return key_values.Visit(prefix, storage::PrefixEnd(prefix), false,
                            [&](std::string_view, std::string_view value) {
                              good = good && take(value);
                              return good;
                            });
  };
  SB_TRY_OK(load(kGroupKind, [&](std::string_view value) { return LoadGroup(value); }));
  SB_TRY_OK(load(kStreamKind, [&](std::string_view value) { return LoadStream(value); }));
  for (const auto& [id, group] : by_id_) {
    group->streams.resize(std::max<std::size_t>(group->streams.size(), group->stream_count_loaded));
    group->names->resize(group->streams.size());
  }
  SB_TRY_OK(load(kFileKind, [&](std::string_view value) {
    const auto entry = DecodeLogFileEntry(value);
    if (!entry.has_value() || !by_id_.contains(entry->group_id)) return false;
    by_id_[entry->group_id]->files.push_back(open(*entry));
    ReserveFileId(entry->file_id);
    return true;
  }));
  if (!good) return Internal("an entry of the log groups in the catalogue does not decode");
  return {};
}

LogGroupPtr LogState::Find(const Account& account, std::string_view group) const {
  const auto it = groups_.find(Key(account.id, account.region, std::string(group)));
  return it == groups_.end() ? nullptr : it->second;
}

LogGroupPtr LogState::FindById(std::uint32_t id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

std::vector<LogGroup> LogState::List(const Account& account,
                                     const GroupListRequest& request) const {
  std::vector<LogGroup> groups;
  auto it = groups_.lower_bound(Key(account.id, account.region, request.prefix));
  if (!request.after.empty() && request.after >= request.prefix) {
    it = groups_.upper_bound(Key(account.id, account.region, request.after));
  }
  for (; it != groups_.end() && groups.size() < request.groups_max; ++it) {
    const LogGroupState& one = *it->second;
    if (one.account != account || !one.group.name.starts_with(request.prefix)) break;
    if (one.group.name.find(request.pattern) != std::string::npos) groups.push_back(one.group);
  }
  return groups;
}

std::vector<LogGroupPtr> LogState::All() const {
  std::vector<LogGroupPtr> groups;
  for (const auto& [id, group] : by_id_) groups.push_back(group);
  return groups;
}

std::set<std::uint64_t> LogState::LiveFiles() const {
  std::set<std::uint64_t> files;
  for (const auto& [id, group] : by_id_) {
    for (const auto& file : group->files) files.insert(file->entry().file_id);
  }
  return files;
}

LogGroupState& LogState::GroupOf(const Account& account, std::string_view group,
                                 std::int64_t now_ms) {
  LogGroupPtr found = Find(account, group);
  if (found == nullptr) {
    found = std::make_shared<LogGroupState>();
    found->id = next_group_id_;
    found->account = account;
    found->group = {.name = std::string(group), .created_at = FromUnixMillis(now_ms)};
    Index(found);
  }
  found->changed = true;
  changed_groups_.insert(found->id);
  return *found;
}

void LogState::SetName(LogGroupState& group, std::uint32_t number, std::string_view name) {
  // A scan may read it: its copy stays as it is.
  if (group.names.use_count() > 1) {
    group.names = std::make_shared<std::vector<std::string>>(*group.names);
  }
  if (group.names->size() <= number) group.names->resize(number + 1);
  (*group.names)[number] = name;
}

std::uint32_t LogState::StreamOf(LogGroupState& group, std::string_view stream,
                                 std::int64_t now_ms) {
  const auto it = group.numbers.find(stream);
  if (it != group.numbers.end()) return it->second;
  const auto number = static_cast<std::uint32_t>(group.streams.size());
  group.streams.push_back(
      {.stream = {.name = std::string(stream), .created_at = FromUnixMillis(now_ms)},
       .changed = true});
  group.numbers.emplace(std::string(stream), number);
  SetName(group, number, stream);
  return number;
}

void LogState::Add(const Account& account, std::string_view group_name, std::string_view stream,
                   std::int64_t now_ms, std::int64_t ingested_ms, HeadBatch batch) {
  LogGroupState& group = GroupOf(account, group_name, now_ms);
  if (stream.empty()) return;  // the group alone
  batch.stream = StreamOf(group, stream, now_ms);
  LogGroupState::Stream& state = group.streams[batch.stream];
  state.changed = true;
  if (batch.events.empty()) return;
  batch.first_arrival = group.next_arrival;
  batch.first_ordinal = state.next_ordinal;
  group.next_arrival += batch.events.size();
  state.next_ordinal += batch.events.size();
  const auto [first, last] =
      std::minmax_element(batch.events.begin(), batch.events.end(),
                          [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
  batch.first_ms = first->time_ms;
  batch.last_ms = last->time_ms;
  const Instant oldest = FromUnixMillis(batch.first_ms), newest = FromUnixMillis(batch.last_ms);
  state.stream.first_event = std::min(state.stream.first_event.value_or(oldest), oldest);
  state.stream.last_event = std::max(state.stream.last_event.value_or(newest), newest);
  state.stream.last_ingestion = FromUnixMillis(ingested_ms);
  group.group.stored_bytes += batch.bytes.size() + kEventOverhead * batch.events.size();
  head_bytes_ +=
      batch.bytes.size() + batch.events.size() * sizeof(HeadBatch::Event) + kBatchOverhead;
  group.head.push_back(std::make_shared<const HeadBatch>(std::move(batch)));
}

void LogState::DropFile(const std::shared_ptr<LogFile>& file) {
  changes_[FileKey(file->entry().file_id)] = std::nullopt;
  file->MarkObsolete();
}

void LogState::Delete(const LogGroupPtr& group) {
  group->deleted = true;
  for (const auto& file : group->files) DropFile(file);
  group->files.clear();
  group->head.clear();
  for (std::uint32_t i = 0; i < group->streams.size(); ++i) {
    changes_[StreamKey(group->id, i)] = std::nullopt;
  }
  changes_[GroupKey(group->id)] = std::nullopt;
  changed_groups_.erase(group->id);
  groups_.erase(Key(group->account.id, group->account.region, group->group.name));
  by_id_.erase(group->id);
}

void LogState::Expire(std::int64_t now_ms) {
  for (const auto& [id, group] : by_id_) {
    const std::int64_t cut = group->CutAt(FromUnixMillis(now_ms));
    std::erase_if(group->files, [&](const std::shared_ptr<LogFile>& file) {
      if (file->entry().last_ms >= cut) return false;
      DropFile(file);
      const LogFileEntry& entry = file->entry();
      const std::uint64_t bytes = entry.message_bytes + kEventOverhead * entry.rows;
      group->group.stored_bytes -= std::min(group->group.stored_bytes, bytes);
      changed_groups_.insert(id);
      return true;
    });
  }
}

void LogState::Edit(LogEdit edit, const Account& account, std::string_view group,
                    std::string_view argument, std::int64_t number,
                    const std::map<std::string, std::optional<std::string>>& changes,
                    std::int64_t now_ms) {
  if (edit == LogEdit::kExpire) return Expire(now_ms);
  const LogGroupPtr found = Find(account, group);
  if (edit == LogEdit::kDeleteGroup) {
    if (found != nullptr) Delete(found);
    return;
  }
  // Whoever comes second of two writers finds what the first left.
  if (found == nullptr && edit != LogEdit::kCreateGroup && edit != LogEdit::kCreateStream) return;
  LogGroupState& state = GroupOf(account, group, now_ms);
  switch (edit) {
    case LogEdit::kCreateGroup:
    case LogEdit::kAttributes:
      for (const auto& [name, value] : changes) {
        if (value.has_value()) {
          state.group.attributes[name] = *value;
        } else {
          state.group.attributes.erase(name);
        }
      }
      break;
    case LogEdit::kSetRetention:
      state.group.retention_days = static_cast<int>(number);
      break;
    case LogEdit::kCreateStream:
      state.streams[StreamOf(state, argument, now_ms)].changed = true;
      break;
    case LogEdit::kDeleteStream: {
      const auto it = state.numbers.find(argument);
      if (it == state.numbers.end()) break;
      const std::uint32_t gone = it->second;
      state.numbers.erase(it);
      SetName(state, gone, "");
      state.streams[gone] = {};
      std::erase_if(state.head, [&](const auto& batch) { return batch->stream == gone; });
      state.lost_streams = !state.files.empty() || !state.sealed.empty();
      changes_[StreamKey(state.id, gone)] = std::nullopt;
      break;
    }
    case LogEdit::kDeleteGroup:
    case LogEdit::kExpire:
      break;
  }
}

void LogState::Seal() {
  for (const std::uint32_t id : changed_groups_) {
    const auto it = by_id_.find(id);
    if (it == by_id_.end()) continue;
    LogGroupState& group = *it->second;
    changes_[GroupKey(id)] = EncodeGroup(group);
    for (std::uint32_t i = 0; i < group.streams.size(); ++i) {
      if (!group.streams[i].changed || group.streams[i].stream.name.empty()) continue;
      changes_[StreamKey(id, i)] = EncodeStream(group, i);
      group.streams[i].changed = false;
    }
    group.changed = false;
    group.sealed.insert(group.sealed.end(), group.head.begin(), group.head.end());
    group.head.clear();
  }
  changed_groups_.clear();
  for (auto& [key, value] : changes_) sealed_changes_[key] = std::move(value);
  changes_.clear();
  sealed_bytes_ += head_bytes_;
  head_bytes_ = 0;
}

std::vector<LogGroupPtr> LogState::SealedGroups() const {
  std::vector<LogGroupPtr> groups;
  for (const auto& [id, group] : by_id_) {
    if (!group->sealed.empty()) groups.push_back(group);
  }
  return groups;
}

void LogState::PutSealedEntries(storage::WriteBatch& batch) const {
  for (const auto& [key, value] : sealed_changes_) {
    if (value.has_value()) {
      batch.Put(key, *value);
    } else {
      batch.Delete(key);
    }
  }
}

void LogState::Replace(const LogGroupPtr& group, const std::vector<std::shared_ptr<LogFile>>& added,
                       const std::vector<std::shared_ptr<LogFile>>& removed) {
  const auto stored = [](const LogFileEntry& entry) {
    return entry.message_bytes + kEventOverhead * entry.rows;
  };
  std::uint64_t lost = 0;
  for (const auto& file : removed) {
    lost += stored(file->entry());
    std::erase(group->files, file);
    file->MarkObsolete();
  }
  for (const auto& file : added) lost -= std::min(lost, stored(file->entry()));
  if (!removed.empty() && lost > 0 && !group->deleted) {
    group->group.stored_bytes -= std::min(group->group.stored_bytes, lost);
    changed_groups_.insert(group->id);
  }
  for (const auto& file : added) {
    if (group->deleted) {
      DropFile(file);
    } else {
      group->files.push_back(file);
    }
  }
}

void LogState::DropSealed() {
  for (const auto& [id, group] : by_id_) group->sealed.clear();
  sealed_changes_.clear();
  sealed_bytes_ = 0;
}

}  // namespace securebase::events
