#include "charts/color.h"

#include <cmath>

#include "base/text.h"

namespace securebase::charts {

Result<Color> ParseColor(std::string_view text) {
  const auto bytes = text.starts_with('#') ? HexDecode(text.substr(1)) : std::nullopt;
  if (!bytes || bytes->size() != 3) {
    return InvalidArgument("", "must be a colour such as #1f4ed8");
  }
  auto part = [&](int i) { return static_cast<unsigned char>((*bytes)[i]) / 255.0; };
  return Color{part(0), part(1), part(2)};
}

Color Mix(const Color& a, const Color& b, double share) {
  auto mix = [&](double x, double y) { return x * share + y * (1 - share); };
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

Color ReadableOn(const Color& background) {
  // Relative luminance of WCAG 2; above 0.179 black has the higher contrast.
  auto linear = [](double c) {
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const double luminance = 0.2126 * linear(background.red) + 0.7152 * linear(background.green) +
                           0.0722 * linear(background.blue);
  return luminance > 0.179 ? Color{} : kWhite;
}

}  // namespace securebase::charts
