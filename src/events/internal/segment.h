#pragma once

// One segment: rows of one customer's dataset, ordered by time, as columns in an immutable file.
// Format: docs/formats/segment.md.

#include <atomic>
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
#include "events/internal/column_codec.h"
#include "query/column.h"
#include "query/predicate.h"

namespace securebase::events {

/// A chunk is what one batch holds.
inline constexpr std::size_t kChunkRows = query::kBatchRowsMax;

/// Whose rows a segment holds.
struct SegmentOwner {
  std::string account;
  std::string region;
  std::string customer;
  std::string dataset;
  bool operator==(const SegmentOwner&) const = default;
};

/// A column to write: the arrays as in query::Column, over all rows of the segment.
struct SegmentColumn {
  std::string name;
  query::Type type = query::Type::kString;
  std::vector<std::int64_t> ints;
  std::vector<double> doubles;
  std::vector<std::uint32_t> codes;
  std::vector<std::uint8_t> valid;           // empty: all present
  std::vector<std::string_view> dictionary;  // kString: ascending, without repeats
};

/// The bytes of a segment file. `columns[0]` is the time: kTime, ascending, all present.
/// `rows` > 0.
std::string BuildSegment(const SegmentOwner& owner, std::size_t rows,
                         std::span<const SegmentColumn> columns);

/// An open segment. Each block is verified against its checksum when it is first read; damage is
/// kInternal and names file and offset. Thread-safe.
class Segment {
 public:
  static constexpr std::size_t kNoColumn = static_cast<std::size_t>(-1);

  /// `name` is for messages. Verifies the footer.
  static Result<std::shared_ptr<const Segment>> Open(std::unique_ptr<MappedFile> file,
                                                     std::string name);

  const SegmentOwner& owner() const { return owner_; }
  std::uint64_t rows() const { return rows_; }
  std::size_t chunk_count() const { return chunk_count_; }
  std::size_t RowsOfChunk(std::size_t chunk) const;
  std::size_t column_count() const { return columns_.size(); }
  const std::string& ColumnName(std::size_t column) const { return columns_[column].name; }
  query::Type ColumnType(std::size_t column) const { return columns_[column].type; }
  /// kNoColumn: no row of the segment has the field.
  std::size_t FindColumn(std::string_view name) const;

  Result<std::shared_ptr<const query::Dictionary>> DictionaryOf(std::size_t column) const;
  /// The zone's strings live as long as the segment.
  Result<query::Zone> ZoneOf(std::size_t column, std::size_t chunk) const;
  /// Fills `out` with rows [first, first + count) of the chunk.
  Result<> Read(std::size_t column, std::size_t chunk, std::size_t first, std::size_t count,
                query::Column& out) const;
  /// What the segment holds in memory beside the mapped file.
  std::uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }
  /// Bytes that Read of this chunk and column looks at.
  std::uint64_t BlockBytes(std::size_t column, std::size_t chunk) const;

 private:
  struct Block {
    BlockHeader header;
    std::uint64_t offset = 0;
  };
  struct Column {
    std::string name;
    query::Type type = query::Type::kString;
    std::vector<Block> blocks;  // by chunk
    // Strings only: where the dictionary lies and what it decodes to.
    std::uint64_t dictionary_offset = 0;
    std::uint64_t dictionary_size = 0;  // stored; less than `front_coded_size` when compressed
    std::uint64_t front_coded_size = 0;
    std::uint64_t text_size = 0;
    std::uint64_t value_count = 0;
    std::uint64_t dictionary_checksum = 0;
  };

  Segment() = default;
  Result<> ParseFooter();
  bool ParseColumn(ByteReader& in, std::uint64_t& offset);
  Error Damage(std::uint64_t offset, std::string_view what) const;
  Result<std::string_view> Verified(std::size_t column, std::size_t chunk) const;
  Result<std::shared_ptr<const query::Dictionary>> LoadDictionary(const Column& column) const;

  std::unique_ptr<MappedFile> file_;
  std::string_view bytes_;
  std::string name_;
  SegmentOwner owner_;
  std::uint64_t rows_ = 0;
  std::size_t chunk_count_ = 0;
  std::vector<Column> columns_;
  mutable std::vector<std::atomic<std::uint8_t>> verified_;  // by column * chunk_count_ + chunk

  mutable std::atomic<std::uint64_t> memory_bytes_{0};
  mutable std::mutex mutex_;
  mutable std::vector<std::shared_ptr<const query::Dictionary>> dictionaries_;  // guarded
};

}  // namespace securebase::events
