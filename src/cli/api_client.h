#pragma once

// What commands that ask a running server share: where it is, with which key, and its answers.

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "net/http_client.h"

namespace CLI {
class App;
}

namespace securebase::cli {

struct ServerAddress {
  std::string endpoint;
  std::string key;
  std::string ca_file;
  bool insecure = false;
};

/// --endpoint (required), --key, --cacert, --insecure.
void AddServerAddress(CLI::App& app, ServerAddress& address, const std::string& key_help);

/// Asks the /v1 API. Not thread-safe.
class ApiClient {
 public:
  ApiClient(ServerAddress address, const std::string& command);

  /// `path` as "/v1/criteria?window=1h". The answer's JSON where its status is `status`; else an
  /// Error that repeats what the server said.
  Result<json::Value> Get(const std::string& path, int status = 200);
  Result<json::Value> Post(const std::string& path, const json::Value& body, int status = 200);

 private:
  Result<json::Value> Send(net::HttpClientRequest request, int status);

  ServerAddress address_;
  net::HttpClient client_;
};

}  // namespace securebase::cli
