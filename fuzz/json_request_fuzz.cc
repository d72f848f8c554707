// Property: a PutMetricData body that the generic reader takes is taken by the direct one too, with
// as many data; for every DynamoDB operation decoding ends without a crash, and what was decoded
// is written as JSON that decodes to the same value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/cloudwatch/put_metric_data_input.h"
#include "aws/codec/json.h"
#include "aws/operation.h"
#include "base/check.h"

namespace {

using namespace securebase;

void CheckDirectReader(std::string_view text) {
  const auto tree = aws::codec::DecodeJson(*aws::cloudwatch::PutMetricDataShape(), text);
  std::size_t count = 0;
  const auto read = aws::cloudwatch::ReadFromJson(
      text, [&](const aws::cloudwatch::PutMetricDataInput& input) -> Result<> {
        count = input.data.size();
        return {};
      });
  if (!tree.ok()) return;
  SB_CHECK(read.ok());
  SB_CHECK(count == tree->Elements("MetricData").size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckDirectReader(text);
  for (const char* name : {"Query", "PutItem", "UpdateItem", "BatchWriteItem", "BatchGetItem"}) {
    const aws::Operation* operation = aws::FindOperation(aws::Service::kDynamoDb, name);
    const auto value = aws::codec::DecodeJson(*operation->input, text);
    if (!value.ok()) continue;
    const std::string written = aws::codec::EncodeJson(*value);
    const auto again = aws::codec::DecodeJson(*operation->input, written);
    SB_CHECK(again.ok());
    SB_CHECK(written == aws::codec::EncodeJson(*again));
  }
  return 0;
}
