// The log store's checkpoints: heads become segments, small segments become larger ones, rows of
// deleted streams go.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/log.h"
#include "events/embedded_log_store.h"
#include "events/internal/file_id.h"
#include "events/internal/log_block.h"
#include "events/internal/log_store_state.h"

namespace securebase::events {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

std::int64_t DayOf(std::int64_t ms) {
  return ms >= 0 ? ms / kDayMs : -((-ms + kDayMs - 1) / kDayMs);
}

}  // namespace

Result<std::shared_ptr<LogFile>> EmbeddedLogStore::WriteSegment(const LogGroupState& group,
                                                                std::vector<LogRow>& rows,
                                                                std::size_t first,
                                                                std::size_t count) {
  const std::span<const LogRow> own(rows.data() + first, count);
  const std::string bytes = BuildVerifiedLogSegment(group.id, own);
  LogFileEntry entry{.group_id = group.id, .rows = count, .bytes = bytes.size()};
  for (const LogRow& row : own) entry.message_bytes += row.message.size();
  entry.first_ms = own.front().time_ms;
  entry.last_ms = own.back().time_ms;
  {
    const std::unique_lock lock(mutex_);
    entry.file_id = state_->log.NewFileId();
  }
  std::shared_ptr<LogFile> file = MakeFile(entry);
  // Until the checkpoint is durable the file means nothing: whoever drops it removes it.
  file->MarkObsolete();
  SB_TRY(auto out, engine_.files().Create(PathOf(entry.file_id)));
  SB_TRY_OK(out->Write(0, bytes));
  SB_TRY_OK(out->Sync());
  SB_TRY_OK(out->Close());
  return file;
}

Result<> EmbeddedLogStore::WriteSegments(const LogGroupState& group, std::vector<LogRow> rows,
                                         std::vector<std::shared_ptr<LogFile>>& files) {
  const auto earlier = [](const LogRow& a, const LogRow& b) {
    return std::tie(a.time_ms, a.arrival) < std::tie(b.time_ms, b.arrival);
  };
  if (!std::is_sorted(rows.begin(), rows.end(), earlier)) {
    std::sort(rows.begin(), rows.end(), earlier);
  }
  for (std::size_t first = 0; first < rows.size();) {
    std::size_t end = first;
    std::uint64_t bytes = 0;
    const std::int64_t day = DayOf(rows[first].time_ms);
    while (end < rows.size() && end - first < options_.segment_rows_max &&
           bytes < options_.segment_bytes_max && DayOf(rows[end].time_ms) == day) {
      bytes += rows[end++].message.size();
    }
    SB_TRY(auto file, WriteSegment(group, rows, first, end - first));
    files.push_back(std::move(file));
    first = end;
  }
  return {};
}

Result<> EmbeddedLogStore::WriteHeads(std::vector<Replacement>& replacements) {
  std::vector<LogGroupPtr> groups;
  {
    const std::shared_lock lock(mutex_);
    groups = state_->log.SealedGroups();
  }
  for (const LogGroupPtr& group : groups) {
    HeadBatches sealed;
    {
      const std::shared_lock lock(mutex_);
      sealed = group->sealed;
    }
    std::vector<LogRow> rows;
    for (const auto& batch : sealed) {
      for (std::size_t i = 0; i < batch->events.size(); ++i) {
        const HeadBatch::Event& event = batch->events[i];
        rows.push_back({.time_ms = event.time_ms,
                        .ingested_ms = event.ingested_ms,
                        .arrival = batch->first_arrival + i,
                        .ordinal = batch->first_ordinal + i,
                        .stream = batch->stream,
                        .message = batch->Message(event)});
      }
    }
    Replacement& replacement = replacements.emplace_back();
    replacement.group = group;
    SB_TRY_OK(WriteSegments(*group, std::move(rows), replacement.added));
  }
  return {};
}

Result<bool> EmbeddedLogStore::HasLostRows(const LogFile& file,
                                           const std::vector<std::string>& names) const {
  SB_TRY(const auto segment, file.Open());
  for (std::size_t chunk = 0; chunk < segment->chunk_count(); ++chunk) {
    LogChunk reader(segment, chunk);
    SB_TRY(const auto* streams, reader.System(LogSegment::kStream));
    for (const std::int64_t stream : *streams) {
      const auto at = static_cast<std::size_t>(stream);
      if (at >= names.size() || names[at].empty()) return true;
    }
  }
  return false;
}

