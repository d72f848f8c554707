#include "metrics/number_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace securebase::metrics {
namespace {

constexpr std::size_t kRunMax = 128;

// First byte of a run: kind in bits 0-1, differences in bit 2, decimals in bits 3-5. Written to
// disk: never renumber.
enum Kind : std::uint8_t { kPacked = 0, kRice = 1, kXor = 2 };
constexpr std::uint8_t kDifferences = 4;
constexpr int kDecimalsShift = 3;

// A quotient of so many ones is an escape: six bits of width less one and the number as it is
// follow. Few enough that ones, the zero and the remainder fit into one refill of the reader.
constexpr int kQuotientMax = 24;
constexpr int kRemainderMax = 31;
constexpr int kRefill = 56;

constexpr std::array<double, 7> kPowersOfTen = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};

/// Bits from the low end on.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}
  void Put(std::uint64_t bits, int count) {
    if (count > kRefill) {
      Put(bits & 0xFFFFFFFF, 32);
      Put(bits >> 32, count - 32);
      return;
    }
    buffer_ |= bits << used_;
    used_ += count;
    while (used_ >= 8) {
      out_.push_back(static_cast<char>(buffer_));
      buffer_ >>= 8;
      used_ -= 8;
    }
  }
  void Finish() {
    if (used_ > 0) out_.push_back(static_cast<char>(buffer_));
    buffer_ = 0;
    used_ = 0;
  }

 private:
  std::string& out_;
  std::uint64_t buffer_ = 0;
  int used_ = 0;
};

/// Reads at most the bytes it is given; past their end it yields zeroes and ok() is false.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), begin_(bytes.data()) {}

  /// At least kRefill bits are in the buffer after this.
  void Refill() {
    if (end_ - at_ >= 8) [[likely]] {
      std::uint64_t word;
      std::memcpy(&word, at_, sizeof word);
      buffer_ |= word << have_;
      at_ += (63 - have_) >> 3;
      have_ |= kRefill;
      return;
    }
    while (have_ < kRefill) {
      if (at_ < end_) {
        buffer_ |= std::uint64_t{static_cast<std::uint8_t>(*at_++)} << have_;
      } else {
        missing_ += 8;
      }
      have_ += 8;
    }
  }
  /// Of what was refilled.
  std::uint64_t Take(int count) {
    const std::uint64_t bits = buffer_ & ((std::uint64_t{1} << count) - 1);
    buffer_ >>= count;
    have_ -= count;
    return bits;
  }
  std::uint64_t Get(int count) {
    if (count > kRefill) {
      Refill();
      const std::uint64_t low = Take(32);
      Refill();
      return low | Take(count - 32) << 32;
    }
    Refill();
    return Take(count);
  }
  int Ones() const { return std::countr_one(buffer_); }

  bool ok() const { return missing_ <= have_; }
  /// Bytes that were touched by what was taken, the last one whole.
  std::size_t consumed() const {
    return static_cast<std::size_t>(at_ - begin_) -
           static_cast<std::size_t>((have_ - missing_) / 8);
  }

 private:
  const char* at_;
  const char* end_;
  const char* begin_;
  std::uint64_t buffer_ = 0;
  int have_ = 0;
  int missing_ = 0;
};

/// A run takes three bytes at least: more numbers than that makes are not there.
bool CanHold(const ByteReader& reader, std::size_t count) {
  return count <= (reader.remaining() / 3 + 1) * kRunMax;
}

using Numbers = std::array<std::uint64_t, kRunMax>;

