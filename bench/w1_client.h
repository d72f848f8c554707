#pragma once

// A client that feeds W1 and W2 to a server: ours by signed PutMetricData, VictoriaMetrics by
// remote write.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "bench/w1.h"

namespace securebase::bench {

/// In the order of their names.
std::array<std::pair<std::string_view, std::string_view>, 4> DimensionsOf(const W1Series& series);

struct LoadOptions {
  std::string address;   // 127.0.0.1:PORT
  std::string format;    // cbor, json, remote
  std::string workload;  // w1, burst, w2, raw
  std::uint64_t sets = 2500;
  std::uint64_t minutes = 1440;
  std::string access_key, secret;
  std::int64_t now_s = 0;  // the server's clock now
};

/// Two connections, each with one request under way. Prints the samples, the requests, and the
/// largest latency. A code for main.
int Load(const LoadOptions& options);

}  // namespace securebase::bench
