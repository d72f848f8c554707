#pragma once

#include <pango/pangocairo.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "charts/canvas.h"

namespace securebase::charts {

/// Lets unique_ptr own GLib objects.
struct GObjectUnref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using GPointer = std::unique_ptr<T, GObjectUnref>;

/// Sets text on a cairo context. Printable ASCII, which is nearly all of a report, is set from a
/// table of advances and kerning that pango itself shaped once; everything else, and text on
/// several lines, is shaped by pango as it comes. Both give the same positions.
class Typesetter {
 public:
  explicit Typesetter(cairo_t* cairo);

  double Measure(std::string_view text, const Font& font);
  int CountLines(std::string_view text, const Font& font, double width, int lines_max);
  double LineHeight(const Font& font);
  /// In the context's present colour.
  void Draw(std::string_view text, const Font& font, const TextBox& box);

 private:
  struct Face;  // a font at a size

  Face& FaceOf(const Font& font);
  bool IsFast(std::string_view text, const Face& face) const;
  double MeasureFast(std::string_view text, const Face& face) const;
  void DrawFast(std::string_view text, const Face& face, double x, double baseline);
  /// The shared layout, holding the text; width < 0: one line.
  PangoLayout* Shape(std::string_view text, const Face& face, double width, int lines_max);

  cairo_t* const cairo_;
  GPointer<PangoLayout> layout_;
  std::vector<std::shared_ptr<Face>> faces_;
  std::vector<cairo_glyph_t> glyphs_;           // reused by DrawFast
  std::vector<cairo_text_cluster_t> clusters_;  // reused by DrawFast
};

}  // namespace securebase::charts
