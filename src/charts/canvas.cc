#include "charts/canvas.h"

#include <cairo-pdf.h>

#include <exception>

#include "base/text.h"
#include "charts/internal/typesetter.h"

namespace securebase::charts {
namespace {

struct SurfaceDestroy {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};
struct ContextDestroy {
  void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
};

// cairo calls it for each piece of output; nothing may be thrown through cairo.
cairo_status_t Append(void* output, const unsigned char* bytes, unsigned int size) {
  try {
    static_cast<std::string*>(output)->append(reinterpret_cast<const char*>(bytes), size);
  } catch (const std::exception&) {
    return CAIRO_STATUS_WRITE_ERROR;
  }
  return CAIRO_STATUS_SUCCESS;
}

class PdfCanvas final : public Canvas {
 public:
  PdfCanvas(double width, double height, const DocumentInfo& info)
      : width_(width),
        height_(height),
        output_(std::make_unique<std::string>()),
        surface_(cairo_pdf_surface_create_for_stream(Append, output_.get(), width, height)),
        cairo_(cairo_create(surface_.get())),
        typesetter_(cairo_.get()) {
    auto set = [&](cairo_pdf_metadata_t key, const std::string& value) {
      cairo_pdf_surface_set_metadata(surface_.get(), key, value.c_str());
    };
    set(CAIRO_PDF_METADATA_TITLE, ToValidUtf8(info.title));
    set(CAIRO_PDF_METADATA_CREATOR, "SecureBase Analytics");
    set(CAIRO_PDF_METADATA_CREATE_DATE, FormatIso(info.created_at));
  }

  Result<> Check() const {
    const cairo_status_t status = cairo_status(cairo_.get());
    if (status == CAIRO_STATUS_SUCCESS) return {};
    return Internal(std::string("cairo: ") + cairo_status_to_string(status));
  }

  double width() const override { return width_; }
  double height() const override { return height_; }
  double Measure(std::string_view text, const Font& font) override {
    return typesetter_.Measure(text, font);
  }
  int CountLines(std::string_view text, const Font& font, double width, int lines_max) override {
    return typesetter_.CountLines(text, font, width, lines_max);
  }
  double LineHeight(const Font& font) override { return typesetter_.LineHeight(font); }

  void DrawText(std::string_view text, const Font& font, const Color& color,
                const TextBox& box) override {
    SetColor(color);
    typesetter_.Draw(text, font, box);
  }
  void FillBox(double x, double y, double width, double height, const Color& color) override {
    SetColor(color);
    cairo_rectangle(cairo_.get(), x, y, width, height);
    cairo_fill(cairo_.get());
  }
  void DrawLine(double x1, double y1, double x2, double y2, double thickness,
                const Color& color) override {
    SetColor(color);
    cairo_set_line_width(cairo_.get(), thickness);
    cairo_move_to(cairo_.get(), x1, y1);
    cairo_line_to(cairo_.get(), x2, y2);
    cairo_stroke(cairo_.get());
  }
  void NextPage() override { cairo_show_page(cairo_.get()); }

  Result<std::string> Finish() override {
    cairo_show_page(cairo_.get());
    cairo_surface_finish(surface_.get());
    SB_TRY_OK(Check());
    if (cairo_surface_status(surface_.get()) != CAIRO_STATUS_SUCCESS) {
      return Internal("cairo: cannot finish the PDF");
    }
    return std::move(*output_);
  }

 private:
  void SetColor(const Color& color) {
    cairo_set_source_rgb(cairo_.get(), color.red, color.green, color.blue);
  }

  const double width_;
  const double height_;
  const std::unique_ptr<std::string> output_;
  const std::unique_ptr<cairo_surface_t, SurfaceDestroy> surface_;
  const std::unique_ptr<cairo_t, ContextDestroy> cairo_;
  Typesetter typesetter_;
};

}  // namespace

Result<std::unique_ptr<Canvas>> Canvas::CreatePdf(double width, double height,
                                                  const DocumentInfo& info) {
  auto canvas = std::make_unique<PdfCanvas>(width, height, info);
  SB_TRY_OK(canvas->Check());
  return std::unique_ptr<Canvas>(std::move(canvas));
}

}  // namespace securebase::charts
