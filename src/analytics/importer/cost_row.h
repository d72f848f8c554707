#pragma once

// What FOCUS and CUR rows share: cells by column, amounts, times, and the import of their payer's
// billing period.

#include <optional>
#include <string>
#include <string_view>

#include "analytics/datasets.h"
#include "analytics/importer/row_sink.h"
#include "analytics/importer/tags.h"
#include "analytics/importer/value_parser.h"

namespace securebase::analytics {

using Column = std::optional<std::size_t>;

/// Cells of the present row and the problem met first. Not thread-safe.
class CostRow {
 public:
  explicit CostRow(const CsvRows& rows) : rows_(rows) {}

  void Begin() { problem_.clear(); }
  const std::string& problem() const { return problem_; }
  void Fail(Column column, std::string_view what);

  /// The cell, or empty where the column or its value is absent.
  std::string_view Cell(Column column) const {
    if (!column) return {};
    const std::string_view cell = rows_.fields()[*column];
    return IsAbsent(cell) ? std::string_view() : cell;
  }
  /// The first that has a value.
  std::string_view FirstCell(Column a, Column b) const {
    const std::string_view cell = Cell(a);
    return cell.empty() ? Cell(b) : cell;
  }
  /// Absent gives no value; what is no amount fails the row.
  std::optional<double> Amount(Column column);
  /// Absent or wrong fails the row.
  Instant Time(Column column);

  /// The import of the row's payer and billing period ("cur/1234/2026-05"). `period` may be
  /// absent: the month of `time`. Sets billing_period.
  Result<events::Import*> Open(RowSink& sink, std::string_view format, std::string_view payer,
                               Column period, Instant time);

  /// Sets a text field where there is a value.
  static void Text(events::Import& import, std::size_t field, std::string_view value) {
    if (!value.empty()) import.String(field, value);
  }
  /// Sets tags from a cell of JSON text.
  void Tags(events::Import& import, Column column);

 private:
  const CsvRows& rows_;
  TimeParser times_;
  TagParser tags_;
  std::string problem_;
  std::string key_;
  std::string period_;
  Instant period_time_;
};

}  // namespace securebase::analytics
