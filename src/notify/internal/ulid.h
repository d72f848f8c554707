#pragma once

#include <string>

#include "base/random.h"
#include "base/time.h"

namespace securebase::notify {

/// 26 letters and digits: 48 bits of time, 80 of chance, in the order of their time
/// (github.com/ulid/spec).
std::string MakeUlid(Instant now, Random& random);

}  // namespace securebase::notify
