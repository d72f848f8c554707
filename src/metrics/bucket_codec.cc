#include "metrics/bucket_codec.h"

#include <cmath>

namespace securebase::metrics {
namespace {

// Written to disk: never renumber.
enum class Form : std::uint8_t { kConstant = 0, kSketch = 1, kStatisticsOnly = 2 };

Error Damaged() { return Internal("a bucket does not decode"); }

bool IsSane(const StatisticSet& set) {
  return set.sample_count > 0 && std::isfinite(set.sample_count) && std::isfinite(set.sum) &&
         std::isfinite(set.minimum) && std::isfinite(set.maximum) && set.minimum <= set.maximum;
}

}  // namespace

void BucketCodec::Encode(const Bucket& bucket, std::string& out) {
  const StatisticSet& set = bucket.set();
  const bool constant = bucket.has_distribution() && bucket.sketch().empty();
  const Form form = constant                    ? Form::kConstant
                    : bucket.has_distribution() ? Form::kSketch
                                                : Form::kStatisticsOnly;
  out.push_back(static_cast<char>(form));
  PutNumber(out, set.sample_count);
  PutNumber(out, set.minimum);
  // The sum of equal values added one by one may differ from their product in the last bits.
  if (form == Form::kConstant) {
    PutNumber(out, set.sum == set.minimum * set.sample_count ? 0 : set.sum);
    return;
  }
  PutNumber(out, set.maximum);
  PutNumber(out, set.sum);
  if (form == Form::kSketch) bucket.sketch().EncodeTo(out);
}

Result<Bucket> BucketCodec::Decode(ByteReader& reader) {
  const auto form = static_cast<Form>(reader.Fixed<std::uint8_t>());
  if (form > Form::kStatisticsOnly) return Damaged();
  Bucket bucket;
  StatisticSet& set = bucket.set_;
  set.sample_count = ReadNumber(reader);
  set.minimum = ReadNumber(reader);
  if (form == Form::kConstant) {
    set.maximum = set.minimum;
    const double sum = ReadNumber(reader);
    set.sum = sum == 0 ? set.minimum * set.sample_count : sum;
  } else {
    set.maximum = ReadNumber(reader);
    set.sum = ReadNumber(reader);
  }
  if (!reader.ok() || !IsSane(set)) return Damaged();
  bucket.has_distribution_ = form != Form::kStatisticsOnly;
  if (form == Form::kSketch) {
    SB_TRY(bucket.sketch_, Sketch::Decode(reader));
    if (bucket.sketch_.empty()) return Damaged();
  }
  return bucket;
}

}  // namespace securebase::metrics
