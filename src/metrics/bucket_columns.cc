#include "metrics/bucket_columns.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "metrics/number_codec.h"
#include "metrics/period_sums.h"

namespace securebase::metrics {
namespace {

// First byte of a chunk's figures: what holds for all its buckets and needs no column.
enum Plain : std::uint8_t {
  kMinutes = 1,        // resolutions are 60
  kConstants = 2,      // forms are kConstant
  kSingles = 4,        // counts are 1
  kProducts = 8,       // sums of constants are count * minimum
  kWholeMinutes = 16,  // starts are divisible by 60 and stored so
  kPlainAll = 31,
};

// First byte of a chunk's bins.
enum PlainBins : std::uint8_t {
  kKeysFromFigures = 1,  // each sketch begins at the bin of its minimum
  kWholeWeights = 2,     // weights are whole and add up to the count: they end a sketch
  kPlainBinsAll = 3,
};

constexpr double kWholeMax = 0x1p53;

bool IsSane(const StatisticSet& set) {
  return set.sample_count > 0 && std::isfinite(set.sample_count) && std::isfinite(set.sum) &&
         std::isfinite(set.minimum) && std::isfinite(set.maximum) && set.minimum <= set.maximum;
}

bool IsPlainStart(std::int64_t start_s) { return start_s % 60 == 0; }

std::uint8_t PlainOf(const BucketColumns& columns, std::size_t from, std::size_t to) {
  std::uint8_t plain = kPlainAll;
  for (std::size_t i = from; i < to; ++i) {
    if (columns.resolution_s[i] != 60) plain &= static_cast<std::uint8_t>(~kMinutes);
    if (columns.count[i] != 1) plain &= static_cast<std::uint8_t>(~kSingles);
    if (!IsPlainStart(columns.start_s[i])) plain &= static_cast<std::uint8_t>(~kWholeMinutes);
    if (columns.form[i] != BucketForm::kConstant) {
      plain &= static_cast<std::uint8_t>(~kConstants);
    } else if (columns.sum[i] != columns.minimum[i] * columns.count[i]) {
      plain &= static_cast<std::uint8_t>(~kProducts);
    }
  }
  return plain;
}

std::uint8_t PlainBinsOf(const BucketColumns& columns, std::size_t from, std::size_t to) {
  std::uint8_t plain = kPlainBinsAll;
  for (std::size_t i = from; i < to; ++i) {
    if (columns.form[i] != BucketForm::kSketch) continue;
    const auto bins = columns.BinsOf(i);
    if (bins.front().key != Sketch::KeyOf(columns.minimum[i])) {
      plain &= static_cast<std::uint8_t>(~kKeysFromFigures);
    }
    double total = 0;
    for (const Sketch::Bin& bin : bins) {
      total += bin.weight;
      if (!(bin.weight < kWholeMax) || bin.weight != std::floor(bin.weight)) total = -1e300;
    }
    if (total != columns.count[i]) plain &= static_cast<std::uint8_t>(~kWholeWeights);
  }
  return plain;
}

void EncodeBins(const BucketColumns& columns, std::size_t from, std::size_t to, std::string& out) {
  std::vector<std::int64_t> counts, firsts, gaps, whole;
  std::vector<double> weights;
  const std::uint8_t plain = PlainBinsOf(columns, from, to);
  for (std::size_t i = from; i < to; ++i) {
    if (columns.form[i] != BucketForm::kSketch) continue;
    const auto bins = columns.BinsOf(i);
    counts.push_back(static_cast<std::int64_t>(bins.size()));
    firsts.push_back(bins.front().key);
    for (std::size_t b = 0; b < bins.size(); ++b) {
      if (b > 0) gaps.push_back(bins[b].key - bins[b - 1].key - 1);
      if ((plain & kWholeWeights) != 0) {
        whole.push_back(static_cast<std::int64_t>(bins[b].weight) - 1);
      } else {
        weights.push_back(bins[b].weight);
      }
    }
  }
  if (counts.empty()) return;
  out.push_back(static_cast<char>(plain));
  PutVarint(out, gaps.size() + counts.size());
  if ((plain & kKeysFromFigures) == 0) PutIntegers(out, firsts);
  if ((plain & kWholeWeights) == 0) {
    PutIntegers(out, counts);
    PutDoubles(out, weights);
  } else {
    PutIntegers(out, whole);
  }
  PutIntegers(out, gaps);
}

/// What DecodeBins reads before it puts bins together.
struct BinColumns {
  std::vector<std::int64_t> counts, firsts, gaps, whole;
  std::vector<double> weights;
};

bool ReadBinColumns(ByteReader& reader, std::uint8_t plain, std::size_t sketches, std::size_t total,
                    BinColumns& in) {
  if (total < sketches) return false;
  if ((plain & kKeysFromFigures) == 0 && !ReadIntegers(reader, sketches, in.firsts)) return false;
  if ((plain & kWholeWeights) == 0) {
    if (!ReadIntegers(reader, sketches, in.counts) || !ReadDoubles(reader, total, in.weights)) {
      return false;
    }
  } else if (!ReadIntegers(reader, total, in.whole)) {
    return false;
  }
  return ReadIntegers(reader, total - sketches, in.gaps);
}

bool DecodeBins(std::string_view bytes, BucketColumns& out, std::size_t first) {
  const auto sketches = static_cast<std::size_t>(std::count(
      out.form.begin() + static_cast<std::ptrdiff_t>(first), out.form.end(), BucketForm::kSketch));
  const auto end = [&] { return static_cast<std::uint32_t>(out.bins.size()); };
  if (sketches == 0) {
    out.bins_end.insert(out.bins_end.end(), out.size() - first, end());
    return bytes.empty();
  }
  ByteReader reader(bytes);
  const auto plain = reader.Fixed<std::uint8_t>();
  const std::uint64_t total = reader.Varint();
  BinColumns in;
  if (!reader.ok() || plain > kPlainBinsAll ||
      !ReadBinColumns(reader, plain, sketches, total, in) || !reader.empty()) {
    return false;
  }
  out.bins.reserve(out.bins.size() + total);
  std::size_t sketch = 0, bin = 0, gap = 0;
  for (std::size_t i = first; i < out.size(); ++i) {
    if (out.form[i] != BucketForm::kSketch) {
      out.bins_end.push_back(end());
      continue;
    }
    std::int64_t key =
        (plain & kKeysFromFigures) != 0 ? Sketch::KeyOf(out.minimum[i]) : in.firsts[sketch];
    double left = out.count[i];
    std::int64_t bins_left = (plain & kWholeWeights) != 0 ? 0 : in.counts[sketch];
    ++sketch;
    for (bool more = true, begun = false; more; begun = true) {
      if (bin == total) return false;
      if (begun) {
        if (gap == in.gaps.size() || in.gaps[gap] < 0 || in.gaps[gap] > 2 * Sketch::kKeyMax) {
          return false;
        }
        key += in.gaps[gap++] + 1;
      }
      double weight = 0;
      if ((plain & kWholeWeights) != 0) {
        weight = static_cast<double>(in.whole[bin]) + 1;
        left -= weight;
        if (left < 0) return false;
        more = left > 0;
      } else {
        weight = in.weights[bin];
        more = --bins_left > 0;
      }
      ++bin;
      if (!(weight > 0) || std::isinf(weight) || key < -Sketch::kKeyMax || key > Sketch::kKeyMax) {
        return false;
      }
      out.bins.push_back({static_cast<std::int32_t>(key), weight});
    }
    out.bins_end.push_back(end());
  }
  return bin == total && gap == in.gaps.size();
}

}  // namespace

void BucketColumns::Clear() {
  start_s.clear();
  resolution_s.clear();
  form.clear();
  count.clear();
  minimum.clear();
  maximum.clear();
  sum.clear();
  bins.clear();
  bins_end.clear();
}

void BucketColumns::Append(std::int64_t start, std::int64_t resolution, const Bucket& bucket) {
  const StatisticSet& set = bucket.set();
  start_s.push_back(start);
  resolution_s.push_back(resolution);
  form.push_back(!bucket.has_distribution() ? BucketForm::kStatisticsOnly
                 : bucket.sketch().empty()  ? BucketForm::kConstant
                                            : BucketForm::kSketch);
  count.push_back(set.sample_count);
  minimum.push_back(set.minimum);
  maximum.push_back(set.maximum);
  sum.push_back(set.sum);
  bins.insert(bins.end(), bucket.sketch().bins().begin(), bucket.sketch().bins().end());
  bins_end.push_back(static_cast<std::uint32_t>(bins.size()));
}

void BucketColumns::Append(std::int64_t start, std::int64_t resolution, double value) {
  start_s.push_back(start);
  resolution_s.push_back(resolution);
  form.push_back(BucketForm::kConstant);
  count.push_back(1);
  minimum.push_back(value);
  maximum.push_back(value);
  sum.push_back(value);
  bins_end.push_back(static_cast<std::uint32_t>(bins.size()));
}

void BucketColumns::Append(const BucketColumns& other, std::size_t from, std::size_t to) {
  if (from == to) return;
  const auto append = [&](auto& into, const auto& column) {
    into.insert(into.end(), column.begin() + static_cast<std::ptrdiff_t>(from),
                column.begin() + static_cast<std::ptrdiff_t>(to));
  };
  append(start_s, other.start_s);
  append(resolution_s, other.resolution_s);
  append(form, other.form);
  append(count, other.count);
  append(minimum, other.minimum);
  append(maximum, other.maximum);
  append(sum, other.sum);
  for (std::size_t i = from; i < to; ++i) {
    const auto more = other.BinsOf(i);
    bins.insert(bins.end(), more.begin(), more.end());
    bins_end.push_back(static_cast<std::uint32_t>(bins.size()));
  }
}

Bucket BucketColumns::BucketAt(std::size_t i) const {
  const auto of = BinsOf(i);
  return Bucket::FromParts(SetOf(i), Sketch::FromBins({of.begin(), of.end()}),
                           form[i] != BucketForm::kStatisticsOnly);
}

BucketColumns MergeColumns(std::span<const BucketColumns> parts, const Coarsen& coarsen) {
  struct Place {
    std::int64_t start_s;
    std::int64_t resolution_s;
    std::uint32_t part;
    std::uint32_t index;
  };
  std::vector<Place> places;
  bool sorted = true;
  const auto before = [](const Place& a, const Place& b) {
    return a.start_s != b.start_s ? a.start_s < b.start_s : a.resolution_s < b.resolution_s;
  };
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    for (std::uint32_t i = 0; i < parts[part].size(); ++i) {
      const std::int64_t start = parts[part].start_s[i];
      const std::int64_t resolution = coarsen(start, parts[part].resolution_s[i]);
      if (resolution == 0) continue;
      const std::int64_t rest = ((start % resolution) + resolution) % resolution;
      const Place place{start - rest, resolution, part, i};
      sorted = sorted && (places.empty() || !before(place, places.back()));
      places.push_back(place);
    }
  }
  // Stable: merging in one order gives one sum.
  if (!sorted) std::stable_sort(places.begin(), places.end(), before);
  BucketColumns merged;
  Accumulator accumulator;
  for (std::size_t at = 0; at < places.size();) {
    std::size_t end = at + 1;
    while (end < places.size() && !before(places[at], places[end])) ++end;
    const Place& place = places[at];
    if (end == at + 1) {
      merged.Append(parts[place.part], place.index, place.index + 1);
      merged.start_s.back() = place.start_s;
      merged.resolution_s.back() = place.resolution_s;
    } else {
      for (std::size_t i = at; i < end; ++i) {
        accumulator.Add(parts[places[i].part], places[i].index, true);
      }
      merged.Append(place.start_s, place.resolution_s, accumulator.Finish());
    }
    at = end;
  }
  return merged;
}

