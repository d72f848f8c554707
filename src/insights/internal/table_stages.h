#pragma once

// Stages that want all rows, in order.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "insights/internal/stage.h"

namespace securebase::insights::internal {

class TableStage : public Stage {
 public:
  bool streaming() const override { return false; }
  std::string Explain() const override { return text; }
  std::string text;
};

struct SortKeySlot {
  int slot = -1;
  bool descending = false;
};

/// Rows in the order of the keys; equal ones stay in theirs.
std::vector<std::uint32_t> SortedRows(const Frame& frame, const std::vector<SortKeySlot>& keys);

class SortStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override {
    for (const SortKeySlot& key : keys) slots.push_back(key.slot);
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<SortKeySlot> keys;
};

class LimitStage final : public TableStage {
 public:
  void Reads(std::vector<int>&) const override {}
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::size_t count = 0;
  bool any = false;
  bool tail = false;
};

class DedupStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override {
    for (const NodePtr& key : keys) SlotsOf(*key, slots);
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<NodePtr> keys;
};

class AccumStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override { SlotsOf(*value, slots); }
  void Writes(std::vector<int>& slots) const override { slots.push_back(slot); }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  NodePtr value;
  int slot = -1;
};

class AutoRegressStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override { SlotsOf(*value, slots); }
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  NodePtr value;
  std::vector<std::pair<std::size_t, int>> lags;  // rows back, slot
};

class FillDownStage final : public TableStage {
 public:
  void Reads(std::vector<int>& read) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<int> slots;
};

class FillMissingStage final : public TableStage {
 public:
  void Reads(std::vector<int>& read) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  int bin = -1;
  Period period;
  std::int64_t offset_ms = 0;
  std::vector<int> keys;                      // the other keys of the stats
  std::vector<std::pair<int, NodePtr>> fill;  // slot, value
};

class AddTotalsStage final : public TableStage {
 public:
  void Reads(std::vector<int>& read) const override {
    read.insert(read.end(), slots.begin(), slots.end());
  }
  void Writes(std::vector<int>& written) const override {
    if (total >= 0) written.push_back(total);
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<int> slots;
  int total = -1;  // below 0: no total of the row
  bool column = false;
};

class AppendColsStage final : public TableStage {
 public:
  void Reads(std::vector<int>&) const override {}
  void Writes(std::vector<int>& slots) const override {
    for (const auto& [from, to] : copies) slots.push_back(to);
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::size_t subquery = 0;
  std::size_t max = 0;  // 0: all
  std::vector<std::pair<int, int>> copies;
};

class OutlierStage final : public TableStage {
 public:
  void Reads(std::vector<int>& read) const override {
    for (const auto& [from, to] : fields) read.push_back(from);
  }
  void Writes(std::vector<int>& written) const override {
    for (const auto& [from, to] : fields) written.push_back(to);
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<std::pair<int, int>> fields;
  bool remove = false, use_lower = false, mark = false;
  double param = 2.5;
};

class SessionizeStage final : public TableStage {
 public:
  void Reads(std::vector<int>& read) const override;
  void Writes(std::vector<int>& written) const override { written.push_back(slot); }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  std::vector<NodePtr> keys;
  std::int64_t max_span_ms = 30 * 60'000;
  int slot = -1;
};

/// pattern, diff and anomaly: templates of texts, beside those of an earlier range.
class PatternStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override { SlotsOf(*value, slots); }
  void Writes(std::vector<int>& slots) const override {
    slots.insert(slots.end(), {pattern, ratio, count, severity});
  }
  Result<> Apply(Worker& worker, Frame& frame) const override;
  NodePtr value;
  int pattern = -1, ratio = -1, count = -1, severity = -1;
};

class CompareStage final : public TableStage {
 public:
  void Reads(std::vector<int>& slots) const override;
  void Writes(std::vector<int>& slots) const override;
  Result<> Apply(Worker& worker, Frame& frame) const override;
  bool anomaly = false;
  std::size_t subquery = 0;
  int pattern = -1, count = -1, severity = -1;  // of both frames
  int ratio = -1;
  // diff: earlier count and difference; anomaly: score and description
  int first = -1, second = -1;
};

}  // namespace securebase::insights::internal
