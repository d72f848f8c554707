#include "events/embedded_log_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "events/internal/file_id.h"
#include "events/internal/log_reader.h"
#include "events/internal/log_state.h"

namespace securebase::events {
namespace {

constexpr std::size_t kNameMax = 512;
// A head that no checkpoint empties may grow to this many times its limit; then writes wait.
constexpr std::uint64_t kHeadSlack = 4;
constexpr std::string_view kSuffix = ".log";

Result<> CheckName(std::string_view field, std::string_view name) {
  if (name.empty() || name.size() > kNameMax) {
    return InvalidArgument(std::string(field), fmt::format("must have 1 to {} bytes", kNameMax));
  }
  return {};
}

std::string EncodeAppend(const Account& account, std::string_view group, std::string_view stream,
                         Instant now, const std::vector<LogEvent>& events) {
  std::string out;
  PutFixed(out, RecordKind::kLogEvents);
  PutBytes(out, account.id);
  PutBytes(out, account.region);
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

struct EmbeddedLogStore::State {
  LogState log;
  std::string folder;
  std::vector<std::uint64_t> files_at_load;
};

EmbeddedLogStore::EmbeddedLogStore(storage::Engine& engine, const Clock& clock,
                                   const LogOptions& options)
    : engine_(engine), clock_(clock), options_(options), state_(std::make_unique<State>()) {
  state_->folder = engine.folder() + "/logs";
}

EmbeddedLogStore::~EmbeddedLogStore() = default;

std::string EmbeddedLogStore::PathOf(std::uint64_t file_id) const {
  return state_->folder + "/" + FileName(file_id, kSuffix);
}

Result<> EmbeddedLogStore::Load() {
  const std::unique_lock lock(mutex_);
  SB_TRY_OK(engine_.files().CreateFolders(state_->folder));
  SB_TRY(const std::vector<std::string> names, engine_.files().List(state_->folder));
  for (const std::string& name : names) {
    const std::optional<std::uint64_t> id = FileIdOf(name, kSuffix);
    if (!id.has_value()) continue;  // not ours
    state_->files_at_load.push_back(*id);
    state_->log.ReserveFileId(*id);
  }
  return state_->log.Load(engine_.key_values());
}

Result<> EmbeddedLogStore::RemoveOrphans() {
  std::set<std::uint64_t> live;
  std::vector<std::uint64_t> files;
  {
    const std::unique_lock lock(mutex_);
    live = state_->log.LiveFiles();
    files = std::exchange(state_->files_at_load, {});
  }
  for (const std::uint64_t file : files) {
    if (!live.contains(file)) SB_TRY_OK(engine_.files().Remove(PathOf(file)));
  }
  return {};
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

Result<> EmbeddedLogStore::Append(const Account& account, std::string_view group,
                                  std::string_view stream, std::vector<LogEvent> events) {
  SB_TRY_OK(CheckName("logGroupName", group));
  const bool group_alone = stream.empty() && events.empty();
  if (!group_alone) {
    SB_TRY_OK(CheckName("logStreamName", stream));
  }
  SB_TRY_OK(FlushIfLarge());
  std::vector<storage::Part> parts;
  parts.push_back({.store = storage::StoreId::kEvents,
                   .payload = EncodeAppend(account, group, stream, clock_.Now(), events)});
  const auto committed = engine_.Commit(std::move(parts));
  if (!committed.ok()) return committed.error();
  return {};
}

std::vector<LogGroup> EmbeddedLogStore::ListGroups(const Account& account,
                                                   const GroupListRequest& request) const {
  const std::shared_lock lock(mutex_);
  return state_->log.Groups(account, request.prefix);
}

Result<std::vector<LogStream>> EmbeddedLogStore::Streams(const Account& account,
                                                         std::string_view group,
                                                         std::string_view prefix) const {
  const std::shared_lock lock(mutex_);
  const LogGroupState* found = state_->log.Find(account, group);
  if (found == nullptr) return NotFound(fmt::format("there is no log group \"{}\"", group));
  std::vector<LogStream> streams;
  for (const auto& [name, number] : found->stream_numbers) {
    if (name.starts_with(prefix)) streams.push_back(found->streams[number]);
  }
  return streams;
}

Result<std::vector<ReadEvent>> EmbeddedLogStore::Read(const Account& account,
                                                      const ReadRequest& request) const {
  LogReader reader(request);
  std::vector<LogBlock> blocks;
  {
    const std::shared_lock lock(mutex_);
    const LogGroupState* group = state_->log.Find(account, request.group);
    if (group == nullptr) {
      return NotFound(fmt::format("there is no log group \"{}\"", request.group));
    }
    for (const LogStream& stream : group->streams) reader.AddStream(stream.name);
    for (const StoredEvent& event : group->sealed) reader.Offer(event);
    for (const StoredEvent& event : group->head) reader.Offer(event);
    blocks = group->blocks;
  }
  // Blocks are immutable and stay: no lock while they are read.
  SB_TRY_OK(reader.ReadBlocks(std::move(blocks), engine_.files(),
                              [&](std::uint64_t file) { return PathOf(file); }));
  return reader.Take();
}

void EmbeddedLogStore::Apply(storage::Sequence sequence, std::string_view payload) {
  ByteReader in(payload);
  Account account{.id = std::string(in.Bytes())};
  account.region = in.Bytes();
  const std::string_view group = in.Bytes();
  const std::string_view stream = in.Bytes();
  const std::int64_t now_ms = UnZigZag(in.Varint());
  const std::uint64_t count = in.Varint();
  std::vector<StoredEvent> events;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    StoredEvent event{.time_ms = UnZigZag(in.Varint())};
    event.ingested_ms = UnZigZag(in.Varint());
    event.sequence = sequence;
    event.index = static_cast<std::uint32_t>(i);
    event.message = in.Bytes();
    events.push_back(std::move(event));
  }
  SB_CHECK(in.ok() && in.empty(), "a record of log events does not decode");
  const std::unique_lock lock(mutex_);
  state_->log.Add(account, group, stream, now_ms, std::move(events));
}

void EmbeddedLogStore::Seal() {
  const std::unique_lock lock(mutex_);
  state_->log.Seal();
}

// Only Seal and DropSealed change what is read here, and the engine calls neither meanwhile.
Result<> EmbeddedLogStore::WriteSealed(storage::WriteBatch& batch) {
  std::vector<LogGroupState*> groups;
  std::uint64_t file_id = 0;
  {
    const std::unique_lock lock(mutex_);
    groups = state_->log.SealedGroups();
    if (!groups.empty()) file_id = state_->log.NewFileId();
  }
  if (!groups.empty()) {
    Result<> written = WriteBlocks(groups, file_id, batch);
    if (!written.ok()) {
      // Without its name in the catalogue the file means nothing; it may be gone already.
      const Result<> removed = engine_.files().Remove(PathOf(file_id));
      if (!removed.ok() && removed.error().code() != ErrorCode::kNotFound) {
        Log(LogLevel::kWarn, "cannot remove an unfinished log file",
            {{"file", PathOf(file_id)}, {"error", removed.error().message()}});
      }
      return written;
    }
  }
  const std::shared_lock lock(mutex_);
  state_->log.PutSealedEntries(batch);
  return {};
}

Result<> EmbeddedLogStore::WriteBlocks(const std::vector<LogGroupState*>& groups,
                                       std::uint64_t file_id, storage::WriteBatch& batch) {
  SB_TRY(auto file, engine_.files().Create(PathOf(file_id)));
  SB_TRY_OK(file->Write(0, kLogFileMagic));
  std::uint64_t offset = kLogFileMagic.size();
  std::uint32_t block_number = 0;
  for (LogGroupState* group : groups) {
    group->written.clear();
    std::vector<const StoredEvent*> events;
    for (const StoredEvent& event : group->sealed) events.push_back(&event);
    std::sort(events.begin(), events.end(),
              [](const StoredEvent* a, const StoredEvent* b) { return IsEarlier(*a, *b); });
    for (std::size_t first = 0; first < events.size();) {
      std::vector<const StoredEvent*> chunk;
      for (std::size_t bytes = 0; first < events.size() && bytes < options_.block_bytes; ++first) {
        bytes += events[first]->message.size() + 16;
        chunk.push_back(events[first]);
      }
      LogBlock block{.file_id = file_id, .offset = offset};
      SB_TRY_OK(file->Write(offset, EncodeLogBlock(chunk, block)));
      offset += block.size;
      batch.Put(LogBlockKey(file_id, block_number++), EncodeLogBlockEntry(block, group->id));
      group->written.push_back(block);
    }
  }
  SB_TRY_OK(file->Sync());
  SB_TRY_OK(file->Close());
  return engine_.files().SyncFolder(state_->folder);
}

void EmbeddedLogStore::DropSealed() {
  const std::unique_lock lock(mutex_);
  state_->log.DropSealed();
}

}  // namespace securebase::events
