#pragma once

#include <string_view>

#include "base/result.h"

namespace securebase::charts {

/// Red, green and blue, each 0 to 1.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
  bool operator==(const Color&) const = default;
};

/// "#1f4ed8"; kInvalidArgument, `field` empty, for anything else.
Result<Color> ParseColor(std::string_view text);

/// `share` (0 to 1) of `a`, the rest of `b`.
Color Mix(const Color& a, const Color& b, double share);

/// Black or white, whichever reads better on it.
Color ReadableOn(const Color& background);

inline constexpr Color kWhite{1, 1, 1};

}  // namespace securebase::charts
