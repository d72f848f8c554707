#include "charts/internal/column_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace securebase::charts {
namespace {

constexpr double kFontSizes[] = {8.5, 7.5, 6.5};
constexpr double kTextWidthMin = 52;  // below it a text column is not readable
constexpr std::size_t kMeasuredRowsMax = 2'000;

// What a column asks for and what it can live with.
struct Demand {
  double natural = 0;
  double least = 0;
};

std::vector<Demand> Measure(Canvas& canvas, const TableDocument& document, const Font& body,
                            const Font& head, double width) {
  std::vector<Demand> demands;
  for (std::size_t c = 0; c < document.columns.size(); ++c) {
    const TableColumn& column = document.columns[c];
    // Of text a sample will do: a longer cell wraps. Whole cells need the widest of all.
    const std::size_t step =
        column.keep_whole ? 1 : std::max<std::size_t>(1, document.rows / kMeasuredRowsMax);
    double widest = 0;
    for (std::size_t row = 0; row < document.rows; row += step) {
      widest = std::max(widest, canvas.Measure(document.cell(row, c), body));
    }
    const double name = canvas.Measure(column.name, head);
    const double padding = 2 * kCellPaddingX + 0.5;
    Demand demand;
    demand.natural = std::min(std::max(widest, name) + padding, width);
    demand.least = column.keep_whole ? std::max(widest, std::min(name, kTextWidthMin)) + padding
                                     : kTextWidthMin;
    demand.least = std::min(demand.least, demand.natural);
    demands.push_back(demand);
  }
  return demands;
}

// Widths between `least` and `natural` that add up to `width`; slack is shared out evenly.
std::vector<double> Fit(const std::vector<Demand>& demands, const std::vector<std::size_t>& columns,
                        double width) {
  auto total = [&](double level) {
    double sum = 0;
    for (std::size_t c : columns) {
      sum += std::max(demands[c].least, std::min(demands[c].natural, level));
    }
    return sum;
  };
  double low = 0;
  double high = width;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (total(middle) <= width ? low : high) = middle;
  }
  std::vector<double> widths;
  for (std::size_t c : columns) {
    widths.push_back(std::max(demands[c].least, std::min(demands[c].natural, low)));
  }
  const double used = std::accumulate(widths.begin(), widths.end(), 0.0);
  const double slack = std::max(0.0, width - used) / static_cast<double>(widths.size());
  for (double& w : widths) w += slack;
  return widths;
}

std::vector<Band> SplitIntoBands(const std::vector<Demand>& demands, double width) {
  std::vector<Band> bands(1);
  double used = 0;
  for (std::size_t c = 0; c < demands.size(); ++c) {
    const double need = demands[c].least;
    if (used + need > width && !bands.back().columns.empty()) {
      bands.emplace_back();
      used = 0;
      // The first column says which row it is, unless it leaves no room for another.
      if (demands[0].least + need <= width) {
        bands.back().columns.push_back(0);
        used = demands[0].least;
      }
    }
    bands.back().columns.push_back(c);
    used += need;
  }
  for (Band& band : bands) band.widths = Fit(demands, band.columns, width);
  return bands;
}

}  // namespace

ColumnLayout LayOutColumns(Canvas& canvas, const TableDocument& document, double width) {
  ColumnLayout layout;
  if (document.columns.empty()) return layout;
  std::vector<Demand> demands;
  for (const double size : kFontSizes) {
    layout.body = {.size = size};
    layout.head = {.size = size, .bold = true};
    demands = Measure(canvas, document, layout.body, layout.head, width);
    const double least = std::accumulate(demands.begin(), demands.end(), 0.0,
                                         [](double sum, const Demand& d) { return sum + d.least; });
    if (least <= width) break;
  }
  layout.bands = SplitIntoBands(demands, width);
  return layout;
}

}  // namespace securebase::charts