int WidthOf(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

/// How a run would be written, and at what cost.
struct Plan {
  Kind kind = kPacked;
  bool differences = false;
  int width = 0;  // of packed numbers, or of Rice's remainder
  std::uint64_t bits = 0;
};

std::uint64_t RiceBits(std::span<const std::uint64_t> numbers, int remainder) {
  std::uint64_t bits = 0;
  for (const std::uint64_t number : numbers) {
    const std::uint64_t quotient = number >> remainder;
    bits += quotient < kQuotientMax
                ? quotient + 1 + static_cast<std::uint64_t>(remainder)
                : static_cast<std::uint64_t>(kQuotientMax + 6 + std::max(1, WidthOf(number)));
  }
  return bits;
}

Plan PlanFor(std::span<const std::uint64_t> numbers, bool differences) {
  std::uint64_t largest = 0;
  double total = 0;
  for (const std::uint64_t number : numbers) {
    largest = std::max(largest, number);
    total += static_cast<double>(number);
  }
  Plan plan{kPacked, differences, WidthOf(largest), 0};
  plan.bits = numbers.size() * static_cast<std::uint64_t>(plan.width);
  if (plan.width <= 1) return plan;
  // The best remainder is near the logarithm of the mean; the median tells it better where few
  // numbers are far off, so the smaller ones are tried too.
  const double mean = total / static_cast<double>(numbers.size());
  const int middle =
      std::clamp(WidthOf(static_cast<std::uint64_t>(std::min(mean, 1e9))), 0, kRemainderMax);
  for (int remainder = middle; remainder >= 0; --remainder) {
    const std::uint64_t bits = RiceBits(numbers, remainder);
    if (bits < plan.bits) {
      plan.kind = kRice;
      plan.width = remainder;
      plan.bits = bits;
    } else if (remainder + 2 < middle && bits > plan.bits + plan.bits / 2) {
      break;
    }
  }
  return plan;
}

void PutNumbers(std::string& out, const Plan& plan, std::span<const std::uint64_t> numbers) {
  BitWriter bits(out);
  for (const std::uint64_t number : numbers) {
    if (plan.kind == kPacked) {
      bits.Put(number, plan.width);
      continue;
    }
    const std::uint64_t quotient = number >> plan.width;
    if (quotient < kQuotientMax) {
      bits.Put((std::uint64_t{1} << quotient) - 1, static_cast<int>(quotient) + 1);
      bits.Put(number & ((std::uint64_t{1} << plan.width) - 1), plan.width);
    } else {
      const int width = std::max(1, WidthOf(number));
      bits.Put((std::uint64_t{1} << kQuotientMax) - 1, kQuotientMax);
      bits.Put(static_cast<std::uint64_t>(width - 1), 6);
      bits.Put(number, width);
    }
  }
  bits.Finish();
}

/// Wraps around, as all differences of a run do: reading adds them up again.
std::uint64_t Minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}
std::int64_t Plus(std::int64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
}

void PutRun(std::string& out, std::span<const std::int64_t> values, int decimals) {
  Numbers direct, stepped;
  const std::int64_t lowest = *std::min_element(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) direct[i] = Minus(values[i], lowest);
  Plan plan = PlanFor({direct.data(), values.size()}, false);
  // Steps against the smallest step: a steady rhythm takes no bits.
  std::int64_t smallest = 0;
  if (plan.bits > 0 && values.size() > 1) {
    smallest = static_cast<std::int64_t>(Minus(values[1], values[0]));
    for (std::size_t i = 1; i < values.size(); ++i) {
      smallest = std::min(smallest, static_cast<std::int64_t>(Minus(values[i], values[i - 1])));
    }
    for (std::size_t i = 1; i < values.size(); ++i) {
      stepped[i - 1] = Minus(static_cast<std::int64_t>(Minus(values[i], values[i - 1])), smallest);
    }
    const Plan steps = PlanFor({stepped.data(), values.size() - 1}, true);
    if (steps.bits + 16 < plan.bits) plan = steps;
  }
  out.push_back(static_cast<char>(plan.kind | (plan.differences ? kDifferences : 0) |
                                  decimals << kDecimalsShift));
  out.push_back(static_cast<char>(plan.width));
  if (plan.differences) {
    PutVarint(out, ZigZag(values[0]));
    PutVarint(out, ZigZag(smallest));
    PutNumbers(out, plan, {stepped.data(), values.size() - 1});
  } else {
    PutVarint(out, ZigZag(lowest));
    PutNumbers(out, plan, {direct.data(), values.size()});
  }
}

