#pragma once

// Tokens of an expression.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::metrics::math {

struct Token {
  enum class Kind { kEnd, kNumber, kName, kText, kSymbol };
  Kind kind = Kind::kEnd;
  std::size_t at = 0;  // byte offset in the expression
  std::string text;    // name, symbol, or what stands between the quotes
  double number = 0;

  bool Is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

/// Ends with a token of kind kEnd. Errors: kInvalidArgument, "Invalid syntax: .. (at character N)".
Result<std::vector<Token>> Tokenize(std::string_view expression);

/// `message` with the place of byte `at`, counted in characters from 1.
Error FaultAt(std::string_view expression, std::size_t at, std::string_view message);

}  // namespace securebase::metrics::math
