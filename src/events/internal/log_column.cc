#include "events/internal/log_column.h"

#include <algorithm>
#include <functional>

#include "base/compression.h"

namespace securebase::events {
namespace {

using query::Type;

constexpr std::uint64_t kBlobMax = 1u << 30;
bool GetCodes(ByteReader& in, std::size_t count, std::size_t limit,
              std::vector<std::uint32_t>& codes) {
  codes.resize(count);
  const BlockHeader header = GetHeader(in, Type::kString, count);
  if (!in.ok() || header.encoding != Encoding::kPacked || header.absent != 0 || header.base < 0 ||
      static_cast<std::uint64_t>(header.int_max()) >= limit) {
    return false;
  }
  const std::string_view bytes = in.Take(header.SizeOf(count));
  if (!in.ok()) return false;
  DecodeCodes(header, bytes, count, 0, codes);
  // Packed bits may hold more than the header's span admits.
  return std::all_of(codes.begin(), codes.end(), [&](std::uint32_t c) { return c < limit; });
}

}  // namespace

void PutRange(std::string& out, const ByteRange& range) {
  PutVarint(out, range.size);
  if (range.size == 0) return;
  PutVarint(out, range.offset);
  PutFixed(out, range.checksum);
}

ByteRange GetRange(ByteReader& in) {
  ByteRange range{.size = in.Varint()};
  if (range.size == 0) return range;
  range.offset = in.Varint();
  range.checksum = in.Fixed<std::uint64_t>();
  return range;
}

ByteRange AppendBlock(std::string& file, std::string_view block) {
  const ByteRange range{.offset = file.size(), .size = block.size(), .checksum = Checksum(block)};
  file += block;
  return range;
}

void PutInts(std::string& out, std::span<const std::int64_t> values) {
  std::string bytes;
  const bool sorted = std::is_sorted(values.begin(), values.end());
  const BlockHeader header = EncodeInts(values, {}, sorted, bytes);
  PutHeader(out, header, Type::kTime, values.size());
  out += bytes;
}

bool GetInts(ByteReader& in, std::size_t count, std::vector<std::int64_t>& values) {
  values.resize(count);
  if (count == 0) return false;
  const BlockHeader header = GetHeader(in, Type::kTime, count);
  if (!in.ok() || header.encoding == Encoding::kAbsent || header.absent != 0) return false;
  const std::string_view bytes = in.Take(header.SizeOf(count));
  if (!in.ok()) return false;
  DecodeInts(header, bytes, count, 0, values);
  return true;
}

void PutBlob(std::string& out, std::string_view bytes) {
  std::string packed;
  if (bytes.size() >= 64) packed = Zstd(bytes, 1);
  const bool pays = !packed.empty() && packed.size() < bytes.size();
  PutVarint(out, bytes.size());
  PutBytes(out, pays ? std::string_view(packed) : bytes);
}

bool GetBlob(ByteReader& in, std::string& bytes) {
  const std::uint64_t size = in.Varint();
  const std::string_view stored = in.Bytes();
  if (!in.ok() || size > kBlobMax || stored.size() > size) return false;
  if (stored.size() == size) {
    bytes = stored;
    return true;
  }
  auto raw = UnzstdAll(stored, size);
  if (!raw.ok() || raw->size() != size) return false;
  bytes = *std::move(raw);
  return true;
}

void PutTextMeta(std::string& out, const TextMeta& meta) {
  PutFixed(out, meta.encoding);
  PutRange(out, meta.values);
  for (const ByteRange& chunk : meta.chunks) PutRange(out, chunk);
}

bool GetTextMeta(ByteReader& in, std::size_t chunks, TextMeta& meta) {
  meta.encoding = in.Fixed<TextEncoding>();
  meta.values = GetRange(in);
  meta.chunks.clear();
  for (std::size_t i = 0; i < chunks && in.ok(); ++i) meta.chunks.push_back(GetRange(in));
  return in.ok() && meta.encoding <= TextEncoding::kSplit;
}

void PutNumberMeta(std::string& out, const NumberMeta& meta) {
  for (const NumberMeta::Chunk& chunk : meta.chunks) {
    PutRange(out, chunk.range);
    if (chunk.range.size == 0) continue;
    PutVarint(out, ZigZag(chunk.min));
    PutVarint(out, ZigZag(chunk.max));
  }
}

bool GetNumberMeta(ByteReader& in, std::size_t chunks, NumberMeta& meta) {
  meta.chunks.clear();
  for (std::size_t i = 0; i < chunks && in.ok(); ++i) {
    NumberMeta::Chunk chunk{.range = GetRange(in)};
    if (chunk.range.size > 0) {
      chunk.min = UnZigZag(in.Varint());
      chunk.max = UnZigZag(in.Varint());
    }
    meta.chunks.push_back(chunk);
  }
  return in.ok();
}

bool GetPresence(ByteReader& in, std::size_t chunk_rows, Presence& presence) {
  presence.rows.clear();
  const auto form = in.Fixed<std::uint8_t>();
  presence.all = form == 1;
  presence.count = chunk_rows;
  if (presence.all) return in.ok();
  const std::string_view bits = in.Take((chunk_rows + 7) / 8);
  if (!in.ok() || form != 2) return false;
  for (std::size_t i = 0; i < chunk_rows; ++i) {
    if ((bits[i / 8] >> i % 8 & 1) != 0) presence.rows.push_back(static_cast<std::uint16_t>(i));
  }
  presence.count = presence.rows.size();
  return presence.count > 0;
}

bool TextColumn::Open(TextMeta meta, std::string values) {
  meta_ = std::move(meta);
  ByteReader stored(values);
  if (!GetBlob(stored, bytes_) || !stored.empty()) return false;
  ByteReader in(bytes_);
  const std::uint64_t count = in.Varint();
  if (count > bytes_.size()) return false;
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) sizes.push_back(in.Varint());
  for (const std::uint64_t size : sizes) values_.push_back(in.Take(size));
  if (!in.ok() || !in.empty() || values_.empty()) return false;
  if (is_dictionary()) {
    return std::adjacent_find(values_.begin(), values_.end(), std::greater_equal<>()) ==
           values_.end();
  }
  for (const std::string_view skeleton : values_) {
    parts_.push_back(PartsOf(skeleton));
    if (parts_.back().empty()) return false;
  }
  return true;
}

