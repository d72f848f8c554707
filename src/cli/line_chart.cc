#include "cli/line_chart.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace securebase::cli {
namespace {

constexpr std::size_t kWidthMin = 20;
constexpr std::size_t kWidthDefault = 80;
constexpr std::array<const char*, 6> kColours = {"\033[34m", "\033[33m", "\033[32m",
                                                 "\033[31m", "\033[35m", "\033[36m"};
constexpr const char* kReset = "\033[0m";
constexpr std::size_t kNoSeries = SIZE_MAX;

/// Dots in characters; each character remembers the series that drew it last.
class Canvas {
 public:
  Canvas(std::size_t columns, std::size_t rows)
      : columns_(columns), rows_(rows), cells_(columns * rows), owner_(columns * rows, kNoSeries) {}

  std::size_t dots_wide() const { return columns_ * 2; }
  std::size_t dots_high() const { return rows_ * 4; }

  /// Row 0 is at the top.
  void Dot(long column, long row, std::size_t series) {
    if (column < 0 || row < 0 || column >= static_cast<long>(dots_wide()) ||
        row >= static_cast<long>(dots_high())) {
      return;
    }
    // Unicode numbers the dots of a braille cell down the left column, then the right, and the
    // fourth row last.
    static constexpr unsigned char kBits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const auto cell =
        static_cast<std::size_t>(row / 4) * columns_ + static_cast<std::size_t>(column / 2);
    cells_[cell] |= kBits[row % 4][column % 2];
    owner_[cell] = series;
  }

  void Line(long x0, long y0, long x1, long y1, std::size_t series) {
    const long steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1L});
    for (long i = 0; i <= steps; ++i) {
      Dot(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps, series);
    }
  }

  std::string Row(std::size_t row, bool unicode, bool colours) const {
    std::string out;
    for (std::size_t column = 0; column < columns_; ++column) {
      const std::size_t cell = row * columns_ + column;
      if (cells_[cell] == 0) {
        out += ' ';
        continue;
      }
      if (colours) out += kColours[owner_[cell] % kColours.size()];
      if (unicode) {
        // U+2800 + bits, in UTF-8.
        out += '\xE2';
        out += static_cast<char>(0xA0 | cells_[cell] >> 6);
        out += static_cast<char>(0x80 | (cells_[cell] & 0x3F));
      } else {
        out += '*';
      }
      if (colours) out += kReset;
    }
    return out;
  }

 private:
  const std::size_t columns_;
  const std::size_t rows_;
  std::vector<unsigned char> cells_;
  std::vector<std::size_t> owner_;
};

struct Bounds {
  double low = 0;
  double high = 1;
};

/// The y range: with zero where the values are all positive and zero is not far.
std::optional<Bounds> BoundsOf(const std::vector<ChartSeries>& series) {
  std::optional<Bounds> bounds;
  for (const ChartSeries& one : series) {
    for (const auto& [time, value] : one.points) {
      if (!std::isfinite(value)) continue;
      if (!bounds) bounds = Bounds{value, value};
      bounds->low = std::min(bounds->low, value);
      bounds->high = std::max(bounds->high, value);
    }
  }
  if (!bounds) return {};
  if (bounds->low >= 0 && bounds->low < bounds->high / 2) bounds->low = 0;
  if (bounds->low == bounds->high) {
    const double room = bounds->low == 0 ? 1 : std::abs(bounds->low) / 10;
    bounds->low -= room;
    bounds->high += room;
  }
  return bounds;
}

void Plot(const ChartSeries& one, std::size_t index, const ChartOptions& options,
          const Bounds& bounds, Canvas& canvas) {
  const double length =
      std::max<double>(1, static_cast<double>((options.end - options.start).count()));
  const auto wide = static_cast<double>(canvas.dots_wide() - 1);
  const auto high = static_cast<double>(canvas.dots_high() - 1);
  std::optional<std::pair<long, long>> previous;
  Instant previous_time;
  for (const auto& [time, value] : one.points) {
    if (!std::isfinite(value)) continue;
    const double share = static_cast<double>((time - options.start).count()) / length;
    const long x = std::lround(share * wide);
    const long y = std::lround((bounds.high - value) / (bounds.high - bounds.low) * high);
    if (previous && (time - previous_time) * 2 <= options.period * 3) {
      canvas.Line(previous->first, previous->second, x, y, index);
    } else {
      canvas.Dot(x, y, index);
    }
    previous = {x, y};
    previous_time = time;
  }
}

