#pragma once

// Columns of a frame: what expressions read and make, a few thousand rows at a time.

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "insights/internal/cell.h"

namespace securebase::insights::internal {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

/// Distinct values that rows refer to by code. Results of functions over them are filled in as
/// codes turn up, so that a function runs once per value, not once per row.
struct CellDictionary {
  std::vector<Cell> cells;
  std::vector<std::uint8_t> filled;  // empty: all are
  Arena arena;
  std::shared_ptr<const void> owner;  // of the text
};

/// One column. Immutable once made (but for the filling of a dictionary by its maker).
struct Vector {
  enum class Form : std::uint8_t { kConst, kCells, kNumbers, kTimes, kDict };
  Form form = Form::kConst;
  std::size_t size = 0;
  Cell constant;                                            // kConst
  std::vector<Cell> cells;                                  // kCells
  std::vector<double> numbers;                              // kNumbers; NaN: missing
  Kind number_kind = Kind::kNumber;                         // kNumbers
  std::int8_t decimals = -1;                                // kNumbers of the source
  std::vector<std::int64_t> times;                          // kTimes; kNoTime: missing
  std::shared_ptr<const std::vector<std::uint32_t>> codes;  // kDict
  std::shared_ptr<CellDictionary> dictionary;               // kDict
  std::shared_ptr<const void> owner;                        // of the text of `cells`

  Cell At(std::size_t row) const {
    switch (form) {
      case Form::kConst:
        return constant;
      case Form::kCells:
        return cells[row];
      case Form::kNumbers:
        return NumberAt(row);
      case Form::kTimes:
        return times[row] == kNoTime ? Cell::Missing() : Cell::Time(times[row]);
      case Form::kDict:
        return dictionary->cells[(*codes)[row]];
    }
    return {};
  }

 private:
  Cell NumberAt(std::size_t row) const {
    Cell cell = Cell::Number(numbers[row], number_kind);
    if (decimals >= 0) cell.size = static_cast<std::uint32_t>(decimals) + 1;
    return cell;
  }
};
using VectorRef = std::shared_ptr<const Vector>;

VectorRef ConstVector(Cell cell, std::size_t size);
VectorRef CellVector(std::vector<Cell> cells, std::shared_ptr<const void> owner = nullptr);
/// The rows at `rows`, in that order.
VectorRef Gather(const VectorRef& vector, std::span<const std::uint32_t> rows);

/// Rows on their way through the stages: one vector a slot, null where no stage before made it
/// (missing in every row).
struct Frame {
  std::size_t rows = 0;
  std::vector<VectorRef> slots;
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();

  Cell At(int slot, std::size_t row) const {
    const VectorRef& vector = slots[static_cast<std::size_t>(slot)];
    return vector ? vector->At(row) : Cell::Missing();
  }
  VectorRef& operator[](int slot) { return slots[static_cast<std::size_t>(slot)]; }
  const VectorRef& operator[](int slot) const { return slots[static_cast<std::size_t>(slot)]; }
  /// Keeps the rows at `rows` of the slots that have a vector.
  void Take(std::span<const std::uint32_t> chosen);
};

// Slots that every frame of an input has.
inline constexpr int kTimeSlot = 0;      // @timestamp
inline constexpr int kSequenceSlot = 1;  // order of ingestion, as kTimes
inline constexpr int kPointerSlot = 2;   // @ptr
inline constexpr int kFirstFreeSlot = 3;

}  // namespace securebase::insights::internal
