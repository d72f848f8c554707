#pragma once

// A batch column from discovered values, whatever their kinds.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/discovery.h"
#include "query/column.h"

namespace securebase::events {

/// Collects the values of one field for the rows of one batch and makes the column that
/// query::Column describes: typed where the values agree, else their texts with kinds. Reusable;
/// not thread-safe.
class FieldColumnBuilder {
 public:
  void Begin(std::size_t rows);
  /// Copies the text. Nulls are absent; the first value of a row counts.
  void Set(std::size_t row, FieldKind kind, std::string_view text);
  void Finish(query::Column& column);

 private:
  struct Value {
    std::uint32_t row;
    FieldKind kind;
    std::uint32_t begin;
    std::uint32_t size;
  };
  std::string_view TextOf(const Value& value) const {
    return std::string_view(texts_).substr(value.begin, value.size);
  }
  bool FinishNumbers(query::Column& column) const;
  void FinishTexts(query::Column& column);

  std::size_t rows_ = 0;
  std::vector<std::uint8_t> taken_;
  std::vector<Value> values_;
  std::string texts_;
  bool seen_[4] = {};  // by FieldKind
};

/// Makes `column` absent in all of `rows` rows.
void SetAllAbsent(std::size_t rows, query::Column& column);
/// A string column whose row i has texts[i], where valid (empty: all).
void SetTexts(std::vector<std::string_view> texts, std::shared_ptr<const void> owner,
              std::vector<std::uint8_t> valid, query::Column& column);

/// A number's text as a double; and whether `decimals` digits after the point, or as few as
/// possible (-1), give the text back.
struct NumberForm {
  bool integer = false;  // then `int_value`
  std::int64_t int_value = 0;
  double value = 0;
  int decimals = 0;       // of a plain decimal
  bool shortest = false;  // the shortest text of its value
  bool plain = false;     // neither exponent nor too many digits
};
NumberForm NumberFormOf(std::string_view text);

}  // namespace securebase::events
