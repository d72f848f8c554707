#include "net/internal/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace securebase::net::internal {
namespace {

std::string TextOf(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
              sizeof text);
  }
  return text;
}

curl_socket_t OpenSocket(void* target, curlsocktype, curl_sockaddr* address) {
  auto& guard = *static_cast<AddressGuard*>(target);
  if (!guard.policy->Allows(address->addr)) {
    guard.refused = true;
    guard.address = TextOf(address->addr);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype, address->protocol);
}

}  // namespace

void AddressGuard::Install(CURL* curl, const AddressPolicy& addresses) {
  policy = &addresses;
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
}

}  // namespace securebase::net::internal
