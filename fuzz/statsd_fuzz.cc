// Property: whatever the packet, each line is read or refused; what is read has values.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "ingest/statsd.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view packet(reinterpret_cast<const char*>(data), size);
  for (const std::string_view line : securebase::Split(packet, '\n')) {
    const auto parsed = securebase::ingest::ParseStatsdLine(line);
    if (parsed.ok() && (parsed->values.empty() || !(parsed->rate > 0))) std::abort();
  }
  return 0;
}
