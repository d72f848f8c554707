#include <algorithm>

#include "base/check.h"
#include "base/compression.h"
#include "events/internal/segment.h"
#include "events/internal/segment_format.h"

namespace securebase::events {
namespace {

using query::Type;

// Each value as the length of what it shares with the one before, and the rest: sorted values
// share much.
std::string FrontCode(std::span<const std::string_view> values) {
  std::string out;
  std::string_view last;
  for (const std::string_view value : values) {
    const auto shared = static_cast<std::size_t>(
        std::mismatch(value.begin(), value.end(), last.begin(), last.end()).first - value.begin());
    PutVarint(out, shared);
    PutBytes(out, value.substr(shared));
    last = value;
  }
  return out;
}

// Blocks and dictionaries go to `body`, what is said of them to `footer`.
class SegmentBuilder {
 public:
  SegmentBuilder(std::size_t rows, std::string& body, std::string& footer)
      : rows_(rows), body_(body), footer_(footer) {}

  void Add(const SegmentColumn& column) {
    SB_CHECK(column.valid.empty() || column.valid.size() == rows_);
    PutBytes(footer_, column.name);
    PutFixed(footer_, column.type);
    if (column.type == Type::kString) AddDictionary(column.dictionary);
    std::uint8_t scale = 0;
    for (std::size_t first = 0; first < rows_; first += kChunkRows) {
      const std::size_t count = std::min(kChunkRows, rows_ - first);
      PutHeader(footer_, AddBlock(column, first, count, scale), column.type, count);
    }
  }

 private:
  void AddDictionary(std::span<const std::string_view> values) {
    std::string coded = FrontCode(values);
    std::uint64_t text_size = 0;
    for (const std::string_view value : values) text_size += value.size();
    PutVarint(footer_, values.size());
    PutVarint(footer_, text_size);
    PutVarint(footer_, coded.size());
    if (coded.size() >= kCompressedDictionaryMin) {
      std::string compressed = Zstd(coded, kDictionaryLevel);
      if (compressed.size() < coded.size()) coded = std::move(compressed);
    }
    PutVarint(footer_, coded.size());
    PutFixed(footer_, Checksum(coded));
    body_.append(coded);
  }

  BlockHeader AddBlock(const SegmentColumn& column, std::size_t first, std::size_t count,
                       std::uint8_t& scale) {
    std::span<const std::uint8_t> valid(column.valid);
    if (!valid.empty()) valid = valid.subspan(first, count);
    switch (column.type) {
      case Type::kString:
        SB_CHECK(column.codes.size() == rows_);
        return EncodeCodes(std::span(column.codes).subspan(first, count), valid, body_);
      case Type::kDouble:
        SB_CHECK(column.doubles.size() == rows_);
        return EncodeDoubles(std::span(column.doubles).subspan(first, count), valid, scale, body_);
      default:
        SB_CHECK(column.ints.size() == rows_);
        return EncodeInts(std::span(column.ints).subspan(first, count), valid,
                          column.type == Type::kTime && IsAscending(column, first, count), body_);
    }
  }

  static bool IsAscending(const SegmentColumn& column, std::size_t first, std::size_t count) {
    const auto begin = column.ints.begin() + static_cast<std::ptrdiff_t>(first);
    return std::is_sorted(begin, begin + static_cast<std::ptrdiff_t>(count));
  }

  const std::size_t rows_;
  std::string& body_;
  std::string& footer_;
};

}  // namespace

std::string BuildSegment(const SegmentOwner& owner, std::size_t rows,
                         std::span<const SegmentColumn> columns) {
  SB_CHECK(rows > 0 && !columns.empty());
  SB_CHECK(columns[0].type == Type::kTime && columns[0].valid.empty());
  SB_CHECK(std::is_sorted(columns[0].ints.begin(), columns[0].ints.end()));
  std::string file(kSegmentMagic);
  std::string footer;
  PutBytes(footer, owner.account);
  PutBytes(footer, owner.region);
  PutBytes(footer, owner.customer);
  PutBytes(footer, owner.dataset);
  PutVarint(footer, rows);
  PutVarint(footer, columns.size());
  SegmentBuilder builder(rows, file, footer);
  for (const SegmentColumn& column : columns) builder.Add(column);
  file.append(footer);
  PutFixed<std::uint64_t>(file, footer.size());
  PutFixed(file, Checksum(footer));
  file.append(kSegmentEndMagic);
  return file;
}

}  // namespace securebase::events
