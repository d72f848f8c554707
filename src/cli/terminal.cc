#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace securebase::cli {
namespace {

// The variable that decides, as setlocale would choose it.
std::string_view CharacterLocale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "C";
}

}  // namespace

bool IsTerminal(int file_descriptor) { return isatty(file_descriptor) == 1; }

bool HasUtf8Locale() {
  const std::string_view locale = CharacterLocale();
  return locale.find("UTF-8") != std::string_view::npos ||
         locale.find("utf8") != std::string_view::npos;
}

bool CanPrintMarks(int file_descriptor) { return IsTerminal(file_descriptor) && HasUtf8Locale(); }

bool CanPrintColours(int file_descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  return IsTerminal(file_descriptor) && (no_color == nullptr || *no_color == '\0');
}

}  // namespace securebase::cli
