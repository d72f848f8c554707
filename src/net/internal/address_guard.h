#pragma once

#include <curl/curl.h>

#include <string>

#include "net/address_policy.h"

namespace securebase::net::internal {

/// Asks an AddressPolicy before curl opens a connection. Lives as long as the exchange.
struct AddressGuard {
  const AddressPolicy* policy = nullptr;
  bool refused = false;
  std::string address;  // the one refused last

  void Install(CURL* curl, const AddressPolicy& addresses);
  std::string Reason() const {
    return "the address " + address + " is not public and not among the allowed networks";
  }
};

}  // namespace securebase::net::internal
