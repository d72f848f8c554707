#pragma once

// Which addresses outgoing connections may reach: a URL that a user names must not become a way
// into the network that the server stands in.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace securebase::net {

/// An IP address, version 4 as ::ffff:a.b.c.d.
using IpAddress = std::array<std::uint8_t, 16>;

std::optional<IpAddress> ParseIpAddress(std::string_view text);

/// A range of addresses.
struct Network {
  IpAddress address{};
  int prefix_bits = 128;  // of the 16 bytes

  /// "10.0.0.0/8", "fd00::/8", or an address alone.
  static Result<Network> Parse(std::string_view text);
  bool Contains(const IpAddress& address) const;
};

/// Public addresses are allowed; loopback, link-local, private, multicast, documentation and cloud
/// metadata ranges only where listed, or all of them with `allow_all`. Asked with the address that
/// is about to be dialled, after the name was resolved, so that a name cannot change in between.
struct AddressPolicy {
  bool allow_all = false;
  std::vector<Network> allow;

  bool Allows(const IpAddress& address) const;
  /// False for families other than IP.
  bool Allows(const sockaddr& address) const;
};

}  // namespace securebase::net
