#pragma once

// CloudWatch's metric operations of a running server, for the command line: AWS JSON 1.0, with a
// key of ours, a signature, or neither.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "net/http_client.h"

namespace securebase::cli {

struct MetricsClientOptions {
  std::string endpoint;
  std::string key;  // sbk_..
  std::string access_key_id;
  std::string secret_access_key;
  std::string region = "us-east-1";
  std::string ca_file;
  bool insecure = false;
};

/// Not thread-safe.
class MetricsClient {
 public:
  explicit MetricsClient(MetricsClientOptions options);

  /// The answer of an operation. Errors: kUnavailable where the server cannot be reached, else the
  /// server's message.
  Result<json::Value> Call(std::string_view operation, const json::Value& input);
  /// The server's clock, which need not be ours.
  Result<Instant> Now();

 private:
  const MetricsClientOptions options_;
  net::HttpClient client_;
};

/// "Mon, 01 Jun 2026 12:00:00 GMT". Error: kInvalidArgument.
Result<Instant> ParseHttpDate(std::string_view text);

/// "now", an ISO time, or how long ago: "1h", "2d". Error: kInvalidArgument.
Result<Instant> ParseTimeOrAge(std::string_view text, Instant now);

}  // namespace securebase::cli
