#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase::reports {

/// How people of a language and country write numbers.
struct Locale {
  std::string_view tag = "en-US";
  std::string_view decimal = ".";
  std::string_view group = ",";
  bool indian = false;  // groups of two above the first three digits: 12,34,567
};

/// A tag such as "de-DE" (also "de_DE", without case). kInvalidArgument, `field` empty, naming the
/// known ones.
Result<Locale> FindLocale(std::string_view tag);

std::string FormatInteger(const Locale& locale, std::int64_t value);
/// With exactly `decimals` digits after the decimal mark (0 to 9), rounded to nearest.
std::string FormatNumber(const Locale& locale, double value, int decimals);

}  // namespace securebase::reports
