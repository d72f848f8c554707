// Property: whatever the bytes, a block opens or is refused, and a series of an opened block is
// read whole or refused; no crash, no read outside the bytes.
#include <cstdint>

#include "metrics/block.h"
#include "metrics/bucket_codec.h"
#include "metrics/payload.h"

namespace {

using namespace securebase::metrics;

class Ignore final : public PayloadVisitor {
  void Begin(std::string_view, std::int64_t, std::int32_t) override {}
  void BeginKnown(SeriesId, std::int64_t, std::int32_t) override {}
  void Value(double, double) override {}
  void Set(const StatisticSet&, const Sketch&) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto block = Block::Parse(bytes, "fuzz", nullptr);
  if (block.ok()) {
    for (const Block::Span& span : (*block)->Spans()) {
      (void)(*block)->Visit(span.series, INT64_MIN, INT64_MAX, [](const StoredBucket&) {});
    }
  }
  securebase::ByteReader reader(bytes);
  (void)BucketCodec::Decode(reader);
  Ignore ignore;
  (void)VisitPayload(bytes, ignore);
  return 0;
}
