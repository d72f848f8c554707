#include "events/internal/log_segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "events/internal/log_segment_format.h"

namespace securebase::events {
namespace {

constexpr std::size_t kRowsMax = 1u << 28;
constexpr std::size_t kLeavesMax = 1u << 16;
constexpr int kScaleLimit = 15;

std::vector<std::uint16_t> IndexOf(const Presence& presence, std::size_t rows) {
  if (presence.all) return {};
  std::vector<std::uint16_t> index(rows, LogChunk::kNoIndex);
  for (std::size_t i = 0; i < presence.rows.size(); ++i) {
    index[presence.rows[i]] = static_cast<std::uint16_t>(i);
  }
  return index;
}

}  // namespace

void AppendScaled(std::string& out, std::int64_t value, int scale, bool trimmed) {
  char digits[24];
  if (scale == 0) {
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return;
  }
  std::uint64_t magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    out += '-';
    magnitude = 0 - magnitude;
  }
  const char* const end = std::to_chars(digits, digits + sizeof digits, magnitude).ptr;
  const int size = static_cast<int>(end - digits);
  int keep = scale;  // digits of the fraction
  if (trimmed) {
    while (keep > 0) {
      const int at = size - 1 - (scale - keep);
      if (at >= 0 && digits[at] != '0') break;
      --keep;
    }
  }
  if (size > scale) {
    out.append(digits, static_cast<std::size_t>(size - scale));
  } else {
    out += '0';
  }
  if (keep == 0) return;
  out += '.';
  for (int i = 0; i < keep; ++i) {
    const int at = size - scale + i;
    out += at < 0 ? '0' : digits[at];
  }
}

Result<std::shared_ptr<const LogSegment>> LogSegment::Open(std::unique_ptr<MappedFile> file,
                                                           std::string name) {
  std::shared_ptr<LogSegment> segment(new LogSegment);
  segment->bytes_ = file->bytes();
  segment->file_ = std::move(file);
  segment->name_ = std::move(name);
  SB_TRY_OK(segment->Parse());
  return std::shared_ptr<const LogSegment>(std::move(segment));
}

Error LogSegment::Damage(std::string_view what) const {
  return Internal(fmt::format("log segment {}: {}", name_, what));
}

Result<std::string_view> LogSegment::Block(const ByteRange& range) const {
  if (range.offset > bytes_.size() || range.size > bytes_.size() - range.offset) {
    return Damage(fmt::format("a block at {} lies outside of the file", range.offset));
  }
  const std::string_view block = bytes_.substr(range.offset, range.size);
  // What reads packed bits may look at 8 bytes behind them.
  if (range.offset + range.size + 8 > bytes_.size() || Checksum(block) != range.checksum) {
    return Damage(fmt::format("wrong checksum of the block at {}", range.offset));
  }
  return block;
}

Result<> LogSegment::OpenText(const TextMeta& meta, TextColumn& column) const {
  SB_TRY(const std::string_view block, Block(meta.values));
  if (!column.Open(meta, std::string(block))) return Damage("a dictionary does not decode");
  return {};
}

