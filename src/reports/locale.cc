#include "reports/locale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace securebase::reports {
namespace {

constexpr std::string_view kNoBreakSpace = "\u00a0";
constexpr std::string_view kNarrowSpace = "\u202f";
constexpr std::string_view kApostrophe = "\u2019";

// Marks as in CLDR.
constexpr Locale kLocales[] = {
    {"en-US", ".", ","},           {"en-GB", ".", ","},           {"en-AU", ".", ","},
    {"en-CA", ".", ","},           {"en-IE", ".", ","},           {"en-IN", ".", ",", true},
    {"hi-IN", ".", ",", true},     {"de-DE", ",", "."},           {"de-AT", ",", kNoBreakSpace},
    {"de-CH", ".", kApostrophe},   {"fr-FR", ",", kNarrowSpace},  {"fr-BE", ",", kNarrowSpace},
    {"fr-CA", ",", kNoBreakSpace}, {"fr-CH", ",", kNarrowSpace},  {"es-ES", ",", "."},
    {"es-MX", ".", ","},           {"it-IT", ",", "."},           {"pt-BR", ",", "."},
    {"pt-PT", ",", kNoBreakSpace}, {"nl-NL", ",", "."},           {"nl-BE", ",", "."},
    {"da-DK", ",", "."},           {"sv-SE", ",", kNoBreakSpace}, {"nb-NO", ",", kNoBreakSpace},
    {"fi-FI", ",", kNoBreakSpace}, {"pl-PL", ",", kNoBreakSpace}, {"cs-CZ", ",", kNoBreakSpace},
    {"ja-JP", ".", ","},           {"ko-KR", ".", ","},           {"zh-CN", ".", ","},
    {"zh-TW", ".", ","},           {"he-IL", ".", ","},
};

std::string Grouped(const Locale& locale, std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    const bool boundary = locale.indian && left > 3 ? (left - 3) % 2 == 0 : left % 3 == 0;
    if (i > 0 && boundary) out += locale.group;
    out += digits[i];
  }
  return out;
}

}  // namespace

Result<Locale> FindLocale(std::string_view tag) {
  std::string wanted(tag);
  std::replace(wanted.begin(), wanted.end(), '_', '-');
  std::string known;
  for (const Locale& locale : kLocales) {
    if (EqualsIgnoreCase(locale.tag, wanted)) return locale;
    known += (known.empty() ? "" : ", ") + std::string(locale.tag);
  }
  return InvalidArgument("", "'" + std::string(tag) + "' is not one of " + known);
}

std::string FormatInteger(const Locale& locale, std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  return (negative ? "-" : "") + Grouped(locale, digits);
}

std::string FormatNumber(const Locale& locale, double value, int decimals) {
  if (!std::isfinite(value) || std::abs(value) >= 1e17) return FormatDouble(value);
  std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string out = std::signbit(value) && !zero ? "-" : "";
  out += Grouped(locale, std::string_view(text).substr(0, point));
  if (point < text.size()) {
    out += locale.decimal;
    out.append(text, point + 1);
  }
  return out;
}

}  // namespace securebase::reports
