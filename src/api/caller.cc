#include "api/caller.h"

#include <array>

namespace securebase::api {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames = {"viewer", "analyst", "manager", "admin"};

}  // namespace

std::string_view ToText(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }

Result<Role> ParseRole(std::string_view text) {
  for (std::size_t i = 0; i < kRoleNames.size(); ++i) {
    if (text == kRoleNames[i]) return static_cast<Role>(i);
  }
  return InvalidArgument("role", "must be viewer, analyst, manager or admin");
}

}  // namespace securebase::api
