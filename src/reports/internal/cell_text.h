#pragma once

// Cells as text: plain for machines, formatted for people.

#include <string>
#include <vector>

#include "charts/bar_chart.h"
#include "reports/export.h"

namespace securebase::reports {

/// Empty for null, the text of a string, JSON for the rest; numbers in their shortest form.
std::string PlainText(const json::Value& cell);

/// How a column's numbers are written.
struct NumberStyle {
  int decimals = 0;
  bool grouped = true;  // not where the number is a name: years, identifiers
};
/// Decimals: what the values need, at least two where any has a fraction, at most four.
std::vector<NumberStyle> NumberStyles(const ExportTable& table);

/// For people: numbers by locale, timestamps in the zone as "2026-01-05 13:45:00".
std::string FormattedText(const json::Value& cell, const ExportColumn& column,
                          const NumberStyle& style, const ExportOptions& options);

/// The ten highest sums of the first column of numbers by the first one of text; no bars where
/// the table lacks either.
struct TopValues {
  std::size_t label_column = 0;
  std::size_t value_column = 0;
  struct Entry {
    std::string label;
    double value = 0;
  };
  std::vector<Entry> entries;
};
TopValues FindTopValues(const ExportTable& table);

}  // namespace securebase::reports
