// Property: what parses prints to a text that parses to the same tree; whatever the bytes, parsing,
// checking and evaluating end without a crash, within the limits of nesting and of buckets.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "metrics/math/evaluate.h"
#include "metrics/math/internal/expression.h"
#include "metrics/math/memory_source.h"

using namespace securebase;
using namespace securebase::metrics::math;

namespace {

const Instant kStart = FromUnixSeconds(1'780'315'200);

MetricDataQuery Metric(const char* id) {
  MetricDataQuery query;
  query.id = id;
  query.return_data = false;
  query.metric_stat = MetricStat{
      {"N", id, {{"D", id}}}, std::chrono::seconds(60), *metrics::ParseStatistic("Sum"), {}};
  return query;
}

void RoundTrip(std::string_view text) {
  const auto tree = ParseExpression(text);
  if (!tree.ok()) return;
  const std::string printed = ToText(**tree);
  // Printing adds brackets, which can lead over a limit.
  if (printed.size() > kExpressionBytesMax) return;
  const auto again = ParseExpression(printed);
  if (!again.ok()) {
    SB_CHECK(again.error().message().find("nested") != std::string::npos);
    return;
  }
  SB_CHECK(ToText(**again) == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RoundTrip(text);
  static const MemorySource source = [] {
    MemorySource filled;
    for (int k : {0, 1, 3}) {
      const Instant t = kStart + std::chrono::minutes(k);
      filled.Add(Metric("m1").metric_stat->metric, t, k - 1.5);
      filled.Add(Metric("m2").metric_stat->metric, t + std::chrono::minutes(1), k * 1e200);
    }
    return filled;
  }();
  MetricDataQuery query;
  query.id = "e1";
  query.expression = text;
  query.period = std::chrono::seconds(60);
  const auto plan = Plan::Make({Metric("m1"), query, Metric("m2")});
  if (!plan.ok()) {
    SB_CHECK(!plan.error().message().empty());
    return 0;
  }
  const auto found = Evaluate(*plan, source,
                              {.start = kStart,
                               .end = kStart + std::chrono::minutes(6),
                               .now = kStart + std::chrono::minutes(6),
                               .limits = {.buckets_max = 1'000'000}});
  if (!found.ok()) return 0;
  for (const SeriesResult& one : found->results) {
    SB_CHECK(one.series.times.size() == one.series.values.size());
    for (double value : one.series.values) SB_CHECK(std::isfinite(value));
  }
  return 0;
}
