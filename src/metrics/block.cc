#include "metrics/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace securebase::metrics {
namespace {

constexpr std::string_view kMagic = "SBMBLK02";
constexpr std::size_t kSeriesPerPage = 64;

// The file ends with a footer of fixed size that finds and proves the index.
struct Footer {
  std::uint64_t index_offset;
  std::uint64_t index_bytes;
  std::uint64_t pages;
  std::uint64_t series;
  std::int64_t first_s;  // of all series
  std::uint64_t index_checksum;
  std::uint64_t footer_checksum;  // of all before
};

// The index begins with one of these a page, ascending.
struct PageEntry {
  std::uint64_t data_offset;  // of the page's first series in the file
  std::uint32_t page_offset;  // in the index, after the page entries
  SeriesId first_series;
};
static_assert(sizeof(PageEntry) == 16 && sizeof(Footer) == 56, "these are the file's layout");

std::uint64_t FooterChecksum(const Footer& footer) {
  return Checksum(std::string_view(reinterpret_cast<const char*>(&footer),
                                   sizeof footer - sizeof footer.footer_checksum));
}

std::uint32_t ShortChecksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(Checksum(bytes));
}

// A series' head lists its chunks: the base's, then the hours'.
struct ChunkEntry {
  std::uint64_t count = 0;
  std::int64_t first_s = 0;
  std::int64_t last_s = 0;
  std::uint64_t figures_bytes = 0;
  std::uint64_t bins_bytes = 0;
  std::uint64_t offset = 0;  // behind the head
};

void EncodeColumns(const BucketColumns& columns, std::string& head, std::string& body,
                   std::string& figures, std::string& bins) {
  PutVarint(head, (columns.size() + kChunkBuckets - 1) / kChunkBuckets);
  std::int64_t previous_s = 0;
  for (std::size_t from = 0; from < columns.size(); from += kChunkBuckets) {
    const std::size_t to = std::min(columns.size(), from + kChunkBuckets);
    figures.clear();
    bins.clear();
    EncodeChunk(columns, from, to, figures, bins);
    PutVarint(head, to - from);
    PutVarint(head, ZigZag(columns.start_s[from] - previous_s));
    PutVarint(head, static_cast<std::uint64_t>(columns.start_s[to - 1] - columns.start_s[from]));
    PutVarint(head, figures.size());
    PutVarint(head, bins.size());
    previous_s = columns.start_s[to - 1];
    body += figures;
    body += bins;
  }
}

bool ReadChunkEntries(ByteReader& reader, std::uint64_t& offset, std::vector<ChunkEntry>& out) {
  const std::uint64_t chunks = reader.Varint();
  if (chunks > reader.remaining()) return false;
  std::int64_t previous_s = 0;
  for (std::uint64_t i = 0; i < chunks; ++i) {
    ChunkEntry& entry = out.emplace_back();
    entry.count = reader.Varint();
    // Unsigned: hostile bytes must not overflow.
    entry.first_s =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(previous_s) +
                                  static_cast<std::uint64_t>(UnZigZag(reader.Varint())));
    entry.last_s =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(entry.first_s) + reader.Varint());
    entry.figures_bytes = reader.Varint();
    entry.bins_bytes = reader.Varint();
    entry.offset = offset;
    previous_s = entry.last_s;
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
    if (entry.figures_bytes > kMax || entry.bins_bytes > kMax || entry.count == 0) return false;
    offset += entry.figures_bytes + entry.bins_bytes;
  }
  return reader.ok();
}

class BlockV2 final : public Block {
 public:
  BlockV2(std::string_view bytes, std::string name, std::unique_ptr<MappedFile> owner)
      : Block(bytes, std::move(name), std::move(owner)) {}

  Result<> Load();
  Result<> Read(SeriesId series, const Want& want, BucketColumns& out) const override;
  Result<SeriesBuckets> ReadAll(SeriesId series) const override;
  std::vector<Span> Spans() const override;
  std::size_t series_count() const override { return footer_.series; }

 private:
  /// A series as the index has it.
  struct Found {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint32_t checksum = 0;
    Span span{};
  };
  struct Chunks {
    std::string_view body;
    std::vector<ChunkEntry> base, hours;
  };

  PageEntry PageAt(std::size_t page) const {
    PageEntry entry;
    std::memcpy(&entry, bytes_.data() + footer_.index_offset + page * sizeof entry, sizeof entry);
    return entry;
  }
  /// Calls `visit(Found)` for each series of a page until it returns false. False: damaged.
  template <class Visit>
  bool VisitPage(std::size_t page, Visit&& visit) const;
  Result<std::optional<Found>> Find(SeriesId series) const;
  Result<> ReadChunks(const Found& found, Chunks& chunks) const;
  Result<> Decode(const Found& found, const Chunks& chunks, const ChunkEntry& entry, bool bins,
                  BucketColumns& out) const;