Result<> LogSegment::Parse() {
  constexpr std::size_t kEnds = kLogSegmentMagic.size() + kLogSegmentTailSize;
  if (bytes_.size() < kEnds || !bytes_.starts_with(kLogSegmentMagic) ||
      !bytes_.ends_with(kLogSegmentEndMagic)) {
    return Damage("not a log segment, or cut short");
  }
  ByteReader tail(bytes_.substr(bytes_.size() - kLogSegmentTailSize));
  const auto size = tail.Fixed<std::uint64_t>();
  const auto checksum = tail.Fixed<std::uint64_t>();
  if (size > bytes_.size() - kEnds) return Damage("the footer's size is wrong");
  const std::string_view packed = bytes_.substr(bytes_.size() - kLogSegmentTailSize - size, size);
  if (Checksum(packed) != checksum) return Damage("wrong checksum of the footer");
  ByteReader in(packed);
  std::string footer;
  if (!GetBlob(in, footer) || !in.empty() || !ParseFooter(footer)) {
    return Damage("the footer does not decode");
  }
  memory_bytes_ = sizeof *this + footer.size() * 4;
  SB_TRY(const std::string_view shapes, Block(shapes_range_));
  ByteReader shapes_in(shapes);
  std::string plain;
  if (!GetBlob(shapes_in, plain) || !ParseShapes(plain)) return Damage("shapes do not decode");
  SB_TRY(const std::string_view filters, Block(filters_range_));
  ByteReader filters_in(filters);
  if (!GetBlob(filters_in, filter_bytes_)) return Damage("filters do not decode");
  ByteReader each(filter_bytes_);
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    filters_.push_back(each.Bytes());
    const std::size_t bytes = filters_.back().size();
    if (!each.ok() || (bytes & (bytes - 1)) != 0) return Damage("filters do not decode");
  }
  SB_TRY_OK(OpenText(prefix_meta_, prefix_));
  if (suffix_meta_) SB_TRY_OK(OpenText(*suffix_meta_, suffix_.emplace()));
  memory_bytes_ += plain.size() + filter_bytes_.size() + prefix_.memory_bytes();
  texts_.resize(leaves_.size());
  return {};
}

bool LogSegment::ParseFooter(std::string_view footer) {
  ByteReader in(footer);
  group_id_ = static_cast<std::uint32_t>(in.Varint());
  rows_ = in.Varint();
  if (!in.ok() || rows_ == 0 || rows_ > kRowsMax) return false;
  const std::size_t count = (rows_ + kLogChunkRows - 1) / kLogChunkRows;
  if (count > in.remaining()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    ChunkInfo info{.message_bytes = in.Varint()};
    const auto flags = in.Fixed<std::uint8_t>();
    info.has_text = (flags & 1) != 0;
    info.has_opaque = (flags & 2) != 0;
    chunks_.push_back(info);
  }
  for (NumberMeta& meta : systems_) {
    if (!GetNumberMeta(in, count, meta)) return false;
    for (const NumberMeta::Chunk& chunk : meta.chunks) {
      if (chunk.range.size == 0) return false;  // every row has one
    }
  }
  if (!GetTextMeta(in, count, prefix_meta_)) return false;
  if (in.Fixed<std::uint8_t>() != 0 && !GetTextMeta(in, count, suffix_meta_.emplace())) {
    return false;
  }
  const std::uint64_t leaves = in.Varint();
  if (!in.ok() || leaves > kLeavesMax) return false;
  for (std::uint64_t i = 0; i < leaves; ++i) {
    if (!ParseLeaf(in)) return false;
  }
  by_name_.resize(leaves_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0);
  std::sort(by_name_.begin(), by_name_.end(),
            [&](auto a, auto b) { return leaves_[a].name < leaves_[b].name; });
  shapes_range_ = GetRange(in);
  filters_range_ = GetRange(in);
  return in.ok() && in.empty();
}

bool LogSegment::ParseLeaf(ByteReader& in) {
  LogLeaf leaf;
  leaf.name = in.Bytes();
  leaf.kind = in.Fixed<LeafKind>();
  const auto flags = in.Fixed<std::uint8_t>();
  leaf.escaped = (flags & 1) != 0;
  leaf.trimmed = (flags & 2) != 0;
  leaf.scale = in.Fixed<std::uint8_t>();
  if (!in.ok() || leaf.kind > LeafKind::kToken || leaf.scale > kScaleLimit) return false;
  const bool number = leaf.kind == LeafKind::kNumber || leaf.kind == LeafKind::kBool;
  const bool good = number ? GetNumberMeta(in, chunks_.size(), leaf.numbers)
                           : GetTextMeta(in, chunks_.size(), leaf.text);
  leaves_.push_back(std::move(leaf));
  return good;
}

