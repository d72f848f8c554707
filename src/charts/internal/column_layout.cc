#include "charts/internal/column_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace securebase::charts {
namespace {

constexpr double kFontSizes[] = {8.5, 8, 7.5, 7, 6.5};
constexpr double kTextWidthMin = 52;       // below it a text column is not readable
constexpr double kTextWidthComfort = 150;  // text up to this wide stays on one line if it can
constexpr std::size_t kMeasuredRowsMax = 2'000;

// What a column asks for and what it can live with.
struct Demand {
  double natural = 0;
  double least = 0;
};

// Widths of a column's text at the largest size; all sizes are in proportion.
struct Extent {
  double cells = 0;
  double name = 0;
};

std::vector<Extent> Measure(Canvas& canvas, const TableDocument& document) {
  std::vector<Extent> extents;
  for (std::size_t c = 0; c < document.columns.size(); ++c) {
    const TableColumn& column = document.columns[c];
    // Of text a sample will do: a longer cell wraps. Whole cells need the widest of all.
    const std::size_t step =
        column.keep_whole ? 1 : std::max<std::size_t>(1, document.rows / kMeasuredRowsMax);
    Extent& extent = extents.emplace_back();
    extent.name = canvas.Measure(column.name, {.size = kFontSizes[0], .bold = true});
    for (std::size_t row = 0; row < document.rows; row += step) {
      extent.cells =
          std::max(extent.cells, canvas.Measure(document.cell(row, c), {.size = kFontSizes[0]}));
    }
  }
  return extents;
}

std::vector<Demand> DemandsAt(double size, const std::vector<Extent>& extents,
                              const TableDocument& document, double width) {
  constexpr double kPadding = 2 * kCellPaddingX + 0.5;
  const double scale = size / kFontSizes[0];
  std::vector<Demand> demands;
  for (std::size_t c = 0; c < extents.size(); ++c) {
    const double cells = extents[c].cells * scale;
    const double name = extents[c].name * scale;
    Demand& demand = demands.emplace_back();
    demand.natural = std::min(std::max(cells, name) + kPadding, width);
    const bool whole = document.columns[c].keep_whole;
    demand.least =
        whole ? std::max(cells, std::min(name, kTextWidthMin)) + kPadding : kTextWidthMin;
    demand.least = std::min(demand.least, demand.natural);
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
  // The largest type in which hardly anything wraps; failing that, the largest that needs no
  // bands; failing that, the smallest.
  std::vector<std::vector<Demand>> demands;
  auto choose = [&](double (*width_of)(const Demand&)) {
    return std::find_if(demands.begin(), demands.end(), [&](const std::vector<Demand>& sized) {
      double sum = 0;
      for (const Demand& demand : sized) sum += width_of(demand);
      return sum <= width;
    });
  };
  const std::vector<Extent> extents = Measure(canvas, document);
  for (const double size : kFontSizes) {
    demands.push_back(DemandsAt(size, extents, document, width));
  }
  auto chosen = choose([](const Demand& demand) {
    return std::max(demand.least, std::min(demand.natural, kTextWidthComfort));
  });
  if (chosen == demands.end()) chosen = choose([](const Demand& demand) { return demand.least; });
  if (chosen == demands.end()) --chosen;
  const double size = kFontSizes[chosen - demands.begin()];
  layout.body = {.size = size};
  layout.head = {.size = size, .bold = true};
  layout.bands = SplitIntoBands(*chosen, width);
  return layout;
}

}  // namespace securebase::charts
