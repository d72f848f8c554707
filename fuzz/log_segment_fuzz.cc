// Property: whatever bytes a file holds, opening it as a log segment and reading all of it ends in
// data or in an error, also when somebody has made the footer's checksum fit.
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/file_system.h"
#include "events/internal/log_leaf.h"
#include "events/internal/log_segment.h"
#include "events/internal/log_segment_format.h"
#include "events/internal/prefix_fields.h"

namespace {

using namespace securebase::events;

class BytesFile final : public securebase::MappedFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

void ReadAll(std::string bytes) {
  auto opened = LogSegment::Open(std::make_unique<BytesFile>(std::move(bytes)), "fuzz");
  if (!opened.ok()) return;
  const auto& segment = *opened;
  PrefixFields fields(*segment);
  LeafReader leaves(segment);
  for (std::size_t number = 0; number < segment->chunk_count() && number < 8; ++number) {
    LogChunk chunk(segment, number);
    for (int i = 0; i < LogSegment::kSystems; ++i) {
      static_cast<void>(chunk.System(static_cast<LogSegment::System>(i)));
    }
    securebase::query::Column column;
    for (std::size_t leaf = 0; leaf < segment->leaves().size() && leaf < 16; ++leaf) {
      static_cast<void>(leaves.Read(chunk, leaf, column));
    }
    std::string line;
    for (std::size_t i = 0; i < chunk.rows(); ++i) {
      if (!chunk.AppendMessage(i, line).ok()) break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string input(reinterpret_cast<const char*>(data), size);
  ReadAll(input);
  if (size < kLogSegmentTailSize) return 0;
  std::uint64_t footer_size = 0;
  const std::size_t tail = size - kLogSegmentTailSize;
  std::memcpy(&footer_size, input.data() + tail, sizeof footer_size);
  if (footer_size > tail) return 0;
  const std::uint64_t checksum =
      securebase::Checksum(std::string_view(input).substr(tail - footer_size, footer_size));
  std::memcpy(input.data() + tail + 8, &checksum, sizeof checksum);
  ReadAll(std::move(input));
  return 0;
}
