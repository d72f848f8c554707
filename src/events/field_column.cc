#include "events/field_column.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace securebase::events {
namespace {

using query::Column;
using query::Dictionary;
using query::Type;

constexpr std::size_t kPlainDigitsMax = 15;  // a double gives them back
constexpr std::size_t kIntDigitsMax = 18;

const std::shared_ptr<const Dictionary>& EmptyTexts() {
  static const auto dictionary = std::make_shared<const Dictionary>(
      Dictionary{.values = {std::string_view("")}, .sorted = true, .owner = nullptr});
  return dictionary;
}

void Reset(Column& column) {
  column.ints.clear();
  column.doubles.clear();
  column.codes.clear();
  column.dictionary = nullptr;
  column.valid.clear();
  column.all_absent = false;
  column.kinds.clear();
  column.decimals = -1;
  column.has_texts = false;
}

}  // namespace

void SetAllAbsent(std::size_t rows, Column& column) {
  Reset(column);
  column.type = Type::kString;
  column.all_absent = true;
  column.valid.assign(rows, 0);
  column.codes.assign(rows, 0);
  column.dictionary = EmptyTexts();
}

void SetTexts(std::vector<std::string_view> texts, std::shared_ptr<const void> owner,
              std::vector<std::uint8_t> valid, Column& column) {
  Reset(column);
  column.type = Type::kString;
  column.valid = std::move(valid);
  column.codes.resize(texts.size());
  for (std::uint32_t i = 0; i < texts.size(); ++i) column.codes[i] = i;
  column.dictionary = std::make_shared<const Dictionary>(
      Dictionary{.values = std::move(texts), .sorted = false, .owner = std::move(owner)});
}

NumberForm NumberFormOf(std::string_view text) {
  NumberForm form;
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const std::size_t point = digits.find('.');
  const bool exponent = digits.find_first_of("eE") != digits.npos;
  if (!exponent && point == digits.npos && digits.size() <= kIntDigitsMax) {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), form.int_value);
    form.integer = end.ec == std::errc() && (digits != "0" || digits.size() == text.size()) &&
                   (digits.front() != '0' || digits.size() == 1);
    form.value = static_cast<double>(form.int_value);
    if (form.integer) {
      form.plain = form.shortest = digits.size() <= kPlainDigitsMax;
      return form;
    }
  }
  form.value = ParseDouble(text).value_or(HUGE_VAL);
  if (exponent || point == digits.npos || digits.size() > kPlainDigitsMax + 1) return form;
  if (form.value == 0 && digits.size() != text.size()) return form;  // "-0.0"
  form.plain = true;
  form.decimals = static_cast<int>(digits.size() - point - 1);
  form.shortest = digits.back() != '0' && std::abs(form.value) >= 1e-4;
  return form;
}

void FieldColumnBuilder::Begin(std::size_t rows) {
  rows_ = rows;
  taken_.assign(rows, 0);
  values_.clear();
  texts_.clear();
  std::fill(std::begin(seen_), std::end(seen_), false);
}

void FieldColumnBuilder::Set(std::size_t row, FieldKind kind, std::string_view text) {
  if (taken_[row] != 0) return;
  taken_[row] = 1;
  if (kind == FieldKind::kNull) return;
  seen_[static_cast<int>(kind)] = true;
  values_.push_back({static_cast<std::uint32_t>(row), kind,
                     static_cast<std::uint32_t>(texts_.size()),
                     static_cast<std::uint32_t>(text.size())});
  texts_ += text;
}

bool FieldColumnBuilder::FinishNumbers(Column& column) const {
  bool integers = true, fixed = true, shortest = true;
  int decimals = -1;
  std::vector<NumberForm> forms;
  forms.reserve(values_.size());
  for (const Value& value : values_) {
    forms.push_back(NumberFormOf(TextOf(value)));
    const NumberForm& form = forms.back();
    if (!std::isfinite(form.value)) return false;
    integers = integers && form.integer;
    shortest = shortest && form.shortest;
    fixed = fixed && form.plain && (decimals < 0 || form.decimals == decimals);
    decimals = form.decimals;
  }
  column.type = integers ? Type::kInt64 : Type::kDouble;
  if (integers) {
    column.ints.assign(rows_, 0);
  } else {
    column.doubles.assign(rows_, 0);
    if (!shortest && fixed) column.decimals = static_cast<std::int8_t>(decimals);
    column.has_texts = !shortest && !fixed;
  }
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const std::uint32_t row = values_[i].row;
    column.valid[row] = 1;
    if (integers) {
      column.ints[row] = forms[i].int_value;
    } else {
      column.doubles[row] = forms[i].value;
    }
  }
  return true;
}

// Also the source texts of numbers that no form gives back.
void FieldColumnBuilder::FinishTexts(Column& column) {
  auto owner = std::make_shared<const std::string>(texts_);
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->values.push_back("");
  column.codes.assign(rows_, 0);
  for (const Value& value : values_) {
    column.valid[value.row] = 1;
    column.codes[value.row] = static_cast<std::uint32_t>(dictionary->values.size());
    dictionary->values.push_back(std::string_view(*owner).substr(value.begin, value.size));
  }
  dictionary->owner = std::move(owner);
  column.dictionary = std::move(dictionary);
}

void FieldColumnBuilder::Finish(Column& column) {
  if (values_.empty()) return SetAllAbsent(rows_, column);
  Reset(column);
  column.valid.assign(rows_, 0);
  const auto only = [&](FieldKind kind) {
    int kinds = 0;
    for (const bool seen : seen_) kinds += seen ? 1 : 0;
    return kinds == 1 && seen_[static_cast<int>(kind)];
  };
  if (only(FieldKind::kBool)) {
    column.type = Type::kBool;
    column.ints.assign(rows_, 0);
    for (const Value& value : values_) {
      column.valid[value.row] = 1;
      column.ints[value.row] = TextOf(value) == "true" ? 1 : 0;
    }
  } else if (only(FieldKind::kNumber) && FinishNumbers(column)) {
    if (column.has_texts) FinishTexts(column);
  } else {
    column.doubles.clear();
    column.ints.clear();
    column.type = Type::kString;
    FinishTexts(column);
    if (!only(FieldKind::kString)) {
      column.kinds.assign(rows_, Column::Kind::kString);
      for (const Value& value : values_) {
        column.kinds[value.row] = value.kind == FieldKind::kNumber ? Column::Kind::kNumber
                                  : value.kind == FieldKind::kBool ? Column::Kind::kBool
                                                                   : Column::Kind::kString;
      }
    }
  }
  if (values_.size() == rows_) column.valid.clear();
}

}  // namespace securebase::events
