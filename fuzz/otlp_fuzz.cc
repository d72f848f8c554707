// Property: whatever the bytes, an OTLP request is read or refused, and what was read becomes data
// that the store takes: finite, with a name, its distribution as heavy as its count.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "ingest/otlp_metrics.h"

using namespace securebase;
using namespace securebase::ingest;

namespace {

void Convert(const OtlpMetrics& request) {
  constexpr Instant kNow = FromUnixSeconds(1'780'315'200);
  TotalsTracker totals(FromUnixSeconds(0), 1000);
  // Twice: the second time there are totals to compare with.
  for (int i = 0; i < 2; ++i) {
    DataBuilder data(kNow, false);
    TotalsTracker::Undo undo(totals);
    ConvertOtlpMetrics(request, {}, "a", totals, undo, data);
    for (const metrics::Datum& datum : data.TakeData()) {
      if (datum.metric.name.empty()) std::abort();
      for (const auto& [value, count] : datum.values) {
        if (!std::isfinite(value) || !(count > 0)) std::abort();
      }
      if (datum.statistics && datum.statistics->minimum > datum.statistics->maximum) std::abort();
    }
    undo.Roll();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = ReadOtlpMetricsProtobuf(bytes); request.ok()) Convert(*request);
  if (const auto request = ReadOtlpMetricsJson(bytes); request.ok()) Convert(*request);
  return 0;
}
