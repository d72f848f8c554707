// Property: a text that parses as a statistic evaluates on any bucket without a crash, and to a
// finite value where it has one.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "metrics/bucket.h"
#include "metrics/statistic.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase::metrics;
  const auto statistic =
      ParseStatistic(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!statistic.ok()) return 0;
  Bucket bucket;
  for (const double value : {-3.5, 0.0, 1.0, 1.0, 250.0}) {
    bucket.Add(value);
    const auto result = bucket.Evaluate(*statistic);
    if (result && !std::isfinite(*result)) std::abort();
  }
  return 0;
}
