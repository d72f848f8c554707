#include "server/internal/lambda_lines.h"

#include <fmt/format.h>

#include <cmath>

namespace securebase::server {

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
       .message = fmt::format("REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {:.0f} "
                              "ms\tMemory Size: {} MB\tMax Memory Used: {} MB\tHandler: "
                              "report_engine.lambda_handler\t",
                              id, invocation.duration_ms, std::ceil(invocation.duration_ms),
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
