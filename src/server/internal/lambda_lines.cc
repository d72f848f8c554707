#include "server/internal/lambda_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace securebase::server {
namespace {

// "12.34": what {:.2f} would write, in integers: this runs for every request.
std::string Hundredths(double milliseconds) {
  const auto hundredths = std::llround(std::max(0.0, milliseconds) * 100);
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace

void AppendLambdaLines(std::vector<events::LogEvent>& out, const Invocation& invocation,
                       int memory_size_mb, int memory_used_mb) {
  const std::string& id = invocation.request_id;
  out.push_back({.time = invocation.start,
                 .message = fmt::format("START RequestId: {} Version: $LATEST", id)});
  if (!invocation.error_line.empty()) {
    out.push_back({.time = invocation.end, .message = invocation.error_line});
  }
  out.push_back({.time = invocation.end, .message = fmt::format("END RequestId: {}", id)});
  // Handler is ours: the users' filter looks for lambda_handler in the line.
  out.push_back(
      {.time = invocation.end,
       .message = fmt::format("REPORT RequestId: {}\tDuration: {} ms\tBilled Duration: {} "
                              "ms\tMemory Size: {} MB\tMax Memory Used: {} MB\tHandler: "
                              "report_engine.lambda_handler\t",
                              id, Hundredths(invocation.duration_ms),
                              static_cast<std::int64_t>(std::ceil(invocation.duration_ms)),
                              memory_size_mb, memory_used_mb)});
}

std::string LambdaStreamName(Instant day, std::string_view instance) {
  std::string date = FormatDate(day);
  for (char& c : date) {
    if (c == '-') c = '/';
  }
  return fmt::format("{}/[$LATEST]{}", date, instance);
}

}  // namespace securebase::server
