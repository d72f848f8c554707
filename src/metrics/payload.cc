#include "metrics/payload.h"

#include <limits>

#include "base/bytes.h"
#include "metrics/bucket_codec.h"
#include "metrics/series_key.h"
#include "metrics/sketch.h"

namespace securebase::metrics {
namespace {

constexpr std::uint8_t kVersion1 = 1;
constexpr std::uint8_t kVersion2 = 2;
// Version 1, beside the resolution: the statistic set is followed by the sketch of its samples.
constexpr int kWithDistribution = 0x80;

// What a datum holds: the two low bits of its time. Written to disk: never renumber.
enum class Content : std::uint8_t { kSample = 0, kValue = 1, kSet = 2, kBucket = 3 };

std::int64_t BucketStart(Instant time, int resolution_s) {
  const std::int64_t seconds = ToUnixSeconds(time);
  const std::int64_t rest = seconds % resolution_s;
  return seconds - (rest < 0 ? rest + resolution_s : rest);
}

Content ContentOf(const DatumView& datum) {
  if (datum.statistics) {
    const bool known = datum.distribution != nullptr && !datum.distribution->empty();
    return known ? Content::kBucket : Content::kSet;
  }
  if (datum.values.size() > 1) return Content::kBucket;
  return datum.values.front().second == 1 ? Content::kSample : Content::kValue;
}

void PutContent(const DatumView& datum, Content content, std::string& out) {
  switch (content) {
    case Content::kSample:
      PutNumber(out, datum.values.front().first);
      return;
    case Content::kValue:
      PutNumber(out, datum.values.front().first);
      PutNumber(out, datum.values.front().second);
      return;
    case Content::kSet:
      for (const double figure : {datum.statistics->sample_count, datum.statistics->sum,
                                  datum.statistics->minimum, datum.statistics->maximum}) {
        PutNumber(out, figure);
      }
      return;
    case Content::kBucket:
      break;
  }
  Bucket bucket;
  if (datum.statistics) {
    bucket.Add(*datum.statistics, *datum.distribution);
  } else {
    bucket.AddAll(datum.values);
  }
  BucketCodec::Encode(bucket, out);
}

std::optional<StatisticSet> ReadSet(ByteReader& reader) {
  StatisticSet set;
  set.sample_count = ReadNumber(reader);
  set.sum = ReadNumber(reader);
  set.minimum = ReadNumber(reader);
  set.maximum = ReadNumber(reader);
  if (!reader.ok()) return std::nullopt;
  return set;
}

bool ReadDistribution(ByteReader& reader, PayloadVisitor& visitor) {
  const std::optional<StatisticSet> set = ReadSet(reader);
  const Result<Sketch> sketch = Sketch::Decode(reader);
  if (!set || !sketch.ok()) return false;
  Bucket bucket;
  bucket.Add(*set, *sketch);
  visitor.Merge(std::move(bucket));
  return true;
}

bool ReadContent(ByteReader& reader, Content content, PayloadVisitor& visitor) {
  if (content == Content::kBucket) {
    Result<Bucket> bucket = BucketCodec::Decode(reader);
    if (!bucket.ok()) return false;
    visitor.Merge(*std::move(bucket));
    return true;
  }
  if (content == Content::kSet) {
    const std::optional<StatisticSet> set = ReadSet(reader);
    if (set) visitor.Set(*set);
    return set.has_value();
  }
  const double value = ReadNumber(reader);
  const double count = content == Content::kSample ? 1 : ReadNumber(reader);
  if (!reader.ok()) return false;
  visitor.Value(value, count);
  return true;
}

// Numbers and times are kept as steps from those of the datum before: those of a client that
// reports the same metrics every minute take a byte each.
bool VisitVersion2(ByteReader& reader, PayloadVisitor& visitor) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return false;
  std::int64_t next_series = 0, start_s = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t number = reader.Varint();
    const std::string_view key = number == 0 ? reader.Bytes() : std::string_view();
    const std::uint64_t time = reader.Varint();
    // Unsigned: hostile bytes must not overflow.
    start_s = static_cast<std::int64_t>(static_cast<std::uint64_t>(start_s) +
                                        static_cast<std::uint64_t>(UnZigZag(time >> 3)));
    const std::int32_t resolution_s = (time & 4) != 0 ? 1 : 60;
    constexpr std::int64_t kTimeMax = std::int64_t{1} << 46;
    if (!reader.ok() || start_s < -kTimeMax || start_s > kTimeMax) return false;
    if (number == 0) {
      visitor.Begin(key, start_s, resolution_s);
    } else {
      const std::int64_t step = UnZigZag(number - 1);
      constexpr std::int64_t kMax = std::numeric_limits<SeriesId>::max();
      if (step < -kMax || step > kMax || next_series + step < 0 || next_series + step > kMax) {
        return false;
      }
      visitor.BeginKnown(static_cast<SeriesId>(next_series + step), start_s, resolution_s);
      next_series += step + 1;
    }
    if (!ReadContent(reader, static_cast<Content>(time & 3), visitor)) return false;
  }
  return reader.ok() && reader.empty();
}