void EncodeChunk(const BucketColumns& columns, std::size_t from, std::size_t to,
                 std::string& figures, std::string& bins) {
  const std::uint8_t plain = PlainOf(columns, from, to);
  figures.push_back(static_cast<char>(plain));
  std::vector<std::int64_t> starts(columns.start_s.begin() + static_cast<std::ptrdiff_t>(from),
                                   columns.start_s.begin() + static_cast<std::ptrdiff_t>(to));
  if ((plain & kWholeMinutes) != 0) {
    for (std::int64_t& start : starts) start /= 60;
  }
  PutIntegers(figures, starts);
  const std::size_t size = to - from;
  if ((plain & kMinutes) == 0) {
    PutIntegers(figures, std::span(columns.resolution_s).subspan(from, size));
  }
  if ((plain & kConstants) == 0) {
    std::vector<std::int64_t> forms;
    for (std::size_t i = from; i < to; ++i) {
      forms.push_back(static_cast<std::int64_t>(columns.form[i]));
    }
    PutIntegers(figures, forms);
  }
  if ((plain & kSingles) == 0) PutDoubles(figures, std::span(columns.count).subspan(from, size));
  PutDoubles(figures, std::span(columns.minimum).subspan(from, size));
  std::vector<double> maxima, sums;
  for (std::size_t i = from; i < to; ++i) {
    const bool constant = columns.form[i] == BucketForm::kConstant;
    if (!constant) maxima.push_back(columns.maximum[i]);
    if (!constant || (plain & kProducts) == 0) sums.push_back(columns.sum[i]);
  }
  PutDoubles(figures, maxima);
  PutDoubles(figures, sums);
  EncodeBins(columns, from, to, bins);
}

