// Property: whatever lines come, a log segment made of them gives every one back byte for byte.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file_system.h"
#include "events/discovery.h"
#include "events/internal/log_segment.h"

namespace {

using namespace securebase::events;

class BytesFile final : public securebase::MappedFile {
 public:
  explicit BytesFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string_view bytes() const override { return bytes_; }

 private:
  const std::string bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<LogRow> rows;
  Discoverer discoverer;
  // The input many times over, so that skeletons are worth keeping.
  for (int round = 0; round < 30 && rows.size() < 5000; ++round) {
    std::string_view rest = input;
    while (true) {
      const std::size_t end = rest.find('\n');
      LogRow row;
      row.time_ms = static_cast<std::int64_t>(rows.size());
      row.arrival = rows.size();
      row.message = rest.substr(0, end);
      if (round == 0) SB_CHECK(discoverer.Discover(row.message).size() <= kDiscoveredMax);
      rows.push_back(row);
      if (end == rest.npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  auto segment = LogSegment::Open(std::make_unique<BytesFile>(BuildLogSegment(1, rows)), "fuzz");
  SB_CHECK(segment.ok());
  std::string line;
  for (std::size_t number = 0; number < (*segment)->chunk_count(); ++number) {
    LogChunk chunk(*segment, number);
    for (std::size_t i = 0; i < chunk.rows(); ++i) {
      line.clear();
      SB_CHECK(chunk.AppendMessage(i, line).ok());
      SB_CHECK(line == rows[number * kLogChunkRows + i].message);
    }
  }
  return 0;
}
