#pragma once

// Grouping: values of the keys to numbers of groups, and the statistics of each.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "insights/internal/accumulator.h"
#include "insights/internal/stage.h"

namespace securebase::insights::internal {

/// Numbers the distinct values of one column, in the order in which they turn up.
class KeyColumn {
 public:
  /// ids[i] becomes the number of row i's value.
  void Map(const Vector& vector, std::size_t rows, std::vector<std::uint32_t>& ids);
  std::uint32_t IdOf(const Cell& cell);
  const Cell& cell(std::uint32_t id) const { return cells_[id]; }
  std::uint64_t bytes() const { return arena_.bytes() * 2 + cells_.size() * 80; }

 private:
  static constexpr std::uint32_t kUnknown = 0xffffffff;
  std::vector<Cell> cells_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::unordered_map<std::int64_t, std::uint32_t> times_;
  std::shared_ptr<CellDictionary> dictionary_;
  std::vector<std::uint32_t> codes_;  // of the dictionary's values, kUnknown until seen
  Arena arena_;
  std::string key_;
};

/// One statistic of a `stats`: which accumulator it reads and where its value goes.
struct StatisticCall {
  Statistic statistic = Statistic::kCount;
  std::size_t accumulator = 0;
  double parameter = 0;
  int slot = -1;
};

struct AccumulatorCall {
  Statistic kind = Statistic::kCount;
  std::vector<NodePtr> args;
  std::string text;  // to share it
};

struct GroupKey {
  NodePtr node;
  int slot = -1;
};

class StatsStage;

/// The state of a `stats` while rows come in. One thread's.
class Aggregation {
 public:
  explicit Aggregation(const StatsStage& stage);
  /// kLimitExceeded when there are too many groups.
  void Add(Evaluator& evaluator, const Frame& frame);
  void Merge(const Aggregation& other);
  /// One row a group, ordered by the keys.
  Frame Finish(int slot_count) const;
  std::uint64_t bytes() const;

 private:
  std::uint32_t GroupOf(std::uint32_t left, std::uint32_t right, std::size_t level);
  void Reserve();

  const StatsStage& stage_;
  std::vector<KeyColumn> keys_;
  // Groups by pairs: (number of the keys before, number of this key) to a number, a map a key.
  std::vector<std::unordered_map<std::uint64_t, std::uint32_t>> pairs_;
  std::vector<std::uint32_t> level_sizes_;
  std::vector<std::vector<std::uint32_t>> group_keys_;  // by key: its number of each group
  std::vector<std::vector<std::uint32_t>> level_keys_;
  std::size_t groups_ = 0;
  std::vector<std::unique_ptr<Accumulator>> accumulators_;
  std::vector<std::uint32_t> ids_, group_ids_;
};

class StatsStage final : public Stage {
 public:
  bool streaming() const override { return false; }
  void Reads(std::vector<int>& slots) const override;
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::string Explain() const override { return text; }

  std::vector<GroupKey> keys;
  std::vector<AccumulatorCall> accumulators;
  std::vector<StatisticCall> calls;
  bool timed = true;  // its rows are events, with timestamps
  int slot_count = 0;
  std::string text;
};

}  // namespace securebase::insights::internal