bool LogSegment::ParseShapes(std::string_view blob) {
  ByteReader in(blob);
  const std::uint64_t count = in.Varint();
  if (count > blob.size()) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    Shape shape;
    const std::uint64_t leaves = in.Varint();
    if (!in.ok() || leaves > blob.size()) return false;
    for (std::uint64_t j = 0; j <= leaves; ++j) {
      shape.text += in.Bytes();
      shape.ends.push_back(static_cast<std::uint32_t>(shape.text.size()));
    }
    for (std::uint64_t j = 0; j < leaves; ++j) {
      const std::uint64_t leaf = in.Varint();
      if (leaf >= leaves_.size()) return false;
      shape.leaves.push_back(static_cast<std::uint32_t>(leaf));
    }
    shapes_.push_back(std::move(shape));
  }
  return in.ok() && in.empty();
}

std::size_t LogSegment::RowsOfChunk(std::size_t chunk) const {
  return std::min(kLogChunkRows, rows_ - chunk * kLogChunkRows);
}

std::size_t LogSegment::FindLeaf(std::string_view name) const {
  const auto it = std::lower_bound(
      by_name_.begin(), by_name_.end(), name,
      [&](std::uint32_t leaf, std::string_view wanted) { return leaves_[leaf].name < wanted; });
  return it != by_name_.end() && leaves_[*it].name == name ? *it : kNoLeaf;
}

Result<std::shared_ptr<const TextColumn>> LogSegment::TextOf(std::size_t leaf) const {
  {
    const std::lock_guard lock(mutex_);
    if (texts_[leaf] != nullptr) return texts_[leaf];
  }
  auto column = std::make_shared<TextColumn>();
  SB_TRY_OK(OpenText(leaves_[leaf].text, *column));
  const std::lock_guard lock(mutex_);
  if (texts_[leaf] == nullptr) texts_[leaf] = std::move(column);
  return texts_[leaf];
}

LogChunk::LogChunk(std::shared_ptr<const LogSegment> segment, std::size_t chunk)
    : segment_(std::move(segment)),
      chunk_(chunk),
      rows_(segment_->RowsOfChunk(chunk)),
      leaves_(segment_->leaves().size()) {}

Result<> LogChunk::DecodeNumbers(const NumberMeta::Chunk& meta, Numbers& out) {
  if (meta.range.size == 0) {
    out.presence = {.all = false};
    return {};
  }
  SB_TRY(const std::string_view block, segment_->Block(meta.range));
  bytes_read_ += block.size();
  ByteReader in(block);
  if (!GetPresence(in, rows_, out.presence) || !GetInts(in, out.presence.count, out.values) ||
      !in.empty()) {
    return segment_->Damage(fmt::format("numbers at {} do not decode", meta.range.offset));
  }
  return {};
}

Result<> LogChunk::DecodeTexts(const ByteRange& range, Texts& out) {
  if (range.size == 0) {
    out.index.assign(rows_, kNoIndex);
    return {};
  }
  SB_TRY(const std::string_view block, segment_->Block(range));
  bytes_read_ += block.size();
  if (!out.column->Decode(block, rows_, out.chunk)) {
    return segment_->Damage(fmt::format("texts at {} do not decode", range.offset));
  }
  out.index = IndexOf(out.chunk.presence, rows_);
  return {};
}

Result<const std::vector<std::int64_t>*> LogChunk::System(LogSegment::System which) {
  auto& values = systems_[which];
  if (!values.has_value()) {
    Numbers numbers;
    SB_TRY_OK(DecodeNumbers(segment_->system(which).chunks[chunk_], numbers));
    if (!numbers.presence.all) return segment_->Damage("a row lacks a system field");
    if (which == LogSegment::kShape) {
      const auto end = kShapeFirst + static_cast<std::int64_t>(segment_->shapes().size());
      for (const std::int64_t shape : numbers.values) {
        if (shape < 0 || shape >= end) return segment_->Damage("a row has an unknown shape");
      }
    }
    values = std::move(numbers.values);
  }
  return &*values;
}

