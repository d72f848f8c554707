#include "events/internal/log_block.h"

#include <fmt/format.h>

#include <tuple>

#include "base/bytes.h"
#include "base/check.h"
#include "base/compression.h"

namespace securebase::events {
namespace {

constexpr std::uint8_t kEntryVersion = 1;

Error Damage(std::string_view file_name, const LogBlock& block, std::string_view what) {
  return Internal(fmt::format("{}: damaged at byte {}: {}", file_name, block.offset, what));
}

}  // namespace

bool IsEarlier(const StoredEvent& a, const StoredEvent& b) {
  return std::tie(a.time_ms, a.sequence, a.index) < std::tie(b.time_ms, b.sequence, b.index);
}

std::string EncodeLogBlock(const std::vector<const StoredEvent*>& events, LogBlock& block) {
  SB_CHECK(!events.empty());
  std::string raw;
  std::int64_t last_ms = 0;
  for (const StoredEvent* event : events) {
    PutVarint(raw, ZigZag(event->time_ms - last_ms));
    PutVarint(raw, ZigZag(event->ingested_ms - event->time_ms));
    PutVarint(raw, event->sequence);
    PutVarint(raw, event->index);
    PutVarint(raw, event->stream);
    PutBytes(raw, event->message);
    last_ms = event->time_ms;
  }
  std::string stored = Zstd(raw);
  block.size = stored.size();
  block.raw_size = raw.size();
  block.checksum = Checksum(stored);
  block.count = static_cast<std::uint32_t>(events.size());
  block.first_ms = events.front()->time_ms;
  block.last_ms = events.back()->time_ms;
  return stored;
}

Result<std::vector<StoredEvent>> DecodeLogBlock(std::string_view file, const LogBlock& block,
                                                std::string_view file_name) {
  if (!file.starts_with(kLogFileMagic)) {
    return Internal(
        fmt::format("{}: damaged at byte 0: is no log file of this version", file_name));
  }
  if (block.offset > file.size() || block.size > file.size() - block.offset) {
    return Damage(file_name, block, "the file ends before the block does");
  }
  const std::string_view stored = file.substr(block.offset, block.size);
  if (Checksum(stored) != block.checksum) return Damage(file_name, block, "wrong checksum");
  auto raw = UnzstdAll(stored, block.raw_size);
  if (!raw.ok()) return Damage(file_name, block, raw.error().message());
  ByteReader in(*raw);
  std::vector<StoredEvent> events;
  std::int64_t last_ms = 0;
  while (in.ok() && !in.empty()) {
    StoredEvent event;
    event.time_ms = last_ms + UnZigZag(in.Varint());
    event.ingested_ms = event.time_ms + UnZigZag(in.Varint());
    event.sequence = in.Varint();
    event.index = static_cast<std::uint32_t>(in.Varint());
    event.stream = static_cast<std::uint32_t>(in.Varint());
    event.message = in.Bytes();
    last_ms = event.time_ms;
    events.push_back(std::move(event));
  }
  if (!in.ok() || events.size() != block.count) {
    return Damage(file_name, block, "does not decode");
  }
  return events;
}

std::string EncodeLogBlockEntry(const LogBlock& block, std::uint32_t group_id) {
  std::string out;
  PutFixed(out, kEntryVersion);
  PutVarint(out, group_id);
  PutVarint(out, block.file_id);
  PutVarint(out, block.offset);
  PutVarint(out, block.size);
  PutVarint(out, block.raw_size);
  PutFixed(out, block.checksum);
  PutVarint(out, block.count);
  PutVarint(out, ZigZag(block.first_ms));
  PutVarint(out, ZigZag(block.last_ms));
  return out;
}

std::optional<LogBlockEntry> DecodeLogBlockEntry(std::string_view bytes) {
  ByteReader in(bytes);
  LogBlockEntry entry;
  if (in.Fixed<std::uint8_t>() != kEntryVersion) return std::nullopt;
  entry.group_id = static_cast<std::uint32_t>(in.Varint());
  entry.block.file_id = in.Varint();
  entry.block.offset = in.Varint();
  entry.block.size = in.Varint();
  entry.block.raw_size = in.Varint();
  entry.block.checksum = in.Fixed<std::uint64_t>();
  entry.block.count = static_cast<std::uint32_t>(in.Varint());
  entry.block.first_ms = UnZigZag(in.Varint());
  entry.block.last_ms = UnZigZag(in.Varint());
  if (!in.ok() || !in.empty()) return std::nullopt;
  return entry;
}

}  // namespace securebase::events
