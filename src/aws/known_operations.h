#pragma once

#include <span>
#include <string_view>

#include "aws/service.h"

namespace securebase::aws {

/// Every operation that AWS gives the service, built here or not, ascending.
std::span<const std::string_view> KnownOperations(Service service);

}  // namespace securebase::aws
