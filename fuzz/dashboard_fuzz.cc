// Property: whatever the body, it is read or refused, and every message has a path of the document.
#include <cstdint>
#include <cstdlib>

#include "dashboards/validation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase::dashboards;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto reading = ReadBody(body, {.account = "123456789012", .region = "us-east-1"});
  if (!reading.ok()) return 0;
  for (const auto& error : reading->errors) {
    if (!error.path.empty() && error.path[0] != '/') std::abort();
  }
  (void)ErrorText(reading->errors);
  return 0;
}