// Writes what is still wanted of the files' rows anew.
Result<> EmbeddedLogStore::Rewrite(const LogGroupPtr& group,
                                   std::vector<std::shared_ptr<LogFile>> files,
                                   std::vector<Replacement>& replacements) {
  std::shared_ptr<const std::vector<std::string>> names;
  std::int64_t cut = 0;
  {
    const std::shared_lock lock(mutex_);
    names = group->names;
    cut = group->CutAt(clock_.Now());
  }
  std::vector<LogRow> rows;
  std::vector<std::shared_ptr<const std::string>> texts;
  for (const auto& file : files) {
    SB_TRY(const auto segment, file->Open());
    for (std::size_t chunk = 0; chunk < segment->chunk_count(); ++chunk) {
      LogChunk reader(segment, chunk);
      const std::vector<std::int64_t>* values[LogSegment::kShape];
      for (int i = 0; i < LogSegment::kShape; ++i) {
        SB_TRY(values[i], reader.System(static_cast<LogSegment::System>(i)));
      }
      auto text = std::make_shared<std::string>();
      std::vector<std::size_t> ends;
      const std::size_t first = rows.size();
      for (std::size_t i = 0; i < reader.rows(); ++i) {
        const auto stream = static_cast<std::size_t>((*values[LogSegment::kStream])[i]);
        const std::int64_t time = (*values[LogSegment::kTime])[i];
        if (stream >= names->size() || (*names)[stream].empty() || time < cut) continue;
        SB_TRY_OK(reader.AppendMessage(i, *text));
        ends.push_back(text->size());
        rows.push_back({.time_ms = time,
                        .ingested_ms = (*values[LogSegment::kIngested])[i],
                        .arrival = static_cast<std::uint64_t>((*values[LogSegment::kArrival])[i]),
                        .ordinal = static_cast<std::uint64_t>((*values[LogSegment::kOrdinal])[i]),
                        .stream = static_cast<std::uint32_t>(stream),
                        .message = {}});
      }
      std::size_t begin = 0;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        rows[first + i].message = std::string_view(*text).substr(begin, ends[i] - begin);
        begin = ends[i];
      }
      texts.push_back(std::move(text));
    }
  }
  Replacement& replacement = replacements.emplace_back();
  replacement.group = group;
  replacement.removed = std::move(files);
  return WriteSegments(*group, std::move(rows), replacement.added);
}

Result<> EmbeddedLogStore::MergeFiles(std::vector<Replacement>& replacements) {
  struct Work {
    LogGroupPtr group;
    std::vector<std::shared_ptr<LogFile>> files;
    std::shared_ptr<const std::vector<std::string>> names;
    bool lost_streams = false;
  };
  std::vector<Work> works;
  {
    const std::unique_lock lock(mutex_);
    for (const LogGroupPtr& group : state_->log.All()) {
      if (!group->lost_streams && group->files.size() <= options_.small_files_max) continue;
      works.push_back({group, group->files, group->names, group->lost_streams});
    }
  }
  std::uint64_t budget = options_.merge_bytes_max;
  for (const Work& work : works) {
    std::set<std::shared_ptr<LogFile>> done;
    if (work.lost_streams) {
      for (const auto& file : work.files) {
        SB_TRY(const bool lost, HasLostRows(*file, *work.names));
        if (!lost) continue;
        SB_TRY_OK(Rewrite(work.group, {file}, replacements));
        done.insert(file);
      }
      const std::unique_lock lock(mutex_);
      // Unless another was deleted, or rows of one were sealed, meanwhile.
      if (work.group->names == work.names && work.group->sealed.empty()) {
        work.group->lost_streams = false;
      }
    }
    std::map<std::int64_t, std::vector<std::shared_ptr<LogFile>>> small;  // by day
    for (const auto& file : work.files) {
      if (file->entry().message_bytes > options_.small_file_bytes_max || done.contains(file)) {
        continue;
      }
      small[DayOf(file->entry().first_ms)].push_back(file);
    }
    for (auto& [day, files] : small) {
      if (files.size() <= options_.small_files_max) continue;
      std::uint64_t bytes = 0;
      std::vector<std::shared_ptr<LogFile>> merged;
      for (const auto& file : files) {
        if (file->entry().message_bytes > budget - std::min(budget, bytes)) break;
        bytes += file->entry().message_bytes;
        merged.push_back(file);
      }
      if (merged.size() < 2) continue;
      budget -= std::min(budget, bytes);
      SB_TRY_OK(Rewrite(work.group, std::move(merged), replacements));
    }
  }
  return {};
}

Result<> EmbeddedLogStore::WriteSealed(storage::WriteBatch& batch) {
  std::vector<Replacement> replacements;
  Result<> written = WriteHeads(replacements);
  if (written.ok()) {
    // A damaged file keeps its neighbours from being merged, not the head from being flushed.
    const std::size_t heads = replacements.size();
    const Result<> merged = MergeFiles(replacements);
    if (!merged.ok()) {
      replacements.resize(heads);
      Log(LogLevel::kError, "cannot merge log segments", {{"error", merged.error().message()}});
    }
    written = engine_.files().SyncFolder(state_->folder);
  }
  if (!written.ok()) {
    replacements.clear();
    state_->shared->trash.Empty(engine_.files());
    return written;
  }
  const std::unique_lock lock(mutex_);
  // What a checkpoint before this one wrote and was not told to be durable.
  for (const Replacement& one : state_->replacements) {
    for (const auto& file : one.added) batch.Delete(LogState::FileKey(file->entry().file_id));
  }
  state_->log.PutSealedEntries(batch);
  for (const Replacement& one : replacements) {
    for (const auto& file : one.removed) batch.Delete(LogState::FileKey(file->entry().file_id));
    for (const auto& file : one.added) {
      batch.Put(LogState::FileKey(file->entry().file_id), EncodeLogFileEntry(file->entry()));
    }
  }
  state_->replacements = std::move(replacements);
  return {};
}

void EmbeddedLogStore::DropSealed() {
  {
    const std::unique_lock lock(mutex_);
    for (const Replacement& one : state_->replacements) {
      for (const auto& file : one.added) file->MarkLive();
      state_->log.Replace(one.group, one.added, one.removed);
    }
    state_->replacements.clear();
    state_->log.DropSealed();
  }
  state_->shared->trash.Empty(engine_.files());
}

}  // namespace securebase::events
