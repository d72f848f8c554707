#include "events/internal/row_buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace securebase::events {
namespace {

using query::Type;

constexpr std::size_t kArenaBlock = 64 << 10;

}  // namespace

std::string_view TextArena::Add(std::string_view text) {
  if (text.size() > size_ - used_) {
    size_ = std::max(kArenaBlock, text.size());
    used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size_));
    bytes_ += size_;
  }
  if (text.empty()) return {};
  char* at = blocks_.back().get() + used_;
  std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return {at, text.size()};
}

void TextArena::Clear() { *this = TextArena(); }

std::uint32_t TextNumbers::NumberOf(std::string_view text, TextArena& arena) {
  if (last_number_ != 0 && text == last_text_) return last_number_;
  auto it = numbers_.find(text);
  if (it == numbers_.end()) {
    const std::string_view kept = arena.Add(text);
    texts_.push_back(kept);
    it = numbers_.emplace(kept, static_cast<std::uint32_t>(texts_.size())).first;
  }
  last_text_ = it->first;
  last_number_ = it->second;
  return last_number_;
}

void TextNumbers::Clear() { *this = TextNumbers(); }

std::size_t RowBuffer::Buffered::size() const {
  return type == Type::kString   ? codes.size()
         : type == Type::kDouble ? doubles.size()
                                 : ints.size();
}

bool RowBuffer::Buffered::IsPresent(std::size_t row) const {
  if (row >= size()) return false;
  if (type == Type::kString) return codes[row] != 0;
  return present.empty() || present[row] != 0;
}

// Rows that did not set the field get an absent value.
void RowBuffer::Buffered::PadTo(std::size_t rows) {
  if (size() >= rows) return;
  if (type == Type::kString) return codes.resize(rows, 0);
  if (present.empty()) present.resize(size(), 1);
  present.resize(rows, 0);
  type == Type::kDouble ? doubles.resize(rows, 0) : ints.resize(rows, 0);
}

void RowBuffer::Buffered::Truncate(std::size_t rows) {
  if (size() <= rows) return;
  if (type == Type::kString) return codes.resize(rows);
  if (!present.empty()) present.resize(rows);
  type == Type::kDouble ? doubles.resize(rows) : ints.resize(rows);
}

RowBuffer::RowBuffer(const Schema& schema) : schema_fields_(schema.fields.size()) {
  for (const Field& field : schema.fields) {
    column_indexes_.emplace(field.name, columns_.size());
    columns_.push_back({.name = field.name, .type = field.type});
  }
}

template <class T>
void RowBuffer::Put(Buffered& column, std::vector<T>& values, T value) {
  if (values.size() == rows() + 1) {
    values.back() = value;
    return;
  }
  column.PadTo(rows());
  values.push_back(value);
  if (!column.present.empty()) column.present.push_back(1);
}

void RowBuffer::SetInt(std::size_t field, Type type, std::int64_t value) {
  Buffered& column = columns_[field];
  SB_CHECK(field < schema_fields_ &&
           (column.type == type || (column.type == Type::kBool && type == Type::kInt64)));
  Put(column, column.ints, value);
}

void RowBuffer::SetDouble(std::size_t field, double value) {
  Buffered& column = columns_[field];
  SB_CHECK(field < schema_fields_ && column.type == Type::kDouble);
  Put(column, column.doubles, value);
}

void RowBuffer::SetString(std::size_t field, std::string_view value) {
  Buffered& column = columns_[field];
  SB_CHECK(field < schema_fields_ && column.type == Type::kString);
  Put(column, column.codes, column.texts.NumberOf(value, arena_));
}

std::optional<std::size_t> RowBuffer::ExtraIndex(std::string_view name) {
  const auto [it, added] = column_indexes_.try_emplace(std::string(name), columns_.size());
  if (added) {
    if (columns_.size() == schema_fields_ + kExtrasMax) {
      column_indexes_.erase(it);
      row_error_ = LimitExceeded(
          {}, fmt::format("more than {} names of fields beyond the schema", kExtrasMax));
      return std::nullopt;
    }
    columns_.push_back({.name = std::string(name), .type = Type::kString});
  } else if (columns_[it->second].type != Type::kString) {
    row_error_ = InvalidArgument(std::string(name), "is no text");
    return std::nullopt;
  }
  return it->second;
}

void RowBuffer::SetExtra(std::string_view name, std::string_view value) {
  std::size_t index = next_extra_;
  if (index >= columns_.size() || columns_[index].name != name) {  // slow path
    const std::optional<std::size_t> found = ExtraIndex(name);
    if (!found.has_value()) return;
    index = *found;
  }
  next_extra_ = std::max(index + 1, schema_fields_);
  Buffered& column = columns_[index];
  Put(column, column.codes, column.texts.NumberOf(value, arena_));
}

Result<> RowBuffer::EndRow(std::string_view customer) {
  if (columns_[0].size() != rows() + 1) {
    row_error_ = InvalidArgument(columns_[0].name, "is missing");
  } else if (customer.empty()) {
    row_error_ = InvalidArgument("customer", "is empty");
  }
  if (row_error_.has_value()) [[unlikely]] {
    Error error = *row_error_;
    DiscardRow();
    return error;
  }
  row_customers_.push_back(customers_.NumberOf(customer, arena_) - 1);
  next_extra_ = schema_fields_;
  return {};
}

