#include "charts/internal/typesetter.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/text.h"

namespace securebase::charts {
namespace {

constexpr char kFirst = ' ';
constexpr char kLast = '~';
constexpr std::size_t kCharacters = kLast - kFirst + 1;
constexpr double kTableSize = 100;  // points at which the tables are shaped
constexpr std::size_t kTextBytesMax = 2'048;
constexpr const char* kFamilies = "Inter, DejaVu Sans, Noto Sans, sans-serif";
// Figures of one width, so that columns of numbers line up; no arrows made of "->" and the like:
// data must show as it is.
constexpr const char* kFeatures = "tnum=1, calt=0, liga=0, clig=0, dlig=0";

struct DescriptionFree {
  void operator()(PangoFontDescription* d) const { pango_font_description_free(d); }
};
using Description = std::unique_ptr<PangoFontDescription, DescriptionFree>;

Description Describe(double size, bool bold) {
  Description description(pango_font_description_new());
  pango_font_description_set_family_static(description.get(), kFamilies);
  pango_font_description_set_absolute_size(description.get(), size * PANGO_SCALE);
  pango_font_description_set_weight(description.get(),
                                    bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
  return description;
}

// Positions must not depend on a screen's pixels.
void SetUp(PangoContext* context) {
  pango_context_set_round_glyph_positions(context, FALSE);
  cairo_font_options_t* options = cairo_font_options_create();
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  pango_cairo_context_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

void SetFeatures(PangoLayout* layout) {
  PangoAttrList* attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_font_features_new(kFeatures));
  // A hyphen at the end of a broken identifier would read as part of it.
  pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(FALSE));
  pango_layout_set_attributes(layout, attributes);
  pango_attr_list_unref(attributes);
}

struct ShapedGlyph {
  PangoGlyph glyph;
  double advance;
};

// The glyphs of a text of one line that is all in one font and one glyph a character.
std::optional<std::vector<ShapedGlyph>> ShapeSimply(PangoLayout* layout, std::string_view text) {
  pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
  std::vector<ShapedGlyph> shaped;
  const PangoFont* font = nullptr;
  for (GSList* run = pango_layout_get_line_readonly(layout, 0)->runs; run; run = run->next) {
    const auto* item = static_cast<PangoLayoutRun*>(run->data);
    if (font != nullptr && item->item->analysis.font != font) return std::nullopt;
    font = item->item->analysis.font;
    for (int i = 0; i < item->glyphs->num_glyphs; ++i) {
      const PangoGlyphInfo& info = item->glyphs->glyphs[i];
      if (info.geometry.x_offset != 0 || info.geometry.y_offset != 0) return std::nullopt;
      shaped.push_back({info.glyph, pango_units_to_double(info.geometry.width)});
    }
  }
  if (shaped.size() != text.size()) return std::nullopt;
  return shaped;
}

// Glyphs, advances and pair kerning of printable ASCII, as shares of the font's size.
struct Metrics {
  std::array<PangoGlyph, kCharacters> glyphs{};
  std::array<float, kCharacters> advances{};
  // By first and second character: what the pair adds to the advance of the first.
  std::array<std::array<float, kCharacters>, kCharacters> kerning{};
};

std::unique_ptr<const Metrics> MakeMetrics(bool bold) {
  GPointer<PangoContext> context(pango_font_map_create_context(pango_cairo_font_map_get_default()));
  SetUp(context.get());
  GPointer<PangoLayout> layout(pango_layout_new(context.get()));
  SetFeatures(layout.get());
  pango_layout_set_font_description(layout.get(), Describe(kTableSize, bold).get());
  pango_layout_set_single_paragraph_mode(layout.get(), TRUE);

  auto metrics = std::make_unique<Metrics>();
  for (std::size_t i = 0; i < kCharacters; ++i) {
    const char c = static_cast<char>(kFirst + i);
    const auto shaped = ShapeSimply(layout.get(), {&c, 1});
    if (!shaped) return nullptr;
    metrics->glyphs[i] = shaped->front().glyph;
    metrics->advances[i] = static_cast<float>(shaped->front().advance / kTableSize);
  }
  for (std::size_t i = 0; i < kCharacters; ++i) {
    std::string pairs;  // i 0 i 1 i 2 ..
    for (std::size_t j = 0; j < kCharacters; ++j) {
      pairs += static_cast<char>(kFirst + i);
      pairs += static_cast<char>(kFirst + j);
    }
    const auto shaped = ShapeSimply(layout.get(), pairs);
    if (!shaped) return nullptr;
    for (std::size_t j = 0; j < kCharacters; ++j) {
      metrics->kerning[i][j] =
          static_cast<float>((*shaped)[2 * j].advance / kTableSize) - metrics->advances[i];
    }
  }
  return metrics;
}

// Shaped once a process; null when the machine's fonts do not allow the table.
const Metrics* MetricsOf(bool bold) {
  static std::once_flag once[2];
  static std::unique_ptr<const Metrics> metrics[2];
  std::call_once(once[bold], [&] { metrics[bold] = MakeMetrics(bold); });
  return metrics[bold].get();
}

bool IsPrintableAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= kFirst && c <= kLast; });
}

// What pango may be given: valid UTF-8 without control characters, of bounded length.
std::string Clean(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    text = text.substr(0, kTextBytesMax);
    const std::size_t valid = ValidUtf8Prefix(text);
    if (valid + 4 > text.size()) text = text.substr(0, valid);  // cut within a character
  }
  std::string clean = ToValidUtf8(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

}  // namespace

