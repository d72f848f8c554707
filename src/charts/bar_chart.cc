#include "charts/bar_chart.h"

#include <algorithm>

namespace securebase::charts {
namespace {

constexpr Font kTitleFont{.size = 10, .bold = true};
constexpr Font kLabelFont{.size = 8};
constexpr Color kText{0.12, 0.15, 0.2};
constexpr Color kAxis{0.75, 0.78, 0.82};
constexpr double kRowHeight = 16;
constexpr double kBarHeight = 10;
constexpr double kGap = 6;

}  // namespace

double HeightOf(Canvas& canvas, const BarChart& chart) {
  return canvas.LineHeight(kTitleFont) + kGap + kRowHeight * static_cast<double>(chart.bars.size());
}

void DrawBarChart(Canvas& canvas, const BarChart& chart, double x, double y, double width) {
  canvas.DrawText(chart.title, kTitleFont, kText, {.x = x, .y = y, .width = width});
  y += canvas.LineHeight(kTitleFont) + kGap;

  double label_width = 0;
  double value_width = 0;
  double low = 0;
  double high = 0;
  for (const Bar& bar : chart.bars) {
    label_width = std::max(label_width, canvas.Measure(bar.label, kLabelFont));
    value_width = std::max(value_width, canvas.Measure(bar.value_text, kLabelFont));
    low = std::min(low, bar.value);
    high = std::max(high, bar.value);
  }
  label_width = std::min(label_width + 1, width * 0.35);
  // Values stand beyond the ends of their bars, on both sides where there are negative ones.
  const double left = x + label_width + kGap + (low < 0 ? value_width + kGap : 0);
  const double right = std::max(x + width - value_width - kGap, left + 1);
  const double scale = high > low ? (right - left) / (high - low) : 0;
  const double zero = left - low * scale;
  const double text_shift = (kRowHeight - canvas.LineHeight(kLabelFont)) / 2;

  const double bottom = y + kRowHeight * static_cast<double>(chart.bars.size());
  for (const Bar& bar : chart.bars) {
    canvas.DrawText(bar.label, kLabelFont, kText,
                    {.x = x, .y = y + text_shift, .width = label_width, .align = Align::kRight});
    const double length = std::max(std::abs(bar.value) * scale, 0.5);
    const bool negative = bar.value < 0;
    canvas.FillBox(negative ? zero - length : zero, y + (kRowHeight - kBarHeight) / 2, length,
                   kBarHeight, chart.color);
    const double end = negative ? zero - length - kGap / 2 - value_width : zero + length + kGap / 2;
    canvas.DrawText(bar.value_text, kLabelFont, kText,
                    {.x = end,
                     .y = y + text_shift,
                     .width = value_width + 1,
                     .align = negative ? Align::kRight : Align::kLeft});
    y += kRowHeight;
  }
  canvas.DrawLine(zero, bottom - kRowHeight * static_cast<double>(chart.bars.size()), zero, bottom,
                  0.75, kAxis);
}

}  // namespace securebase::charts