void RowBuffer::DiscardRow() {
  for (Buffered& column : columns_) column.Truncate(rows());
  next_extra_ = schema_fields_;
  row_error_.reset();
}

std::uint64_t RowBuffer::memory_bytes() const {
  constexpr std::uint64_t kNumberBytes = 2 * sizeof(std::string_view) + 16;  // one distinct string
  std::uint64_t bytes = arena_.bytes() + row_customers_.capacity() * 4;
  for (const Buffered& column : columns_) {
    bytes += (column.ints.capacity() + column.doubles.capacity()) * 8 +
             column.codes.capacity() * 4 + column.present.capacity() +
             column.texts.size() * kNumberBytes;
  }
  return bytes;
}

std::vector<RowBuffer::Rows> RowBuffer::RowsByCustomer() const {
  std::vector<std::size_t> counts(customers_.size());
  for (const std::uint32_t customer : row_customers_) ++counts[customer];
  std::vector<Rows> result(customers_.size());
  for (std::size_t i = 0; i < counts.size(); ++i) result[i].reserve(counts[i]);
  for (std::uint32_t row = 0; row < row_customers_.size(); ++row) {
    result[row_customers_[row]].push_back(row);
  }
  return result;
}

void RowBuffer::SortByTime(Rows& rows) const {
  const auto& times = columns_[0].ints;
  const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return times[a] < times[b]; };
  // Rows of one time keep their order: the same file gives the same segment.
  if (!std::is_sorted(rows.begin(), rows.end(), earlier)) {
    std::stable_sort(rows.begin(), rows.end(), earlier);
  }
}

// Codes of the customer's own dictionary: its distinct strings in their order.
void RowBuffer::GatherStrings(Buffered& column, const Rows& rows, SegmentColumn& out) {
  constexpr std::uint32_t kUnseen = 0;
  column.local_codes.resize(column.texts.size() + 1, kUnseen);
  std::vector<std::uint32_t> distinct;
  for (const std::uint32_t row : rows) {
    const std::uint32_t code = row < column.codes.size() ? column.codes[row] : 0;
    if (code != 0 && column.local_codes[code] == kUnseen) {
      column.local_codes[code] = 1;
      distinct.push_back(code);
    }
  }
  std::sort(distinct.begin(), distinct.end(), [&](std::uint32_t a, std::uint32_t b) {
    return column.texts.TextOf(a) < column.texts.TextOf(b);
  });
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    column.local_codes[distinct[i]] = static_cast<std::uint32_t>(i);
    out.dictionary.push_back(column.texts.TextOf(distinct[i]));
  }
  out.codes.reserve(rows.size());
  for (const std::uint32_t row : rows) {
    const std::uint32_t code = row < column.codes.size() ? column.codes[row] : 0;
    out.codes.push_back(code == 0 ? 0 : column.local_codes[code]);
  }
  for (const std::uint32_t code : distinct) column.local_codes[code] = kUnseen;
}

// False when no row has the field.
bool RowBuffer::Gather(Buffered& column, const Rows& rows, SegmentColumn& out) {
  std::size_t present = 0;
  for (const std::uint32_t row : rows) present += column.IsPresent(row) ? 1 : 0;
  if (present == 0) return false;
  out.name = column.name;
  out.type = column.type;
  if (present < rows.size()) {
    out.valid.reserve(rows.size());
    for (const std::uint32_t row : rows) out.valid.push_back(column.IsPresent(row) ? 1 : 0);
  }
  if (column.type == Type::kString) {
    GatherStrings(column, rows, out);
    return true;
  }
  const auto gather = [&](const auto& from, auto& to) {
    to.reserve(rows.size());
    for (const std::uint32_t row : rows) to.push_back(row < from.size() ? from[row] : 0);
  };
  column.type == Type::kDouble ? gather(column.doubles, out.doubles)
                               : gather(column.ints, out.ints);
  return true;
}

Result<> RowBuffer::ForEachCustomer(const Take& take) {
  DiscardRow();
  std::vector<Rows> rows_by_customer = RowsByCustomer();
  for (std::size_t customer = 0; customer < rows_by_customer.size(); ++customer) {
    Rows& rows = rows_by_customer[customer];
    SortByTime(rows);
    std::vector<SegmentColumn> columns;
    for (Buffered& column : columns_) {
      SegmentColumn out;
      if (Gather(column, rows, out)) columns.push_back(std::move(out));
    }
    const std::string_view name = customers_.TextOf(static_cast<std::uint32_t>(customer) + 1);
    SB_TRY_OK(take(name, rows.size(), columns));
    rows = {};
  }
  return {};
}

void RowBuffer::Clear() {
  columns_.resize(schema_fields_);
  for (Buffered& column : columns_) {
    column = Buffered{.name = std::move(column.name), .type = column.type};
  }
  column_indexes_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) column_indexes_.emplace(columns_[i].name, i);
  next_extra_ = schema_fields_;
  row_error_.reset();
  customers_.Clear();
  row_customers_ = {};
  arena_.Clear();
}

}  // namespace securebase::events
