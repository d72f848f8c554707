#pragma once

#include <string>
#include <vector>

#include "charts/canvas.h"

namespace securebase::charts {

struct Bar {
  std::string label;
  double value = 0;
  std::string value_text;  // as it is to be read
};

/// Horizontal bars, in the order given, with their labels at the left and values at their ends.
struct BarChart {
  std::string title;
  std::vector<Bar> bars;
  Color color;
};

double HeightOf(Canvas& canvas, const BarChart& chart);
/// Draws it with its top left corner at (x, y).
void DrawBarChart(Canvas& canvas, const BarChart& chart, double x, double y, double width);

}  // namespace securebase::charts
