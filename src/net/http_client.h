#pragma once

// A blocking HTTP client over libcurl: one request at a time, for the command line and for
// notification's worker threads.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/address_policy.h"

namespace securebase::net {

struct HttpClientOptions {
  Duration connect_timeout = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(60);  // of the whole exchange
  std::size_t response_bytes_max = 256u << 20;
  /// A file of PEM certificates trusted in place of the system's; empty: the system's.
  std::string ca_file;
  /// Accepts any certificate; for tests against a self-signed one.
  bool insecure = false;
  std::string user_agent = "securebase";
  /// Asked before each connection; null: any address.
  const AddressPolicy* addresses = nullptr;
};

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // sent where the method is not GET or HEAD
};

struct HttpClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  /// The first header of that lower-case name, or empty.
  std::string_view Header(std::string_view name) const;
};

/// Keeps its connection between requests. Not thread-safe. Follows no redirects.
class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  /// Any answer of the server, whatever its status, is a success. Errors: kInvalidArgument for a
  /// URL that is neither http nor https or a header with a line break; kUnavailable where no
  /// connection could be made or it broke; kForbidden for an address that the policy refuses;
  /// kDeadlineExceeded; kLimitExceeded for an answer beyond the maximum.
  Result<HttpClientResponse> Send(const HttpClientRequest& request);

 private:
  struct Handle;
  HttpClientOptions options_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace securebase::net
