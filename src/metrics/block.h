#pragma once

// Blocks: immutable files of buckets. Format: docs/formats/block.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "metrics/head.h"

namespace securebase::metrics {

/// Collects series in ascending order of their number and yields the file's bytes.
class BlockBuilder {
 public:
  BlockBuilder();
  /// `buckets` ascending by start; nothing is written for none.
  void Add(SeriesId series, const std::vector<StoredBucket>& buckets);
  bool empty() const { return entries_.empty(); }
  std::string Finish();

 private:
  struct Entry {
    SeriesId series;
    std::uint32_t bytes;
    std::uint64_t offset;
    std::int64_t first_s;
    std::int64_t last_s;
    std::uint64_t checksum;
  };
  std::string out_;
  std::vector<Entry> entries_;
};

/// A block opened for reading. Thread-safe: immutable.
class Block {
 public:
  /// Checks header, footer and index. Errors: kInternal naming file and offset.
  static Result<std::shared_ptr<const Block>> Open(FileSystem& files, const std::string& path);
  /// The same over bytes in memory; `name` stands for the file in messages.
  static Result<std::shared_ptr<const Block>> Parse(std::string_view bytes, std::string name,
                                                    std::unique_ptr<MappedFile> owner);

  /// Calls `visit` with the buckets of a series that start in [first_s, end_s), ascending. The
  /// series' bytes are checked against their checksum before any is used.
  Result<> Visit(SeriesId series, std::int64_t first_s, std::int64_t end_s,
                 const std::function<void(const StoredBucket&)>& visit) const;

  /// A series of the block and when it has buckets.
  struct Span {
    SeriesId series;
    std::int64_t first_s;
    std::int64_t last_s;
  };
  std::vector<Span> Spans() const;
  std::uint64_t size_bytes() const { return bytes_.size(); }
  const std::string& name() const { return name_; }

 private:
  Block() = default;
  Error Damaged(std::uint64_t offset, std::string_view what) const;

  std::string name_;
  std::unique_ptr<MappedFile> owner_;
  std::string_view bytes_;
  std::string_view index_;
  std::uint64_t index_offset_ = 0;
};

}  // namespace securebase::metrics
