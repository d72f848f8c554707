#pragma once

// A page to draw on: text with real shaping (any script, right to left, fallback fonts), boxes
// and lines. Units are points (1/72 inch), y grows downwards, colours are opaque.

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "charts/color.h"

namespace securebase::charts {

/// A size and weight of the product's type face (Inter; DejaVu and Noto where it lacks a glyph).
struct Font {
  double size = 9;
  bool bold = false;
  bool operator==(const Font&) const = default;
};

enum class Align { kLeft, kCenter, kRight };

/// Where text goes: its top left corner, and the width it is aligned and wrapped in.
struct TextBox {
  double x = 0;
  double y = 0;
  double width = 0;
  Align align = Align::kLeft;
  int lines_max = 1;  // what does not fit ends in an ellipsis
};

struct DocumentInfo {
  std::string title;
  Instant created_at;
};

/// Not thread-safe; each thread may have its own. Text need not be valid UTF-8; control
/// characters, line ends included, show as blanks, and what is longer than 2 KB is cut.
class Canvas {
 public:
  virtual ~Canvas() = default;

  /// Pages of one size, in memory. kInternal when the library refuses.
  static Result<std::unique_ptr<Canvas>> CreatePdf(double width, double height,
                                                   const DocumentInfo& info);

  virtual double width() const = 0;
  virtual double height() const = 0;

  /// Width of the text on one line.
  virtual double Measure(std::string_view text, const Font& font) = 0;
  /// How many lines the text takes in that width, at most `lines_max`.
  virtual int CountLines(std::string_view text, const Font& font, double width, int lines_max) = 0;
  virtual double LineHeight(const Font& font) = 0;

  virtual void DrawText(std::string_view text, const Font& font, const Color& color,
                        const TextBox& box) = 0;
  virtual void FillBox(double x, double y, double width, double height, const Color& color) = 0;
  /// A straight line, `thickness` points wide.
  virtual void DrawLine(double x1, double y1, double x2, double y2, double thickness,
                        const Color& color) = 0;

  /// Ends the page and begins the next one.
  virtual void NextPage() = 0;
  /// Ends the last page; the file's bytes. The canvas cannot be drawn on any more.
  virtual Result<std::string> Finish() = 0;
};

}  // namespace securebase::charts
