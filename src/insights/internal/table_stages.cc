#include "insights/internal/table_stages.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace securebase::insights::internal {
namespace {

std::vector<Cell> CellsOf(const Frame& frame, int slot) {
  std::vector<Cell> cells(frame.rows);
  for (std::size_t i = 0; i < frame.rows; ++i) cells[i] = frame.At(slot, i);
  return cells;
}

// Keeps what the vector's text lies in, besides the frame's arena.
VectorRef Keeping(std::vector<Cell> cells, const Frame& frame, VectorRef old) {
  return CellVector(
      std::move(cells),
      std::make_shared<std::pair<std::shared_ptr<Arena>, VectorRef>>(frame.arena, std::move(old)));
}

}  // namespace

std::vector<std::uint32_t> SortedRows(const Frame& frame, const std::vector<SortKeySlot>& keys) {
  // Numbers are read once per value, not once per comparison.
  struct Key {
    double number = 0;
    Cell cell;
    std::int8_t rank = 0;  // missing, text, number: the sort order of the kinds
  };
  std::vector<std::vector<Key>> columns;
  for (const SortKeySlot& key : keys) {
    std::vector<Key>& column = columns.emplace_back(frame.rows);
    for (std::size_t i = 0; i < frame.rows; ++i) {
      column[i].cell = frame.At(key.slot, i);
      const auto number = ArithmeticOf(column[i].cell);
      column[i].number = number.value_or(0);
      column[i].rank = column[i].cell.missing() ? 0 : number ? 2 : 1;
    }
  }
  std::vector<std::uint32_t> rows(frame.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const Key& x = columns[k][a];
      const Key& y = columns[k][b];
      int order = x.rank - y.rank;
      if (order == 0 && x.rank == 2 && x.number != y.number) order = x.number < y.number ? -1 : 1;
      if (order == 0 && x.rank != 0) order = NaturalOrder(x.cell, y.cell);
      if (order != 0) return keys[k].descending ? order > 0 : order < 0;
    }
    return false;
  });
  return rows;
}

Result<> SortStage::Apply(Worker&, Frame& frame) const {
  frame.Take(SortedRows(frame, keys));
  return {};
}

Result<> LimitStage::Apply(Worker&, Frame& frame) const {
  if (frame.rows <= count) return {};
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(tail ? frame.rows - count : 0));
  frame.Take(rows);
  return {};
}

Result<> DedupStage::Apply(Worker& worker, Frame& frame) const {
  std::vector<VectorRef> vectors;
  for (const NodePtr& key : keys) vectors.push_back(worker.evaluator.Evaluate(*key, frame));
  std::unordered_set<std::string> seen;
  std::vector<std::uint32_t> rows;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    std::string key;
    bool missing = false;
    for (const VectorRef& vector : vectors) {
      const Cell cell = vector->At(row);
      missing = missing || cell.missing();
      AppendKey(key, cell);
      key += '\xff';
    }
    if (missing || seen.insert(std::move(key)).second) {
      rows.push_back(static_cast<std::uint32_t>(row));
    }
  }
  frame.Take(rows);
  return {};
}

Result<> AccumStage::Apply(Worker& worker, Frame& frame) const {
  const VectorRef values = worker.evaluator.Evaluate(*value, frame);
  std::vector<Cell> out(frame.rows);
  double sum = 0;
  for (std::size_t i = 0; i < frame.rows; ++i) {
    const auto number = ArithmeticOf(values->At(i));
    if (!number) continue;
    sum += *number;
    out[i] = Cell::Number(sum);
  }
  frame[slot] = CellVector(std::move(out));
  return {};
}

void AutoRegressStage::Writes(std::vector<int>& slots) const {
  for (const auto& [lag, slot] : lags) slots.push_back(slot);
}

Result<> AutoRegressStage::Apply(Worker& worker, Frame& frame) const {
  const VectorRef values = worker.evaluator.Evaluate(*value, frame);
  for (const auto& [lag, slot] : lags) {
    std::vector<Cell> out(frame.rows);
    for (std::size_t i = lag; i < frame.rows; ++i) out[i] = values->At(i - lag);
    frame[slot] = Keeping(std::move(out), frame, values);
  }
  return {};
}

