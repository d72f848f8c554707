#pragma once

// A client of a server's CloudWatch Logs API, for the commands `logs` and `agent`.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "net/http_client.h"

namespace CLI {
class App;
}

namespace securebase::cli {

struct LogsServer {
  std::string endpoint = "http://127.0.0.1:8080";
  std::string region = "us-east-1";
  std::string access_key;  // empty: unsigned, for servers with --auth none
  std::string secret_key;
  std::string ca_file;
  bool insecure = false;
};

/// --endpoint, --region, --access-key, --secret-key (also from AWS's environment variables),
/// --cacert, --insecure.
void AddServerOptions(CLI::App& app, LogsServer& server);

/// Keeps its connection. Not thread-safe.
class LogsClient {
 public:
  explicit LogsClient(LogsServer server);

  /// The answer of an operation. Errors: kUnavailable where the server cannot be reached or has a
  /// fault (send again), kInvalidArgument where it refuses, with its words and, as wire code, its
  /// name of the error.
  Result<json::Value> Call(std::string_view operation, const json::Value& input);

 private:
  LogsServer server_;
  net::HttpClient client_;
  SystemClock clock_;
};

}  // namespace securebase::cli
