#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "events/log_store.h"

namespace securebase::server {

/// One call of the product's function, as Lambda would log it.
struct Invocation {
  std::string request_id;
  Instant start;
  Instant end;
  double duration_ms = 0;
  std::string error_line;  // one JSON object, or empty
};

/// Appends the START, error, END and REPORT lines (spec: logs-api 13) of an invocation.
void AppendLambdaLines(std::vector<events::LogEvent>& out, const Invocation& invocation,
                       int memory_size_mb, int memory_used_mb);

/// "2026/06/01/[$LATEST]" and the instance's 32 hexadecimal digits.
std::string LambdaStreamName(Instant day, std::string_view instance);

}  // namespace securebase::server
