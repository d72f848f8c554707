#include "metrics/sketch.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace securebase::metrics {
namespace {

// 52 bits of mantissa, of which a bin keeps the top six.
constexpr int kShift = 46;

// Decimals that a scaled integer may have; most measurements have two or three.
constexpr double kPowersOfTen[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
constexpr int kDecimalsMax = 6;
constexpr int kRawTag = 7;  // the tag's low three bits: decimals, or this

}  // namespace

std::int32_t Sketch::KeyOf(double value) {
  if (value == 0) return 0;
  const auto bits = std::bit_cast<std::uint64_t>(std::abs(value));
  // One less, so that a bin ends with its upper bound: round figures are what bounds are made of.
  const auto key = static_cast<std::int32_t>((bits - 1) >> kShift) + 1;
  return value > 0 ? key : -key;
}

double Sketch::LowOf(std::int32_t key) {
  if (key == 0) return 0;
  if (key < 0) return -HighOf(-key);
  return std::bit_cast<double>(static_cast<std::uint64_t>(key - 1) << kShift);
}

double Sketch::HighOf(std::int32_t key) {
  if (key == 0) return 0;
  if (key < 0) return -LowOf(-key);
  return std::bit_cast<double>(static_cast<std::uint64_t>(key) << kShift);
}

double Sketch::MiddleOf(std::int32_t key) {
  if (key == 0) return 0;
  if (key < 0) return -MiddleOf(-key);
  // The harmonic mean of the bounds has the same relative distance from both.
  const double low = LowOf(key);
  if (low == 0) return HighOf(key) / 2;
  const double ratio = HighOf(key) / low;
  return low * (2 * ratio / (1 + ratio));
}

Sketch Sketch::FromBins(std::vector<Bin> bins) {
  Sketch sketch;
  sketch.bins_ = std::move(bins);
  return sketch;
}

void Sketch::Add(double value, double weight) {
  const std::int32_t key = KeyOf(value);
  // Fast path: measurements of one series rarely leave the last bins.
  const auto at = std::lower_bound(bins_.begin(), bins_.end(), key,
                                   [](const Bin& bin, std::int32_t k) { return bin.key < k; });
  if (at != bins_.end() && at->key == key) {
    at->weight += weight;
  } else {
    bins_.insert(at, Bin{key, weight});
  }
}

void Sketch::Merge(const Sketch& other) {
  if (other.bins_.empty()) return;
  if (bins_.empty()) {
    bins_ = other.bins_;
    return;
  }
  std::vector<Bin> merged;
  merged.reserve(bins_.size() + other.bins_.size());
  auto a = bins_.begin();
  auto b = other.bins_.begin();
  while (a != bins_.end() && b != other.bins_.end()) {
    if (a->key < b->key) {
      merged.push_back(*a++);
    } else if (b->key < a->key) {
      merged.push_back(*b++);
    } else {
      merged.push_back(Bin{a->key, a->weight + b->weight});
      ++a;
      ++b;
    }
  }
  merged.insert(merged.end(), a, bins_.end());
  merged.insert(merged.end(), b, other.bins_.end());
  bins_ = std::move(merged);
}

double Sketch::weight() const {
  double total = 0;
  for (const Bin& bin : bins_) total += bin.weight;
  return total;
}

void Sketch::EncodeTo(std::string& out) const {
  PutVarint(out, bins_.size());
  std::int64_t previous = 0;
  for (const Bin& bin : bins_) {
    PutVarint(out, ZigZag(bin.key - previous));
    PutNumber(out, bin.weight);
    previous = bin.key;
  }
}

Result<Sketch> Sketch::Decode(ByteReader& reader) {
  const auto damaged = [] { return Internal("a sketch does not decode"); };
  const std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return damaged();
  Sketch sketch;
  sketch.bins_.reserve(count);
  std::int64_t key = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t step = UnZigZag(reader.Varint());
    if (step < -2 * kKeyMax || step > 2 * kKeyMax || (i > 0 && step <= 0)) return damaged();
    key += step;
    const double weight = ReadNumber(reader);
    if (!reader.ok() || key < -kKeyMax || key > kKeyMax || !(weight > 0) || std::isinf(weight)) {
      return damaged();
    }
    sketch.bins_.push_back(Bin{static_cast<std::int32_t>(key), weight});
  }
  if (!reader.ok()) return damaged();
  return sketch;
}

void PutNumber(std::string& out, double value) {
  if (std::abs(value) < 1e12 && (value != 0 || !std::signbit(value))) {
    for (int decimals = 0; decimals <= kDecimalsMax; ++decimals) {
      const double scaled = std::nearbyint(value * kPowersOfTen[decimals]);
      // Bit for bit, so that the last digit survives.
      if (std::abs(scaled) < 1e15 &&
          std::bit_cast<std::uint64_t>(scaled / kPowersOfTen[decimals]) ==
              std::bit_cast<std::uint64_t>(value)) {
        PutVarint(out, ZigZag(static_cast<std::int64_t>(scaled)) << 3 |
                           static_cast<std::uint64_t>(decimals));
        return;
      }
    }
  }
  PutVarint(out, kRawTag);
  PutFixed(out, value);
}

double ReadNumber(ByteReader& reader) {
  const std::uint64_t tag = reader.Varint();
  const auto decimals = static_cast<int>(tag & 7);
  if (decimals == kRawTag) return reader.Fixed<double>();
  return static_cast<double>(UnZigZag(tag >> 3)) / kPowersOfTen[decimals];
}

}  // namespace securebase::metrics
