#include "events/internal/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/compression.h"
#include "events/internal/segment_format.h"

namespace securebase::events {
namespace {

using query::Type;

constexpr std::uint64_t kColumnsMax = 65'536;
constexpr std::uint64_t kRowsMax = std::uint64_t{1} << 32;

/// The decoded text behind a dictionary's views.
struct DecodedText {
  std::string text;
};

// Undoes front coding; false where the bytes are not what a writer writes.
bool DecodeFront(ByteReader in, std::uint64_t count, std::uint64_t text_size, std::string& text,
                 std::vector<std::string_view>& values) {
  text.reserve(text_size);  // never exceeded below: views stay valid
  values.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view last = values.empty() ? std::string_view() : values.back();
    const std::uint64_t shared = in.Varint();
    const std::string_view rest = in.Bytes();
    if (!in.ok() || shared > last.size() || shared + rest.size() > text_size - text.size()) {
      return false;
    }
    const std::size_t start = text.size();
    text.append(last.substr(0, shared));
    text.append(rest);
    values.emplace_back(text.data() + start, text.size() - start);
    if (i > 0 && values.back() <= last) return false;
  }
  return in.ok() && in.empty() && text.size() == text_size;
}

}  // namespace

Error Segment::Damage(std::uint64_t offset, std::string_view what) const {
  return Internal(fmt::format("{}: damaged at byte {}: {}", name_, offset, what));
}

Result<std::shared_ptr<const Segment>> Segment::Open(std::unique_ptr<MappedFile> file,
                                                     std::string name) {
  std::shared_ptr<Segment> segment(new Segment);
  segment->file_ = std::move(file);
  segment->bytes_ = segment->file_->bytes();
  segment->name_ = std::move(name);
  SB_TRY_OK(segment->ParseFooter());
  segment->verified_ =
      std::vector<std::atomic<std::uint8_t>>(segment->columns_.size() * segment->chunk_count_);
  segment->dictionaries_.resize(segment->columns_.size());
  segment->memory_bytes_ =
      sizeof(Segment) +
      segment->columns_.size() * (sizeof(Column) + segment->chunk_count_ * (sizeof(Block) + 1));
  return std::shared_ptr<const Segment>(std::move(segment));
}

Result<> Segment::ParseFooter() {
  if (bytes_.size() < kSegmentMagic.size() + kSegmentTailSize ||
      !bytes_.starts_with(kSegmentMagic)) {
    return Damage(0, "is no segment of this version");
  }
  const std::size_t tail_offset = bytes_.size() - kSegmentTailSize;
  ByteReader tail(bytes_.substr(tail_offset));
  const auto footer_size = tail.Fixed<std::uint64_t>();
  const auto checksum = tail.Fixed<std::uint64_t>();
  if (tail.Take(kSegmentEndMagic.size()) != kSegmentEndMagic ||
      footer_size > tail_offset - kSegmentMagic.size()) {
    return Damage(tail_offset, "the end is not that of a segment");
  }
  const std::uint64_t footer_offset = tail_offset - footer_size;
  const std::string_view footer = bytes_.substr(footer_offset, footer_size);
  if (Checksum(footer) != checksum) return Damage(footer_offset, "wrong checksum of the footer");

  ByteReader in(footer);
  owner_.account = in.Bytes();
  owner_.region = in.Bytes();
  owner_.customer = in.Bytes();
  owner_.dataset = in.Bytes();
  rows_ = in.Varint();
  const std::uint64_t column_count = in.Varint();
  if (!in.ok() || rows_ == 0 || rows_ > kRowsMax || column_count == 0 ||
      column_count > kColumnsMax) {
    return Damage(footer_offset, "the footer's counts are impossible");
  }
  chunk_count_ = (rows_ + kChunkRows - 1) / kChunkRows;
  std::uint64_t offset = kSegmentMagic.size();
  for (std::uint64_t i = 0; i < column_count; ++i) {
    if (!ParseColumn(in, offset)) return Damage(footer_offset, "a column's description is wrong");
  }
  if (!in.empty() || offset != footer_offset || columns_[0].type != Type::kTime) {
    return Damage(footer_offset, "the footer does not describe the file");
  }
  return {};
}

