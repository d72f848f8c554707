// Property: whatever the bytes, a block of either version opens or is refused, and a series of an
// opened block is read whole or refused; the same for chunks, columns, buckets and journal
// payloads, whose checksums the bytes would rarely pass. No crash, no read outside the bytes.
#include <cstdint>

#include "metrics/block.h"
#include "metrics/bucket_codec.h"
#include "metrics/number_codec.h"
#include "metrics/payload.h"

namespace {

using namespace securebase::metrics;

class Ignore final : public PayloadVisitor {
  void Begin(std::string_view, std::int64_t, std::int32_t) override {}
  void BeginKnown(SeriesId, std::int64_t, std::int32_t) override {}
  void Value(double, double) override {}
  void Set(const StatisticSet&) override {}
  void Merge(Bucket) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto block = Block::Parse(bytes, "fuzz", nullptr);
  if (block.ok()) {
    for (const Block::Span& span : (*block)->Spans()) {
      (void)(*block)->ReadAll(span.series);
      BucketColumns columns;
      (void)(*block)->Read(
          span.series, {.first_s = 0, .end_s = INT64_MAX, .hours = true, .bins = false}, columns);
    }
  }
  if (size > 3) {
    // The first bytes part the rest into a chunk's count, figures and bins.
    const std::size_t count = 1 + data[0] * 2u;
    const std::size_t cut = 2 + data[1] % (size - 2);
    const std::string_view bins = bytes.substr(cut);
    BucketColumns columns;
    (void)DecodeChunk(bytes.substr(2, cut - 2), &bins, count, columns);
    securebase::ByteReader integers(bytes.substr(2)), doubles(bytes.substr(2));
    std::vector<std::int64_t> whole;
    std::vector<double> real;
    (void)ReadIntegers(integers, count, whole);
    (void)ReadDoubles(doubles, count, real);
  }
  securebase::ByteReader reader(bytes);
  (void)BucketCodec::Decode(reader);
  Ignore ignore;
  (void)VisitPayload(bytes, ignore);
  return 0;
}
