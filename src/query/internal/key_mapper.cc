#include "query/internal/key_mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>

#include "base/check.h"

namespace securebase::query {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;

// Equal doubles must have equal bits: one zero, one NaN.
std::int64_t CanonicalBits(double value) {
  if (value == 0) value = 0;
  if (value != value) value = std::numeric_limits<double>::quiet_NaN();
  return std::bit_cast<std::int64_t>(value);
}

std::int64_t FloorDay(std::int64_t time_ms) {
  const std::int64_t day = time_ms / kDayMs;
  return time_ms % kDayMs < 0 ? day - 1 : day;
}

}  // namespace

CalendarUnit UnitOf(std::int64_t time_ms, GroupKey::Cut cut) {
  const std::int64_t day = FloorDay(time_ms);
  switch (cut) {
    case GroupKey::Cut::kNone:
      break;
    case GroupKey::Cut::kDay:
      return {day * kDayMs, (day + 1) * kDayMs};
    case GroupKey::Cut::kWeek: {
      // Day 0 of the epoch was a Thursday, day -3 a Monday.
      const std::int64_t since_monday = ((day + 3) % 7 + 7) % 7;
      return {(day - since_monday) * kDayMs, (day - since_monday + 7) * kDayMs};
    }
    case GroupKey::Cut::kMonth: {
      // Beyond the calendar of <chrono> (years -32767 to 32767) a unit is a day.
      constexpr std::int64_t kCalendarDays = 11'000'000;
      if (day < -kCalendarDays || day > kCalendarDays) return {day * kDayMs, (day + 1) * kDayMs};
      using std::chrono::days, std::chrono::months, std::chrono::sys_days;
      const std::chrono::year_month_day date{sys_days{days{day}}};
      const auto first = date.year() / date.month() / 1;
      const auto next = first + months(1);
      return {sys_days(first).time_since_epoch().count() * kDayMs,
              sys_days(next).time_since_epoch().count() * kDayMs};
    }
  }
  return {time_ms, time_ms + 1};
}

Result<> KeyMapper::CheckType(Type type) {
  if (type_ == type) return {};
  if (cut_ != GroupKey::Cut::kNone && type != Type::kTime) {
    return InvalidArgument(field_, "is not a time: it cannot be cut to days, weeks or months");
  }
  if (type_.has_value()) {
    return Internal(fmt::format("field {} has values of different types", field_));
  }
  type_ = type;
  return {};
}

Result<> KeyMapper::Map(const Column& column, std::span<const std::uint16_t> rows,
                        std::uint32_t* ids) {
  if (column.all_absent) {
    std::fill_n(ids, rows.size(), 0);
    return {};
  }
  SB_TRY_OK(CheckType(column.type));
  switch (column.type) {
    case Type::kString:
      MapStrings(column, rows, ids);
      break;
    case Type::kDouble:
      MapIntegers(rows, ids, [&](std::size_t r) { return CanonicalBits(column.doubles[r]); });
      break;
    case Type::kTime:
      if (cut_ != GroupKey::Cut::kNone) {
        MapTimes(column, rows, ids);
        break;
      }
      [[fallthrough]];
    case Type::kBool:
    case Type::kInt64:
      MapIntegers(rows, ids, [&](std::size_t r) { return column.ints[r]; });
      break;
  }
  if (!column.valid.empty()) {
    for (std::size_t i = 0; i < rows.size(); ++i) ids[i] = column.valid[rows[i]] != 0 ? ids[i] : 0;
  }
  return {};
}

void KeyMapper::MapStrings(const Column& column, std::span<const std::uint16_t> rows,
                           std::uint32_t* ids) {
  if (dictionary_ != column.dictionary) {
    dictionary_ = column.dictionary;
    code_ids_.assign(dictionary_->values.size(), 0);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint32_t code = column.codes[rows[i]];
    std::uint32_t& id = code_ids_[code];
    if (id == 0 && column.IsValid(rows[i])) [[unlikely]] {
      id = IdOfText(dictionary_->values[code]);
    }
    ids[i] = id;
  }
}

void KeyMapper::MapTimes(const Column& column, std::span<const std::uint16_t> rows,
                         std::uint32_t* ids) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t time = column.ints[rows[i]];
    if (time < unit_start_ || time >= unit_end_) [[unlikely]] {
      if (!column.IsValid(rows[i])) continue;  // a placeholder: Map sets its id to 0
      const CalendarUnit unit = UnitOf(time, cut_);
      unit_start_ = unit.start_ms;
      unit_end_ = unit.end_ms;
      unit_id_ = IdOfInteger(unit_start_);
    }
    ids[i] = unit_id_;
  }
}

template <class ValueAt>
void KeyMapper::MapIntegers(std::span<const std::uint16_t> rows, std::uint32_t* ids,
                            ValueAt value_at) {
  // Values often come in runs.
  std::int64_t last_value = 0;
  std::uint32_t last_id = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t value = value_at(rows[i]);
    if (value != last_value || last_id == 0) {
      last_value = value;
      last_id = IdOfInteger(value);
    }
    ids[i] = last_id;
  }
}

std::uint32_t KeyMapper::IdOfText(std::string_view text) {
  if (const auto it = text_ids_.find(text); it != text_ids_.end()) return it->second;
  texts_.emplace_back(text);
  memory_bytes_ += sizeof(std::string) + text.size() + 2 * sizeof(std::string_view);
  ++count_;
  const auto id = static_cast<std::uint32_t>(count_);
  text_ids_.emplace(texts_.back(), id);
  return id;
}

std::uint32_t KeyMapper::IdOfInteger(std::int64_t value) {
  const auto [it, added] = integer_ids_.try_emplace(value, static_cast<std::uint32_t>(count_ + 1));
  if (added) {
    integers_.push_back(value);
    memory_bytes_ += 4 * sizeof(std::int64_t);
    ++count_;
  }
  return it->second;
}

Cell KeyMapper::CellOf(std::uint32_t id) const {
  Cell cell;
  cell.type = type_.value_or(Type::kString);
  if (id == 0) return cell;
  SB_DCHECK(id <= count_);
  cell.present = true;
  if (cell.type == Type::kString) {
    cell.text = texts_[id - 1];
  } else if (cell.type == Type::kDouble) {
    cell.real = std::bit_cast<double>(integers_[id - 1]);
  } else {
    cell.integer = integers_[id - 1];
  }
  return cell;
}

}  // namespace securebase::query
