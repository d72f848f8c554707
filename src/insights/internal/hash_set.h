#pragma once

// Sets of 64-bit hashes, exact while small and then estimated.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace securebase::insights::internal {

/// Distinct hashes: exact up to kExactMax, beyond by HyperLogLog with 2^14 registers (standard
/// error 0.8 %). Source: Flajolet et al., "HyperLogLog", AofA 2007, with linear counting below.
class DistinctHashes {
 public:
  static constexpr std::size_t kExactMax = 10'000;

  void Add(std::uint64_t hash) {
    if (!registers_.empty()) {
      Register(hash);
      return;
    }
    if (hash == 0) hash = 1;  // 0 marks a free slot
    if ((count_ + 1) * 2 > slots_.size()) Grow();
    if (Insert(slots_, hash)) ++count_;
    if (count_ > kExactMax) Estimate();
  }
  void Merge(const DistinctHashes& other) {
    if (!other.registers_.empty()) {
      if (registers_.empty()) Estimate();
      for (std::size_t i = 0; i < registers_.size(); ++i) {
        registers_[i] = std::max(registers_[i], other.registers_[i]);
      }
      return;
    }
    for (const std::uint64_t hash : other.slots_) {
      if (hash != 0) Add(hash);
    }
  }
  double Count() const {
    if (registers_.empty()) return static_cast<double>(count_);
    const auto m = static_cast<double>(registers_.size());
    double sum = 0, zeros = 0;
    for (const std::uint8_t r : registers_) {
      sum += std::ldexp(1.0, -r);
      zeros += r == 0 ? 1 : 0;
    }
    const double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    return std::round(raw <= 2.5 * m && zeros > 0 ? m * std::log(m / zeros) : raw);
  }
  std::uint64_t bytes() const { return slots_.capacity() * 8 + registers_.capacity(); }

 private:
  static constexpr int kBits = 14;

  static bool Insert(std::vector<std::uint64_t>& slots, std::uint64_t hash) {
    const std::size_t mask = slots.size() - 1;
    for (std::size_t i = (hash * 0x9E3779B97F4A7C15u >> 32) & mask;; i = (i + 1) & mask) {
      if (slots[i] == hash) return false;
      if (slots[i] == 0) {
        slots[i] = hash;
        return true;
      }
    }
  }
  void Grow() {
    std::vector<std::uint64_t> larger(std::max<std::size_t>(8, slots_.size() * 2));
    for (const std::uint64_t hash : slots_) {
      if (hash != 0) Insert(larger, hash);
    }
    slots_ = std::move(larger);
  }
  void Register(std::uint64_t hash) {
    const std::size_t index = hash >> (64 - kBits);
    const int rank = std::countl_zero(hash << kBits | (1ull << (kBits - 1))) + 1;
    registers_[index] = std::max(registers_[index], static_cast<std::uint8_t>(rank));
  }
  void Estimate() {
    registers_.assign(std::size_t{1} << kBits, 0);
    for (const std::uint64_t hash : slots_) {
      if (hash != 0) Register(hash);
    }
    slots_ = {};
  }

  std::vector<std::uint64_t> slots_;  // open addressing; a power of two
  std::size_t count_ = 0;
  std::vector<std::uint8_t> registers_;
};

}  // namespace securebase::insights::internal
