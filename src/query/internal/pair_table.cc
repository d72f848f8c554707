#include "query/internal/pair_table.h"

#include <algorithm>
#include <bit>

namespace securebase::query {
namespace {

std::uint64_t Packed(std::uint32_t left, std::uint32_t right) {
  return std::uint64_t{left} << 32 | right;
}

}  // namespace

std::uint64_t PairTable::memory_bytes() const {
  return pairs_.size() * sizeof(Pair) + dense_.size() * sizeof(std::uint32_t) +
         numbers_.size() * 24;
}

std::uint32_t PairTable::Add(std::uint32_t left, std::uint32_t right) {
  pairs_.push_back({left, right});
  return size() - 1;
}

void PairTable::Resize(int left_bits, int right_bits) {
  left_bits_ = std::max(left_bits_, left_bits);
  right_bits_ = std::max(right_bits_, right_bits);
  if (left_bits_ + right_bits_ > kDenseBitsMax) {
    hashed_ = true;
    dense_ = {};
    for (std::uint32_t i = 0; i < size(); ++i) {
      numbers_.emplace(Packed(pairs_[i].left, pairs_[i].right), i);
    }
    return;
  }
  dense_.assign(std::size_t{1} << (left_bits_ + right_bits_), 0);
  for (std::uint32_t i = 0; i < size(); ++i) {
    dense_[pairs_[i].left << right_bits_ | pairs_[i].right] = i + 1;
  }
}

void PairTable::Number(const std::uint32_t* left, std::uint32_t left_size,
                       const std::uint32_t* right, std::uint32_t right_size, std::size_t count,
                       std::uint32_t* out) {
  const int left_bits = std::bit_width(left_size - 1);
  const int right_bits = std::bit_width(right_size - 1);
  if (!hashed_ && (left_bits > left_bits_ || right_bits > right_bits_ || dense_.empty())) {
    Resize(left_bits, right_bits);
  }
  if (!hashed_) {
    for (std::size_t i = 0; i < count; ++i) {
      std::uint32_t& slot = dense_[left[i] << right_bits_ | right[i]];
      if (slot == 0) [[unlikely]]
        slot = Add(left[i], right[i]) + 1;
      out[i] = slot - 1;
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t l = left[i];
    const auto [it, added] = numbers_.try_emplace(Packed(l, right[i]), size());
    if (added) Add(l, right[i]);
    out[i] = it->second;
  }
}

}  // namespace securebase::query
