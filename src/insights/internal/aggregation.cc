#include "insights/internal/aggregation.h"

#include <algorithm>
#include <numeric>

namespace securebase::insights::internal {

std::uint32_t KeyColumn::IdOf(const Cell& cell) {
  const auto next = static_cast<std::uint32_t>(cells_.size());
  if (cell.kind == Kind::kTime) {
    const auto [at, added] = times_.try_emplace(cell.integer, next);
    if (added) cells_.push_back(cell);
    return at->second;
  }
  key_.clear();
  AppendKey(key_, cell);
  const auto [at, added] = ids_.try_emplace(key_, next);
  if (added) cells_.push_back(arena_.Keep(cell));
  return at->second;
}

void KeyColumn::Map(const Vector& vector, std::size_t rows, std::vector<std::uint32_t>& ids) {
  ids.resize(rows);
  switch (vector.form) {
    case Vector::Form::kConst: {
      const std::uint32_t id = rows == 0 ? 0 : IdOf(vector.constant);
      std::fill(ids.begin(), ids.end(), id);
      return;
    }
    case Vector::Form::kTimes: {
      std::int64_t last = kNoTime;
      std::uint32_t id = kUnknown;
      for (std::size_t i = 0; i < rows; ++i) {
        const std::int64_t t = vector.times[i];
        if (t != last || id == kUnknown) {
          id = IdOf(t == kNoTime ? Cell::Missing() : Cell::Time(t));
          last = t;
        }
        ids[i] = id;
      }
      return;
    }
    case Vector::Form::kDict: {
      if (dictionary_ != vector.dictionary) {
        dictionary_ = vector.dictionary;
        codes_.assign(dictionary_->cells.size(), kUnknown);
      }
      const std::vector<std::uint32_t>& codes = *vector.codes;
      for (std::size_t i = 0; i < rows; ++i) {
        std::uint32_t& id = codes_[codes[i]];
        if (id == kUnknown) id = IdOf(dictionary_->cells[codes[i]]);
        ids[i] = id;
      }
      return;
    }
    default:
      for (std::size_t i = 0; i < rows; ++i) ids[i] = IdOf(vector.At(i));
  }
}

Aggregation::Aggregation(const StatsStage& stage) : stage_(stage) {
  keys_.resize(stage.keys.size());
  pairs_.resize(stage.keys.size());
  group_keys_.resize(stage.keys.size());
  level_keys_.resize(stage.keys.size());
  for (const AccumulatorCall& call : stage.accumulators) {
    accumulators_.push_back(MakeAccumulator(call.kind));
  }
  if (keys_.empty()) groups_ = 1;
  Reserve();
}

void Aggregation::Reserve() {
  for (const auto& accumulator : accumulators_) accumulator->Resize(groups_);
}

// The number of a pair at a level; the last level's numbers are the groups.
std::uint32_t Aggregation::GroupOf(std::uint32_t left, std::uint32_t right, std::size_t level) {
  auto& map = pairs_[level];
  const std::uint64_t pair = static_cast<std::uint64_t>(left) << 32 | right;
  const auto [at, added] = map.try_emplace(pair, static_cast<std::uint32_t>(map.size()));
  if (added) {
    level_keys_[level].push_back(left);
    group_keys_[level].push_back(right);
  }
  return at->second;
}

void Aggregation::Add(Evaluator& evaluator, const Frame& frame) {
  if (frame.rows == 0) return;
  group_ids_.assign(frame.rows, 0);
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const VectorRef vector = evaluator.Evaluate(*stage_.keys[k].node, frame);
    keys_[k].Map(*vector, frame.rows, ids_);
    if (k == 0) {
      // The first level's pairs are the key alone, numbered in order already.
      for (std::size_t i = 0; i < frame.rows; ++i) {
        while (ids_[i] >= group_keys_[0].size()) {
          GroupOf(0, static_cast<std::uint32_t>(group_keys_[0].size()), 0);
        }
      }
      group_ids_ = ids_;
      continue;
    }
    std::uint64_t last = 0;
    std::uint32_t last_group = 0;
    for (std::size_t i = 0; i < frame.rows; ++i) {
      const std::uint64_t pair = static_cast<std::uint64_t>(group_ids_[i]) << 32 | ids_[i];
      if (i == 0 || pair != last) {
        last_group = GroupOf(group_ids_[i], ids_[i], k);
        last = pair;
      }
      group_ids_[i] = last_group;
    }
  }
  if (!keys_.empty() && pairs_.back().size() != groups_) {
    groups_ = pairs_.back().size();
    Reserve();
  }
  GroupedRows rows{.groups = group_ids_};
  if (stage_.timed) {
    rows.times = frame[kTimeSlot].get();
    rows.sequences = frame[kSequenceSlot].get();
  }
  for (std::size_t a = 0; a < accumulators_.size(); ++a) {
    std::vector<VectorRef> args;
    for (const NodePtr& node : stage_.accumulators[a].args) {
      args.push_back(evaluator.Evaluate(*node, frame));
    }
    accumulators_[a]->Add(rows, args);
  }
}