void FillDownStage::Reads(std::vector<int>& read) const {
  read.insert(read.end(), slots.begin(), slots.end());
}

Result<> FillDownStage::Apply(Worker&, Frame& frame) const {
  for (const int slot : slots) {
    std::vector<Cell> cells = CellsOf(frame, slot);
    for (std::size_t i = 1; i < cells.size(); ++i) {
      if (cells[i].missing()) cells[i] = cells[i - 1];
    }
    frame[slot] = Keeping(std::move(cells), frame, frame[slot]);
  }
  return {};
}

void FillMissingStage::Reads(std::vector<int>& read) const {
  read.push_back(bin);
  read.insert(read.end(), keys.begin(), keys.end());
}

Result<> FillMissingStage::Apply(Worker& worker, Frame& frame) const {
  // The bins between the first and the last, for each combination of the other keys.
  std::map<std::string, std::pair<std::uint32_t, std::unordered_set<std::int64_t>>> series;
  std::int64_t low = INT64_MAX, high = INT64_MIN;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    const Cell cell = frame.At(bin, row);
    if (cell.kind != Kind::kTime) continue;
    std::string key;
    for (const int slot : keys) {
      AppendKey(key, frame.At(slot, row));
      key += '\xff';
    }
    auto [at, added] = series.try_emplace(key);
    if (added) at->second.first = static_cast<std::uint32_t>(row);
    at->second.second.insert(cell.integer);
    low = std::min(low, cell.integer);
    high = std::max(high, cell.integer);
  }
  if (series.empty()) return {};
  constexpr std::size_t kRowsMax = 1'000'000;
  std::vector<std::int64_t> bins;
  for (std::int64_t t = low; t <= high; t = NextPeriod(t, period)) {
    bins.push_back(t);
    if (bins.size() * series.size() > kRowsMax) {
      return LimitExceeded("memory", "fillmissing would make more than a million rows");
    }
  }
  struct Added {
    std::uint32_t row;  // a row with the same other keys
    std::int64_t bin;
  };
  std::vector<Added> added;
  for (const auto& [key, entry] : series) {
    for (const std::int64_t t : bins) {
      if (!entry.second.contains(t)) added.push_back({entry.first, t});
    }
  }
  Frame filler;
  filler.rows = 1;
  filler.slots.resize(frame.slots.size());
  const std::size_t before = frame.rows;
  Frame out;
  out.rows = before + added.size();
  out.slots.resize(frame.slots.size());
  out.arena = frame.arena;
  for (std::size_t s = 0; s < frame.slots.size(); ++s) {
    const VectorRef& old = frame.slots[s];
    if (!old) continue;
    const int slot = static_cast<int>(s);
    std::vector<Cell> cells = CellsOf(frame, slot);
    cells.resize(out.rows);
    Cell with;
    for (const auto& [target, node] : fill) {
      if (target == slot) with = worker.evaluator.Evaluate(*node, filler)->At(0);
    }
    const bool key = std::find(keys.begin(), keys.end(), slot) != keys.end();
    for (std::size_t i = 0; i < added.size(); ++i) {
      cells[before + i] = slot == bin ? Cell::Time(added[i].bin)
                          : key       ? frame.At(slot, added[i].row)
                                      : with;
    }
    out[slot] = Keeping(std::move(cells), frame, old);
  }
  frame = std::move(out);
  frame.Take(SortedRows(frame, {{.slot = bin}}));
  return {};
}

Result<> AddTotalsStage::Apply(Worker&, Frame& frame) const {
  std::vector<Cell> totals(frame.rows);
  std::vector<double> sums(slots.size(), 0);
  std::vector<bool> any(slots.size(), false);
  double grand = 0;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    double sum = 0;
    bool numeric = false;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Cell cell = frame.At(slots[i], row);
      const auto number = NumberOf(cell);
      if (!number) continue;
      sum += *number;
      sums[i] += *number;
      numeric = any[i] = true;
    }
    if (numeric) totals[row] = Cell::Number(sum);
    grand += sum;
  }
  if (column) {
    const std::size_t rows = frame.rows + 1;
    for (std::size_t s = 0; s < frame.slots.size(); ++s) {
      if (!frame.slots[s]) continue;
      std::vector<Cell> cells = CellsOf(frame, static_cast<int>(s));
      cells.resize(rows);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        if (slots[i] == static_cast<int>(s) && any[i]) cells.back() = Cell::Number(sums[i]);
      }
      frame.slots[s] = Keeping(std::move(cells), frame, frame.slots[s]);
    }
    frame.rows = rows;
    totals.push_back(Cell::Number(grand));
  }
  if (total >= 0) frame[total] = CellVector(std::move(totals));
  return {};
}

