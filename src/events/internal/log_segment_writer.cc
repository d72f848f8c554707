#include <algorithm>
#include <deque>
#include <limits>

#include "base/check.h"
#include "base/log.h"
#include "events/internal/json_shapes.h"
#include "events/internal/log_segment.h"
#include "events/internal/log_segment_format.h"
#include "events/internal/platform_lines.h"

namespace securebase::events {
namespace {

constexpr std::size_t kLeavesMax = 1000;  // columns of a segment

struct LeafCell {
  std::uint32_t row;
  FieldKind kind;
  bool escaped;
  std::string_view token;
};

/// A decimal as an integer times a power of ten.
struct Scaled {
  std::int64_t mantissa = 0;
  int decimals = 0;
  bool zero_last = false;  // the fraction ends in one
};

constexpr int kDigitsMax = 15;     // of a decimal: a double gives them back
constexpr int kIntDigitsMax = 18;  // of an integer
constexpr std::int64_t kPowers[] = {1,
                                    10,
                                    100,
                                    1'000,
                                    10'000,
                                    100'000,
                                    1'000'000,
                                    10'000'000,
                                    100'000'000,
                                    1'000'000'000,
                                    10'000'000'000,
                                    100'000'000'000,
                                    1'000'000'000'000,
                                    10'000'000'000'000,
                                    100'000'000'000'000,
                                    1'000'000'000'000'000};

// Only what AppendScaled writes the same way again.
bool ParseScaled(std::string_view token, Scaled& out) {
  const bool negative = token.front() == '-';
  if (negative) token.remove_prefix(1);
  if (token.size() > kIntDigitsMax) return false;
  out = {};
  bool point = false;
  for (const char c : token) {
    if (c == '.') {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return false;  // an exponent
    out.mantissa = out.mantissa * 10 + (c - '0');
    if (point) ++out.decimals;
  }
  if (negative && out.mantissa == 0) return false;
  if (point && out.mantissa >= kPowers[kDigitsMax]) return false;
  out.zero_last = point && token.back() == '0';
  if (negative) out.mantissa = -out.mantissa;
  return true;
}

/// The cells of one leaf.
struct LeafBuffer {
  std::vector<LeafCell> cells;
  bool seen[4] = {};  // by FieldKind
  bool escaped = false;
};

class SegmentBuilder {
 public:
  SegmentBuilder(std::uint32_t group_id, std::span<const LogRow> rows, bool shred)
      : group_id_(group_id),
        rows_(rows),
        shred_(shred),
        chunks_((rows.size() + kLogChunkRows - 1) / kLogChunkRows) {
    letters_.resize(chunks_.size());
  }

  std::string Build() {
    file_.append(kLogSegmentMagic);
    for (std::uint32_t row = 0; row < rows_.size(); ++row) Shred(row);
    std::string footer;
    PutVarint(footer, group_id_);
    PutVarint(footer, rows_.size());
    for (const LogSegment::ChunkInfo& chunk : chunks_) {
      PutVarint(footer, chunk.message_bytes);
      PutFixed<std::uint8_t>(footer, (chunk.has_text ? 1 : 0) | (chunk.has_opaque ? 2 : 0));
    }
    WriteSystems(footer);
    PutTextMeta(footer, WriteTextColumn(file_, rows_.size(), prefixes_, letters_));
    PutFixed<std::uint8_t>(footer, suffixes_.empty() ? 0 : 1);
    if (!suffixes_.empty()) {
      PutTextMeta(footer, WriteTextColumn(file_, rows_.size(), suffixes_, letters_));
    }
    WriteLeaves(footer);
    WriteShapes(footer);
    WriteFilters(footer);
    return Finish(footer);
  }

 private:
  LogSegment::ChunkInfo& ChunkOf(std::uint32_t row) { return chunks_[row / kLogChunkRows]; }

  void Shred(std::uint32_t row) {
    const std::string_view message = rows_[row].message;
    ChunkOf(row).message_bytes += message.size();
    JsonShapes::Parsed parsed;
    std::size_t begin = 0;
    const bool json = shred_ && shapes_.Find(message, begin, parsed);
    if (!json) return AddText(row, message, shred_ ? kShapeText : kShapeOpaque);
    if (!TakesShape(parsed.shape)) return AddText(row, message, kShapeOpaque);
    const std::uint32_t shape = NumberOf(*parsed.shape, row);
    shape_cells_.push_back({row, kShapeFirst + shape});
    prefixes_.push_back({row, message.substr(0, begin)});
    if (begin > 0) ChunkOf(row).has_text = true;
    const std::string_view suffix = message.substr(begin + parsed.size);
    if (!suffix.empty()) suffixes_.push_back({row, suffix});
    for (std::size_t i = 0; i < parsed.leaves->size(); ++i) {
      const JsonLeaf& leaf = (*parsed.leaves)[i];
      AddCell((*parsed.names)[i],
              {row, leaf.kind, leaf.escaped,
               std::string_view(leaf.begin, static_cast<std::size_t>(leaf.end - leaf.begin))});
    }
    if (begin == 0) AddPlatformFields(row, message, parsed);
  }

  // Lambda's JSON lines have the fields of its text lines too.
  void AddPlatformFields(std::uint32_t row, std::string_view message,
                         const JsonShapes::Parsed& parsed) {
    if (message.substr(0, 256).find("platform.") == message.npos) return;
    fields_.clear();
    for (std::size_t i = 0; i < parsed.leaves->size(); ++i) {
      const std::uint32_t id = (*parsed.names)[i];
      const JsonLeaf& leaf = (*parsed.leaves)[i];
      fields_.push_back(
          {.name = names_.NameOf(id), .name_id = id, .kind = leaf.kind, .text = leaf.Text()});
    }
    const std::size_t count = fields_.size();
    platform_.DiscoverJson(message, fields_);
    for (std::size_t i = count; i < fields_.size(); ++i) {
      const bool quoted = fields_[i].kind == FieldKind::kString;
      const std::string_view text = fields_[i].text;
      // As a token, in memory that stays.
      const bool escaped = text.find('\\') != text.npos || text.find('"') != text.npos;
      if (escaped) continue;
      kept_.push_back(quoted ? '"' + std::string(text) + '"' : std::string(text));
      AddCell(fields_[i].name_id, {row, fields_[i].kind, false, kept_.back()});
    }
  }

  void AddText(std::uint32_t row, std::string_view message, std::int64_t shape) {
    shape_cells_.push_back({row, shape});
    prefixes_.push_back({row, message});
    (shape == kShapeText ? ChunkOf(row).has_text : ChunkOf(row).has_opaque) = true;
  }

  // Shapes that name a leaf twice or would add too many columns are left to a later discovery.
  bool TakesShape(const JsonShape* shape) {
    if (shape == nullptr) return false;
    if (verdicts_.size() <= shape->number) verdicts_.resize(shape->number + 1, 0);
    char& verdict = verdicts_[shape->number];
    if (verdict == 0) {
      std::size_t added = 0;
      bool good = true;
      for (const std::uint32_t id : shape->names) {
        good = good && id != DiscoveredField::kNoId;
        if (good && (id >= buffers_.size() || buffers_[id].cells.empty())) ++added;
      }
      good = good && leaf_count_ + added <= kLeavesMax;
      verdict = good ? 1 : 2;
    }
    return verdict == 1;
  }

  std::uint32_t NumberOf(const JsonShape& shape, std::uint32_t row) {
    if (shape_numbers_.size() <= shape.number) shape_numbers_.resize(shape.number + 1, 0);
    std::uint32_t& number = shape_numbers_[shape.number];
    if (number == 0) {
      used_shapes_.push_back(&shape);
      shape_told_.push_back(0);
      number = static_cast<std::uint32_t>(used_shapes_.size());
    }
    const auto chunk = static_cast<std::uint32_t>(row / kLogChunkRows + 1);
    if (shape_told_[number - 1] != chunk) {
      shape_told_[number - 1] = chunk;
      // Between the literals stands something that is no letter or is told by its own column.
      for (std::size_t i = 0; i <= shape.leaves(); ++i) letters_[chunk - 1].Add(shape.Literal(i));
    }
    return number - 1;
  }

  void AddCell(std::uint32_t id, const LeafCell& cell) {
    if (buffers_.size() <= id) buffers_.resize(id + 1);
    LeafBuffer& buffer = buffers_[id];
    if (buffer.cells.empty()) ++leaf_count_;
    buffer.seen[static_cast<int>(cell.kind)] = true;
    buffer.escaped = buffer.escaped || cell.escaped;
    buffer.cells.push_back(cell);
  }

  void WriteSystems(std::string& footer) {
    std::vector<NumberCell> cells(rows_.size());
    const auto write = [&](auto value_of) {
      for (std::uint32_t i = 0; i < rows_.size(); ++i) cells[i] = {i, value_of(rows_[i])};
      PutNumberMeta(footer, WriteNumberColumn(file_, rows_.size(), cells));
    };
    write([](const LogRow& row) { return row.time_ms; });
    write([](const LogRow& row) { return row.ingested_ms; });
    write([](const LogRow& row) { return static_cast<std::int64_t>(row.arrival); });
    write([](const LogRow& row) { return static_cast<std::int64_t>(row.ordinal); });
    write([](const LogRow& row) { return std::int64_t{row.stream}; });
    PutNumberMeta(footer, WriteNumberColumn(file_, rows_.size(), shape_cells_));
  }

  void WriteLeaves(std::string& footer) {
    leaf_of_.assign(buffers_.size(), 0);
    PutVarint(footer, leaf_count_);
    std::uint32_t number = 0;
    for (std::uint32_t id = 0; id < buffers_.size(); ++id) {
      if (buffers_[id].cells.empty()) continue;
      leaf_of_[id] = number++;
      PutBytes(footer, names_.NameOf(id));
      WriteLeaf(footer, buffers_[id]);
      buffers_[id].cells = {};
    }
  }

  void WriteLeaf(std::string& footer, const LeafBuffer& buffer) {
    const auto only = [&](FieldKind kind) {
      int kinds = 0;
      for (const bool seen : buffer.seen) kinds += seen ? 1 : 0;
      return kinds == 1 && buffer.seen[static_cast<int>(kind)];
    };
    const auto put = [&](LeafKind kind, bool escaped, bool trimmed, int scale) {
      PutFixed(footer, kind);
      PutFixed<std::uint8_t>(footer, (escaped ? 1 : 0) | (trimmed ? 2 : 0));
      PutFixed(footer, static_cast<std::uint8_t>(scale));
    };
    if (only(FieldKind::kBool)) {
      put(LeafKind::kBool, false, false, 0);
      numbers_.clear();
      for (const LeafCell& cell : buffer.cells) {
        numbers_.push_back({cell.row, cell.token.front() == 't' ? 1 : 0});
        letters_[cell.row / kLogChunkRows].Add(cell.token);
      }
      return PutNumberMeta(footer, WriteNumberColumn(file_, rows_.size(), numbers_));
    }
    int scale = 0;
    bool trimmed = false;
    if (only(FieldKind::kNumber) && ScaleNumbers(buffer, scale, trimmed)) {
      put(LeafKind::kNumber, false, trimmed, scale);
      return PutNumberMeta(footer, WriteNumberColumn(file_, rows_.size(), numbers_));
    }
    const bool text = only(FieldKind::kString);
    put(text ? LeafKind::kText : LeafKind::kToken, buffer.escaped, false, 0);
    texts_.clear();
    for (const LeafCell& cell : buffer.cells) {
      std::string_view token = cell.token;
      if (text) token = token.substr(1, token.size() - 2);
      texts_.push_back({cell.row, token});
    }
    PutTextMeta(footer, WriteTextColumn(file_, rows_.size(), texts_, letters_));
  }

  // Fills numbers_ where one scale gives every number's text back.
  bool ScaleNumbers(const LeafBuffer& buffer, int& scale, bool& trimmed) {
    scaled_.clear();
    int decimals_min = kIntDigitsMax;
    bool zero_last = false;
    scale = 0;
    for (const LeafCell& cell : buffer.cells) {
      Scaled& one = scaled_.emplace_back();
      if (!ParseScaled(cell.token, one)) return false;
      decimals_min = std::min(decimals_min, one.decimals);
      scale = std::max(scale, one.decimals);
      zero_last = zero_last || one.zero_last;
    }
    trimmed = decimals_min != scale;
    if (scale > kDigitsMax || (trimmed && zero_last)) return false;
    numbers_.clear();
    for (std::size_t i = 0; i < scaled_.size(); ++i) {
      const std::int64_t power = kPowers[scale - scaled_[i].decimals];
      const std::int64_t mantissa = scaled_[i].mantissa;
      // In a column of decimals the whole numbers must fit a double's digits too.
      const std::int64_t limit =
          scale == 0 ? std::numeric_limits<std::int64_t>::max() : kPowers[kDigitsMax] - 1;
      if (std::abs(mantissa) > limit / power) return false;
      numbers_.push_back({buffer.cells[i].row, mantissa * power});
    }
    return true;
  }

  void WriteShapes(std::string& footer) {
    std::string plain;
    PutVarint(plain, used_shapes_.size());
    for (const JsonShape* shape : used_shapes_) {
      PutVarint(plain, shape->leaves());
      for (std::size_t i = 0; i <= shape->leaves(); ++i) PutBytes(plain, shape->Literal(i));
      for (const std::uint32_t id : shape->names) PutVarint(plain, leaf_of_[id]);
    }
    std::string block;
    PutBlob(block, plain);
    PutRange(footer, AppendBlock(file_, block));
  }

  void WriteFilters(std::string& footer) {
    std::string plain;
    for (const LetterFilter& filter : letters_) PutBytes(plain, filter.Finish());
    std::string block;
    PutBlob(block, plain);
    PutRange(footer, AppendBlock(file_, block));
  }

  std::string Finish(const std::string& footer) {
    std::string packed;
    PutBlob(packed, footer);
    file_ += packed;
    PutFixed<std::uint64_t>(file_, packed.size());
    PutFixed<std::uint64_t>(file_, Checksum(packed));
    file_ += kLogSegmentEndMagic;
    return std::move(file_);
  }

  const std::uint32_t group_id_;
  const std::span<const LogRow> rows_;
  const bool shred_;
  std::string file_;
  std::vector<LogSegment::ChunkInfo> chunks_;
  std::vector<LetterFilter> letters_;  // by chunk

  NameTable names_;
  JsonShapes shapes_{names_};
  PlatformLines platform_{names_};
  std::vector<DiscoveredField> fields_;
  std::deque<std::string> kept_;
  std::vector<char> verdicts_;                // by JsonShape::number
  std::vector<std::uint32_t> shape_numbers_;  // the same; 0: not used yet
  std::vector<const JsonShape*> used_shapes_;
  std::vector<std::uint32_t> shape_told_;  // the chunk that its literals were told to, plus one

  std::vector<TextCell> prefixes_;
  std::vector<TextCell> suffixes_;
  std::vector<NumberCell> shape_cells_;
  std::vector<LeafBuffer> buffers_;     // by name
  std::vector<std::uint32_t> leaf_of_;  // by name
  std::size_t leaf_count_ = 0;

  // Scratch.
  std::vector<NumberCell> numbers_;
  std::vector<Scaled> scaled_;
  std::vector<TextCell> texts_;
};

class BytesFile final : public MappedFile {
 public:
  explicit BytesFile(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string_view bytes_;
};

bool GivesBack(std::string_view file, std::span<const LogRow> rows) {
  auto segment = LogSegment::Open(std::make_unique<BytesFile>(file), "a new segment");
  if (!segment.ok()) return false;
  std::string line;
  for (std::size_t chunk = 0; chunk < (*segment)->chunk_count(); ++chunk) {
    LogChunk reader(*segment, chunk);
    for (std::size_t i = 0; i < reader.rows(); ++i) {
      line.clear();
      if (!reader.AppendMessage(i, line).ok()) return false;
      if (line != rows[chunk * kLogChunkRows + i].message) return false;
    }
  }
  return true;
}

}  // namespace

std::string BuildLogSegment(std::uint32_t group_id, std::span<const LogRow> rows, bool shred) {
  SB_CHECK(!rows.empty());
  return SegmentBuilder(group_id, rows, shred).Build();
}

std::string BuildVerifiedLogSegment(std::uint32_t group_id, std::span<const LogRow> rows) {
  std::string file = BuildLogSegment(group_id, rows);
  if (GivesBack(file, rows)) return file;
  Log(LogLevel::kError, "log lines do not come back from their columns; they are kept whole",
      {{"group", std::to_string(group_id)}, {"rows", std::to_string(rows.size())}});
  file = BuildLogSegment(group_id, rows, /*shred=*/false);
  SB_CHECK(GivesBack(file, rows), "a log segment does not give its lines back");
  return file;
}

}  // namespace securebase::events
