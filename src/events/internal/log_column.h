#pragma once

// How the columns of a log segment lie on the disk, chunk by chunk. Only the rows that have a
// value are stored. Format: docs/formats/log_segment.md.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "events/internal/column_codec.h"
#include "events/internal/text_split.h"
#include "query/column.h"

namespace securebase::events {

inline constexpr std::size_t kLogChunkRows = query::kBatchRowsMax;

/// Where bytes lie in the file.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
};
void PutRange(std::string& out, const ByteRange& range);
ByteRange GetRange(ByteReader& in);
/// Appends the block to `file` and says where it is.
ByteRange AppendBlock(std::string& file, std::string_view block);

/// Integers of a block: header and packed values. Reading needs 8 readable bytes behind.
void PutInts(std::string& out, std::span<const std::int64_t> values);
bool GetInts(ByteReader& in, std::size_t count, std::vector<std::int64_t>& values);
/// Bytes, compressed where that pays.
void PutBlob(std::string& out, std::string_view bytes);
bool GetBlob(ByteReader& in, std::string& bytes);

/// A value of a text column, ascending in `row`; the text outlives the writing.
struct TextCell {
  std::uint32_t row = 0;
  std::string_view text;
};

enum class TextEncoding : std::uint8_t { kDictionary = 0, kSplit = 1 };

/// What the footer says of a text column.
struct TextMeta {
  TextEncoding encoding = TextEncoding::kDictionary;
  ByteRange values;               // the dictionary, ascending, or the skeletons
  std::vector<ByteRange> chunks;  // size 0: no row of the chunk has a value
};
void PutTextMeta(std::string& out, const TextMeta& meta);
bool GetTextMeta(ByteReader& in, std::size_t chunks, TextMeta& meta);

/// Appends the column's blocks to `file`. `letters` is told the texts that occur in each chunk.
class LetterFilter;
TextMeta WriteTextColumn(std::string& file, std::size_t rows, std::span<const TextCell> cells,
                         std::span<LetterFilter> letters);

struct NumberCell {
  std::uint32_t row = 0;
  std::int64_t value = 0;
};
/// The same for integers.
struct NumberMeta {
  struct Chunk {
    ByteRange range;  // size 0: no value
    std::int64_t min = 0;
    std::int64_t max = 0;
  };
  std::vector<Chunk> chunks;
};
void PutNumberMeta(std::string& out, const NumberMeta& meta);
bool GetNumberMeta(ByteReader& in, std::size_t chunks, NumberMeta& meta);
NumberMeta WriteNumberColumn(std::string& file, std::size_t rows,
                             std::span<const NumberCell> cells);

/// Which rows of a chunk have a value.
struct Presence {
  bool all = false;
  std::vector<std::uint16_t> rows;  // ascending; empty when `all`
  std::size_t count = 0;
  std::size_t RowOf(std::size_t i) const { return all ? i : rows[i]; }
};
bool GetPresence(ByteReader& in, std::size_t chunk_rows, Presence& presence);

/// One chunk of a text column, decoded. Views into the file and into itself.
struct TextChunk {
  struct SlotColumn {
    SlotKind kind = SlotKind::kWord;
    int parameter = 0;
    std::vector<std::int64_t> numbers;
    std::string_view uuids;           // 16 bytes each
    std::vector<std::uint32_t> ends;  // kWord: in `words`
    std::string words;
    std::string_view Word(std::size_t i) const {
      const std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
      return std::string_view(words).substr(begin, ends[i] - begin);
    }
  };
  struct Template {
    std::uint32_t id = 0;
    std::size_t rows = 0;
    std::vector<SlotColumn> slots;
  };

  Presence presence;
  std::vector<std::uint32_t> codes;        // by present row: dictionary or template
  std::vector<std::uint32_t> ordinal;      // split: which row of its template it is
  std::vector<Template> templates;         // split: those that occur, ascending
  std::vector<std::uint32_t> template_of;  // split: by template id, index in templates + 1

  const Template& TemplateOf(std::uint32_t id) const { return templates[template_of[id] - 1]; }
};

/// A text column of an open segment.
class TextColumn {
 public:
  /// `bytes` is the file, `values` the verified, decoded values block.
  bool Open(TextMeta meta, std::string values);

  const TextMeta& meta() const { return meta_; }
  bool is_dictionary() const { return meta_.encoding == TextEncoding::kDictionary; }
  /// Dictionary values, ascending; or skeletons.
  const std::vector<std::string_view>& values() const { return values_; }
  const std::vector<SkeletonPart>& PartsOfTemplate(std::uint32_t id) const { return parts_[id]; }

  /// `block` is verified.
  bool Decode(std::string_view block, std::size_t chunk_rows, TextChunk& chunk) const;
  /// Appends the text of the i-th present row.
  void AppendText(const TextChunk& chunk, std::size_t i, std::string& out) const;
  static void AppendSlotText(const TextChunk::SlotColumn& slot, std::size_t i, std::string& out);

  std::size_t memory_bytes() const;

 private:
  bool DecodeSlots(ByteReader& in, TextChunk& chunk) const;

  TextMeta meta_;
  std::string bytes_;
  std::vector<std::string_view> values_;
  std::vector<std::vector<SkeletonPart>> parts_;  // split
};

/// Which runs of three letters occur in the texts of a chunk: a needle with a run that does not
/// occur is in none of them. Letters are a-z, A-Z, _ and bytes from 0x80.
class LetterFilter {
 public:
  void Add(std::string_view text);
  /// The bits to keep, small where there are few runs.
  std::string Finish() const;
  /// False only where no text that was added has the needle.
  static bool MayContain(std::string_view bits, std::string_view needle);

 private:
  std::vector<std::uint32_t> runs_;  // sorted now and then
  std::vector<std::uint64_t> seen_;  // a bit for each hash of a run
};

}  // namespace securebase::events
