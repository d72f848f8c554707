// Property: whatever the file, reading ends without a crash, and what is read is a percentage
// that agrees with its line counts.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "criteria/coverage_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto coverage = securebase::criteria::ParseCoverageFile(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!coverage.ok()) {
    SB_CHECK(!coverage.error().message().empty());
    return 0;
  }
  SB_CHECK(coverage->percent >= 0 && coverage->percent <= 100);
  SB_CHECK(!coverage->format.empty());
  if (coverage->format == "lcov") {
    SB_CHECK(*coverage->lines_covered <= *coverage->lines_valid);
  }
  return 0;
}
