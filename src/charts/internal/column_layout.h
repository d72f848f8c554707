#pragma once

#include <cstddef>
#include <vector>

#include "charts/table.h"

namespace securebase::charts {

inline constexpr double kCellPaddingX = 5;
inline constexpr double kCellPaddingY = 3.2;

/// Columns that stand beside each other on a page.
struct Band {
  std::vector<std::size_t> columns;
  std::vector<double> widths;  // padding included; they fill the page
};

struct ColumnLayout {
  Font body;
  Font head;
  std::vector<Band> bands;  // at least one, unless there are no columns
};

/// Fits the document's columns into `width`.
ColumnLayout LayOutColumns(Canvas& canvas, const TableDocument& document, double width);

}  // namespace securebase::charts
