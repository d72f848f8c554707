#include "net/address_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace securebase::net {
namespace {

bool Allowed(const AddressPolicy& policy, const char* text) {
  const auto address = ParseIpAddress(text);
  EXPECT_TRUE(address) << text;
  return address && policy.Allows(*address);
}

TEST(AddressPolicyTest, OnlyPublicAddressesAreReached) {
  const AddressPolicy policy;
  for (const char* text : {"8.8.8.8", "52.94.236.248", "2600:1f18::1", "172.15.255.255",
                           "172.32.0.0", "9.255.255.255", "11.0.0.0", "128.0.0.1"}) {
    EXPECT_TRUE(Allowed(policy, text)) << text;
  }
  for (const char* text : {"127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1",
                           "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                           "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
                           "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"}) {
    EXPECT_FALSE(Allowed(policy, text)) << text;
  }
}

TEST(AddressPolicyTest, ListedNetworksAreReached) {
  AddressPolicy policy{.allow = {*Network::Parse("10.20.0.0/14"), *Network::Parse("fd12::/16"),
                                 *Network::Parse("192.168.7.7")}};
  EXPECT_TRUE(Allowed(policy, "10.23.255.1"));
  EXPECT_FALSE(Allowed(policy, "10.24.0.0"));
  EXPECT_TRUE(Allowed(policy, "fd12:3::4"));
  EXPECT_FALSE(Allowed(policy, "fd13::1"));
  EXPECT_TRUE(Allowed(policy, "192.168.7.7"));
  EXPECT_FALSE(Allowed(policy, "192.168.7.8"));
  policy.allow_all = true;
  EXPECT_TRUE(Allowed(policy, "127.0.0.1"));
}

TEST(AddressPolicyTest, NetworksAreReadStrictly) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "a/8",
                           "10.0.0.0/", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(Network::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(Network::Parse("0.0.0.0/0")->Contains(*ParseIpAddress("8.8.8.8")));
}

TEST(AddressPolicyTest, SocketAddresses) {
  const AddressPolicy policy;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_FALSE(policy.Allows(reinterpret_cast<const sockaddr&>(v4)));
  v4.sin_addr.s_addr = htonl(0x08080808);
  EXPECT_TRUE(policy.Allows(reinterpret_cast<const sockaddr&>(v4)));
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  EXPECT_FALSE(policy.Allows(reinterpret_cast<const sockaddr&>(v6)));
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(policy.Allows(other));
}

}  // namespace
}  // namespace securebase::net