  Footer footer_{};
};

template <class Visit>
bool BlockV2::VisitPage(std::size_t page, Visit&& visit) const {
  const PageEntry entry = PageAt(page);
  const std::string_view pages = bytes_.substr(footer_.index_offset, footer_.index_bytes)
                                     .substr(footer_.pages * sizeof(PageEntry));
  if (entry.page_offset > pages.size()) return false;
  ByteReader reader(pages.substr(entry.page_offset));
  const std::uint64_t count = reader.Varint();
  if (count > kSeriesPerPage) return false;
  Found found;
  found.offset = entry.data_offset;
  found.span.series = entry.first_series;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = reader.Varint();
    if (step > std::numeric_limits<SeriesId>::max()) return false;
    found.span.series += static_cast<SeriesId>(step);
    found.bytes = reader.Varint();
    found.checksum = reader.Fixed<std::uint32_t>();
    // Unsigned: hostile bytes must not overflow.
    const std::uint64_t first = static_cast<std::uint64_t>(footer_.first_s) + reader.Varint();
    found.span.first_s = static_cast<std::int64_t>(first);
    found.span.last_s = static_cast<std::int64_t>(first + reader.Varint());
    if (!reader.ok() || found.offset < kMagic.size() || found.offset > footer_.index_offset ||
        found.bytes > footer_.index_offset - found.offset) {
      return false;
    }
    if (!visit(found)) return true;
    found.offset += found.bytes;
  }
  return true;
}

Result<> BlockV2::Load() {
  if (bytes_.size() < kMagic.size() + sizeof(Footer)) return Damaged(0, "it is too short");
  const std::size_t footer_offset = bytes_.size() - sizeof(Footer);
  std::memcpy(&footer_, bytes_.data() + footer_offset, sizeof footer_);
  if (footer_.footer_checksum != FooterChecksum(footer_)) {
    return Damaged(footer_offset, "the footer's checksum does not fit");
  }
  if (footer_.index_offset < kMagic.size() || footer_.index_offset > footer_offset ||
      footer_.index_bytes != footer_offset - footer_.index_offset ||
      footer_.pages > footer_.index_bytes / sizeof(PageEntry)) {
    return Damaged(footer_offset, "the footer points outside the file");
  }
  if (Checksum(bytes_.substr(footer_.index_offset, footer_.index_bytes)) !=
      footer_.index_checksum) {
    return Damaged(footer_.index_offset, "the index's checksum does not fit");
  }
  return {};
}

std::vector<Block::Span> BlockV2::Spans() const {
  std::vector<Span> spans;
  for (std::size_t page = 0; page < footer_.pages; ++page) {
    // A page that does not decode ends there; reading any of its series says so.
    (void)VisitPage(page, [&](const Found& found) {
      spans.push_back(found.span);
      return true;
    });
  }
  return spans;
}

Result<std::optional<BlockV2::Found>> BlockV2::Find(SeriesId series) const {
  std::size_t low = 0, high = footer_.pages;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (PageAt(middle).first_series <= series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::optional<Found> result;
  if (low == 0) return result;
  const bool sound = VisitPage(low - 1, [&](const Found& found) {
    if (found.span.series == series) result = found;
    return found.span.series < series;
  });
  if (!sound) return Damaged(footer_.index_offset, "a page of the index does not decode");
  return result;
}

Result<> BlockV2::ReadChunks(const Found& found, Chunks& chunks) const {
  const std::string_view bytes = bytes_.substr(found.offset, found.bytes);
  if (ShortChecksum(bytes) != found.checksum) {
    return Damaged(found.offset, "the checksum of a series does not fit");
  }
  ByteReader reader(bytes);
  std::uint64_t offset = 0;
  if (!ReadChunkEntries(reader, offset, chunks.base) ||
      !ReadChunkEntries(reader, offset, chunks.hours) || offset != reader.remaining()) {
    return Damaged(found.offset, "the chunks of a series do not decode");
  }
  chunks.body = reader.Rest();
  return {};
}

Result<> BlockV2::Decode(const Found& found, const Chunks& chunks, const ChunkEntry& entry,
                         bool bins, BucketColumns& out) const {
  const std::string_view figures = chunks.body.substr(entry.offset, entry.figures_bytes);
  const std::string_view bin_bytes =
      chunks.body.substr(entry.offset + entry.figures_bytes, entry.bins_bytes);
  if (!DecodeChunk(figures, bins ? &bin_bytes : nullptr, entry.count, out)) {
    return Damaged(found.offset, "a chunk of a series does not decode");
  }
  return {};
}

Result<> BlockV2::Read(SeriesId series, const Want& want, BucketColumns& out) const {
  SB_TRY(const std::optional<Found> found, Find(series));
  if (!found || found->span.last_s < want.first_s || found->span.first_s >= want.end_s) return {};
  Chunks chunks;
  SB_TRY_OK(ReadChunks(*found, chunks));
  for (const ChunkEntry& entry : want.hours && !chunks.hours.empty() ? chunks.hours : chunks.base) {
    if (entry.last_s < want.first_s || entry.first_s >= want.end_s) continue;
    SB_TRY_OK(Decode(*found, chunks, entry, want.bins, out));
  }
  return {};
}

Result<SeriesBuckets> BlockV2::ReadAll(SeriesId series) const {
  SeriesBuckets all;
  SB_TRY(const std::optional<Found> found, Find(series));
  if (!found) return all;
  Chunks chunks;
  SB_TRY_OK(ReadChunks(*found, chunks));
  for (const ChunkEntry& entry : chunks.base) {
    SB_TRY_OK(Decode(*found, chunks, entry, true, all.base));
  }
  for (const ChunkEntry& entry : chunks.hours) {
    SB_TRY_OK(Decode(*found, chunks, entry, true, all.hours));
  }
  return all;
}

}  // namespace