std::string PadLeft(std::string text, std::size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

/// "12:00" within a day, else "06-01 12:00".
std::string TimeLabel(Instant time, Duration length) {
  const std::string iso = FormatIso(time);  // 2026-06-01T12:00:00Z
  const std::string clock = iso.substr(11, length < std::chrono::minutes(5) ? 8 : 5);
  return length <= std::chrono::hours(24) ? clock : iso.substr(5, 5) + " " + clock;
}

std::string TimeAxis(const ChartOptions& options, std::size_t margin, std::size_t columns) {
  const Duration length = options.end - options.start;
  const std::size_t size = TimeLabel(options.start, length).size();
  std::string axis(margin + columns, ' ');
  const std::size_t labels =
      std::max<std::size_t>(2, std::min<std::size_t>(6, columns / (size + 6)));
  for (std::size_t i = 0; i < labels; ++i) {
    const Instant time =
        options.start + length * static_cast<long>(i) / static_cast<long>(labels - 1);
    const std::size_t at = margin + (columns - size) * i / (labels - 1);
    axis.replace(at, size, TimeLabel(time, length));
  }
  return axis + "\n";
}

std::string DrawOne(const std::vector<ChartSeries>& series, const ChartOptions& options) {
  const std::optional<Bounds> bounds = BoundsOf(series);
  if (!bounds) return "no data\n";
  std::vector<std::string> labels(options.height);
  std::size_t margin = 0;
  for (std::size_t row = 0; row < options.height; ++row) {
    // The ends and the middle suffice to read a value off.
    if (row % std::max<std::size_t>(1, (options.height - 1) / 3) != 0 &&
        row + 1 != options.height) {
      continue;
    }
    const double share = static_cast<double>(row) / static_cast<double>(options.height - 1);
    labels[row] = ShortNumber(bounds->high - (bounds->high - bounds->low) * share);
    margin = std::max(margin, labels[row].size());
  }
  const std::size_t width = std::max(options.width, kWidthMin);
  const std::size_t columns = width - std::min(width - 8, margin + 2);
  Canvas canvas(columns, options.height);
  for (std::size_t i = 0; i < series.size(); ++i) Plot(series[i], i, options, *bounds, canvas);
  std::string out;
  for (std::size_t row = 0; row < options.height; ++row) {
    const char* tick =
        options.unicode ? (labels[row].empty() ? "│" : "┤") : (labels[row].empty() ? "|" : "+");
    out += PadLeft(labels[row], margin) + " " + tick +
           canvas.Row(row, options.unicode, options.colours) + "\n";
  }
  return out + TimeAxis(options, margin + 2, columns);
}

}  // namespace

std::string ShortNumber(double value) {
  static constexpr std::pair<double, const char*> kSteps[] = {
      {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "K"}, {1, ""}};
  const double magnitude = std::abs(value);
  if (magnitude == 0) return "0";
  double scaled = value;
  const char* letter = "";
  for (const auto& [step, text] : kSteps) {
    if (magnitude < step) continue;
    scaled = value / step;
    letter = text;
    break;
  }
  return FormatDouble(ParseDouble(fmt::format("{:.4g}", scaled)).value_or(scaled)) + letter;
}

std::size_t TerminalWidth(int file_descriptor) {
  winsize size{};
  if (ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const auto width = columns == nullptr ? std::nullopt : ParseInt(columns);
  return width && *width > 0 && *width < 10'000 ? static_cast<std::size_t>(*width) : kWidthDefault;
}

std::string DrawLineChart(const std::vector<ChartSeries>& series, const ChartOptions& options) {
  std::string out;
  if (options.colours || series.size() <= 1) {
    out = DrawOne(series, options);
    for (std::size_t i = 0; i < series.size(); ++i) {
      out += "  ";
      if (options.colours) out += kColours[i % kColours.size()];
      out += options.unicode ? "━━ " : "-- ";
      if (options.colours) out += kReset;
      out += series[i].label + "\n";
    }
    return out.empty() ? "no data\n" : out;
  }
  for (const ChartSeries& one : series) {
    out += one.label + "\n" + DrawOne({one}, options);
  }
  return out;
}

}  // namespace securebase::cli
