// Property: whatever the bytes, snappy and a remote write request are read or refused.
#include <cstdint>

#include "ingest/remote_write.h"
#include "ingest/wire_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)ReadRemoteWrite(bytes);
  const auto message = SnappyDecode(bytes, 1u << 20);
  if (message.ok()) (void)ReadRemoteWrite(*message);
  return 0;
}
