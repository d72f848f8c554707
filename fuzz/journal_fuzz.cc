// Property: whatever a journal file holds, reading ends with records or an error, never beyond
// the file; and records that were appended come back as they were, whatever lies behind them.
#include <string>
#include <vector>

#include "base/check.h"
#include "storage/journal_format.h"

namespace {

using namespace securebase;
using namespace securebase::storage;

void ReadAnything(std::string_view file) {
  auto header = DecodeFileHeader(file);
  FileHeader assumed = header.ok() ? *header : FileHeader{.number = 1, .first_sequence = 1};
  auto run = ReadFrames(file, assumed, UINT64_MAX, {});
  SB_CHECK(run.ok());
  SB_CHECK(run->end <= file.size() || run->next_sequence == assumed.first_sequence);
  InspectTail(file, assumed.number, *run);
}

void AppendBeforeAnything(std::string_view rest) {
  constexpr FileHeader kHeader{.number = 7, .first_sequence = 100};
  std::string file = EncodeFileHeader(kHeader);
  std::string_view record = rest.empty() ? std::string_view("x") : rest.substr(0, 100);
  AppendFrame(file, kHeader.number, 100, 0, record);
  AppendFrame(file, kHeader.number, 101, 1, record);
  file.append(rest);
  std::size_t seen = 0;
  auto run = ReadFrames(file, kHeader, 102, [&](Sequence, std::string_view found) -> Result<> {
    SB_CHECK(found == record);
    ++seen;
    return {};
  });
  SB_CHECK(run.ok());
  SB_CHECK(seen == 2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAnything(bytes);
  AppendBeforeAnything(bytes);
  return 0;
}
