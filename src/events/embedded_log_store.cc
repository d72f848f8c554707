#include "events/embedded_log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "events/internal/file_id.h"
#include "events/internal/log_store_state.h"

namespace securebase::events {
namespace {

constexpr std::size_t kNameMax = 512;
// A head that no checkpoint empties may grow to this many times its limit; then writes wait.
constexpr std::uint64_t kHeadSlack = 4;

Result<> CheckName(std::string_view field, std::string_view name) {
  if (name.empty() || name.size() > kNameMax) {
    return InvalidArgument(std::string(field), fmt::format("must have 1 to {} bytes", kNameMax));
  }
  return {};
}

void PutAccount(std::string& out, const Account& account) {
  PutBytes(out, account.id);
  PutBytes(out, account.region);
}

std::string EncodeAppend(const Account& account, std::string_view group, std::string_view stream,
                         Instant now, const std::vector<LogEvent>& events) {
  std::size_t size = 256 + group.size() + stream.size();
  for (const LogEvent& event : events) size += event.message.size() + 24;
  std::string out;
  out.reserve(size);
  PutFixed(out, RecordKind::kLogEvents);
  PutAccount(out, account);
  PutBytes(out, group);
  PutBytes(out, stream);
  PutVarint(out, ZigZag(ToUnixMillis(now)));
  PutVarint(out, events.size());
  for (const LogEvent& event : events) {
    const Instant ingested = event.ingested_at == Instant() ? now : event.ingested_at;
    PutVarint(out, ZigZag(ToUnixMillis(event.time)));
    PutVarint(out, ZigZag(ToUnixMillis(ingested)));
    PutBytes(out, event.message);
  }
  return out;
}

}  // namespace

EmbeddedLogStore::EmbeddedLogStore(storage::Engine& engine, const Clock& clock,
                                   const LogOptions& options)
    : engine_(engine), clock_(clock), options_(options), state_(std::make_unique<State>()) {
  state_->folder = engine.folder() + "/logs";
  state_->shared = std::make_shared<LogFile::Shared>(options.cache_bytes);
}

EmbeddedLogStore::~EmbeddedLogStore() = default;

std::string EmbeddedLogStore::PathOf(std::uint64_t file_id) const {
  return state_->folder + "/" + FileName(file_id, kLogFileSuffix);
}

std::shared_ptr<LogFile> EmbeddedLogStore::MakeFile(const LogFileEntry& entry) const {
  return std::make_shared<LogFile>(entry, PathOf(entry.file_id), engine_.files(), state_->shared);
}

Result<> EmbeddedLogStore::Load() {
  SB_TRY_OK(engine_.files().CreateFolders(state_->folder));
  SB_TRY(const std::vector<std::string> names, engine_.files().List(state_->folder));
  for (const std::string& name : names) {
    const auto segment = FileIdOf(name, kLogFileSuffix);
    const auto block = FileIdOf(name, kLogBlockSuffix);
    if (!segment.has_value() && !block.has_value()) continue;  // not ours
    state_->files_at_load.push_back(name);
    state_->log.ReserveFileId(segment.has_value() ? *segment : *block);
  }
  SB_TRY_OK(state_->log.Load(engine_.key_values(),
                             [&](const LogFileEntry& entry) { return MakeFile(entry); }));
  return Migrate();
}

Result<> EmbeddedLogStore::RemoveOrphans() {
  std::set<std::uint64_t> live;
  std::vector<std::string> names;
  {
    const std::unique_lock lock(mutex_);
    live = state_->log.LiveFiles();
    names = std::exchange(state_->files_at_load, {});
  }
  for (const std::string& name : names) {
    const auto segment = FileIdOf(name, kLogFileSuffix);
    if (segment.has_value() && live.contains(*segment)) continue;
    const Result<> removed = engine_.files().Remove(state_->folder + "/" + name);
    if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) return removed;
  }
  return {};
}

LogStoreStatistics EmbeddedLogStore::statistics() const {
  const std::shared_lock lock(mutex_);
  LogStoreStatistics statistics{.head_bytes = state_->log.HeadBytes()};
  for (const LogGroupPtr& group : state_->log.All()) {
    for (const auto& file : group->files) {
      ++statistics.segments;
      statistics.rows += file->entry().rows;
      statistics.bytes += file->entry().bytes;
      statistics.message_bytes += file->entry().message_bytes;
    }
  }
  return statistics;
}

