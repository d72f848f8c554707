#include "metrics/block.h"

#include <fmt/format.h>

#include <limits>

#include "base/bytes.h"
#include "base/check.h"
#include "metrics/bucket_codec.h"

namespace securebase::metrics {
namespace {

constexpr std::string_view kMagic = "SBMBLK01";

// The file ends with a footer of fixed size that finds and proves the index.
struct Footer {
  std::uint64_t index_offset;
  std::uint64_t index_bytes;
  std::uint64_t index_checksum;
  std::uint64_t footer_checksum;  // of the three before
};

// One series in the index, ascending by number.
struct IndexEntry {
  std::uint64_t offset;
  std::uint64_t checksum;  // of the series' bytes
  std::int64_t first_s;
  std::int64_t last_s;
  std::uint32_t bytes;
  SeriesId series;
};
static_assert(sizeof(IndexEntry) == 40 && sizeof(Footer) == 32, "these are the file's layout");

std::uint64_t FooterChecksum(const Footer& footer) {
  return Checksum(std::string_view(reinterpret_cast<const char*>(&footer),
                                   sizeof footer - sizeof footer.footer_checksum));
}

IndexEntry EntryAt(std::string_view index, std::size_t i) {
  IndexEntry entry;
  std::memcpy(&entry, index.data() + i * sizeof entry, sizeof entry);
  return entry;
}

}  // namespace

BlockBuilder::BlockBuilder() : out_(kMagic) {}

void BlockBuilder::Add(SeriesId series, const std::vector<StoredBucket>& buckets) {
  if (buckets.empty()) return;
  SB_CHECK(entries_.empty() || entries_.back().series < series);
  const std::size_t offset = out_.size();
  PutVarint(out_, buckets.size());
  std::int64_t previous_s = 0;
  for (const StoredBucket& stored : buckets) {
    // The low bit tells the resolution; starts ascend, so the step is never negative after the
    // first.
    PutVarint(out_, ZigZag(stored.start_s - previous_s) << 1 | (stored.resolution_s == 1 ? 1 : 0));
    BucketCodec::Encode(stored.bucket, out_);
    previous_s = stored.start_s;
  }
  const std::size_t bytes = out_.size() - offset;
  SB_CHECK(bytes <= std::numeric_limits<std::uint32_t>::max());
  entries_.push_back({series, static_cast<std::uint32_t>(bytes), offset, buckets.front().start_s,
                      buckets.back().start_s,
                      Checksum(std::string_view(out_).substr(offset, bytes))});
}

std::string BlockBuilder::Finish() {
  Footer footer{};
  footer.index_offset = out_.size();
  for (const Entry& e : entries_) {
    PutFixed(out_, IndexEntry{e.offset, e.checksum, e.first_s, e.last_s, e.bytes, e.series});
  }
  footer.index_bytes = out_.size() - footer.index_offset;
  footer.index_checksum = Checksum(std::string_view(out_).substr(footer.index_offset));
  footer.footer_checksum = FooterChecksum(footer);
  PutFixed(out_, footer);
  return std::move(out_);
}

Error Block::Damaged(std::uint64_t offset, std::string_view what) const {
  return Internal(fmt::format("block {} is damaged at offset {}: {}", name_, offset, what));
}

Result<std::shared_ptr<const Block>> Block::Open(FileSystem& files, const std::string& path) {
  SB_TRY(std::unique_ptr<MappedFile> mapped, files.Map(path));
  const std::string_view bytes = mapped->bytes();
  return Parse(bytes, path, std::move(mapped));
}

Result<std::shared_ptr<const Block>> Block::Parse(std::string_view bytes, std::string name,
                                                  std::unique_ptr<MappedFile> owner) {
  std::shared_ptr<Block> block(new Block());
  block->name_ = std::move(name);
  block->owner_ = std::move(owner);
  block->bytes_ = bytes;
  if (bytes.size() < kMagic.size() + sizeof(Footer) || !bytes.starts_with(kMagic)) {
    return block->Damaged(0, "not a block, or of another version");
  }
  const std::size_t footer_offset = bytes.size() - sizeof(Footer);
  Footer footer;
  std::memcpy(&footer, bytes.data() + footer_offset, sizeof footer);
  if (footer.footer_checksum != FooterChecksum(footer)) {
    return block->Damaged(footer_offset, "the footer's checksum does not fit");
  }
  if (footer.index_offset < kMagic.size() || footer.index_offset > footer_offset ||
      footer.index_bytes != footer_offset - footer.index_offset ||
      footer.index_bytes % sizeof(IndexEntry) != 0) {
    return block->Damaged(footer_offset, "the footer points outside the file");
  }
  block->index_ = bytes.substr(footer.index_offset, footer.index_bytes);
  block->index_offset_ = footer.index_offset;
  if (Checksum(block->index_) != footer.index_checksum) {
    return block->Damaged(footer.index_offset, "the index's checksum does not fit");
  }
  return std::shared_ptr<const Block>(std::move(block));
}

std::vector<Block::Span> Block::Spans() const {
  std::vector<Span> spans;
  for (std::size_t i = 0; i < index_.size() / sizeof(IndexEntry); ++i) {
    const IndexEntry entry = EntryAt(index_, i);
    spans.push_back({entry.series, entry.first_s, entry.last_s});
  }
  return spans;
}

Result<> Block::Visit(SeriesId series, std::int64_t first_s, std::int64_t end_s,
                      const std::function<void(const StoredBucket&)>& visit) const {
  std::size_t low = 0, high = index_.size() / sizeof(IndexEntry);
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (EntryAt(index_, middle).series < series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == index_.size() / sizeof(IndexEntry)) return {};
  const IndexEntry entry = EntryAt(index_, low);
  if (entry.series != series || entry.last_s < first_s || entry.first_s >= end_s) return {};
  if (entry.offset < kMagic.size() || entry.offset > index_offset_ ||
      entry.bytes > index_offset_ - entry.offset) {
    return Damaged(index_offset_ + low * sizeof entry, "an index entry points outside the data");
  }
  const std::string_view bytes = bytes_.substr(entry.offset, entry.bytes);
  if (Checksum(bytes) != entry.checksum) {
    return Damaged(entry.offset, "the checksum of a series does not fit");
  }
  ByteReader reader(bytes);
  StoredBucket stored;
  for (std::uint64_t left = reader.Varint(); left > 0; --left) {
    const std::uint64_t step = reader.Varint();
    // Unsigned: hostile bytes must not overflow.
    stored.start_s = static_cast<std::int64_t>(static_cast<std::uint64_t>(stored.start_s) +
                                               static_cast<std::uint64_t>(UnZigZag(step >> 1)));
    stored.resolution_s = (step & 1) != 0 ? 1 : 60;
    Result<Bucket> bucket = BucketCodec::Decode(reader);
    if (!bucket.ok()) return Damaged(entry.offset, bucket.error().message());
    if (stored.start_s >= end_s) break;
    if (stored.start_s < first_s) continue;
    stored.bucket = *std::move(bucket);
    visit(stored);
  }
  return {};
}

}  // namespace securebase::metrics
