#include "base/check.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>

#include "base/log.h"

namespace securebase {

void CheckFailed(const char* condition, const char* file, int line, std::string_view detail) {
  Log(LogLevel::kError, "check failed",
      {{"condition", condition},
       {"place", fmt::format("{}:{}", file, line)},
       {"detail", std::string(detail)}});
  FlushLog();
  std::abort();
}

}  // namespace securebase
