#pragma once

// Characters of a query to tokens, on demand: whether '/' begins a regular expression is known
// to the parser alone.

#include <string>
#include <string_view>
#include <vector>

#include "insights/internal/ast.h"

namespace securebase::insights::internal {

/// Thrown through the recursive descent and caught in Parse: the one place where an error must
/// leave fifty levels at once.
struct SyntaxError {
  std::string message;
  Span span;
};

struct Token {
  enum class Kind : std::uint8_t { kEnd, kName, kString, kNumber, kPeriod, kSymbol };
  Kind kind = Kind::kEnd;
  Span span;
  std::string text;                // name joined by dots, content of a string, symbol, digits
  std::vector<std::string> parts;  // kName
  bool quoted = false;             // kName: has a part in backticks or quotes
  double number = 0;
  Period period;

  bool IsSymbol(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
};

/// Reads a period such as "5m" or "1hour"; false where the unit is unknown. Counts above the cap
/// of the unit act as the cap. Source: logs-insights, Date and time.
bool ReadPeriod(double count, std::string_view unit, Period& period);

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// The token at the place, without moving on.
  const Token& Peek();
  Token Take();
  /// A regular expression begins here.
  bool AtRegex();
  /// Takes /…/; its text with `\/` as a plain slash.
  Token TakeRegex();
  /// Takes an alias: also quoted, or beginning with a digit.
  Token TakeAlias();
  /// Takes one word of anything but blanks, pipes, commas and brackets (options' values).
  Token TakeWord();
  /// The keyword is next; takes it if so. Never a quoted name.
  bool TakeKeyword(std::string_view word);
  bool PeekKeyword(std::string_view word);
  bool TakeSymbol(std::string_view symbol);

  std::size_t place();
  void Return(std::size_t place);
  std::size_t end_of_last() const { return last_end_; }
  std::string_view text() const { return text_; }
  [[noreturn]] void Fail(std::string message, Span span) const;
  /// "unexpected symbol found …", with what was expected.
  [[noreturn]] void Unexpected(std::string_view expected = {});

 private:
  void SkipBlanks();
  Token Read();
  Token ReadName();
  Token ReadNumberToken();
  std::string ReadQuoted(char quote);

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t last_end_ = 0;
  std::size_t peeked_end_ = 0;
  bool has_peeked_ = false;
  Token peeked_;
};

}  // namespace securebase::insights::internal
