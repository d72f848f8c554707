// Property: whatever the bytes of a form, decoding ends without a crash, and what decodes prints
// as XML and passes or fails the constraints; the same form decodes to the same value again.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "aws/codec/query.h"
#include "aws/operation.h"
#include "base/check.h"
#include "base/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto form = http::ParseForm(text);
  if (!form) return 0;
  for (const char* name :
       {"PutMetricData", "GetMetricStatistics", "GetMetricData", "ListMetrics"}) {
    const aws::Operation* operation = aws::FindOperation(aws::Service::kCloudWatch, name);
    const auto value = aws::codec::DecodeForm(*operation->input, *form);
    if (!value.ok()) continue;
    const auto again = aws::codec::DecodeForm(*operation->input, *form);
    SB_CHECK(again.ok());
    const std::string xml = aws::codec::EncodeXml(*value);
    SB_CHECK(xml == aws::codec::EncodeXml(*again));
    (void)aws::CheckConstraints(*operation->input, *value);
  }
  return 0;
}
