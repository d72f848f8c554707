#include "insights/internal/frame_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace securebase::insights::internal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kExactMax = std::int64_t{1} << 53;

Cell MixedCell(const query::Column& column, std::size_t row) {
  const std::string_view text = column.StringAt(row);
  switch (column.kinds[row]) {
    case query::Column::Kind::kNumber:
      return Cell::Text(text, Kind::kNumberText);
    case query::Column::Kind::kBool:
      return Cell::Bool(text == "true");
    case query::Column::Kind::kTree:
      return Cell::Text(text, Kind::kTree);
    case query::Column::Kind::kString:
      break;
  }
  return Cell::Text(text);
}

}  // namespace

FrameReader::FrameReader(std::vector<int> slots, int slot_count, std::int64_t start_ms,
                         std::int64_t end_ms)
    : slots_(std::move(slots)),
      slot_count_(slot_count),
      start_ms_(start_ms),
      end_ms_(end_ms),
      cached_(slots_.size()),
      booleans_(std::make_shared<CellDictionary>()) {
  booleans_->cells = {Cell::Bool(false), Cell::Bool(true), Cell()};
}

VectorRef FrameReader::ConvertMixed(query::Column& column, std::size_t rows) {
  std::vector<Cell> cells(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    if (column.IsValid(i)) cells[i] = MixedCell(column, i);
  }
  return CellVector(std::move(cells), column.dictionary);
}

VectorRef FrameReader::ConvertStrings(query::Column& column, std::size_t rows, Kind kind,
                                      Cached& cached) {
  const query::Dictionary& dictionary = *column.dictionary;
  const auto missing = static_cast<std::uint32_t>(dictionary.values.size());
  if (cached.from != column.dictionary || cached.kind != kind) {
    cached.from = column.dictionary;
    cached.kind = kind;
    cached.cells = std::make_shared<CellDictionary>();
    cached.cells->cells.resize(missing + 1);
    for (std::size_t i = 0; i < missing; ++i) {
      cached.cells->cells[i] = Cell::Text(dictionary.values[i], kind);
    }
    cached.cells->owner = column.dictionary;
  }
  auto vector = std::make_shared<Vector>();
  vector->form = Vector::Form::kDict;
  vector->size = rows;
  vector->dictionary = cached.cells;
  if (!column.valid.empty()) {
    for (std::size_t i = 0; i < rows; ++i) {
      if (column.valid[i] == 0) column.codes[i] = missing;
    }
  }
  vector->codes = std::make_shared<const std::vector<std::uint32_t>>(std::move(column.codes));
  return vector;
}

VectorRef FrameReader::Convert(query::Column& column, std::size_t rows, std::size_t which,
                               Arena& arena) {
  if (column.all_absent) return nullptr;
  if (column.has_texts) {
    return ConvertStrings(column, rows, Kind::kNumberText, cached_[which]);
  }
  auto vector = std::make_shared<Vector>();
  vector->size = rows;
  switch (column.type) {
    case query::Type::kString:
      if (!column.kinds.empty()) return ConvertMixed(column, rows);
      return ConvertStrings(column, rows, Kind::kString, cached_[which]);
    case query::Type::kTime:
      vector->form = Vector::Form::kTimes;
      vector->times = std::move(column.ints);
      for (std::size_t i = 0; i < column.valid.size(); ++i) {
        if (column.valid[i] == 0) vector->times[i] = kNoTime;
      }
      return vector;
    case query::Type::kBool: {
      std::vector<std::uint32_t> codes(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        codes[i] = column.IsValid(i) ? (column.ints[i] != 0 ? 1 : 0) : 2;
      }
      vector->form = Vector::Form::kDict;
      vector->codes = std::make_shared<const std::vector<std::uint32_t>>(std::move(codes));
      vector->dictionary = booleans_;
      return vector;
    }
    case query::Type::kDouble:
      vector->form = Vector::Form::kNumbers;
      vector->number_kind = Kind::kSourceNumber;
      vector->decimals = column.decimals;
      vector->numbers = std::move(column.doubles);
      for (std::size_t i = 0; i < column.valid.size(); ++i) {
        if (column.valid[i] == 0) vector->numbers[i] = kNaN;
      }
      return vector;
    case query::Type::kInt64: {
      const bool exact = std::all_of(column.ints.begin(), column.ints.end(), [](std::int64_t i) {
        return i >= -kExactMax && i <= kExactMax;
      });
      if (exact) {
        vector->form = Vector::Form::kNumbers;
        vector->number_kind = Kind::kSourceNumber;
        vector->numbers.resize(rows);
        for (std::size_t i = 0; i < rows; ++i) {
          vector->numbers[i] = column.IsValid(i) ? static_cast<double>(column.ints[i]) : kNaN;
        }
        return vector;
      }
      // Beyond a double's integers the digits count.
      vector->form = Vector::Form::kCells;
      vector->cells.resize(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        if (column.IsValid(i)) {
          vector->cells[i] =
              Cell::Text(arena.Copy(std::to_string(column.ints[i])), Kind::kNumberText);
        }
      }
      return vector;
    }
  }
  return vector;
}

Frame FrameReader::Read(query::Batch& batch) {
  Frame frame;
  frame.rows = batch.rows;
  frame.slots.resize(static_cast<std::size_t>(slot_count_));
  batch.columns[1].type = query::Type::kTime;  // the order of arrival, kept as it is
  for (std::size_t c = 0; c < slots_.size(); ++c) {
    frame[slots_[c]] = Convert(batch.columns[c], batch.rows, c, *frame.arena);
  }
  const std::vector<std::int64_t>& times = frame[kTimeSlot]->times;
  const auto in_range = [&](std::uint32_t row) {
    return times[row] >= start_ms_ && times[row] <= end_ms_;
  };
  std::vector<std::uint32_t> rows;
  if (batch.filtered) {
    for (const std::uint16_t row : batch.selection) {
      if (in_range(row)) rows.push_back(row);
    }
  } else {
    const auto [low, high] = std::minmax_element(times.begin(), times.end());
    if (times.empty() || (*low >= start_ms_ && *high <= end_ms_)) return frame;
    for (std::uint32_t row = 0; row < batch.rows; ++row) {
      if (in_range(row)) rows.push_back(row);
    }
  }
  if (rows.size() != batch.rows) frame.Take(rows);
  return frame;
}

}  // namespace securebase::insights::internal
