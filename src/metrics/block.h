#pragma once

// Blocks: immutable files of buckets. Format: docs/formats/block.md.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "metrics/bucket_columns.h"
#include "metrics/head.h"

namespace securebase::metrics {

/// What a block holds of one series.
struct SeriesBuckets {
  BucketColumns base;
  /// Roll-up to 3600 s of all that `base` ever held, also of what has left it since. Empty: the
  /// base is whole, and hours are made from it.
  BucketColumns hours;
};

/// Collects series in ascending order of their number and yields the file's bytes.
class BlockBuilder {
 public:
  BlockBuilder();
  /// Nothing is written for no buckets.
  void Add(SeriesId series, const SeriesBuckets& buckets);
  bool empty() const { return entries_.empty(); }
  std::string Finish();

 private:
  struct Entry {
    SeriesId series;
    std::uint32_t bytes;
    std::uint64_t offset;
    std::int64_t first_s;
    std::int64_t last_s;
    std::uint32_t checksum;
  };
  std::string EncodeIndex() const;

  std::string out_;
  std::vector<Entry> entries_;
  // Scratch of Add.
  std::string figures_;
  std::string bins_;
  std::string head_;
  std::string body_;
};

/// A block opened for reading. Thread-safe: immutable.
class Block {
 public:
  /// A series of the block and between which starts its buckets lie.
  struct Span {
    SeriesId series;
    std::int64_t first_s;
    std::int64_t last_s;
  };
  /// What a query wants of a series.
  struct Want {
    std::int64_t first_s;  // starts in [first_s, end_s)
    std::int64_t end_s;
    bool hours = false;  // the roll-up, where the block has one
    bool bins = true;    // sketches
  };

  virtual ~Block() = default;
  /// Checks header, footer and index. Errors: kInternal naming file and offset.
  static Result<std::shared_ptr<const Block>> Open(FileSystem& files, const std::string& path);
  /// The same over bytes in memory; `name` stands for the file in messages.
  static Result<std::shared_ptr<const Block>> Parse(std::string_view bytes, std::string name,
                                                    std::unique_ptr<MappedFile> owner);

  /// Appends what is wanted of a series, ascending by start; buckets outside the range may be
  /// among them. The series' bytes are checked against their checksum before any is used.
  virtual Result<> Read(SeriesId series, const Want& want, BucketColumns& out) const = 0;
  /// All of a series.
  virtual Result<SeriesBuckets> ReadAll(SeriesId series) const = 0;

  virtual std::vector<Span> Spans() const = 0;
  virtual std::size_t series_count() const = 0;
  std::uint64_t size_bytes() const { return bytes_.size(); }
  const std::string& name() const { return name_; }

 protected:
  Block(std::string_view bytes, std::string name, std::unique_ptr<MappedFile> owner);
  Error Damaged(std::uint64_t offset, std::string_view what) const;

  const std::string name_;
  const std::unique_ptr<MappedFile> owner_;
  const std::string_view bytes_;
};

/// Reads blocks of the first version, which the store wrote before it had columns.
Result<std::shared_ptr<const Block>> ParseBlockV1(std::string_view bytes, std::string name,
                                                  std::unique_ptr<MappedFile> owner);
inline constexpr std::string_view kBlockMagicV1 = "SBMBLK01";

}  // namespace securebase::metrics
