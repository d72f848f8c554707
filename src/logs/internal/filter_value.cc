#include "logs/internal/filter_value.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "logs/filter_pattern.h"

namespace securebase::logs {
namespace {

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Of an unquoted value: letters (of any script), digits and what the guide's examples use.
bool IsWordCharacter(char c) {
  return IsLetterOrDigit(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_.*-/:+@#$").find(c) != std::string_view::npos;
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Letters, digits, and the characters and operators of the guide's list; nothing else.
Result<> CheckRegex(std::string_view regex) {
  constexpr std::string_view kPlain = ":_#=@/;,- ";
  constexpr std::string_view kOperators = "^$?[]{}|*+.";
  constexpr std::string_view kClasses = "dDsSwW";
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\') {
      if (++i == regex.size()) return InvalidFilterPattern();
      const char escaped = regex[i];
      if (escaped == 'x') {
        if (i + 2 >= regex.size() || !IsHex(regex[i + 1]) || !IsHex(regex[i + 2])) {
          return InvalidFilterPattern();
        }
        i += 2;
        continue;
      }
      if (kClasses.find(escaped) != kClasses.npos || kOperators.find(escaped) != kOperators.npos ||
          kPlain.find(escaped) != kPlain.npos || escaped == '\\' || escaped == '%') {
        continue;
      }
      return InvalidFilterPattern();
    }
    if (!IsLetterOrDigit(c) && kPlain.find(c) == kPlain.npos &&
        kOperators.find(c) == kOperators.npos) {
      return InvalidFilterPattern();
    }
  }
  return {};
}

}  // namespace

void PatternScanner::SkipBlanks() {
  while (!AtEnd() && IsPatternBlank(text_[at_])) ++at_;
}

bool PatternScanner::Take(std::string_view token) {
  if (!rest().starts_with(token)) return false;
  at_ += token.size();
  return true;
}

bool PatternScanner::TakeWord(std::string_view word) {
  const std::string_view next = rest();
  if (next.size() < word.size() || !EqualsIgnoreCase(next.substr(0, word.size()), word)) {
    return false;
  }
  if (next.size() > word.size() && (IsLetterOrDigit(next[word.size()]) || next[word.size()] == '_'))
    return false;
  at_ += word.size();
  return true;
}

Result<std::string> PatternScanner::Quoted() {
  std::string out;
  for (++at_; !AtEnd(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      return out;
    }
    if (c == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\')) {
      ++at_;
    }
    out += text_[at_];
  }
  return InvalidFilterPattern();
}

Result<std::shared_ptr<const RE2>> PatternScanner::Regex() {
  const std::size_t start = ++at_;
  while (!AtEnd() && text_[at_] != '%') {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    ++at_;
  }
  if (AtEnd() || at_ == start) return InvalidFilterPattern();
  const std::string_view source = text_.substr(start, at_ - start);
  ++at_;
  SB_TRY_OK(CheckRegex(source));
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(1 << 20);
  options.set_dot_nl(true);
  auto regex = std::make_shared<const RE2>(re2::StringPiece(source.data(), source.size()), options);
  if (!regex->ok()) return InvalidFilterPattern();
  return std::shared_ptr<const RE2>(std::move(regex));
}

std::optional<CompareOp> TakeOperator(PatternScanner& scanner) {
  // The longer ones first.
  if (scanner.Take("!=")) return CompareOp::kNotEqual;
  if (scanner.Take("<=")) return CompareOp::kLessOrEqual;
  if (scanner.Take(">=")) return CompareOp::kGreaterOrEqual;
  if (scanner.Take("=")) return CompareOp::kEqual;
  if (scanner.Take("<")) return CompareOp::kLess;
  if (scanner.Take(">")) return CompareOp::kGreater;
  return std::nullopt;
}

Result<FilterValue> FilterValue::Scan(PatternScanner& scanner, CompareOp op,
                                      std::string_view ends) {
  FilterValue value;
  const bool ordered = op != CompareOp::kEqual && op != CompareOp::kNotEqual;
  if (scanner.Peek() == '%' && !ordered) {
    SB_TRY(value.regex_, scanner.Regex());
    return value;
  }
  std::string text;
  const bool quoted = scanner.Peek() == '"';
  if (quoted) {
    SB_TRY(text, scanner.Quoted());
  } else {
    const std::size_t start = scanner.position();
    while (!scanner.AtEnd() && ends.find(scanner.Peek()) == ends.npos &&
           IsWordCharacter(scanner.Peek())) {
      scanner.Advance();
    }
    text = scanner.Since(start);
    if (text.empty()) return InvalidFilterPattern();
  }
  if (!quoted) value.number_ = ParseDouble(text);
  if (ordered) {
    if (!value.number_) value.number_ = ParseDouble(text);
    if (!value.number_) return InvalidFilterPattern();
  }
  for (std::string_view piece : Split(text, '*')) value.pieces_.emplace_back(piece);
  return value;
}

bool FilterValue::EqualsText(std::string_view text) const {
  if (pieces_.size() == 1) return text == pieces_.front();
  if (!text.starts_with(pieces_.front())) return false;
  text.remove_prefix(pieces_.front().size());
  const std::string& last = pieces_.back();
  if (text.size() < last.size() || !text.ends_with(last)) return false;
  text.remove_suffix(last.size());
  for (std::size_t i = 1; i + 1 < pieces_.size(); ++i) {
    const std::size_t at = text.find(pieces_[i]);
    if (at == text.npos) return false;
    text.remove_prefix(at + pieces_[i].size());
  }
  return true;
}

bool FilterValue::Compare(CompareOp op, std::string_view text) const {
  if (regex_ != nullptr) {
    const bool found = RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
    return found == (op == CompareOp::kEqual);
  }
  const std::optional<double> number = number_ ? ParseDouble(text) : std::nullopt;
  switch (op) {
    case CompareOp::kEqual:
      return number ? *number == *number_ : EqualsText(text);
    case CompareOp::kNotEqual:
      return number ? *number != *number_ : !EqualsText(text);
    case CompareOp::kLess:
      return number && *number < *number_;
    case CompareOp::kLessOrEqual:
      return number && *number <= *number_;
    case CompareOp::kGreater:
      return number && *number > *number_;
    case CompareOp::kGreaterOrEqual:
      return number && *number >= *number_;
  }
  return false;
}

bool FilterValue::CompareBool(CompareOp op, bool value) const {
  const bool equal = pieces_.size() == 1 && pieces_.front() == (value ? "true" : "false");
  if (op == CompareOp::kEqual) return equal;
  return op == CompareOp::kNotEqual && !equal;
}

}  // namespace securebase::logs
