#pragma once

// Text of cost and finding files as values, fast on the forms that repeat.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace securebase::analytics {

/// Whether a cell means "no value": empty, or NULL in any case.
bool IsAbsent(std::string_view cell);

/// A finite number of at most 1e15 in size. Plain or scientific; also "$1,234.50 ", "(12.00)"
/// (negative) as spreadsheets write money. Empty for anything else.
std::optional<double> ParseAmount(std::string_view cell);

/// Times of a file: ISO 8601 (a blank for the T is fine), epoch seconds or milliseconds, or US
/// dates (4/1/26, 09/21/2023). Years 1990 to 2100. Remembers what it read: bills repeat their
/// times. Not thread-safe.
class TimeParser {
 public:
  /// Empty when the text is no time or out of range; problem() says which.
  std::optional<Instant> Parse(std::string_view cell);
  std::string_view problem() const { return problem_; }

 private:
  struct Remembered {
    std::array<char, 32> text{};
    std::uint8_t size = 0;
    Instant time;
  };
  std::array<Remembered, 1024> remembered_;
  std::string_view problem_;
};

/// "2026-05", the month of a time.
std::string MonthOf(Instant time);

}  // namespace securebase::analytics
