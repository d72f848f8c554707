// Property: no Authorization header and no query string crashes the verifier, and none that was
// not signed with the secret is accepted. The input's first line is the header, the rest the query.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/sigv4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  http::Request request;
  request.method = "GET";
  request.path = "/";
  request.headers.Add("Host", "localhost");
  request.headers.Add("X-Amz-Date", "20150830T123600Z");
  request.headers.Add("Authorization", std::string(text.substr(0, line)));
  if (line != text.npos) request.query = text.substr(line + 1);
  request.target = "/?" + request.query;
  (void)net::FindSignature(request);
  static const net::SigV4Verifier verifier;
  const auto verified = verifier.Verify(
      request, FromUnixSeconds(1'440'938'160),
      [](std::string_view) { return std::optional<std::string>("a secret nobody guesses"); }, {});
  SB_CHECK(!verified.ok());
  return 0;
}
