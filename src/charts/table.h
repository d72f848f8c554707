#pragma once

// A table as a document of pages: title, bar chart where there is one, rows with a repeated
// header, page numbers.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "charts/bar_chart.h"
#include "charts/canvas.h"

namespace securebase::charts {

struct TableColumn {
  std::string name;
  Align align = Align::kLeft;
  /// Its cells are never shortened nor wrapped where that can be helped: numbers, dates.
  bool keep_whole = false;
};

struct TableDocument {
  std::string title;
  std::string subtitle;
  std::string footer;
  double page_width = 612;
  double page_height = 792;
  Color brand;
  Instant created_at;
  std::vector<TableColumn> columns;
  std::size_t rows = 0;
  /// The text of a cell; asked more than once for the same cell.
  std::function<std::string(std::size_t row, std::size_t column)> cell;
  std::optional<BarChart> chart;  // on the first page, above the table
  /// Told while pages are drawn; may be empty.
  std::function<void(std::size_t rows_done)> progress;
};

/// Columns are as wide as their content asks for; where the page is too narrow, text columns
/// give way first (cells wrap, at most three lines), then the type shrinks, then the columns are
/// split into bands of pages that each repeat the first column. kInternal: the library failed.
Result<std::string> RenderTablePdf(const TableDocument& document);

}  // namespace securebase::charts
