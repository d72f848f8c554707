#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "insights/internal/cell.h"

namespace securebase::insights::internal {

/// The values of `in [ … ]` or of a subquery: contains what is equal to one of them.
struct InSet {
 public:
  void Add(Cell cell);
  bool Contains(const Cell& cell) const;
  std::uint64_t bytes() const { return arena_.bytes() + all_.size() * 64; }
  /// What was added, but for booleans and times.
  const std::vector<Cell>& values() const { return all_; }
  bool has_others() const { return !others_.empty(); }

 private:
  Arena arena_;
  std::unordered_multimap<double, Cell> numbers_;
  std::unordered_set<std::string_view> texts_;
  std::vector<Cell> others_;  // booleans and times: compared one by one
  std::vector<Cell> all_;
};

}  // namespace securebase::insights::internal