bool Segment::ParseColumn(ByteReader& in, std::uint64_t& offset) {
  Column column;
  column.name = in.Bytes();
  column.type = in.Fixed<Type>();
  if (!in.ok() || column.type > Type::kTime) return false;
  if (column.type == Type::kString) {
    column.value_count = in.Varint();
    column.text_size = in.Varint();
    column.front_coded_size = in.Varint();
    column.dictionary_size = in.Varint();
    column.dictionary_checksum = in.Fixed<std::uint64_t>();
    column.dictionary_offset = offset;
    // A value takes at least two bytes front-coded.
    if (!in.ok() || column.text_size > kDictionaryBytesMax ||
        column.front_coded_size > kDictionaryBytesMax ||
        column.value_count > column.front_coded_size / 2 ||
        column.dictionary_size > bytes_.size() - offset) {
      return false;
    }
    offset += column.dictionary_size;
  }
  if (chunk_count_ > in.remaining()) return false;  // a chunk takes at least a byte
  column.blocks.reserve(chunk_count_);
  for (std::size_t chunk = 0; chunk < chunk_count_; ++chunk) {
    const std::size_t rows = RowsOfChunk(chunk);
    const BlockHeader header = GetHeader(in, column.type, rows);
    const std::uint64_t size = header.SizeOf(rows);
    if (!in.ok() || size > bytes_.size() - offset) return false;
    if (column.type == Type::kString && header.encoding != Encoding::kAbsent &&
        (header.base < 0 || static_cast<std::uint64_t>(header.int_max()) >= column.value_count)) {
      return false;
    }
    if (columns_.empty() && header.absent != 0) return false;  // every row has a time
    column.blocks.push_back({header, offset});
    offset += size;
  }
  columns_.push_back(std::move(column));
  return true;
}

std::size_t Segment::RowsOfChunk(std::size_t chunk) const {
  return std::min<std::uint64_t>(kChunkRows, rows_ - chunk * kChunkRows);
}

std::size_t Segment::FindColumn(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  return kNoColumn;
}

Result<std::shared_ptr<const query::Dictionary>> Segment::DictionaryOf(std::size_t column) const {
  const std::lock_guard lock(mutex_);
  if (dictionaries_[column] == nullptr) {
    SB_TRY(dictionaries_[column], LoadDictionary(columns_[column]));
    memory_bytes_ +=
        columns_[column].text_size + columns_[column].value_count * sizeof(std::string_view);
  }
  return dictionaries_[column];
}

Result<std::shared_ptr<const query::Dictionary>> Segment::LoadDictionary(
    const Column& column) const {
  const std::uint64_t offset = column.dictionary_offset;
  const std::string_view stored = bytes_.substr(offset, column.dictionary_size);
  if (Checksum(stored) != column.dictionary_checksum) {
    return Damage(offset, fmt::format("wrong checksum of the dictionary of {}", column.name));
  }
  std::string inflated;
  std::string_view coded = stored;
  if (column.dictionary_size != column.front_coded_size) {
    auto result = UnzstdAll(stored, column.front_coded_size);
    if (!result.ok()) return Damage(offset, result.error().message());
    inflated = *std::move(result);
    coded = inflated;
  }
  auto text = std::make_shared<DecodedText>();
  auto dictionary = std::make_shared<query::Dictionary>();
  if (coded.size() != column.front_coded_size ||
      !DecodeFront(ByteReader(coded), column.value_count, column.text_size, text->text,
                   dictionary->values)) {
    return Damage(offset, fmt::format("the dictionary of {} does not decode", column.name));
  }
  dictionary->sorted = true;
  dictionary->owner = std::move(text);
  return std::shared_ptr<const query::Dictionary>(std::move(dictionary));
}

