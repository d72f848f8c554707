#include "charts/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "charts/internal/column_layout.h"

namespace securebase::charts {
namespace {

constexpr double kMargin = 40;
constexpr double kBrandBar = 5;
constexpr double kFooterHeight = 34;
constexpr double kRunningHeadHeight = 26;
constexpr double kTitleGap = 5;  // fallback fonts reach lower than Inter
constexpr int kCellLinesMax = 3;
constexpr int kHeadLinesMax = 2;
constexpr int kTitleLinesMax = 3;
constexpr std::size_t kProgressRows = 1'000;

constexpr Font kTitleFont{.size = 19, .bold = true};
constexpr Font kSubtitleFont{.size = 8.5};
constexpr Font kSmallFont{.size = 7.5};
constexpr Color kText{0.12, 0.15, 0.2};
constexpr Color kQuiet{0.42, 0.46, 0.52};
constexpr Color kRule{0.88, 0.9, 0.93};

// Rows [first, last) of one band on one page.
struct Page {
  std::size_t band = 0;
  std::size_t first = 0;
  std::size_t last = 0;
};

class TableWriter {
 public:
  TableWriter(Canvas& canvas, const TableDocument& document)
      : canvas_(canvas),
        document_(document),
        width_(canvas.width() - 2 * kMargin),
        zebra_(Mix(document.brand, kWhite, 0.05)),
        head_text_(ReadableOn(document.brand)),
        layout_(LayOutColumns(canvas, document, width_)) {}

  void Write() {
    LayOutPages();
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      if (i > 0) canvas_.NextPage();
      WritePage(i);
    }
  }

 private:
  void LayOutPages() {
    for (std::size_t b = 0; b < layout_.bands.size(); ++b) {
      heads_.push_back(HeadHeight(layout_.bands[b]));
      row_lines_.push_back(CountRowLines(layout_.bands[b]));
      std::size_t row = 0;
      do {  // a table without rows has a page too
        const Page page{.band = b, .first = row, .last = LastRow(b, row)};
        row = page.last;
        pages_.push_back(page);
      } while (row < document_.rows);
    }
    if (pages_.empty()) pages_.push_back({});
  }

  // The first row that does not fit on a page that begins with `first`; at least one row fits.
  std::size_t LastRow(std::size_t band, std::size_t first) {
    const double bottom = canvas_.height() - kMargin / 2 - kFooterHeight;
    double y = TableTop(pages_.size()) + heads_[band];
    std::size_t row = first;
    while (row < document_.rows) {
      y += RowHeight(row_lines_[band][row]);
      if (y > bottom && row > first) break;
      ++row;
    }
    return row;
  }

  double HeadHeight(const Band& band) {
    int lines = 1;
    for (std::size_t i = 0; i < band.columns.size(); ++i) {
      lines =
          std::max(lines, canvas_.CountLines(document_.columns[band.columns[i]].name, layout_.head,
                                             band.widths[i] - 2 * kCellPaddingX, kHeadLinesMax));
    }
    return lines * canvas_.LineHeight(layout_.head) + 2 * kCellPaddingY + 2;
  }

  std::vector<std::uint8_t> CountRowLines(const Band& band) {
    std::vector<std::uint8_t> lines(document_.rows, 1);
    for (std::size_t row = 0; row < document_.rows; ++row) {
      for (std::size_t i = 0; i < band.columns.size(); ++i) {
        const int count = canvas_.CountLines(document_.cell(row, band.columns[i]), layout_.body,
                                             band.widths[i] - 2 * kCellPaddingX, kCellLinesMax);
        lines[row] = std::max(lines[row], static_cast<std::uint8_t>(count));
      }
    }
    return lines;
  }

  double RowHeight(int lines) {
    return lines * canvas_.LineHeight(layout_.body) + 2 * kCellPaddingY;
  }

  double TitleHeight() {
    const int lines = canvas_.CountLines(document_.title, kTitleFont, width_, kTitleLinesMax);
    return lines * canvas_.LineHeight(kTitleFont) + kTitleGap + canvas_.LineHeight(kSubtitleFont) +
           14;
  }

  // Where the table's header row begins.
  double TableTop(std::size_t page) {
    if (page > 0) return kMargin / 2 + kRunningHeadHeight;
    double y = kMargin + TitleHeight();
    if (document_.chart) y += HeightOf(canvas_, *document_.chart) + 16;
    return y;
  }