// Beyond its size the head is flushed by the writer that finds it so, one at a time.
Result<> EmbeddedLogStore::FlushIfLarge() {
  const auto head_bytes = [&] {
    const std::shared_lock lock(mutex_);
    return state_->log.HeadBytes();
  };
  const std::uint64_t bytes = head_bytes();
  if (bytes <= options_.head_bytes_max) return {};
  const bool must = bytes > options_.head_bytes_max * kHeadSlack;
  if (flushing_.exchange(true) && !must) return {};
  const Result<> flushed = engine_.Checkpoint();
  flushing_ = false;
  if (!flushed.ok() && must) {
    return Unavailable("log events are refused until those before can be written: " +
                       flushed.error().message());
  }
  return {};
}

Result<> EmbeddedLogStore::Commit(std::string payload) {
  std::vector<storage::Part> parts;
  parts.push_back({.store = storage::StoreId::kEvents, .payload = std::move(payload)});
  const auto committed = engine_.Commit(std::move(parts));
  if (!committed.ok()) return committed.error();
  return {};
}

Result<> EmbeddedLogStore::Append(const Account& account, std::string_view group,
                                  std::string_view stream, std::vector<LogEvent> events) {
  SB_TRY_OK(CheckName("logGroupName", group));
  const bool group_alone = stream.empty() && events.empty();
  if (!group_alone) {
    SB_TRY_OK(CheckName("logStreamName", stream));
  }
  SB_TRY_OK(FlushIfLarge());
  const Instant now = clock_.Now();
  SB_TRY_OK(Commit(EncodeAppend(account, group, stream, now, events)));
  if (observer_ != nullptr && !events.empty()) {
    for (LogEvent& event : events) {
      if (event.ingested_at == Instant()) event.ingested_at = now;
    }
    observer_->OnAppend(account, group, stream, events);
  }
  return {};
}

Result<> EmbeddedLogStore::CommitEdit(
    LogEdit edit, const Account& account, std::string_view group, std::string_view argument,
    std::int64_t number, const std::map<std::string, std::optional<std::string>>& changes) {
  std::string out;
  PutFixed(out, RecordKind::kLogEdit);
  PutFixed(out, edit);
  PutAccount(out, account);
  PutBytes(out, group);
  PutBytes(out, argument);
  PutVarint(out, ZigZag(number));
  PutVarint(out, ZigZag(ToUnixMillis(clock_.Now())));
  PutVarint(out, changes.size());
  for (const auto& [name, value] : changes) {
    PutBytes(out, name);
    PutFixed<std::uint8_t>(out, value.has_value() ? 1 : 0);
    if (value.has_value()) PutBytes(out, *value);
  }
  SB_TRY_OK(Commit(std::move(out)));
  state_->shared->trash.Empty(engine_.files());
  return {};
}

Result<LogGroupPtr> EmbeddedLogStore::Require(const Account& account,
                                              std::string_view group) const {
  const std::shared_lock lock(mutex_);
  LogGroupPtr found = state_->log.Find(account, group);
  if (found == nullptr) return NotFound(fmt::format("there is no log group \"{}\"", group));
  return found;
}

Result<> EmbeddedLogStore::CreateGroup(const Account& account, std::string_view group,
                                       const LogAttributes& attributes) {
  SB_TRY_OK(CheckName("logGroupName", group));
  if (FindGroup(account, group).has_value()) {
    return Conflict(fmt::format("there is a log group \"{}\" already", group));
  }
  std::map<std::string, std::optional<std::string>> changes;
  for (const auto& [name, value] : attributes) changes[name] = value;
  return CommitEdit(LogEdit::kCreateGroup, account, group, {}, 0, changes);
}

Result<> EmbeddedLogStore::DeleteGroup(const Account& account, std::string_view group) {
  SB_TRY(LogGroupPtr found, Require(account, group));
  found.reset();
  return CommitEdit(LogEdit::kDeleteGroup, account, group);
}