Result<query::Zone> Segment::ZoneOf(std::size_t column, std::size_t chunk) const {
  const Column& c = columns_[column];
  const BlockHeader& header = c.blocks[chunk].header;
  query::Zone zone{.type = c.type, .rows = RowsOfChunk(chunk), .absent = header.absent};
  if (header.encoding == Encoding::kAbsent) return zone;
  zone.int_min = header.base;
  zone.int_max = header.int_max();
  if (header.encoding == Encoding::kRaw) {
    zone.double_min = header.raw_min;
    zone.double_max = header.raw_max;
  } else if (c.type == Type::kDouble) {
    zone.double_min = static_cast<double>(zone.int_min) / PowerOfTen(header.scale);
    zone.double_max = static_cast<double>(zone.int_max) / PowerOfTen(header.scale);
  } else if (c.type == Type::kString) {
    SB_TRY(const auto dictionary, DictionaryOf(column));
    zone.string_min = dictionary->values[static_cast<std::size_t>(zone.int_min)];
    zone.string_max = dictionary->values[static_cast<std::size_t>(zone.int_max)];
  }
  return zone;
}

std::uint64_t Segment::BlockBytes(std::size_t column, std::size_t chunk) const {
  return columns_[column].blocks[chunk].header.SizeOf(RowsOfChunk(chunk));
}

// The block's bytes, after the first call has compared them with the checksum. Codes are checked
// against the dictionary then too, so that no bytes whatever lead a reader astray.
Result<std::string_view> Segment::Verified(std::size_t column, std::size_t chunk) const {
  const Column& c = columns_[column];
  const Block& block = c.blocks[chunk];
  const std::size_t rows = RowsOfChunk(chunk);
  const std::string_view bytes = bytes_.substr(block.offset, block.header.SizeOf(rows));
  std::atomic<std::uint8_t>& verified = verified_[column * chunk_count_ + chunk];
  if (bytes.empty() || verified.load(std::memory_order_relaxed) != 0) return bytes;
  if (Checksum(bytes) != block.header.checksum) {
    return Damage(block.offset, fmt::format("wrong checksum of column {}", c.name));
  }
  if (c.type == Type::kString) {
    std::vector<std::uint32_t> codes(rows);
    DecodeCodes(block.header, bytes, rows, 0, codes);
    if (*std::max_element(codes.begin(), codes.end()) >= c.value_count) {
      return Damage(block.offset, fmt::format("a code of column {} is too large", c.name));
    }
  }
  verified.store(1, std::memory_order_relaxed);
  return bytes;
}

Result<> Segment::Read(std::size_t column, std::size_t chunk, std::size_t first, std::size_t count,
                       query::Column& out) const {
  SB_TRY(const std::string_view bytes, Verified(column, chunk));
  const Column& c = columns_[column];
  const BlockHeader& header = c.blocks[chunk].header;
  const std::size_t rows = RowsOfChunk(chunk);
  out.type = c.type;
  out.all_absent = header.encoding == Encoding::kAbsent;
  out.valid.clear();
  if (out.all_absent) {
    out.valid.assign(count, 0);
  } else if (header.HasPresence(rows)) {
    out.valid.resize(count);
    DecodePresence(bytes, first, out.valid);
  }
  switch (c.type) {
    case Type::kString: {
      SB_TRY(out.dictionary, DictionaryOf(column));
      out.codes.resize(count);
      if (out.all_absent) {
        std::fill(out.codes.begin(), out.codes.end(), 0);
      } else {
        DecodeCodes(header, bytes, rows, first, out.codes);
      }
      break;
    }
    case Type::kDouble:
      out.doubles.resize(count);
      if (out.all_absent) {
        std::fill(out.doubles.begin(), out.doubles.end(), 0);
      } else {
        DecodeDoubles(header, bytes, rows, first, out.doubles);
      }
      break;
    default:
      out.ints.resize(count);
      if (out.all_absent) {
        std::fill(out.ints.begin(), out.ints.end(), 0);
      } else {
        DecodeInts(header, bytes, rows, first, out.ints);
      }
  }
  return {};
}

}  // namespace securebase::events