  void WritePage(std::size_t index) {
    const Page& page = pages_[index];
    canvas_.FillBox(0, 0, canvas_.width(), kBrandBar, document_.brand);
    if (index == 0) {
      WriteTitle();
    } else {
      canvas_.DrawText(document_.title, kSmallFont, kQuiet,
                       {.x = kMargin, .y = kMargin / 2 + 6, .width = width_ * 0.7});
    }
    WriteBandNote(page, index);
    WriteFooter(index);
    double y = TableTop(index);
    if (layout_.bands.empty()) {
      canvas_.DrawText("No data.", kSubtitleFont, kQuiet, {.x = kMargin, .y = y, .width = width_});
      return;
    }
    y = WriteHead(page.band, y);
    if (document_.rows == 0) {
      canvas_.DrawText("No rows.", layout_.body, kQuiet,
                       {.x = kMargin + kCellPaddingX, .y = y + kCellPaddingY, .width = width_});
    }
    for (std::size_t row = page.first; row < page.last; ++row) {
      y = WriteRow(page.band, row, y);
      if (document_.progress && row % kProgressRows == 0 && page.band == 0) document_.progress(row);
    }
    canvas_.DrawLine(kMargin, y, kMargin + width_, y, 0.5, kRule);
  }

  void WriteTitle() {
    const int lines = canvas_.CountLines(document_.title, kTitleFont, width_, kTitleLinesMax);
    canvas_.DrawText(document_.title, kTitleFont, kText,
                     {.x = kMargin, .y = kMargin, .width = width_, .lines_max = kTitleLinesMax});
    const double y = kMargin + lines * canvas_.LineHeight(kTitleFont) + kTitleGap;
    canvas_.DrawText(document_.subtitle, kSubtitleFont, kQuiet,
                     {.x = kMargin, .y = y, .width = width_});
    if (document_.chart) {
      DrawBarChart(canvas_, *document_.chart, kMargin, kMargin + TitleHeight(), width_);
    }
  }

  void WriteBandNote(const Page& page, std::size_t index) {
    if (layout_.bands.size() < 2 || index == 0) return;
    canvas_.DrawText(fmt::format("Columns, part {} of {}", page.band + 1, layout_.bands.size()),
                     kSmallFont, kQuiet,
                     {.x = kMargin + width_ * 0.7,
                      .y = kMargin / 2 + 6,
                      .width = width_ * 0.3,
                      .align = Align::kRight});
  }

  void WriteFooter(std::size_t index) {
    const double y = canvas_.height() - kMargin / 2 - kFooterHeight + 12;
    canvas_.DrawLine(kMargin, y, kMargin + width_, y, 0.5, kRule);
    TextBox box{.x = kMargin, .y = y + 6, .width = width_ * 0.7};
    canvas_.DrawText(document_.footer, kSmallFont, kQuiet, box);
    box = {.x = kMargin, .y = y + 6, .width = width_, .align = Align::kRight};
    canvas_.DrawText(fmt::format("Page {} of {}", index + 1, pages_.size()), kSmallFont, kQuiet,
                     box);
  }

  double WriteHead(std::size_t band_index, double y) {
    const Band& band = layout_.bands[band_index];
    canvas_.FillBox(kMargin, y, width_, heads_[band_index], document_.brand);
    double x = kMargin;
    for (std::size_t i = 0; i < band.columns.size(); ++i) {
      const TableColumn& column = document_.columns[band.columns[i]];
      canvas_.DrawText(column.name, layout_.head, head_text_,
                       {.x = x + kCellPaddingX,
                        .y = y + kCellPaddingY + 1,
                        .width = band.widths[i] - 2 * kCellPaddingX,
                        .align = column.align,
                        .lines_max = kHeadLinesMax});
      x += band.widths[i];
    }
    return y + heads_[band_index];
  }

  double WriteRow(std::size_t band_index, std::size_t row, double y) {
    const Band& band = layout_.bands[band_index];
    const double height = RowHeight(row_lines_[band_index][row]);
    if (row % 2 == 1) canvas_.FillBox(kMargin, y, width_, height, zebra_);
    double x = kMargin;
    for (std::size_t i = 0; i < band.columns.size(); ++i) {
      const std::string text = document_.cell(row, band.columns[i]);
      if (!text.empty()) {
        canvas_.DrawText(text, layout_.body, kText,
                         {.x = x + kCellPaddingX,
                          .y = y + kCellPaddingY,
                          .width = band.widths[i] - 2 * kCellPaddingX,
                          .align = document_.columns[band.columns[i]].align,
                          .lines_max = kCellLinesMax});
      }
      x += band.widths[i];
    }
    return y + height;
  }

  Canvas& canvas_;
  const TableDocument& document_;
  const double width_;
  const Color zebra_;
  const Color head_text_;
  const ColumnLayout layout_;
  std::vector<double> heads_;                         // height of the header row, by band
  std::vector<std::vector<std::uint8_t>> row_lines_;  // by band and row
  std::vector<Page> pages_;
};

}  // namespace

Result<std::string> RenderTablePdf(const TableDocument& document) {
  SB_TRY(std::unique_ptr<Canvas> canvas,
         Canvas::CreatePdf(document.page_width, document.page_height,
                           {.title = document.title, .created_at = document.created_at}));
  TableWriter(*canvas, document).Write();
  return canvas->Finish();
}

}  // namespace securebase::charts
