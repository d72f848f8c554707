#include <fmt/format.h>

#include <utility>

#include "charts/table.h"
#include "reports/internal/cell_text.h"
#include "reports/internal/writers.h"

namespace securebase::reports {
namespace {

struct Points {
  double width;
  double height;
};

Points PageOf(const ExportOptions& options) {
  Points page = options.page_size == PageSize::kA4 ? Points{595.28, 841.89} : Points{612, 792};
  if (options.orientation == Orientation::kLandscape) std::swap(page.width, page.height);
  return page;
}

std::string Subtitle(const ExportTable& table, const ExportOptions& options, Instant now) {
  std::string local = FormatIso(options.time_zone.ToLocal(now)).substr(0, 16);
  local[10] = ' ';
  return fmt::format("Generated {} {}  \u00b7  time zone {}  \u00b7  {} {}", local,
                     options.time_zone.Abbreviation(now), options.time_zone.name(),
                     FormatInteger(options.locale, static_cast<std::int64_t>(table.rows.size())),
                     table.rows.size() == 1 ? "row" : "rows");
}

std::optional<charts::BarChart> ChartOf(const ExportTable& table,
                                        const std::vector<NumberStyle>& styles,
                                        const ExportOptions& options) {
  const TopValues top = FindTopValues(table);
  if (top.entries.empty()) return std::nullopt;
  const ExportColumn& value = table.columns[top.value_column];
  charts::BarChart chart{
      .title = fmt::format("{} by {}{}", value.name, table.columns[top.label_column].name,
                           top.entries.size() > 9 ? " (top 10)" : ""),
      .color = options.brand_color};
  for (const TopValues::Entry& entry : top.entries) {
    chart.bars.push_back({.label = entry.label,
                          .value = entry.value,
                          .value_text = FormatNumber(options.locale, entry.value,
                                                     styles[top.value_column].decimals)});
  }
  return chart;
}

}  // namespace

Result<std::string> WritePdf(const ExportTable& table, const ExportOptions& options, Instant now,
                             const ExportProgress& progress) {
  const Points page = PageOf(options);
  const std::vector<NumberStyle> styles = NumberStyles(table);
  charts::TableDocument document{.title = table.title,
                                 .subtitle = Subtitle(table, options, now),
                                 .footer = "SecureBase Analytics",
                                 .page_width = page.width,
                                 .page_height = page.height,
                                 .brand = options.brand_color,
                                 .created_at = now,
                                 .rows = table.rows.size(),
                                 .progress = progress};
  for (const ExportColumn& column : table.columns) {
    const bool number = column.type == ColumnType::kInteger || column.type == ColumnType::kNumber;
    document.columns.push_back({.name = column.name,
                                .align = number ? charts::Align::kRight : charts::Align::kLeft,
                                .keep_whole = column.type != ColumnType::kText});
  }
  document.cell = [&](std::size_t row, std::size_t column) {
    return FormattedText(table.rows[row][column], table.columns[column], styles[column], options);
  };
  if (options.include_charts) document.chart = ChartOf(table, styles, options);
  return charts::RenderTablePdf(document);
}

}  // namespace securebase::reports
