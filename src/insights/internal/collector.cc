#include "insights/internal/collector.h"

#include <algorithm>
#include <numeric>

namespace securebase::insights::internal {
namespace {

// A buffer of this many rows beyond twice the limit is cut to the limit.
constexpr std::size_t kSlack = 4096;

std::int64_t TimeAt(const VectorRef& vector, std::size_t row) {
  if (!vector) return 0;
  if (vector->form == Vector::Form::kTimes) return vector->times[row];
  const Cell cell = vector->At(row);
  return cell.kind == Kind::kTime ? cell.integer : 0;
}

}  // namespace

Collector::Collector(const CollectorOptions& options)
    : options_(options), columns_(options.slots.size()) {}

bool Collector::OnlyByTime() const {
  return options_.keys.empty() ||
         (options_.keys[0].slot == kTimeSlot && options_.keys[0].descending);
}

bool Collector::Worse(const Frame& frame, std::size_t row) const {
  const SortKeySlot& key = options_.keys[0];
  const int order = NaturalOrder(frame.At(key.slot, row), worst_[0]);
  return key.descending ? order < 0 : order > 0;
}

void Collector::Add(const Frame& frame) {
  const VectorRef& times = frame[kTimeSlot];
  const VectorRef& sequences = frame[kSequenceSlot];
  std::vector<std::uint32_t> rows;
  rows.reserve(frame.rows);
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (pruned_) {
      if (OnlyByTime() ? TimeAt(times, row) < oldest_wanted_ : Worse(frame, row)) continue;
    }
    rows.push_back(static_cast<std::uint32_t>(row));
    if (options_.any && options_.limit && rows_ + rows.size() >= *options_.limit) break;
  }
  if (full()) return;
  for (std::size_t c = 0; c < options_.slots.size(); ++c) {
    for (const std::uint32_t row : rows) {
      columns_[c].push_back(arena_->Keep(frame.At(options_.slots[c], row)));
    }
  }
  for (const std::uint32_t row : rows) {
    times_.push_back(TimeAt(times, row));
    sequences_.push_back(TimeAt(sequences, row));
  }
  rows_ += rows.size();
  if (options_.limit && rows_ > 2 * *options_.limit + kSlack) Prune();
}

Frame Collector::ToFrame(int slot_count) const {
  Frame frame;
  frame.rows = rows_;
  frame.slots.resize(static_cast<std::size_t>(slot_count));
  frame.arena = arena_;
  const auto times = [&](const std::vector<std::int64_t>& values) {
    auto vector = std::make_shared<Vector>();
    vector->form = Vector::Form::kTimes;
    vector->size = rows_;
    vector->times = values;
    return vector;
  };
  for (std::size_t c = 0; c < options_.slots.size(); ++c) {
    frame[options_.slots[c]] = CellVector(columns_[c], arena_);
  }
  frame[kTimeSlot] = times(times_);
  frame[kSequenceSlot] = times(sequences_);
  return frame;
}

std::vector<std::uint32_t> Collector::Order(const Frame& frame) const {
  std::vector<std::uint32_t> rows(rows_);
  std::iota(rows.begin(), rows.end(), 0u);
  std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
    return times_[a] != times_[b] ? times_[a] > times_[b] : sequences_[a] > sequences_[b];
  });
  if (options_.keys.empty()) return rows;
  Frame ordered = frame;
  ordered.Take(rows);
  std::vector<std::uint32_t> sorted = SortedRows(ordered, options_.keys);
  for (std::uint32_t& row : sorted) row = rows[row];
  return sorted;
}

void Collector::Prune() {
  int slot_count = kFirstFreeSlot;
  for (const int slot : options_.slots) slot_count = std::max(slot_count, slot + 1);
  for (const SortKeySlot& key : options_.keys) slot_count = std::max(slot_count, key.slot + 1);
  const Frame frame = ToFrame(slot_count);
  std::vector<std::uint32_t> rows = Order(frame);
  rows.resize(std::min(rows.size(), *options_.limit));
  // The text of what is dropped goes with its arena.
  auto arena = std::make_shared<Arena>();
  for (std::vector<Cell>& column : columns_) {
    std::vector<Cell> kept(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) kept[i] = arena->Keep(column[rows[i]]);
    column = std::move(kept);
  }
  std::vector<std::int64_t> times(rows.size()), sequences(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    times[i] = times_[rows[i]];
    sequences[i] = sequences_[rows[i]];
  }
  times_ = std::move(times);
  sequences_ = std::move(sequences);
  rows_ = rows.size();
  arena_ = std::move(arena);
  pruned_ = rows_ == *options_.limit && rows_ > 0;
  if (!pruned_) return;
  worst_.clear();
  for (const SortKeySlot& key : options_.keys) {
    Cell cell = frame.At(key.slot, rows.back());
    if (key.slot == kTimeSlot) cell = Cell::Time(times_.back());
    worst_.push_back(arena_->Keep(cell));
  }
  if (OnlyByTime()) oldest_wanted_ = times_.back();
}

void Collector::Merge(const Collector& other) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    for (const Cell& cell : other.columns_[c]) columns_[c].push_back(arena_->Keep(cell));
  }
  times_.insert(times_.end(), other.times_.begin(), other.times_.end());
  sequences_.insert(sequences_.end(), other.sequences_.begin(), other.sequences_.end());
  rows_ += other.rows_;
}

Frame Collector::Finish(int slot_count) const {
  Frame frame = ToFrame(slot_count);
  std::vector<std::uint32_t> rows = Order(frame);
  if (options_.limit && rows.size() > *options_.limit) rows.resize(*options_.limit);
  frame.Take(rows);
  return frame;
}

}  // namespace securebase::insights::internal
