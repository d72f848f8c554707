// Property: whatever the text, it is read or refused, and what is read is converted.
#include <cstdint>

#include "ingest/scraper.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  using namespace securebase::ingest;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr Instant kNow = FromUnixSeconds(1'780'315'200);
  for (const bool open_metrics : {false, true}) {
    const auto families = ParseExposition(text, open_metrics);
    if (!families.ok()) continue;
    const ScrapeTarget target{.url = "http://host/metrics"};
    TotalsTracker totals(kNow, 100);
    for (int i = 0; i < 2; ++i) {
      DataBuilder builder(kNow, false);
      TotalsTracker::Undo undo(totals);
      ConvertExposition(*families, target, kNow + std::chrono::minutes(i), totals, undo, builder);
    }
  }
  return 0;
}