Result<> AppendColsStage::Apply(Worker& worker, Frame& frame) const {
  const std::shared_ptr<const Frame>& other = worker.runtime.subframes[subquery];
  const std::size_t most = max == 0 ? other->rows : std::min(max, other->rows);
  for (const auto& [from, to] : copies) {
    std::vector<Cell> cells(frame.rows);
    for (std::size_t i = 0; i < std::min(most, frame.rows); ++i) cells[i] = other->At(from, i);
    frame[to] = CellVector(std::move(cells), other);
  }
  return {};
}

Result<> OutlierStage::Apply(Worker&, Frame& frame) const {
  std::vector<bool> drop(frame.rows, false);
  for (const auto& [from, to] : fields) {
    std::vector<double> values;
    for (std::size_t i = 0; i < frame.rows; ++i) {
      if (const auto x = NumberOf(frame.At(from, i))) values.push_back(*x);
    }
    std::vector<Cell> cells = CellsOf(frame, from);
    if (!values.empty()) {
      std::sort(values.begin(), values.end());
      const auto quantile = [&](double q) {
        const double at = q * static_cast<double>(values.size() - 1);
        const auto low = static_cast<std::size_t>(at);
        const std::size_t high = std::min(low + 1, values.size() - 1);
        return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
      };
      const double q1 = quantile(0.25), q3 = quantile(0.75);
      const double upper = q3 + param * (q3 - q1), lower = q1 - param * (q3 - q1);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto x = NumberOf(cells[i]);
        if (!x) continue;
        const bool above = *x > upper, below = use_lower && *x < lower;
        if (!above && !below) continue;
        if (remove) {
          drop[i] = true;
          continue;
        }
        cells[i] = Cell::Number(above ? upper : lower);
        if (mark) {
          std::string marked = "000";
          AppendText(marked, cells[i]);
          cells[i] = Cell::Text(frame.arena->Copy(marked));
        }
      }
    }
    frame[to] = Keeping(std::move(cells), frame, frame[from]);
  }
  if (remove) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < frame.rows; ++i) {
      if (!drop[i]) rows.push_back(static_cast<std::uint32_t>(i));
    }
    frame.Take(rows);
  }
  return {};
}

void SessionizeStage::Reads(std::vector<int>& read) const {
  for (const NodePtr& key : keys) SlotsOf(*key, read);
  read.push_back(kTimeSlot);
}

Result<> SessionizeStage::Apply(Worker& worker, Frame& frame) const {
  std::vector<VectorRef> vectors;
  for (const NodePtr& key : keys) vectors.push_back(worker.evaluator.Evaluate(*key, frame));
  // In time, whatever order the rows are in.
  std::vector<std::uint32_t> rows(frame.rows);
  std::iota(rows.begin(), rows.end(), 0u);
  const auto time = [&](std::uint32_t row) { return TimeOf(frame.At(kTimeSlot, row)).value_or(0); };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return time(a) < time(b); });
  struct Session {
    std::int64_t last = 0;
    std::size_t id = 0;
  };
  std::unordered_map<std::string, Session> sessions;
  std::vector<Cell> out(frame.rows);
  std::size_t next = 0;
  for (const std::uint32_t row : rows) {
    std::string key;
    bool missing = true;
    for (const VectorRef& vector : vectors) {
      const Cell cell = vector->At(row);
      missing = missing && cell.missing();
      AppendKey(key, cell);
      key += '\xff';
    }
    if (missing) continue;
    auto [at, added] = sessions.try_emplace(key);
    if (added || time(row) - at->second.last > max_span_ms) at->second.id = ++next;
    at->second.last = time(row);
    out[row] = Cell::Number(static_cast<double>(at->second.id));
  }
  frame[slot] = CellVector(std::move(out));
  return {};
}

}  // namespace securebase::insights::internal
