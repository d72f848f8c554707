#pragma once

// Pairs of small numbers as small numbers: several group keys become one group number by pairing
// the first two, then that with the third, and so on.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

namespace securebase::query {

/// Numbers the distinct pairs (left, right) 0, 1, 2, .. in the order of first sight.
class PairTable {
 public:
  /// Sets `out[i]` to the number of (left[i], right[i]). All lefts are below `left_size`, all
  /// rights below `right_size`; neither size ever shrinks. `out` may be `left`.
  void Number(const std::uint32_t* left, std::uint32_t left_size, const std::uint32_t* right,
              std::uint32_t right_size, std::size_t count, std::uint32_t* out);

  struct Pair {
    std::uint32_t left;
    std::uint32_t right;
  };
  std::uint32_t size() const { return static_cast<std::uint32_t>(pairs_.size()); }
  Pair PairOf(std::uint32_t number) const { return pairs_[number]; }
  std::uint64_t memory_bytes() const;

 private:
  // Few possible pairs are looked up in an array, many in a hash map.
  static constexpr int kDenseBitsMax = 16;

  void Resize(int left_bits, int right_bits);
  std::uint32_t Add(std::uint32_t left, std::uint32_t right);

  std::vector<Pair> pairs_;
  int left_bits_ = 0;
  int right_bits_ = 0;
  std::vector<std::uint32_t> dense_;  // by left << right_bits_ | right: number + 1, 0 is free
  bool hashed_ = false;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> numbers_;  // by left << 32 | right
};

}  // namespace securebase::query