BlockBuilder::BlockBuilder() : out_(kMagic) {}

void BlockBuilder::Add(SeriesId series, const SeriesBuckets& buckets) {
  if (buckets.base.empty() && buckets.hours.empty()) return;
  SB_CHECK(entries_.empty() || entries_.back().series < series);
  const std::size_t offset = out_.size();
  head_.clear();
  body_.clear();
  EncodeColumns(buckets.base, head_, body_, figures_, bins_);
  EncodeColumns(buckets.hours, head_, body_, figures_, bins_);
  out_ += head_;
  out_ += body_;
  const std::size_t bytes = out_.size() - offset;
  SB_CHECK(bytes <= std::numeric_limits<std::uint32_t>::max());
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const BucketColumns* columns : {&buckets.base, &buckets.hours}) {
    if (columns->empty()) continue;
    first = std::min(first, columns->start_s.front());
    last = std::max(last, columns->start_s.back());
  }
  entries_.push_back({series, static_cast<std::uint32_t>(bytes), offset, first, last,
                      ShortChecksum(std::string_view(out_).substr(offset, bytes))});
}

std::string BlockBuilder::Finish() {
  Footer footer{};
  footer.index_offset = out_.size();
  footer.series = entries_.size();
  footer.pages = (entries_.size() + kSeriesPerPage - 1) / kSeriesPerPage;
  footer.first_s = entries_.empty() ? 0 : std::numeric_limits<std::int64_t>::max();
  for (const Entry& entry : entries_) footer.first_s = std::min(footer.first_s, entry.first_s);
  std::string pages;
  for (std::size_t from = 0; from < entries_.size(); from += kSeriesPerPage) {
    const std::size_t to = std::min(entries_.size(), from + kSeriesPerPage);
    SB_CHECK(pages.size() <= std::numeric_limits<std::uint32_t>::max());
    PutFixed(out_, PageEntry{entries_[from].offset, static_cast<std::uint32_t>(pages.size()),
                             entries_[from].series});
    PutVarint(pages, to - from);
    SeriesId previous = entries_[from].series;
    for (std::size_t i = from; i < to; ++i) {
      const Entry& entry = entries_[i];
      PutVarint(pages, entry.series - previous);
      PutVarint(pages, entry.bytes);
      PutFixed(pages, entry.checksum);
      PutVarint(pages, static_cast<std::uint64_t>(entry.first_s - footer.first_s));
      PutVarint(pages, static_cast<std::uint64_t>(entry.last_s - entry.first_s));
      previous = entry.series;
    }
  }
  out_ += pages;
  footer.index_bytes = out_.size() - footer.index_offset;
  footer.index_checksum = Checksum(std::string_view(out_).substr(footer.index_offset));
  footer.footer_checksum = FooterChecksum(footer);
  PutFixed(out_, footer);
  return std::move(out_);
}

Block::Block(std::string_view bytes, std::string name, std::unique_ptr<MappedFile> owner)
    : name_(std::move(name)), owner_(std::move(owner)), bytes_(bytes) {}

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
  if (bytes.starts_with(kBlockMagicV1)) {
    return ParseBlockV1(bytes, std::move(name), std::move(owner));
  }
  if (!bytes.starts_with(kMagic)) {
    return Internal(
        fmt::format("block {} is damaged at offset 0: not a block, or of another version", name));
  }
  auto block = std::make_shared<BlockV2>(bytes, std::move(name), std::move(owner));
  SB_TRY_OK(block->Load());
  return std::shared_ptr<const Block>(std::move(block));
}

}  // namespace securebase::metrics