struct RunHead {
  Kind kind;
  bool differences;
  int decimals;
};

std::optional<RunHead> ReadHead(ByteReader& reader) {
  const auto byte = reader.Fixed<std::uint8_t>();
  const RunHead head{static_cast<Kind>(byte & 3), (byte & kDifferences) != 0,
                     byte >> kDecimalsShift};
  if (!reader.ok() || head.kind > kXor || head.decimals >= static_cast<int>(kPowersOfTen.size())) {
    return std::nullopt;
  }
  return head;
}

/// The numbers of a packed or Rice run after its head; `out` has room for `count`.
bool ReadNumbers(ByteReader& reader, Kind kind, int width, std::size_t count, std::uint64_t* out) {
  BitReader bits(reader.Rest());
  if (kind == kPacked) {
    if (width > 64) return false;
    if (width == 0) {
      std::fill_n(out, count, 0);
    } else if (width <= kRefill) {
      for (std::size_t i = 0; i < count; ++i) {
        bits.Refill();
        out[i] = bits.Take(width);
      }
    } else {
      for (std::size_t i = 0; i < count; ++i) out[i] = bits.Get(width);
    }
  } else {
    if (width > kRemainderMax) return false;
    for (std::size_t i = 0; i < count; ++i) {
      bits.Refill();
      const int quotient = bits.Ones();
      if (quotient < kQuotientMax) [[likely]] {
        bits.Take(quotient + 1);
        out[i] = static_cast<std::uint64_t>(quotient) << width | bits.Take(width);
      } else {
        bits.Take(kQuotientMax);
        const int wide = static_cast<int>(bits.Take(6)) + 1;
        out[i] = bits.Get(wide);
      }
    }
  }
  if (!bits.ok()) return false;
  reader.Take(bits.consumed());
  return true;
}

bool ReadRun(ByteReader& reader, const RunHead& head, std::span<std::int64_t> out) {
  const int width = reader.Fixed<std::uint8_t>();
  std::int64_t value = UnZigZag(reader.Varint());
  const std::int64_t smallest = head.differences ? UnZigZag(reader.Varint()) : 0;
  if (!reader.ok() || (head.differences && out.size() < 2)) return false;
  Numbers numbers;
  const std::size_t count = out.size() - (head.differences ? 1 : 0);
  if (!ReadNumbers(reader, head.kind, width, count, numbers.data())) return false;
  if (!head.differences) {
    for (std::size_t i = 0; i < count; ++i) out[i] = Plus(value, numbers[i]);
    return true;
  }
  out[0] = value;
  for (std::size_t i = 0; i < count; ++i) {
    value = Plus(value, numbers[i] + static_cast<std::uint64_t>(smallest));
    out[i + 1] = value;
  }
  return true;
}

/// The values times a power of ten, when that brings each of them back bit for bit.
bool Scale(std::span<const double> values, int decimals, std::int64_t* out) {
  const double power = kPowersOfTen[static_cast<std::size_t>(decimals)];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double scaled = std::nearbyint(values[i] * power);
    if (!(std::abs(scaled) < 0x1p53)) return false;
    out[i] = static_cast<std::int64_t>(scaled);
    if (std::bit_cast<std::uint64_t>(static_cast<double>(out[i]) / power) !=
        std::bit_cast<std::uint64_t>(values[i])) {
      return false;
    }
  }
  return true;
}