bool DecodeChunk(std::string_view figures, const std::string_view* bins, std::size_t count,
                 BucketColumns& out) {
  ByteReader reader(figures);
  const auto plain = reader.Fixed<std::uint8_t>();
  const std::size_t first = out.size();
  if (!reader.ok() || plain > kPlainAll || count > kChunkBuckets) return false;
  if (!ReadIntegers(reader, count, out.start_s)) return false;
  for (std::size_t i = first; i < out.size(); ++i) {
    // Hostile starts must not overflow where they are computed with.
    if (out.start_s[i] < -(std::int64_t{1} << 40) || out.start_s[i] > std::int64_t{1} << 40) {
      return false;
    }
    if ((plain & kWholeMinutes) != 0) out.start_s[i] *= 60;
    if (i > first && out.start_s[i] < out.start_s[i - 1]) return false;
  }
  if ((plain & kMinutes) != 0) {
    out.resolution_s.resize(first + count, 60);
  } else if (!ReadIntegers(reader, count, out.resolution_s)) {
    return false;
  }
  out.form.resize(first + count, BucketForm::kConstant);
  std::size_t others = 0;
  if ((plain & kConstants) == 0) {
    std::vector<std::int64_t> forms;
    if (!ReadIntegers(reader, count, forms)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      if (forms[i] < 0 || forms[i] > 2) return false;
      out.form[first + i] = static_cast<BucketForm>(forms[i]);
      others += forms[i] != 0 ? 1 : 0;
    }
  }
  if ((plain & kSingles) != 0) {
    out.count.resize(first + count, 1);
  } else if (!ReadDoubles(reader, count, out.count)) {
    return false;
  }
  if (!ReadDoubles(reader, count, out.minimum)) return false;
  std::vector<double> maxima, sums;
  const bool products = (plain & kProducts) != 0;
  if (!ReadDoubles(reader, others, maxima) ||
      !ReadDoubles(reader, products ? others : count, sums) || !reader.empty()) {
    return false;
  }
  std::size_t next_maximum = 0, next_sum = 0;
  out.maximum.resize(first + count);
  out.sum.resize(first + count);
  for (std::size_t i = first; i < out.size(); ++i) {
    const bool constant = out.form[i] == BucketForm::kConstant;
    out.maximum[i] = constant ? out.minimum[i] : maxima[next_maximum++];
    out.sum[i] = constant && products ? out.minimum[i] * out.count[i] : sums[next_sum++];
    const std::int64_t resolution = out.resolution_s[i];
    if (resolution != 1 && resolution != 60 && resolution != 300 && resolution != 3600) {
      return false;
    }
    if (!IsSane(out.SetOf(i))) return false;
  }
  return bins == nullptr || DecodeBins(*bins, out, first);
}

}  // namespace securebase::metrics
