#pragma once

#include <string>

namespace securebase {

/// Whose AWS-side data: an account of 12 digits in a region. Part of every key in every store.
struct Account {
  std::string id = "123456789012";
  std::string region = "us-east-1";
  bool operator==(const Account&) const = default;
  auto operator<=>(const Account&) const = default;
};

/// A customer of an account: the tenant of the /v1 API.
struct Customer {
  Account account;
  std::string id = "default";
  bool operator==(const Customer&) const = default;
};

}  // namespace securebase
