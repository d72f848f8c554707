#pragma once

// One segment: events of one log group, ordered by time, as columns in an immutable file. JSON
// lines are a shape and the values in it, text is skeletons and their slots; both give the line
// back byte for byte. Format: docs/formats/log_segment.md.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "events/internal/log_column.h"

namespace securebase::events {

struct LogRow {
  std::int64_t time_ms = 0;
  std::int64_t ingested_ms = 0;
  std::uint64_t arrival = 0;  // order of arrival within the group
  std::uint64_t ordinal = 0;  // the same within the stream
  std::uint32_t stream = 0;   // number within the group
  std::string_view message;
};

/// Written to disk: never renumber.
enum class LeafKind : std::uint8_t {
  kNumber = 0,  // integers, or decimals as integers times 10^scale
  kBool = 1,
  kText = 2,   // strings without their quotes, escapes as they were
  kToken = 3,  // values of several kinds, as they stood in the JSON text
};

/// What the shape column says of a row; a shape's number plus kShapeFirst otherwise.
inline constexpr std::int64_t kShapeText = 0;    // the line is text
inline constexpr std::int64_t kShapeOpaque = 1;  // kept as text; holds JSON that is found anew
inline constexpr std::int64_t kShapeFirst = 2;

/// The bytes of a segment file. Rows ascend in (time, arrival); at least one. `shred`: false
/// keeps every line as it is.
std::string BuildLogSegment(std::uint32_t group_id, std::span<const LogRow> rows,
                            bool shred = true);
/// The same, read back and compared with the rows; lines that differ would be kept whole.
std::string BuildVerifiedLogSegment(std::uint32_t group_id, std::span<const LogRow> rows);

struct LogLeaf {
  std::string name;
  LeafKind kind = LeafKind::kText;
  bool escaped = false;    // kText: some value has a backslash
  bool trimmed = false;    // kNumber: without zeros at the end of the fraction
  std::uint8_t scale = 0;  // kNumber
  NumberMeta numbers;      // kNumber, kBool
  TextMeta text;           // kText, kToken
};

/// An open segment. Blocks are verified when they are read; damage is kInternal and names the
/// file and the place. Thread-safe.
class LogSegment {
 public:
  enum System { kTime, kIngested, kArrival, kOrdinal, kStream, kShape, kSystems };
  static constexpr std::size_t kNoLeaf = static_cast<std::size_t>(-1);

  struct ChunkInfo {
    std::uint64_t message_bytes = 0;
    bool has_text = false;    // rows of kShapeText
    bool has_opaque = false;  // rows of kShapeOpaque
  };
  struct Shape {
    std::string text;
    std::vector<std::uint32_t> ends;    // of the literals, one more than leaves
    std::vector<std::uint32_t> leaves;  // indexes of the leaf columns
    std::string_view Literal(std::size_t i) const {
      const std::uint32_t first = i == 0 ? 0 : ends[i - 1];
      return std::string_view(text).substr(first, ends[i] - first);
    }
  };

  static Result<std::shared_ptr<const LogSegment>> Open(std::unique_ptr<MappedFile> file,
                                                        std::string name);

  std::uint32_t group_id() const { return group_id_; }
  std::size_t rows() const { return rows_; }
  std::size_t chunk_count() const { return chunks_.size(); }
  std::size_t RowsOfChunk(std::size_t chunk) const;
  const ChunkInfo& chunk(std::size_t i) const { return chunks_[i]; }
  const NumberMeta& system(System which) const { return systems_[which]; }
  const std::vector<LogLeaf>& leaves() const { return leaves_; }
  std::size_t FindLeaf(std::string_view name) const;
  const std::vector<Shape>& shapes() const { return shapes_; }
  /// The text before a line's JSON object, or all of it.
  const TextColumn& prefix() const { return prefix_; }
  const TextColumn* suffix() const { return suffix_ ? &*suffix_ : nullptr; }
  std::string_view filter(std::size_t chunk) const { return filters_[chunk]; }
  std::size_t memory_bytes() const { return memory_bytes_; }
  const std::string& name() const { return name_; }

