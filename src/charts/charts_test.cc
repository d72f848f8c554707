#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "charts/bar_chart.h"
#include "charts/canvas.h"
#include "charts/color.h"
#include "charts/internal/column_layout.h"
#include "charts/table.h"

namespace securebase::charts {
namespace {

std::unique_ptr<Canvas> Letter() {
  auto canvas = Canvas::CreatePdf(612, 792, {.title = "Test", .created_at = FromUnixSeconds(0)});
  EXPECT_TRUE(canvas.ok());
  return canvas.ok() ? *std::move(canvas) : nullptr;
}

// The number of pages that the page tree of an uncompressed-object PDF names.
int PageCount(const std::string& pdf) {
  const std::size_t at = pdf.find("/Count ");
  return at == std::string::npos ? -1 : std::atoi(pdf.c_str() + at + 7);
}

TableDocument Table(std::size_t columns, std::size_t rows) {
  TableDocument document{.title = "Costs", .subtitle = "of a month", .footer = "SecureBase"};
  for (std::size_t c = 0; c < columns; ++c) {
    document.columns.push_back({.name = "column " + std::to_string(c)});
  }
  document.rows = rows;
  document.cell = [](std::size_t row, std::size_t column) {
    return "cell " + std::to_string(row) + "/" + std::to_string(column);
  };
  return document;
}

TEST(ColorTest, ReadsHexadecimal) {
  EXPECT_EQ(*ParseColor("#ff0000"), (Color{1, 0, 0}));
  EXPECT_EQ(*ParseColor("#00FF00"), (Color{0, 1, 0}));
  for (const char* bad : {"", "#", "ff0000", "#ff00", "#ff00000", "#gg0000", "red"}) {
    EXPECT_FALSE(ParseColor(bad).ok()) << bad;
  }
}

TEST(ColorTest, MixesAndContrasts) {
  EXPECT_EQ(Mix({1, 0, 0}, {0, 0, 1}, 0.25), (Color{0.25, 0, 0.75}));
  EXPECT_EQ(ReadableOn({0.1, 0.2, 0.6}), kWhite);
  EXPECT_EQ(ReadableOn({1, 0.9, 0.2}), Color{});
}

TEST(CanvasTest, MeasuresAsciiAsPangoDoes) {
  const auto canvas = Letter();
  const Font font{.size = 10};
  // A no-break joiner is invisible, but makes the text take pango's own path.
  for (const char* text : {"AVAToy, 1,234.50", "To: WAVE -> x", "i-0abc123def456"}) {
    const std::string shaped = std::string(text) + "\u2060";
    EXPECT_NEAR(canvas->Measure(text, font), canvas->Measure(shaped, font), 0.2) << text;
  }
}

TEST(CanvasTest, SetsFiguresOfOneWidth) {
  const auto canvas = Letter();
  const Font font{.size = 10, .bold = true};
  EXPECT_NEAR(canvas->Measure("1111111111", font), canvas->Measure("8080808080", font), 0.05);
  EXPECT_LT(canvas->Measure("i", font), canvas->Measure("W", font));
}

TEST(CanvasTest, WrapsUpToALimit) {
  const auto canvas = Letter();
  const Font font;
  const std::string text = "a sentence of quite a few words that needs several lines";
  EXPECT_EQ(canvas->CountLines("short", font, 200, 3), 1);
  EXPECT_EQ(canvas->CountLines(text, font, 150, 3), 2);
  EXPECT_EQ(canvas->CountLines(text + text + text, font, 100, 3), 3);
  EXPECT_EQ(canvas->CountLines(std::string(100'000, 'x'), font, 100, 3), 3);
  EXPECT_EQ(canvas->CountLines("\u4e2d\u6587\u6587\u5b57\u4e2d\u6587\u6587\u5b57", font, 20, 2), 2);
}

TEST(CanvasTest, DrawsAnyBytes) {
  const auto canvas = Letter();
  const std::string texts[] = {"",
                               "plain",
                               "\u0645\u0631\u062d\u0628\u0627",
                               "\u4e2d\u6587",
                               "caf\u00e9 \U0001f600",
                               "\xff\xfe broken",
                               std::string("nul\0 inside", 11),
                               "line\nend\ttab",
                               std::string(2'047, 'a') + "\u00e9 is cut in the middle"};
  double y = 20;
  for (const std::string& text : texts) {
    for (Align align : {Align::kLeft, Align::kCenter, Align::kRight}) {
      canvas->DrawText(text, {}, {}, {.x = 10, .y = y, .width = 100, .align = align});
    }
    y += 12;
  }
  const Result<std::string> pdf = canvas->Finish();
  ASSERT_TRUE(pdf.ok());
  EXPECT_TRUE(pdf->starts_with("%PDF-"));
}

TEST(ColumnLayoutTest, FillsThePage) {
  const auto canvas = Letter();
  const ColumnLayout layout = LayOutColumns(*canvas, Table(3, 5), 500);
  ASSERT_EQ(layout.bands.size(), 1u);
  const Band& band = layout.bands[0];
  EXPECT_NEAR(band.widths[0] + band.widths[1] + band.widths[2], 500, 0.01);
  EXPECT_EQ(layout.body.size, 8.5);
}

TEST(ColumnLayoutTest, TextGivesWayToNumbers) {
  const auto canvas = Letter();
  TableDocument document = Table(2, 1);
  document.columns[1].keep_whole = true;
  const std::string number = "123,456,789.00";
  document.cell = [&](std::size_t, std::size_t column) {
    return column == 1 ? number : std::string(500, 'x');
  };
  const ColumnLayout layout = LayOutColumns(*canvas, document, 300);
  ASSERT_EQ(layout.bands.size(), 1u);
  EXPECT_GE(layout.bands[0].widths[1] - 2 * kCellPaddingX, canvas->Measure(number, layout.body));
}

TEST(ColumnLayoutTest, SplitsWhatDoesNotFitIntoBandsWithTheFirstColumn) {
  const auto canvas = Letter();
  TableDocument document = Table(40, 2);
  for (TableColumn& column : document.columns) column.keep_whole = true;
  const ColumnLayout layout = LayOutColumns(*canvas, document, 500);
  ASSERT_GT(layout.bands.size(), 2u);
  EXPECT_EQ(layout.body.size, 6.5);
  std::size_t next = 0;
  for (const Band& band : layout.bands) {
    EXPECT_EQ(band.columns.front(), 0u);
    for (std::size_t i = next == 0 ? 0 : 1; i < band.columns.size(); ++i) {
      EXPECT_EQ(band.columns[i], next++);
    }
  }
  EXPECT_EQ(next, 40u);
}

TEST(TableTest, BreaksPages) {
  EXPECT_EQ(PageCount(*RenderTablePdf(Table(4, 10))), 1);
  const int pages = PageCount(*RenderTablePdf(Table(4, 500)));
  EXPECT_GE(pages, 10);
  EXPECT_LE(pages, 15);
}

TEST(TableTest, PutsBandsAfterEachOther) {
  TableDocument document = Table(60, 3);
  document.title = "A title so long that it needs more than one line of the page to be told whole";
  EXPECT_GT(PageCount(*RenderTablePdf(document)), 3);
}

TEST(TableTest, DrawsEmptyTables) {
  EXPECT_EQ(PageCount(*RenderTablePdf(Table(0, 0))), 1);
  EXPECT_EQ(PageCount(*RenderTablePdf(Table(3, 0))), 1);
}

TEST(TableTest, DrawsACellThatIsTallerThanItsRowAllows) {
  TableDocument document = Table(1, 2);
  document.page_height = 130;  // hardly room for one row
  document.cell = [](std::size_t, std::size_t) { return std::string(5'000, 'y'); };
  EXPECT_EQ(PageCount(*RenderTablePdf(document)), 2);
}

TEST(TableTest, TellsItsProgress) {
  TableDocument document = Table(2, 2'500);
  std::size_t calls = 0;
  document.progress = [&](std::size_t) { ++calls; };
  ASSERT_TRUE(RenderTablePdf(document).ok());
  EXPECT_EQ(calls, 3u);
}

TEST(TableTest, IsTheSameFileForTheSameInput) {
  EXPECT_EQ(*RenderTablePdf(Table(2, 20)), *RenderTablePdf(Table(2, 20)));
}

TEST(BarChartTest, DrawsPositiveNegativeAndZero) {
  TableDocument document = Table(2, 2);
  document.chart = BarChart{
      .title = "Cost by service",
      .bars = {{"EC2", 10, "10"}, {"Credits", -4, "-4"}, {"S3", 0, "0"}},
      .color = {0, 0, 1},
  };
  const auto canvas = Letter();
  EXPECT_GT(HeightOf(*canvas, *document.chart), 48);
  EXPECT_EQ(PageCount(*RenderTablePdf(document)), 1);
  document.chart->bars = {{"none", 0, "0"}};
  EXPECT_TRUE(RenderTablePdf(document).ok());
}

}  // namespace
}  // namespace securebase::charts
