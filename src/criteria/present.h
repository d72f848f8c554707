#pragma once

// A validation as text for people and machines.

#include <optional>
#include <string>
#include <string_view>

#include "criteria/criterion.h"

namespace securebase::criteria {

enum class Format { kTable, kJson, kJunit, kMarkdown };
/// "table", "json", "junit", "markdown".
Result<Format> ParseFormat(std::string_view text);

struct PresentOptions {
  std::string endpoint;  // takes the place of ENDPOINT in the evidence
  bool marks = false;    // ✓ and ✗ before PASS and FAIL (terminals with UTF-8)
  bool evidence = true;  // of the table: print the commands
};

/// The whole output, ending with a line break.
std::string Present(const Run& run, Format format, const PresentOptions& options);

}  // namespace securebase::criteria
