#pragma once

// The way out: HTTP and mail to others, as an interface, so that tests see what would be sent and
// decide what comes back.

#include <memory>

#include "net/http_client.h"
#include "net/smtp_client.h"

namespace securebase::net {

/// Thread-safe; calls block until the other side has answered.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<HttpClientResponse> Http(const HttpClientRequest& request) = 0;
  virtual Result<SmtpReply> Smtp(const SmtpServer& server, const Mail& mail) = 0;
};

struct TransportOptions {
  AddressPolicy addresses;
  /// Also plain http; else kInvalidArgument.
  bool allow_http = false;
  Duration connect_timeout = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(15);
  std::size_t response_bytes_max = 64u << 10;
  std::string user_agent = "securebase";
  std::string ca_file;  // trusted in place of the system's certificates; empty: the system's
};

/// Over libcurl. Connections are kept for the next call.
std::unique_ptr<Transport> MakeTransport(TransportOptions options);

}  // namespace securebase::net
