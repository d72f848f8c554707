// Blocks of the first version (magic SBMBLK01): buckets one after the other, whole series only.
// Read as they are until a merge rewrites them.

#include <fmt/format.h>

#include <cstring>

#include "metrics/block.h"
#include "metrics/bucket_codec.h"

namespace securebase::metrics {
namespace {

struct FooterV1 {
  std::uint64_t index_offset;
  std::uint64_t index_bytes;
  std::uint64_t index_checksum;
  std::uint64_t footer_checksum;  // of the three before
};

struct IndexEntryV1 {
  std::uint64_t offset;
  std::uint64_t checksum;  // of the series' bytes
  std::int64_t first_s;
  std::int64_t last_s;
  std::uint32_t bytes;
  SeriesId series;
};
static_assert(sizeof(IndexEntryV1) == 40 && sizeof(FooterV1) == 32, "these are the file's layout");

class BlockV1 final : public Block {
 public:
  BlockV1(std::string_view bytes, std::string name, std::unique_ptr<MappedFile> owner)
      : Block(bytes, std::move(name), std::move(owner)) {}

  Result<> Load() {
    const std::size_t least = kBlockMagicV1.size() + sizeof(FooterV1);
    if (bytes_.size() < least) return Damaged(0, "it is too short");
    const std::size_t footer_offset = bytes_.size() - sizeof(FooterV1);
    FooterV1 footer;
    std::memcpy(&footer, bytes_.data() + footer_offset, sizeof footer);
    const std::string_view proven(bytes_.data() + footer_offset, 24);
    if (footer.footer_checksum != Checksum(proven)) {
      return Damaged(footer_offset, "the footer's checksum does not fit");
    }
    if (footer.index_offset < kBlockMagicV1.size() || footer.index_offset > footer_offset ||
        footer.index_bytes != footer_offset - footer.index_offset ||
        footer.index_bytes % sizeof(IndexEntryV1) != 0) {
      return Damaged(footer_offset, "the footer points outside the file");
    }
    index_ = bytes_.substr(footer.index_offset, footer.index_bytes);
    index_offset_ = footer.index_offset;
    if (Checksum(index_) != footer.index_checksum) {
      return Damaged(footer.index_offset, "the index's checksum does not fit");
    }
    return {};
  }

  std::size_t series_count() const override { return index_.size() / sizeof(IndexEntryV1); }

  std::vector<Span> Spans() const override {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < series_count(); ++i) {
      const IndexEntryV1 entry = At(i);
      spans.push_back({entry.series, entry.first_s, entry.last_s});
    }
    return spans;
  }

  Result<> Read(SeriesId series, const Want& want, BucketColumns& out) const override {
    std::size_t low = 0, high = series_count();
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (At(middle).series < series) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    if (low == series_count()) return {};
    const IndexEntryV1 entry = At(low);
    if (entry.series != series || entry.last_s < want.first_s || entry.first_s >= want.end_s) {
      return {};
    }
    if (entry.offset < kBlockMagicV1.size() || entry.offset > index_offset_ ||
        entry.bytes > index_offset_ - entry.offset) {
      return Damaged(index_offset_ + low * sizeof entry, "an index entry points outside the data");
    }
    const std::string_view bytes = bytes_.substr(entry.offset, entry.bytes);
    if (Checksum(bytes) != entry.checksum) {
      return Damaged(entry.offset, "the checksum of a series does not fit");
    }
    return Decode(entry.offset, bytes, out);
  }

  Result<SeriesBuckets> ReadAll(SeriesId series) const override {
    SeriesBuckets all;
    SB_TRY_OK(Read(series, {.first_s = INT64_MIN, .end_s = INT64_MAX}, all.base));
    return all;
  }

 private:
  IndexEntryV1 At(std::size_t i) const {
    IndexEntryV1 entry;
    std::memcpy(&entry, index_.data() + i * sizeof entry, sizeof entry);
    return entry;
  }

  Result<> Decode(std::uint64_t offset, std::string_view bytes, BucketColumns& out) const {
    ByteReader reader(bytes);
    std::int64_t start_s = 0;
    for (std::uint64_t left = reader.Varint(); left > 0; --left) {
      const std::uint64_t step = reader.Varint();
      // Unsigned: hostile bytes must not overflow.
      start_s = static_cast<std::int64_t>(static_cast<std::uint64_t>(start_s) +
                                          static_cast<std::uint64_t>(UnZigZag(step >> 1)));
      if (start_s < -(std::int64_t{1} << 46) || start_s > std::int64_t{1} << 46) {
        return Damaged(offset, "a bucket's start is out of range");
      }
      const Result<Bucket> bucket = BucketCodec::Decode(reader);
      if (!bucket.ok()) return Damaged(offset, bucket.error().message());
      out.Append(start_s, (step & 1) != 0 ? 1 : 60, *bucket);
    }
    return {};
  }

  std::string_view index_;
  std::uint64_t index_offset_ = 0;
};

}  // namespace

Result<std::shared_ptr<const Block>> ParseBlockV1(std::string_view bytes, std::string name,
                                                  std::unique_ptr<MappedFile> owner) {
  auto block = std::make_shared<BlockV1>(bytes, std::move(name), std::move(owner));
  SB_TRY_OK(block->Load());
  return std::shared_ptr<const Block>(std::move(block));
}

}  // namespace securebase::metrics
