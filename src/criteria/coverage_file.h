#pragma once

// Test coverage as tools write it: Cobertura XML, LCOV, coverage.py JSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace securebase::criteria {

/// How much of the code the tests ran.
struct Coverage {
  double percent = 0;                        // 0 to 100
  std::optional<std::uint64_t> lines_valid;  // where the file says
  std::optional<std::uint64_t> lines_covered;
  std::string format;  // "cobertura", "lcov", "coverage.py"
};

/// Coverage of counted lines. kInvalidArgument where `covered` > `valid` or there are no lines.
Result<Coverage> CoverageOfLines(std::uint64_t covered, std::uint64_t valid, std::string format);

/// Tells the format from the text and reads it. Errors: kInvalidArgument, saying what is missing.
Result<Coverage> ParseCoverageFile(std::string_view text);

}  // namespace securebase::criteria
