#pragma once

// HTTP/1.1 over TCP and TLS: connections, limits, time-outs. What is asked and answered is the
// handler's; nothing here knows a path but for its limit.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/http.h"
#include "base/random.h"
#include "base/result.h"

namespace securebase::server {

/// What one client may take. A request over a limit is answered with the status in brackets and
/// its connection closed.
struct HttpLimits {
  std::size_t header_bytes_max = 16u << 10;  // request line and fields (431)
  std::size_t body_bytes_max = 16u << 20;    // as sent, before decompression (413)
  /// Larger bodies by path prefix; the first that fits counts.
  std::vector<std::pair<std::string, std::size_t>> body_bytes_max_by_prefix;
  std::size_t connections_max = 10'000;  // one more is answered 503 and closed

  Duration idle_timeout{75'000};    // between requests (closed silently)
  Duration header_timeout{10'000};  // from the first byte to the end of the header (408)
  /// A body, and the reading of a response, may take this long plus its size at the least rate
  /// (408; a response is broken off).
  Duration transfer_grace{10'000};
  std::uint32_t bytes_per_second_min = 1024;
};

struct TlsFiles {
  std::string certificate;  // PEM, the chain from the server's own certificate upwards
  std::string key;          // PEM
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // numeric, IPv4 or IPv6
  std::uint16_t port = 0;             // 0: the system chooses
  std::size_t threads = 2;
  std::optional<TlsFiles> tls;
  HttpLimits limits;
  /// How often time-outs are looked for: they take effect up to this much late.
  Duration timeout_check_interval{500};
};

struct HttpServerStatistics {
  std::size_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections = 0;  // over connections_max
  std::uint64_t requests = 0;             // handed to the handler
  std::uint64_t refused_requests = 0;     // malformed, over a limit or too slow
};

/// A listening server with its I/O threads. Requests of one connection are handled one after the
/// other, so answers to pipelined requests leave in order. Thread-safe.
class HttpServer {
 public:
  /// Listens and starts. `handler`, `clock` and `random` outlive the server; what the handler
  /// keeps running must have ended before the server is destroyed. Errors: kInvalidArgument for an
  /// address, certificate or key that cannot be used, kUnavailable for a port that is taken.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options,
                                                   http::Handler& handler, const Clock& clock,
                                                   Random& random);
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  /// "http://127.0.0.1:8080".
  virtual std::string url() const = 0;

  /// Stops accepting, closes idle connections, lets what was accepted finish until `deadline` has
  /// passed (real time), then cuts the rest. False when something was cut. Stopping twice is
  /// harmless.
  virtual bool Stop(std::chrono::milliseconds deadline) = 0;

  virtual HttpServerStatistics statistics() const = 0;
};

}  // namespace securebase::server
