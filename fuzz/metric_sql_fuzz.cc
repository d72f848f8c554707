// Property: a Metrics Insights query that parses prints to a text that parses to the same query;
// whatever the bytes, parsing and matching a metric end without a crash. The search language of
// SEARCH reads the same bytes.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "metrics/math/internal/insights.h"
#include "metrics/math/internal/search.h"

using namespace securebase;
using namespace securebase::metrics::math;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const metrics::Metric metric{"AWS/EC2", "CPUUtilization", {{"Host", "h-1"}, {"Stage", "dev"}}};
  if (const auto query = ParseInsights(text); query.ok()) {
    const std::string printed = ToText(*query);
    const auto again = ParseInsights(printed);
    SB_CHECK(again.ok());
    SB_CHECK(ToText(*again) == printed);
    query->Selection().accepts(metric);
    SB_CHECK(query->GroupOf(metric).size() == query->group_by.size());
  }
  if (const auto search = ParseSearch(text, text, 0); search.ok()) {
    search->Selection("123456789012").accepts(metric);
  }
  return 0;
}