bool VisitVersion1(ByteReader& reader, PayloadVisitor& visitor) {
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return false;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const std::uint64_t number = reader.Varint();
    const std::string_view key = number == 0 ? reader.Bytes() : std::string_view();
    const std::int64_t start_s = UnZigZag(reader.Varint());
    const int resolution = reader.Fixed<std::uint8_t>();
    const int resolution_s = resolution & ~kWithDistribution;
    const std::uint64_t values = reader.Varint();
    if (!reader.ok() || (resolution_s != 1 && resolution_s != 60)) return false;
    if (number > std::numeric_limits<SeriesId>::max()) return false;
    if (number == 0) {
      visitor.Begin(key, start_s, resolution_s);
    } else {
      visitor.BeginKnown(static_cast<SeriesId>(number - 1), start_s, resolution_s);
    }
    if (resolution != resolution_s) {
      if (!ReadDistribution(reader, visitor)) return false;
    } else if (values == 0 && !ReadContent(reader, Content::kSet, visitor)) {
      return false;
    }
    for (std::uint64_t v = 0; v < values; ++v) {
      if (!ReadContent(reader, Content::kValue, visitor)) return false;
    }
  }
  return reader.ok() && reader.empty();
}

}  // namespace

std::string EncodePayload(const Account& account, std::span<const DatumView> data,
                          const KnownSeries& known) {
  std::string out;
  out.reserve(16 + data.size() * 12);
  std::string key;
  out.push_back(static_cast<char>(kVersion2));
  PutVarint(out, data.size());
  std::int64_t next_series = 0, previous_s = 0;
  for (const DatumView& datum : data) {
    key.clear();
    AppendSeriesKey(account, datum, key);
    if (const std::optional<SeriesId> id = known(key)) {
      PutVarint(out, ZigZag(std::int64_t{*id} - next_series) + 1);
      next_series = std::int64_t{*id} + 1;
    } else {
      PutVarint(out, 0);
      PutBytes(out, key);
    }
    const std::int64_t start_s = BucketStart(datum.time, datum.resolution_s);
    const Content content = ContentOf(datum);
    PutVarint(out, ZigZag(start_s - previous_s) << 3 | (datum.resolution_s == 1 ? 4 : 0) |
                       static_cast<std::uint64_t>(content));
    previous_s = start_s;
    PutContent(datum, content, out);
  }
  return out;
}

bool VisitPayload(std::string_view payload, PayloadVisitor& visitor) {
  ByteReader reader(payload);
  const auto version = reader.Fixed<std::uint8_t>();
  if (version == kVersion1) return VisitVersion1(reader, visitor);
  return version == kVersion2 && VisitVersion2(reader, visitor);
}

}  // namespace securebase::metrics
