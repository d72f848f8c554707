#include "metrics/payload.h"

#include <limits>

#include "base/bytes.h"
#include "metrics/series_key.h"
#include "metrics/sketch.h"

namespace securebase::metrics {
namespace {

constexpr std::uint8_t kVersion = 1;
// Beside the resolution: the statistic set is followed by the sketch of its samples.
constexpr int kWithDistribution = 0x80;

std::int64_t BucketStart(Instant time, int resolution_s) {
  const std::int64_t seconds = ToUnixSeconds(time);
  const std::int64_t rest = seconds % resolution_s;
  return seconds - (rest < 0 ? rest + resolution_s : rest);
}

}  // namespace

std::string EncodePayload(const Account& account, std::span<const DatumView> data,
                          const KnownSeries& known) {
  std::string out;
  out.reserve(16 + data.size() * 32);
  std::string key;
  out.push_back(static_cast<char>(kVersion));
  PutVarint(out, data.size());
  for (const DatumView& datum : data) {
    key.clear();
    AppendSeriesKey(account, datum, key);
    // The number plus one, or zero and the key.
    if (const std::optional<SeriesId> id = known(key)) {
      PutVarint(out, std::uint64_t{*id} + 1);
    } else {
      PutVarint(out, 0);
      PutBytes(out, key);
    }
    PutVarint(out, ZigZag(BucketStart(datum.time, datum.resolution_s)));
    const bool distribution =
        datum.statistics && datum.distribution != nullptr && !datum.distribution->empty();
    out.push_back(static_cast<char>(datum.resolution_s | (distribution ? kWithDistribution : 0)));
    PutVarint(out, datum.statistics ? 0 : datum.values.size());
    if (datum.statistics) {
      const StatisticSet& set = *datum.statistics;
      for (const double figure : {set.sample_count, set.sum, set.minimum, set.maximum}) {
        PutNumber(out, figure);
      }
      if (distribution) datum.distribution->EncodeTo(out);
    }
    for (const auto& [value, count] : datum.values) {
      PutNumber(out, value);
      PutNumber(out, count);
    }
  }
  return out;
}

bool VisitPayload(std::string_view payload, PayloadVisitor& visitor) {
  ByteReader reader(payload);
  if (reader.Fixed<std::uint8_t>() != kVersion) return false;
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
    if (values == 0) {
      StatisticSet set;
      set.sample_count = ReadNumber(reader);
      set.sum = ReadNumber(reader);
      set.minimum = ReadNumber(reader);
      set.maximum = ReadNumber(reader);
      Sketch distribution;
      if (resolution != resolution_s) {
        Result<Sketch> decoded = Sketch::Decode(reader);
        if (!decoded.ok()) return false;
        distribution = *std::move(decoded);
      }
      if (!reader.ok()) return false;
      visitor.Set(set, distribution);
    }
    for (std::uint64_t v = 0; v < values && reader.ok(); ++v) {
      const double value = ReadNumber(reader);
      const double weight = ReadNumber(reader);
      if (reader.ok()) visitor.Value(value, weight);
    }
  }
  return reader.ok() && reader.empty();
}

}  // namespace securebase::metrics