// Gorilla's idea, a run at a time: a zero bit for the same value again, else a one, six bits of
// leading zeroes, six of length less one, and the bits that differ.
void PutXorRun(std::string& out, std::span<const double> values) {
  out.push_back(static_cast<char>(kXor));
  BitWriter bits(out);
  std::uint64_t previous = 0;
  for (const double value : values) {
    const auto now = std::bit_cast<std::uint64_t>(value);
    const std::uint64_t changed = now ^ previous;
    previous = now;
    bits.Put(changed != 0 ? 1 : 0, 1);
    if (changed == 0) continue;
    const int leading = std::countl_zero(changed);
    const int length = 64 - leading - std::countr_zero(changed);
    bits.Put(static_cast<std::uint64_t>(leading), 6);
    bits.Put(static_cast<std::uint64_t>(length - 1), 6);
    bits.Put(changed >> std::countr_zero(changed), length);
  }
  bits.Finish();
}

bool ReadXorRun(ByteReader& reader, std::span<double> out) {
  BitReader bits(reader.Rest());
  std::uint64_t value = 0;
  for (double& one : out) {
    bits.Refill();
    if (bits.Take(1) != 0) {
      const int leading = static_cast<int>(bits.Take(6));
      const int length = static_cast<int>(bits.Take(6)) + 1;
      if (leading + length > 64) return false;
      value ^= bits.Get(length) << (64 - leading - length);
    }
    one = std::bit_cast<double>(value);
  }
  if (!bits.ok()) return false;
  reader.Take(bits.consumed());
  return true;
}

}  // namespace

void PutIntegers(std::string& out, std::span<const std::int64_t> values) {
  for (std::size_t at = 0; at < values.size(); at += kRunMax) {
    PutRun(out, values.subspan(at, std::min(kRunMax, values.size() - at)), 0);
  }
}

bool ReadIntegers(ByteReader& reader, std::size_t count, std::vector<std::int64_t>& out) {
  if (!CanHold(reader, count)) return false;
  const std::size_t before = out.size();
  out.resize(before + count);
  for (std::size_t at = 0; at < count; at += kRunMax) {
    const std::optional<RunHead> head = ReadHead(reader);
    if (!head || head->kind == kXor) return false;
    if (!ReadRun(reader, *head, {out.data() + before + at, std::min(kRunMax, count - at)})) {
      return false;
    }
  }
  return true;
}

void PutDoubles(std::string& out, std::span<const double> values) {
  std::array<std::int64_t, kRunMax> scaled;
  int decimals = 0;
  for (std::size_t at = 0; at < values.size(); at += kRunMax) {
    const std::span<const double> run = values.subspan(at, std::min(kRunMax, values.size() - at));
    // Runs of a column are alike: what served the last one is tried first, then what is shorter.
    const int last = static_cast<int>(kPowersOfTen.size()) - 1;
    bool exact = Scale(run, decimals, scaled.data());
    while (exact && decimals > 0 && Scale(run, decimals - 1, scaled.data())) --decimals;
    while (!exact && decimals < last) exact = Scale(run, ++decimals, scaled.data());
    if (!exact) {
      decimals = 0;
      PutXorRun(out, run);
      continue;
    }
    Scale(run, decimals, scaled.data());
    PutRun(out, {scaled.data(), run.size()}, decimals);
  }
}

bool ReadDoubles(ByteReader& reader, std::size_t count, std::vector<double>& out) {
  if (!CanHold(reader, count)) return false;
  const std::size_t before = out.size();
  out.resize(before + count);
  std::array<std::int64_t, kRunMax> scaled;
  for (std::size_t at = 0; at < count; at += kRunMax) {
    const std::size_t size = std::min(kRunMax, count - at);
    double* const run = out.data() + before + at;
    const std::optional<RunHead> head = ReadHead(reader);
    if (!head) return false;
    if (head->kind == kXor) {
      if (!ReadXorRun(reader, {run, size})) return false;
      continue;
    }
    if (!ReadRun(reader, *head, {scaled.data(), size})) return false;
    const double power = kPowersOfTen[static_cast<std::size_t>(head->decimals)];
    for (std::size_t i = 0; i < size; ++i) run[i] = static_cast<double>(scaled[i]) / power;
  }
  return true;
}

}  // namespace securebase::metrics
