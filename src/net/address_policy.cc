#include "net/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace securebase::net {
namespace {

constexpr int kMappedBits = 96;  // of ::ffff:0:0/96

IpAddress Mapped(const in_addr& v4) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::memcpy(address.data() + 12, &v4, 4);
  return address;
}

// Not for the open internet (IANA's special-purpose registries).
const std::vector<Network>& SpecialNetworks() {
  static const std::vector<Network> kNetworks = [] {
    std::vector<Network> networks;
    for (const char* text :
         {"0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
          "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
          "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
          "::/128",        "::1/128",         "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",
          "2001::/23",     "2001:db8::/32",   "2002::/16",      "fc00::/7",       "fe80::/10",
          "ff00::/8"}) {
      networks.push_back(*Network::Parse(text));
    }
    return networks;
  }();
  return kNetworks;
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return Mapped(v4);
  IpAddress address{};
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

Result<Network> Network::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = ParseIpAddress(host);
  const bool v4 = host.find(':') == host.npos;
  const int bits_max = v4 ? 32 : 128;
  std::optional<std::int64_t> bits = bits_max;
  if (slash != text.npos) bits = ParseInt(text.substr(slash + 1));
  if (!address || !bits || *bits < 0 || *bits > bits_max) {
    return InvalidArgument(
        "", "\"" + std::string(text) + "\" is no network: such as 10.0.0.0/8 or fd00::/8");
  }
  return Network{.address = *address,
                 .prefix_bits = static_cast<int>(*bits) + (v4 ? kMappedBits : 0)};
}

bool Network::Contains(const IpAddress& other) const {
  const int bytes = prefix_bits / 8;
  if (!std::equal(address.begin(), address.begin() + bytes, other.begin())) return false;
  const int rest = prefix_bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
  const auto at = static_cast<std::size_t>(bytes);
  return (address[at] & mask) == (other[at] & mask);
}

bool AddressPolicy::Allows(const IpAddress& address) const {
  if (allow_all) return true;
  auto contains = [&](const Network& network) { return network.Contains(address); };
  if (std::any_of(allow.begin(), allow.end(), contains)) return true;
  return std::none_of(SpecialNetworks().begin(), SpecialNetworks().end(), contains);
}

bool AddressPolicy::Allows(const sockaddr& address) const {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return Allows(Mapped(v4.sin_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    IpAddress ip{};
    std::memcpy(ip.data(), &v6.sin6_addr, ip.size());
    return Allows(ip);
  }
  return false;
}

}  // namespace securebase::net
