#include "events/internal/log_file.h"

#include "base/bytes.h"

namespace securebase::events {
namespace {

constexpr std::uint8_t kEntryVersion = 1;

}  // namespace

std::string EncodeLogFileEntry(const LogFileEntry& entry) {
  std::string out;
  PutFixed(out, kEntryVersion);
  PutVarint(out, entry.file_id);
  PutVarint(out, entry.group_id);
  PutVarint(out, entry.rows);
  PutVarint(out, entry.bytes);
  PutVarint(out, entry.message_bytes);
  PutVarint(out, ZigZag(entry.first_ms));
  PutVarint(out, ZigZag(entry.last_ms));
  return out;
}

std::optional<LogFileEntry> DecodeLogFileEntry(std::string_view bytes) {
  ByteReader in(bytes);
  LogFileEntry entry;
  const bool known = in.Fixed<std::uint8_t>() == kEntryVersion;
  entry.file_id = in.Varint();
  entry.group_id = static_cast<std::uint32_t>(in.Varint());
  entry.rows = in.Varint();
  entry.bytes = in.Varint();
  entry.message_bytes = in.Varint();
  entry.first_ms = UnZigZag(in.Varint());
  entry.last_ms = UnZigZag(in.Varint());
  if (!known || !in.ok() || !in.empty()) return std::nullopt;
  return entry;
}

LogFile::~LogFile() {
  if (!obsolete_.load()) return;
  shared_->cache.Erase(entry_.file_id);
  shared_->trash.Add(path_);
}

Result<std::shared_ptr<const LogSegment>> LogFile::Open() const {
  if (auto cached = shared_->cache.Find(entry_.file_id)) return cached;
  auto file = files_.Map(path_);
  if (!file.ok()) return Internal(file.error().message());  // damage, not a wrong request
  SB_TRY(auto segment, LogSegment::Open(*std::move(file), path_));
  if (segment->rows() != entry_.rows || segment->group_id() != entry_.group_id) {
    return segment->Damage("it is not the segment that the catalogue names");
  }
  shared_->cache.Insert(entry_.file_id, segment);
  return segment;
}

}  // namespace securebase::events