  Result<std::string_view> Block(const ByteRange& range) const;
  /// The values of a text leaf; kept.
  Result<std::shared_ptr<const TextColumn>> TextOf(std::size_t leaf) const;
  Error Damage(std::string_view what) const;

 private:
  LogSegment() = default;
  Result<> Parse();
  bool ParseFooter(std::string_view footer);
  bool ParseLeaf(ByteReader& in);
  bool ParseShapes(std::string_view blob);
  Result<> OpenText(const TextMeta& meta, TextColumn& column) const;

  std::unique_ptr<MappedFile> file_;
  std::string_view bytes_;
  std::string name_;
  std::uint32_t group_id_ = 0;
  std::size_t rows_ = 0;
  std::vector<ChunkInfo> chunks_;
  NumberMeta systems_[kSystems];
  std::vector<LogLeaf> leaves_;
  std::vector<std::uint32_t> by_name_;  // leaves in the order of their names
  std::vector<Shape> shapes_;
  ByteRange shapes_range_;
  ByteRange filters_range_;
  TextMeta prefix_meta_;
  std::optional<TextMeta> suffix_meta_;
  TextColumn prefix_;
  std::optional<TextColumn> suffix_;
  std::string filter_bytes_;
  std::vector<std::string_view> filters_;
  std::size_t memory_bytes_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const TextColumn>> texts_;  // by leaf, guarded by mutex_
};

/// One chunk, its columns decoded when they are asked for. Not thread-safe.
class LogChunk {
 public:
  LogChunk(std::shared_ptr<const LogSegment> segment, std::size_t chunk);

  struct Numbers {
    Presence presence;
    std::vector<std::int64_t> values;  // by present row
  };
  struct Texts {
    std::shared_ptr<const TextColumn> column;
    TextChunk chunk;
    std::vector<std::uint16_t> index;  // by row: which present row; kNoIndex; empty: all present
  };
  static constexpr std::uint16_t kNoIndex = 0xffff;

  const LogSegment& segment() const { return *segment_; }
  std::size_t number() const { return chunk_; }
  std::size_t rows() const { return rows_; }
  /// One value a row.
  Result<const std::vector<std::int64_t>*> System(LogSegment::System which);
  /// kNumber and kBool leaves.
  Result<const Numbers*> NumbersOf(std::size_t leaf);
  /// kText and kToken leaves.
  Result<const Texts*> TextsOf(std::size_t leaf);
  Result<const Texts*> Prefix();
  Result<const Texts*> Suffix();  // the segment has one
  /// Appends the row's line.
  Result<> AppendMessage(std::size_t row, std::string& out);
  /// Bytes of the blocks that were read.
  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  struct Leaf {
    std::optional<Numbers> numbers;
    std::optional<Texts> texts;
    std::vector<std::uint16_t> index;  // of numbers, as Texts::index
  };
  Result<> DecodeNumbers(const NumberMeta::Chunk& meta, Numbers& out);
  Result<> DecodeTexts(const ByteRange& range, Texts& out);
  Result<> AppendLeaf(std::size_t leaf, std::size_t row, std::string& out);

  const std::shared_ptr<const LogSegment> segment_;
  const std::size_t chunk_;
  const std::size_t rows_;
  std::optional<std::vector<std::int64_t>> systems_[LogSegment::kSystems];
  std::vector<Leaf> leaves_;
  std::optional<Texts> prefix_;
  std::optional<Texts> suffix_;
  std::uint64_t bytes_read_ = 0;
};

/// Appends an integer times 10^-scale as the source wrote it.
void AppendScaled(std::string& out, std::int64_t value, int scale, bool trimmed);
inline constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
/// Rounded as reading the text is, for at most 15 digits.
inline double ScaledToDouble(std::int64_t value, int scale) {
  return static_cast<double>(value) / kPowersOfTen[scale];
}

}  // namespace securebase::events