struct Typesetter::Face {
  Font font;
  Description description;
  const Metrics* metrics = nullptr;
  GPointer<PangoFont> pango_font;  // of `metrics`, at this size
  double ascent = 0;
  double height = 0;
};

Typesetter::Typesetter(cairo_t* cairo) : cairo_(cairo), layout_(pango_cairo_create_layout(cairo)) {
  SetUp(pango_layout_get_context(layout_.get()));
  SetFeatures(layout_.get());
  pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
}

Typesetter::Face& Typesetter::FaceOf(const Font& font) {
  for (const auto& face : faces_) {
    if (face->font == font) return *face;
  }
  auto face = std::make_shared<Face>();
  face->font = font;
  face->description = Describe(font.size, font.bold);
  PangoLayout* sample = Shape("Ag", *face, -1, 1);
  face->ascent = pango_units_to_double(pango_layout_get_baseline(sample));
  int height = 0;
  pango_layout_get_size(sample, nullptr, &height);
  face->height = pango_units_to_double(height);
  const GSList* runs = pango_layout_get_line_readonly(sample, 0)->runs;
  if (runs != nullptr) {
    PangoFont* used = static_cast<PangoLayoutRun*>(runs->data)->item->analysis.font;
    face->pango_font.reset(static_cast<PangoFont*>(g_object_ref(used)));
    face->metrics = MetricsOf(font.bold);
  }
  return *faces_.emplace_back(std::move(face));
}

PangoLayout* Typesetter::Shape(std::string_view text, const Face& face, double width,
                               int lines_max) {
  PangoLayout* layout = layout_.get();
  pango_layout_set_font_description(layout, face.description.get());
  const std::string clean = Clean(text);
  pango_layout_set_text(layout, clean.data(), static_cast<int>(clean.size()));
  const bool boxed = width >= 0;
  pango_layout_set_width(layout, boxed ? static_cast<int>(width * PANGO_SCALE) : -1);
  pango_layout_set_height(layout, boxed ? -lines_max : -1);
  pango_layout_set_ellipsize(layout, boxed ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
  return layout;
}

bool Typesetter::IsFast(std::string_view text, const Face& face) const {
  return face.metrics != nullptr && text.size() <= kTextBytesMax && IsPrintableAscii(text);
}

double Typesetter::MeasureFast(std::string_view text, const Face& face) const {
  double width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t c = text[i] - kFirst;
    width += face.metrics->advances[c];
    if (i + 1 < text.size()) width += face.metrics->kerning[c][text[i + 1] - kFirst];
  }
  return width * face.font.size;
}

double Typesetter::Measure(std::string_view text, const Font& font) {
  const Face& face = FaceOf(font);
  if (IsFast(text, face)) return MeasureFast(text, face);
  int width = 0;
  pango_layout_get_size(Shape(text, face, -1, 1), &width, nullptr);
  return pango_units_to_double(width);
}

int Typesetter::CountLines(std::string_view text, const Font& font, double width, int lines_max) {
  const Face& face = FaceOf(font);
  if (IsFast(text, face) && MeasureFast(text, face) <= width) return 1;
  return std::clamp(pango_layout_get_line_count(Shape(text, face, width, lines_max)), 1, lines_max);
}

double Typesetter::LineHeight(const Font& font) { return FaceOf(font).height; }

void Typesetter::Draw(std::string_view text, const Font& font, const TextBox& box) {
  const Face& face = FaceOf(font);
  if (IsFast(text, face)) {
    const double width = MeasureFast(text, face);
    if (width <= box.width) {
      const double slack = box.width - width;
      const double shift =
          box.align == Align::kLeft ? 0 : slack * (box.align == Align::kRight ? 1 : 0.5);
      DrawFast(text, face, box.x + shift, box.y + face.ascent);
      return;
    }
  }
  PangoLayout* layout = Shape(text, face, box.width, box.lines_max);
  pango_layout_set_alignment(layout, box.align == Align::kRight    ? PANGO_ALIGN_RIGHT
                                     : box.align == Align::kCenter ? PANGO_ALIGN_CENTER
                                                                   : PANGO_ALIGN_LEFT);
  cairo_move_to(cairo_, box.x, box.y);
  pango_cairo_show_layout(cairo_, layout);
  pango_layout_set_alignment(layout, PANGO_ALIGN_LEFT);
}

void Typesetter::DrawFast(std::string_view text, const Face& face, double x, double baseline) {
  glyphs_.clear();
  clusters_.assign(text.size(), {.num_bytes = 1, .num_glyphs = 1});
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t c = text[i] - kFirst;
    glyphs_.push_back({face.metrics->glyphs[c], x, baseline});
    double advance = face.metrics->advances[c];
    if (i + 1 < text.size()) advance += face.metrics->kerning[c][text[i + 1] - kFirst];
    x += advance * face.font.size;
  }
  cairo_set_scaled_font(cairo_,
                        pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(face.pango_font.get())));
  // With the text beside the glyphs, so that it can be searched and copied.
  cairo_show_text_glyphs(cairo_, text.data(), static_cast<int>(text.size()), glyphs_.data(),
                         static_cast<int>(glyphs_.size()), clusters_.data(),
                         static_cast<int>(clusters_.size()),
                         static_cast<cairo_text_cluster_flags_t>(0));
}

}  // namespace securebase::charts
