#pragma once

namespace securebase::insights::internal {
struct Plan {};
}  // namespace securebase::insights::internal
