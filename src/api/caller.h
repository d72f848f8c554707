#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/tenant.h"

namespace securebase::api {

/// What a key may do; each role includes those before it. viewer reads; analyst also reports and
/// exports; manager also schedules; admin also keys and imports.
enum class Role { kViewer, kAnalyst, kManager, kAdmin };

/// "viewer", "analyst", "manager", "admin".
std::string_view ToText(Role role);
Result<Role> ParseRole(std::string_view text);

/// Who sends a request, once authenticated.
struct Caller {
  Customer customer;
  Role role = Role::kViewer;
  std::string key_id;              // for logs and limits; never the secret
  std::string plan = "unlimited";  // rate limits
  /// For AWS keys: sees the account's every customer rather than `customer` alone.
  bool whole_account = false;
};

}  // namespace securebase::api
