#pragma once

// Listens for syslog over UDP and TCP and stores what comes as log events (ingest/syslog.h).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/tenant.h"
#include "events/log_store.h"

namespace securebase::server {

struct SyslogAddress {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 0;             // 0: the system chooses
};

struct SyslogOptions {
  Account account;  // whose log groups the messages go to
  std::optional<SyslogAddress> udp;
  std::optional<SyslogAddress> tcp;
  std::size_t connections_max = 1'000;
  std::size_t waiting_max = 100'000;  // messages not stored yet; more are dropped and counted
};

/// Messages are stored a few times a second, many at once; syslog knows no acknowledgement.
class SyslogReceiver {
 public:
  /// Errors: kInvalidArgument for an address, kUnavailable for a port that is taken.
  static Result<std::unique_ptr<SyslogReceiver>> Start(const SyslogOptions& options,
                                                       events::LogStore& store, const Clock& clock);
  /// Stops listening and stores what waits.
  virtual ~SyslogReceiver() = default;

  virtual std::uint16_t udp_port() const = 0;
  virtual std::uint16_t tcp_port() const = 0;
  virtual std::uint64_t dropped() const = 0;
};

}  // namespace securebase::server