std::size_t TextColumn::memory_bytes() const {
  std::size_t bytes = bytes_.size() + values_.size() * sizeof(std::string_view);
  for (const auto& parts : parts_) bytes += parts.size() * sizeof(SkeletonPart);
  return bytes;
}

bool TextColumn::Decode(std::string_view block, std::size_t chunk_rows, TextChunk& chunk) const {
  ByteReader in(block);
  if (!GetPresence(in, chunk_rows, chunk.presence)) return false;
  if (!GetCodes(in, chunk.presence.count, values_.size(), chunk.codes)) return false;
  if (is_dictionary()) return in.empty();
  return DecodeSlots(in, chunk) && in.empty();
}

bool TextColumn::DecodeSlots(ByteReader& in, TextChunk& chunk) const {
  std::vector<std::uint32_t> rows(values_.size(), 0);
  chunk.ordinal.resize(chunk.codes.size());
  for (std::size_t i = 0; i < chunk.codes.size(); ++i) {
    chunk.ordinal[i] = rows[chunk.codes[i]]++;
  }
  chunk.templates.clear();
  chunk.template_of.assign(values_.size(), 0);
  std::vector<std::int64_t> lengths;
  for (std::uint32_t id = 0; id < rows.size(); ++id) {
    const std::size_t count = rows[id];
    if (count == 0) continue;
    TextChunk::Template& one = chunk.templates.emplace_back();
    one.id = id;
    one.rows = count;
    chunk.template_of[id] = static_cast<std::uint32_t>(chunk.templates.size());
    for (const SkeletonPart& part : parts_[id]) {
      if (!part.has_slot) continue;
      TextChunk::SlotColumn& slot = one.slots.emplace_back();
      slot.kind = part.kind;
      slot.parameter = part.parameter;
      if (part.kind == SlotKind::kUuid) {
        slot.uuids = in.Take(16 * count);
      } else if (part.kind != SlotKind::kWord) {
        if (!GetInts(in, count, slot.numbers)) return false;
      } else {
        if (!GetInts(in, count, lengths) || !GetBlob(in, slot.words)) return false;
        std::uint64_t end = 0;
        for (const std::int64_t length : lengths) {
          if (length < 0 || static_cast<std::uint64_t>(length) > slot.words.size() - end) {
            return false;
          }
          end += static_cast<std::uint64_t>(length);
          slot.ends.push_back(static_cast<std::uint32_t>(end));
        }
        if (end != slot.words.size()) return false;
      }
      if (!in.ok()) return false;
    }
  }
  return true;
}

void TextColumn::AppendSlotText(const TextChunk::SlotColumn& slot, std::size_t i,
                                std::string& out) {
  if (slot.kind == SlotKind::kWord) {
    out += slot.Word(i);
  } else if (slot.kind == SlotKind::kUuid) {
    AppendUuid(out, slot.uuids.data() + 16 * i);
  } else {
    AppendSlot(out, slot.kind, slot.parameter, slot.numbers[i]);
  }
}

void TextColumn::AppendText(const TextChunk& chunk, std::size_t i, std::string& out) const {
  const std::uint32_t code = chunk.codes[i];
  if (is_dictionary()) {
    out += values_[code];
    return;
  }
  const TextChunk::Template& one = chunk.TemplateOf(code);
  std::size_t slot = 0;
  for (const SkeletonPart& part : parts_[code]) {
    out += part.literal;
    if (part.has_slot) AppendSlotText(one.slots[slot++], chunk.ordinal[i], out);
  }
}

}  // namespace securebase::events