void Aggregation::Merge(const Aggregation& other) {
  std::vector<std::uint32_t> map(other.groups_, 0);
  // Level by level: the other's numbers to ours.
  std::vector<std::uint32_t> before;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const std::size_t n = other.group_keys_[k].size();
    std::vector<std::uint32_t> level(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint32_t id = keys_[k].IdOf(other.keys_[k].cell(other.group_keys_[k][i]));
      if (k == 0) {
        while (id >= group_keys_[0].size()) {
          GroupOf(0, static_cast<std::uint32_t>(group_keys_[0].size()), 0);
        }
        level[i] = id;
      } else {
        level[i] = GroupOf(before[other.level_keys_[k][i]], id, k);
      }
    }
    before = std::move(level);
  }
  if (!keys_.empty()) {
    map = before;
    groups_ = pairs_.back().size();
    Reserve();
  }
  for (std::size_t a = 0; a < accumulators_.size(); ++a) {
    accumulators_[a]->Merge(*other.accumulators_[a], map);
  }
}

Frame Aggregation::Finish(int slot_count) const {
  Frame frame;
  frame.rows = groups_;
  frame.slots.resize(static_cast<std::size_t>(slot_count));
  // The keys of each group, from the last level to the first.
  std::vector<std::vector<Cell>> keys(keys_.size(), std::vector<Cell>(groups_));
  std::vector<std::uint32_t> at(groups_);
  std::iota(at.begin(), at.end(), 0u);
  for (std::size_t k = keys_.size(); k-- > 0;) {
    for (std::size_t g = 0; g < groups_; ++g) {
      keys[k][g] = frame.arena->Keep(keys_[k].cell(group_keys_[k][at[g]]));
      at[g] = level_keys_[k][at[g]];
    }
  }
  std::vector<std::uint32_t> order(groups_);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    for (const std::vector<Cell>& key : keys) {
      if (const int c = NaturalOrder(key[a], key[b]); c != 0) return c < 0;
    }
    return false;
  });
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    std::vector<Cell> cells(groups_);
    for (std::size_t i = 0; i < groups_; ++i) cells[i] = keys[k][order[i]];
    frame[stage_.keys[k].slot] = CellVector(std::move(cells), frame.arena);
  }
  for (const StatisticCall& call : stage_.calls) {
    std::vector<Cell> cells(groups_);
    for (std::size_t i = 0; i < groups_; ++i) {
      cells[i] = FinishStatistic(call.statistic, *accumulators_[call.accumulator], order[i],
                                 call.parameter, *frame.arena);
    }
    frame[call.slot] = CellVector(std::move(cells), frame.arena);
  }
  return frame;
}

std::uint64_t Aggregation::bytes() const {
  std::uint64_t sum = groups_ * (16 + 48 * keys_.size());
  for (const KeyColumn& key : keys_) sum += key.bytes();
  for (const auto& accumulator : accumulators_) sum += accumulator->bytes();
  return sum;
}

void StatsStage::Reads(std::vector<int>& slots) const {
  for (const GroupKey& key : keys) SlotsOf(*key.node, slots);
  for (const AccumulatorCall& call : accumulators) {
    for (const NodePtr& arg : call.args) SlotsOf(*arg, slots);
    if (timed && call.kind == Statistic::kEarliest) slots.push_back(kTimeSlot);
  }
}

void StatsStage::Writes(std::vector<int>& slots) const {
  for (const GroupKey& key : keys) slots.push_back(key.slot);
  for (const StatisticCall& call : calls) slots.push_back(call.slot);
}

Result<> StatsStage::Apply(Worker& worker, Frame& frame) const {
  Aggregation aggregation(*this);
  aggregation.Add(worker.evaluator, frame);
  frame = aggregation.Finish(static_cast<int>(frame.slots.size()));
  return {};
}

}  // namespace securebase::insights::internal
