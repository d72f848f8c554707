#include "cli/line_chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/text.h"

namespace securebase::cli {
namespace {

constexpr Instant kStart = FromUnixSeconds(1'780'315'200);  // 12:00

ChartOptions Options(std::size_t width = 40) {
  return {.width = width, .height = 4, .start = kStart, .end = kStart + std::chrono::minutes(10)};
}

ChartSeries Series(std::initializer_list<double> values) {
  ChartSeries series{"p95", {}};
  Instant time = kStart;
  for (const double value : values) {
    series.points.emplace_back(time, value);
    time += std::chrono::minutes(1);
  }
  return series;
}

std::vector<std::string_view> Lines(const std::string& text) {
  auto lines = Split(text, '\n');
  lines.pop_back();
  return lines;
}

TEST(LineChartTest, ARisingLineGoesFromTheLeftBottomToTheRightTop) {
  ChartOptions options = Options();
  options.unicode = false;
  const std::string chart = DrawLineChart({Series({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10})}, options);
  const auto lines = Lines(chart);
  ASSERT_EQ(lines.size(), 6u) << chart;
  EXPECT_TRUE(Trim(lines[0]).starts_with("10 +")) << chart;
  EXPECT_EQ(lines[0].back(), '*') << chart;
  EXPECT_TRUE(lines[3].find("0 +*") != std::string_view::npos) << chart;
  EXPECT_NE(lines[4].find("12:00"), std::string_view::npos) << chart;
  EXPECT_TRUE(lines[4].ends_with("12:10")) << chart;
  EXPECT_EQ(lines[5], "  -- p95");
  for (const auto line : lines) EXPECT_LE(line.size(), 40u) << chart;
}

TEST(LineChartTest, GapsAreNotJoined) {
  ChartSeries series{"a", {{kStart, 1}, {kStart + std::chrono::minutes(10), 1}}};
  ChartOptions options = Options();
  options.unicode = false;
  const std::string chart = DrawLineChart({series}, options);
  EXPECT_EQ(std::count(chart.begin(), chart.end(), '*'), 2) << chart;
}

TEST(LineChartTest, BrailleAndColours) {
  ChartOptions options = Options();
  const std::string plain = DrawLineChart({Series({1, 2, 3})}, options);
  EXPECT_NE(plain.find("┤"), std::string::npos);
  EXPECT_EQ(plain.find('\033'), std::string::npos);
  EXPECT_TRUE(IsValidUtf8(plain));
  options.colours = true;
  const std::string coloured = DrawLineChart({Series({1, 2, 3}), Series({3, 2, 1})}, options);
  EXPECT_NE(coloured.find("\033[34m"), std::string::npos);
  EXPECT_NE(coloured.find("\033[33m"), std::string::npos);
}

TEST(LineChartTest, WithoutColoursEachSeriesHasItsOwnChart) {
  const std::string chart = DrawLineChart({Series({1, 2}), Series({3, 4})}, Options());
  EXPECT_EQ(Lines(chart).size(), 12u) << chart;
}

TEST(LineChartTest, NothingToDraw) {
  EXPECT_EQ(DrawLineChart({}, Options()), "no data\n");
  EXPECT_EQ(DrawLineChart({Series({})}, Options()), "no data\n  ━━ p95\n");
  EXPECT_NE(DrawLineChart({Series({5})}, Options(1)), "");
  EXPECT_NE(DrawLineChart({Series({std::numeric_limits<double>::infinity(), 1})}, Options()), "");
}

TEST(LineChartTest, ShortNumbers) {
  EXPECT_EQ(ShortNumber(0), "0");
  EXPECT_EQ(ShortNumber(1234), "1.234K");
  EXPECT_EQ(ShortNumber(-2'500'000), "-2.5M");
  EXPECT_EQ(ShortNumber(45.6), "45.6");
  EXPECT_EQ(ShortNumber(0.001234), "0.001234");
  EXPECT_EQ(ShortNumber(12345678), "12.35M");
}

TEST(LineChartTest, TheWidthComesFromTheEnvironmentWhereThereIsNoTerminal) {
  setenv("COLUMNS", "123", 1);
  EXPECT_EQ(TerminalWidth(-1), 123u);
  setenv("COLUMNS", "many", 1);
  EXPECT_EQ(TerminalWidth(-1), 80u);
  unsetenv("COLUMNS");
}

}  // namespace
}  // namespace securebase::cli