Result<const LogChunk::Numbers*> LogChunk::NumbersOf(std::size_t leaf) {
  Leaf& one = leaves_[leaf];
  if (!one.numbers.has_value()) {
    Numbers numbers;
    SB_TRY_OK(DecodeNumbers(segment_->leaves()[leaf].numbers.chunks[chunk_], numbers));
    one.numbers = std::move(numbers);
    one.index = one.numbers->presence.count == 0 ? std::vector<std::uint16_t>(rows_, kNoIndex)
                                                 : IndexOf(one.numbers->presence, rows_);
  }
  return &*one.numbers;
}

Result<const LogChunk::Texts*> LogChunk::TextsOf(std::size_t leaf) {
  Leaf& one = leaves_[leaf];
  if (!one.texts.has_value()) {
    Texts texts;
    SB_TRY(texts.column, segment_->TextOf(leaf));
    SB_TRY_OK(DecodeTexts(segment_->leaves()[leaf].text.chunks[chunk_], texts));
    one.texts = std::move(texts);
  }
  return &*one.texts;
}

Result<const LogChunk::Texts*> LogChunk::Prefix() {
  if (!prefix_.has_value()) {
    Texts texts;
    texts.column = std::shared_ptr<const TextColumn>(segment_, &segment_->prefix());
    SB_TRY_OK(DecodeTexts(segment_->prefix().meta().chunks[chunk_], texts));
    prefix_ = std::move(texts);
  }
  return &*prefix_;
}

Result<const LogChunk::Texts*> LogChunk::Suffix() {
  if (!suffix_.has_value()) {
    Texts texts;
    texts.column = std::shared_ptr<const TextColumn>(segment_, segment_->suffix());
    SB_TRY_OK(DecodeTexts(segment_->suffix()->meta().chunks[chunk_], texts));
    suffix_ = std::move(texts);
  }
  return &*suffix_;
}

Result<> LogChunk::AppendLeaf(std::size_t leaf, std::size_t row, std::string& out) {
  const LogLeaf& meta = segment_->leaves()[leaf];
  if (meta.kind == LeafKind::kNumber || meta.kind == LeafKind::kBool) {
    SB_TRY(const Numbers* numbers, NumbersOf(leaf));
    const auto& index = leaves_[leaf].index;
    const std::size_t at = index.empty() ? row : index[row];
    if (at == kNoIndex) return segment_->Damage("a line lacks a value of its shape");
    const std::int64_t value = numbers->values[at];
    if (meta.kind == LeafKind::kBool) {
      out += value != 0 ? "true" : "false";
    } else {
      AppendScaled(out, value, meta.scale, meta.trimmed);
    }
    return {};
  }
  SB_TRY(const Texts* texts, TextsOf(leaf));
  const std::size_t at = texts->index.empty() ? row : texts->index[row];
  if (at == kNoIndex) return segment_->Damage("a line lacks a value of its shape");
  if (meta.kind == LeafKind::kText) out += '"';
  texts->column->AppendText(texts->chunk, at, out);
  if (meta.kind == LeafKind::kText) out += '"';
  return {};
}

Result<> LogChunk::AppendMessage(std::size_t row, std::string& out) {
  SB_TRY(const auto* shape_numbers, System(LogSegment::kShape));
  SB_TRY(const Texts* prefix, Prefix());
  const std::size_t at = prefix->index.empty() ? row : prefix->index[row];
  if (at == kNoIndex) return segment_->Damage("a line lacks its text");
  prefix->column->AppendText(prefix->chunk, at, out);
  const std::int64_t number = (*shape_numbers)[row];
  if (number < kShapeFirst) return {};
  const LogSegment::Shape& shape =
      segment_->shapes()[static_cast<std::size_t>(number - kShapeFirst)];
  out += shape.Literal(0);
  for (std::size_t i = 0; i < shape.leaves.size(); ++i) {
    SB_TRY_OK(AppendLeaf(shape.leaves[i], row, out));
    out += shape.Literal(i + 1);
  }
  if (segment_->suffix() == nullptr) return {};
  SB_TRY(const Texts* suffix, Suffix());
  const std::size_t end = suffix->index.empty() ? row : suffix->index[row];
  if (end != kNoIndex) suffix->column->AppendText(suffix->chunk, end, out);
  return {};
}

}  // namespace securebase::events
