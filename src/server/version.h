#pragma once

namespace securebase::server {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace securebase::server
