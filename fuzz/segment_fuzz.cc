// Properties: a segment made of any values reads back those values; and whatever bytes a file
// holds, opening and reading all of it ends in data or in an error (no crash, no read outside),
// also when somebody has made the footer's checksum fit.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/file_system.h"
#include "events/internal/segment.h"
#include "events/internal/segment_format.h"

namespace {

using securebase::events::BuildSegment;
using securebase::events::kChunkRows;
using securebase::events::Segment;
using securebase::events::SegmentColumn;
using securebase::query::Type;

class BytesFile final : public securebase::MappedFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

void ReadAll(std::string bytes) {
  const auto segment = Segment::Open(std::make_unique<BytesFile>(std::move(bytes)), "fuzz");
  if (!segment.ok()) return;
  const Segment& s = **segment;
  std::size_t text_bytes = 0;
  for (std::size_t column = 0; column < s.column_count(); ++column) {
    for (std::size_t chunk = 0; chunk < s.chunk_count(); ++chunk) {
      securebase::query::Column values;
      if (!s.Read(column, chunk, 0, s.RowsOfChunk(chunk), values).ok()) continue;
      if (values.type != Type::kString || values.all_absent) continue;
      for (std::size_t row = 0; row < values.size(); ++row)
        text_bytes += values.StringAt(row).size();
      SB_CHECK(s.ZoneOf(column, chunk).ok());
    }
  }
  static_cast<void>(text_bytes);
}

// The input as the numbers of three columns.
void RoundTrip(std::string_view input) {
  const std::size_t rows = input.size() / 9;
  if (rows == 0) return;
  SegmentColumn time{.name = "time", .type = Type::kTime};
  SegmentColumn integer{.name = "integer", .type = Type::kInt64};
  SegmentColumn real{.name = "real", .type = Type::kDouble};
  std::int64_t now = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto byte = static_cast<unsigned char>(input[i * 9]);
    std::int64_t value;
    std::memcpy(&value, input.data() + i * 9 + 1, sizeof value);
    time.ints.push_back(now += byte);
    integer.ints.push_back(value);
    integer.valid.push_back(byte & 1);
    real.doubles.push_back(0);
    std::memcpy(&real.doubles.back(), &value, sizeof value);
  }
  const std::vector<SegmentColumn> columns = {time, integer, real};
  const auto segment = Segment::Open(
      std::make_unique<BytesFile>(BuildSegment({"a", "r", "c", "d"}, rows, columns)), "fuzz");
  SB_CHECK(segment.ok());
  for (std::size_t row = 0; row < rows; ++row) {
    securebase::query::Column got;
    const auto read = [&](std::size_t column) {
      SB_CHECK((*segment)->Read(column, row / kChunkRows, row % kChunkRows, 1, got).ok());
    };
    read(0);
    SB_CHECK(got.ints[0] == time.ints[row]);
    read(1);
    SB_CHECK(got.IsValid(0) == (integer.valid[row] != 0));
    SB_CHECK(!got.IsValid(0) || got.ints[0] == integer.ints[row]);
    read(2);
    SB_CHECK(std::memcmp(&got.doubles[0], &real.doubles[row], sizeof(double)) == 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  RoundTrip(input);
  ReadAll(std::string(input));
  if (size < securebase::events::kSegmentTailSize) return 0;
  std::string fitted(input);
  std::uint64_t footer_size = 0;
  const std::size_t tail = size - securebase::events::kSegmentTailSize;
  std::memcpy(&footer_size, fitted.data() + tail, sizeof footer_size);
  if (footer_size > tail) return 0;
  const std::uint64_t checksum =
      securebase::Checksum(std::string_view(fitted).substr(tail - footer_size, footer_size));
  std::memcpy(fitted.data() + tail + 8, &checksum, sizeof checksum);
  ReadAll(std::move(fitted));
  return 0;
}
