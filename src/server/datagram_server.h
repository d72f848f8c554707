#pragma once

// Listens for UDP packets: StatsD and other protocols that send and forget. What a packet means is
// its handler's.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase::server {

struct DatagramServerOptions {
  std::string address = "127.0.0.1";            // numeric, IPv4 or IPv6
  std::uint16_t port = 0;                       // 0: the system chooses
  std::size_t receive_buffer_bytes = 4u << 20;  // asked of the system, which may give less
};

/// Receives on a thread of its own; packets that come faster than they are handled are the
/// system's to drop.
class DatagramServer {
 public:
  /// `handle` is called with each packet, one after the other, on the server's thread; it must be
  /// quick. Errors: kInvalidArgument for the address, kUnavailable for a port that is taken.
  static Result<std::unique_ptr<DatagramServer>> Start(
      const DatagramServerOptions& options, std::function<void(std::string_view packet)> handle);
  /// Stops.
  virtual ~DatagramServer() = default;

  virtual std::uint16_t port() const = 0;
};

}  // namespace securebase::server
