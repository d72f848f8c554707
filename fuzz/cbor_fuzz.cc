// Property: whatever the bytes, reading CBOR ends without a crash; what the generic reader takes,
// the direct reader of PutMetricData takes too, with as many data, and it is written as CBOR that
// reads as the same bytes again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/cloudwatch/put_metric_data_input.h"
#include "aws/codec/cbor.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const aws::ShapePtr& shape = aws::cloudwatch::PutMetricDataShape();
  const auto value = aws::codec::DecodeCbor(*shape, bytes);
  std::size_t count = 0;
  const auto read = aws::cloudwatch::ReadFromCbor(
      bytes, [&](const aws::cloudwatch::PutMetricDataInput& input) -> Result<> {
        count = input.data.size();
        return {};
      });
  if (!value.ok()) return 0;
  SB_CHECK(read.ok());
  SB_CHECK(count == value->Elements("MetricData").size());
  const std::string written = aws::codec::EncodeCbor(*value);
  const auto again = aws::codec::DecodeCbor(*shape, written);
  SB_CHECK(again.ok());
  SB_CHECK(written == aws::codec::EncodeCbor(*again));
  return 0;
}
