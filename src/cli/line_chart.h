#pragma once

// A line chart as text: braille dots, four rows and two columns of them a character.

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace securebase::cli {

struct ChartSeries {
  std::string label;
  std::vector<std::pair<Instant, double>> points;  // ascending
};

struct ChartOptions {
  std::size_t width = 80;   // columns of the whole chart, with its axis
  std::size_t height = 12;  // rows of the plot
  Instant start;
  Instant end;
  Duration period{60'000};  // points further apart than this one and a half times are not joined
  bool colours = false;     // a colour a series; without, each series has a chart of its own
  bool unicode = true;      // else '*' for a point
};

/// The lines, each ended by a line feed. Says so where there are no points.
std::string DrawLineChart(const std::vector<ChartSeries>& series, const ChartOptions& options);

/// Columns of the terminal: of the device, else of COLUMNS, else 80.
std::size_t TerminalWidth(int file_descriptor);

/// "1.23K", "45.6", "0.0012": at most four significant digits.
std::string ShortNumber(double value);

}  // namespace securebase::cli
