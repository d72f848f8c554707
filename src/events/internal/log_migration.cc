// Blocks of the first format (docs/formats/log_block.md) become segments when a store is opened.

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

constexpr char kBlockKind = 'B';
constexpr std::uint64_t kBytesAtOnce = 48u << 20;

}  // namespace

Result<> EmbeddedLogStore::Migrate() {
  std::map<std::uint32_t, std::vector<LogBlock>> blocks;  // by group
  std::vector<std::string> keys;
  bool good = true;
  const std::string prefix = CatalogueKey(kBlockKind);
  SB_TRY_OK(engine_.key_values().Visit(
      prefix, storage::PrefixEnd(prefix), false, [&](std::string_view key, std::string_view value) {
        const auto entry = DecodeLogBlockEntry(value);
        good = good && entry.has_value() && state_->log.FindById(entry->group_id) != nullptr;
        if (!good) return false;
        keys.emplace_back(key);
        blocks[entry->group_id].push_back(entry->block);
        return true;
      }));
  if (!good) return Internal("an entry of the log blocks in the catalogue does not decode");
  if (keys.empty()) return {};

  storage::WriteBatch batch;
  for (const std::string& key : keys) batch.Delete(key);
  std::vector<Replacement> replacements;
  for (auto& [group_id, own] : blocks) {
    const LogGroupPtr group = state_->log.FindById(group_id);
    Replacement& replacement = replacements.emplace_back();
    replacement.group = group;
    std::sort(own.begin(), own.end(), [](const LogBlock& a, const LogBlock& b) {
      return std::tie(a.first_ms, a.file_id, a.offset) < std::tie(b.first_ms, b.file_id, b.offset);
    });
    std::vector<StoredEvent> events;
    const auto flush = [&]() -> Result<> {
      // Numbered as they came: by the journal's record and their place in it.
      std::sort(events.begin(), events.end(), [](const StoredEvent& a, const StoredEvent& b) {
        return std::tie(a.sequence, a.index) < std::tie(b.sequence, b.index);
      });
      std::vector<LogRow> rows;
      for (const StoredEvent& event : events) {
        if (event.stream >= group->streams.size()) return Internal("a log block names no stream");
        rows.push_back({.time_ms = event.time_ms,
                        .ingested_ms = event.ingested_ms,
                        .arrival = group->next_arrival++,
                        .ordinal = group->streams[event.stream].next_ordinal++,
                        .stream = event.stream,
                        .message = event.message});
      }
      if (!rows.empty()) SB_TRY_OK(WriteSegments(*group, std::move(rows), replacement.added));
      events.clear();
      return {};
    };
    std::uint64_t bytes = 0;
    for (const LogBlock& block : own) {
      const std::string path = state_->folder + "/" + FileName(block.file_id, kLogBlockSuffix);
      auto file = engine_.files().Map(path);
      if (!file.ok()) return Internal(file.error().message());
      SB_TRY(auto decoded, DecodeLogBlock((*file)->bytes(), block, path));
      bytes += block.raw_size;
      std::move(decoded.begin(), decoded.end(), std::back_inserter(events));
      if (bytes < kBytesAtOnce) continue;
      SB_TRY_OK(flush());
      bytes = 0;
    }
    SB_TRY_OK(flush());
    batch.Put(LogState::GroupKey(group_id), LogState::EncodeGroup(*group));
    for (std::uint32_t i = 0; i < group->streams.size(); ++i) {
      batch.Put(LogState::StreamKey(group_id, i), LogState::EncodeStream(*group, i));
    }
    for (const auto& file : replacement.added) {
      batch.Put(LogState::FileKey(file->entry().file_id), EncodeLogFileEntry(file->entry()));
    }
  }
  SB_TRY_OK(engine_.files().SyncFolder(state_->folder));
  SB_TRY_OK(engine_.key_values().Write(batch));
  SB_TRY_OK(engine_.key_values().Flush());
  for (const Replacement& one : replacements) {
    for (const auto& file : one.added) file->MarkLive();
    state_->log.Replace(one.group, one.added, {});
  }
  Log(LogLevel::kInfo, "log blocks of the first format are segments now",
      {{"blocks", std::to_string(keys.size())}});
  return {};
}

}  // namespace securebase::events
