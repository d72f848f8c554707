#pragma once

// The right-hand side of a comparison in a filter pattern, and the scanner that reads patterns.

#include <re2/re2.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::logs {

/// What separates the parts of a pattern.
inline bool IsPatternBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// A cursor over a pattern's text.
class PatternScanner {
 public:
  explicit PatternScanner(std::string_view text) : text_(text) {}

  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }
  std::size_t position() const { return at_; }
  std::string_view Since(std::size_t start) const { return text_.substr(start, at_ - start); }
  void Advance(std::size_t count = 1) { at_ += count; }
  void SkipBlanks();
  /// Takes `token` where it stands next.
  bool Take(std::string_view token);
  /// The same for a word, in any letter case, that no further letter follows.
  bool TakeWord(std::string_view word);
  /// What stands between quotes, with the opening quote next: `\"` is a quote, `\\` a backslash.
  Result<std::string> Quoted();
  /// A regular expression with the opening '%' next, checked against the characters that are
  /// allowed (spec: logs-api 11.2) and compiled.
  Result<std::shared_ptr<const RE2>> Regex();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

enum class CompareOp { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

/// Takes one of = != < <= > >=.
std::optional<CompareOp> TakeOperator(PatternScanner& scanner);

/// What a field is compared with: a number, a text with wildcards or a regular expression.
class FilterValue {
 public:
  /// Reads a value for `op`; `ends` are characters that end an unquoted word besides blanks, `&&`
  /// and `||`. < and its like take numbers alone.
  static Result<FilterValue> Scan(PatternScanner& scanner, CompareOp op, std::string_view ends);

  /// Whether a text (or the text of a number) compares so.
  bool Compare(CompareOp op, std::string_view text) const;
  /// The same for a boolean, which equals `true` or `false` alone.
  bool CompareBool(CompareOp op, bool value) const;
  bool is_regex() const { return regex_ != nullptr; }

 private:
  bool EqualsText(std::string_view text) const;

  std::vector<std::string> pieces_;  // of a text, between its wildcards
  std::optional<double> number_;
  std::shared_ptr<const RE2> regex_;
};

}  // namespace securebase::logs
