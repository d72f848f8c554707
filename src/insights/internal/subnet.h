#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace securebase::insights::internal {

/// An IP address; one of version 4 stands in the last four bytes.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  bool v4 = false;
};

struct Subnet {
  Address address;
  int bits = 0;
  bool Contains(const Address& other) const;
};

std::optional<Address> ReadAddress(std::string_view text);
/// "10.0.0.0/8"; an address alone is a subnet of one.
std::optional<Subnet> ReadSubnet(std::string_view text);

}  // namespace securebase::insights::internal
