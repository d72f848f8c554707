#pragma once

// Column batches: what every scan yields and every expression computes on.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace securebase::query {

inline constexpr std::size_t kBatchRowsMax = 2048;

/// kTime is milliseconds since the epoch in the int64 array.
enum class Type : std::uint8_t { kBool, kInt64, kDouble, kString, kTime };

/// The distinct strings of a segment's column; shared by its batches and immutable.
struct Dictionary {
  std::vector<std::string_view> values;
  bool sorted = false;                // ascending without repeats: searched, not scanned
  std::shared_ptr<const void> owner;  // keeps the bytes behind `values` alive
};

/// One column of a batch: values and which of them are present. String columns are
/// dictionary-coded: `codes` index `dictionary`. Exactly one of the arrays is filled, as `type`
/// says; the slot of an absent value holds a placeholder (a code is within the dictionary all the
/// same).
///
/// Discovered fields of log events have no declared type. A batch's column is typed when its
/// values agree. Where they do not it is kString with the values' source text, and `kinds` says
/// what each row's value was. Numbers keep their source text: it is what NumberText gives.
struct Column {
  /// Of a value in a mixed column.
  enum class Kind : std::uint8_t { kString, kNumber, kBool, kTree };  // kTree: JSON text
  Type type = Type::kInt64;
  std::vector<std::int64_t> ints;    // kInt64, kTime, kBool (0 or 1)
  std::vector<double> doubles;       // kDouble
  std::vector<std::uint32_t> codes;  // kString
  std::shared_ptr<const Dictionary> dictionary;
  std::vector<std::uint8_t> valid;  // empty: all present; else 1 present, 0 absent
  bool all_absent = false;          // no row has a value; the arrays hold placeholders
  /// kString only: empty, or the kind of each row's value. Booleans' text is "true" or "false".
  std::vector<Kind> kinds;
  /// kDouble: how the source wrote every value of the batch: with so many digits after the point;
  /// negative: as the shortest decimal text that reads back as the value.
  std::int8_t decimals = -1;
  /// kInt64 and kDouble: `codes` and `dictionary` hold the source texts, which are neither of
  /// those ("1e3", "007", "-0").
  bool has_texts = false;

  std::size_t size() const;
  bool IsValid(std::size_t row) const { return valid.empty() || valid[row] != 0; }
  std::string_view StringAt(std::size_t row) const { return dictionary->values[codes[row]]; }
  /// kInt64 and kDouble: appends the number as its source wrote it.
  void AppendNumberText(std::size_t row, std::string& out) const;
};

/// Columns of equal length, at most kBatchRowsMax rows, and the rows among them that are selected.
struct Batch {
  std::size_t rows = 0;
  std::vector<Column> columns;           // in the order the scan was asked for
  std::vector<std::uint16_t> selection;  // ascending; used when `filtered`
  bool filtered = false;

  std::size_t SelectedCount() const { return filtered ? selection.size() : rows; }
};

}  // namespace securebase::query