Result<> EmbeddedLogStore::SetRetention(const Account& account, std::string_view group, int days) {
  if (days < 0 || days > 36'500) return InvalidArgument("retentionInDays", "must be 0 to 36500");
  SB_TRY_OK(Require(account, group));
  return CommitEdit(LogEdit::kSetRetention, account, group, {}, days);
}

Result<> EmbeddedLogStore::ChangeAttributes(
    const Account& account, std::string_view group,
    const std::map<std::string, std::optional<std::string>>& changes) {
  SB_TRY_OK(Require(account, group));
  return CommitEdit(LogEdit::kAttributes, account, group, {}, 0, changes);
}

std::optional<LogGroup> EmbeddedLogStore::FindGroup(const Account& account,
                                                    std::string_view group) const {
  const std::shared_lock lock(mutex_);
  const LogGroupPtr found = state_->log.Find(account, group);
  if (found == nullptr) return std::nullopt;
  return found->group;
}

std::vector<LogGroup> EmbeddedLogStore::ListGroups(const Account& account,
                                                   const GroupListRequest& request) const {
  const std::shared_lock lock(mutex_);
  return state_->log.List(account, request);
}

Result<> EmbeddedLogStore::CreateStream(const Account& account, std::string_view group,
                                        std::string_view stream) {
  SB_TRY_OK(CheckName("logStreamName", stream));
  SB_TRY(const auto present, FindStream(account, group, stream));
  if (present.has_value()) {
    return Conflict(fmt::format("there is a log stream \"{}\" already", stream));
  }
  return CommitEdit(LogEdit::kCreateStream, account, group, stream);
}

Result<> EmbeddedLogStore::DeleteStream(const Account& account, std::string_view group,
                                        std::string_view stream) {
  SB_TRY(const auto present, FindStream(account, group, stream));
  if (!present.has_value()) return NotFound(fmt::format("there is no log stream \"{}\"", stream));
  return CommitEdit(LogEdit::kDeleteStream, account, group, stream);
}

Result<std::vector<LogStream>> EmbeddedLogStore::Streams(const Account& account,
                                                         std::string_view group,
                                                         std::string_view prefix) const {
  SB_TRY(const LogGroupPtr found, Require(account, group));
  const std::shared_lock lock(mutex_);
  std::vector<LogStream> streams;
  for (auto it = found->numbers.lower_bound(prefix); it != found->numbers.end(); ++it) {
    if (!it->first.starts_with(prefix)) break;
    streams.push_back(found->streams[it->second].stream);
  }
  return streams;
}

Result<std::optional<LogStream>> EmbeddedLogStore::FindStream(const Account& account,
                                                              std::string_view group,
                                                              std::string_view stream) const {
  SB_TRY(const LogGroupPtr found, Require(account, group));
  const std::shared_lock lock(mutex_);
  const auto it = found->numbers.find(stream);
  if (it == found->numbers.end()) return std::optional<LogStream>();
  return std::optional(found->streams[it->second].stream);
}

void EmbeddedLogStore::Apply(storage::Sequence, std::string_view payload) {
  ByteReader in(payload);
  Account account{.id = std::string(in.Bytes())};
  account.region = in.Bytes();
  const std::string_view group = in.Bytes();
  const std::string_view stream = in.Bytes();
  const std::int64_t now_ms = UnZigZag(in.Varint());
  const std::uint64_t count = in.Varint();
  HeadBatch batch;
  batch.bytes.reserve(in.remaining());
  batch.events.reserve(std::min<std::uint64_t>(count, in.remaining()));
  std::int64_t ingested_ms = now_ms;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    HeadBatch::Event event{.time_ms = UnZigZag(in.Varint())};
    event.ingested_ms = ingested_ms = UnZigZag(in.Varint());
    const std::string_view message = in.Bytes();
    event.offset = static_cast<std::uint32_t>(batch.bytes.size());
    event.size = static_cast<std::uint32_t>(message.size());
    batch.bytes += message;
    batch.events.push_back(event);
  }
  SB_CHECK(in.ok() && in.empty(), "a record of log events does not decode");
  const std::unique_lock lock(mutex_);
  state_->log.Add(account, group, stream, now_ms, ingested_ms, std::move(batch));
}

void EmbeddedLogStore::ApplyEdit(std::string_view payload) {
  ByteReader in(payload);
  const auto edit = in.Fixed<LogEdit>();
  Account account{.id = std::string(in.Bytes())};
  account.region = in.Bytes();
  const std::string_view group = in.Bytes();
  const std::string_view argument = in.Bytes();
  const std::int64_t number = UnZigZag(in.Varint());
  const std::int64_t now_ms = UnZigZag(in.Varint());
  std::map<std::string, std::optional<std::string>> changes;
  const std::uint64_t count = in.Varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    std::optional<std::string>& value = changes[std::string(in.Bytes())];
    if (in.Fixed<std::uint8_t>() != 0) value = in.Bytes();
  }
  SB_CHECK(in.ok() && in.empty(), "a record of a log group's change does not decode");
  const std::unique_lock lock(mutex_);
  state_->log.Edit(edit, account, group, argument, number, changes, now_ms);
}

void EmbeddedLogStore::Seal() {
  const std::unique_lock lock(mutex_);
  state_->log.Seal();
}

Result<> EmbeddedLogStore::Maintain() {
  bool due = false;
  {
    const std::shared_lock lock(mutex_);
    const Instant now = clock_.Now();
    for (const LogGroupPtr& group : state_->log.All()) {
      const std::int64_t cut = group->CutAt(now);
      due = due || std::any_of(group->files.begin(), group->files.end(),
                               [&](const auto& file) { return file->entry().last_ms < cut; });
    }
  }
  if (due) return CommitEdit(LogEdit::kExpire, {}, "");
  state_->shared->trash.Empty(engine_.files());
  return {};
}

}  // namespace securebase::events
