#include "insights/internal/lexer.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace securebase::insights::internal {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '@' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

struct Unit {
  std::string_view name;
  Period::Unit unit;
  std::int64_t count;
  double cap;  // 0: none
};
constexpr std::int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute;
constexpr Unit kUnits[] = {
    {"ms", Period::Unit::kFixed, 1, 1000},
    {"msec", Period::Unit::kFixed, 1, 1000},
    {"millisecond", Period::Unit::kFixed, 1, 1000},
    {"s", Period::Unit::kFixed, kSecond, 60},
    {"sec", Period::Unit::kFixed, kSecond, 60},
    {"second", Period::Unit::kFixed, kSecond, 60},
    {"m", Period::Unit::kFixed, kMinute, 60},
    {"min", Period::Unit::kFixed, kMinute, 60},
    {"minute", Period::Unit::kFixed, kMinute, 60},
    {"h", Period::Unit::kFixed, kHour, 24},
    {"hr", Period::Unit::kFixed, kHour, 24},
    {"hour", Period::Unit::kFixed, kHour, 24},
    {"d", Period::Unit::kFixed, 24 * kHour, 0},
    {"day", Period::Unit::kFixed, 24 * kHour, 0},
    {"w", Period::Unit::kWeek, 1, 0},
    {"week", Period::Unit::kWeek, 1, 0},
    {"mo", Period::Unit::kMonth, 1, 0},
    {"mon", Period::Unit::kMonth, 1, 0},
    {"month", Period::Unit::kMonth, 1, 0},
    {"q", Period::Unit::kMonth, 3, 0},
    {"qtr", Period::Unit::kMonth, 3, 0},
    {"quarter", Period::Unit::kMonth, 3, 0},
    {"y", Period::Unit::kMonth, 12, 0},
    {"yr", Period::Unit::kMonth, 12, 0},
    {"year", Period::Unit::kMonth, 12, 0},
};

}  // namespace

bool ReadPeriod(double count, std::string_view unit, Period& period) {
  const std::string lower = ToLower(unit);
  for (const Unit& u : kUnits) {
    const bool plural = u.name.size() > 1 && lower.size() == u.name.size() + 1 &&
                        lower.back() == 's' && lower.starts_with(u.name);
    if (lower != u.name && !plural) continue;
    if (u.cap > 0) count = std::min(count, u.cap);
    if (!(count >= 0) || count > 1e6) return false;
    period.unit = u.unit;
    period.count = static_cast<std::int64_t>(count * static_cast<double>(u.count));
    return period.count > 0;
  }
  return false;
}

void Lexer::Fail(std::string message, Span span) const { throw SyntaxError{message, span}; }

void Lexer::Unexpected(std::string_view expected) {
  const Token& token = Peek();
  std::string message = "unexpected symbol found ";
  message += token.kind == Token::Kind::kEnd
                 ? "end of the query"
                 : std::string(text_.substr(token.span.start, token.span.end - token.span.start));
  if (!expected.empty()) message += ", expected " + std::string(expected);
  Fail(std::move(message), token.span);
}

void Lexer::SkipBlanks() {
  while (at_ < text_.size()) {
    if (IsBlank(text_[at_])) {
      ++at_;
    } else if (text_.substr(at_).starts_with("\xC2\xA0")) {
      at_ += 2;  // a no-break space, as web pages put it
    } else if (text_[at_] == '#') {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else {
      return;
    }
  }
}

std::string Lexer::ReadQuoted(char quote) {
  const std::size_t start = at_++;
  std::string out;
  while (at_ < text_.size() && text_[at_] != quote) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == quote || (text_[at_ + 1] == '\\' && quote != '`'))) {
      ++at_;
    }
    out += text_[at_++];
  }
  if (at_ == text_.size()) {
    Fail(std::string("unbalanced quote ") + quote + ": the text is not closed",
         {start, text_.size()});
  }
  ++at_;
  return out;
}

Token Lexer::ReadName() {
  Token token;
  token.kind = Token::Kind::kName;
  token.span.start = at_;
  for (bool first = true;; first = false) {
    std::string part;
    while (at_ < text_.size() && IsWord(text_[at_])) part += text_[at_++];
    if (at_ < text_.size() && text_[at_] == '`' && (part.empty() || part == "@")) {
      part += ReadQuoted('`');
      token.quoted = true;
    } else if (!first && part.empty() && at_ < text_.size() &&
               (text_[at_] == '"' || text_[at_] == '\'')) {
      part = ReadQuoted(text_[at_]);
      token.quoted = true;
    }
    token.parts.push_back(std::move(part));
    if (at_ + 1 >= text_.size() || text_[at_] != '.') break;
    const char next = text_[at_ + 1];
    if (!IsWord(next) && next != '`' && next != '"' && next != '\'') break;
    ++at_;
  }
  for (const std::string& part : token.parts) {
    if (&part != &token.parts.front()) token.text += '.';
    token.text += part;
  }
  token.span.end = at_;
  return token;
}

Token Lexer::ReadNumberToken() {
  Token token;
  token.kind = Token::Kind::kNumber;
  token.span.start = at_;
  std::size_t end = at_;
  while (end < text_.size() && IsDigit(text_[end])) ++end;
  if (end < text_.size() && text_[end] == '.' && end + 1 < text_.size() &&
      IsDigit(text_[end + 1])) {
    ++end;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
  } else if (end < text_.size() && text_[end] == '.' &&
             (end + 1 == text_.size() || !IsWord(text_[end + 1]))) {
    ++end;  // "12."
  }
  std::size_t exponent = end;
  if (exponent < text_.size() && (text_[exponent] == 'e' || text_[exponent] == 'E')) {
    ++exponent;
    if (exponent < text_.size() && (text_[exponent] == '-' || text_[exponent] == '+')) ++exponent;
    const std::size_t digits = exponent;
    while (exponent < text_.size() && IsDigit(text_[exponent])) ++exponent;
    if (exponent > digits && (exponent == text_.size() || !IsWord(text_[exponent]))) end = exponent;
  }
  token.text = std::string(text_.substr(at_, end - at_));
  std::from_chars(token.text.data(), token.text.data() + token.text.size(), token.number);
  std::size_t unit = end;
  while (unit < text_.size() && IsWord(text_[unit])) ++unit;
  if (unit > end) {
    if (ReadPeriod(token.number, text_.substr(end, unit - end), token.period)) {
      token.kind = Token::Kind::kPeriod;
      token.text = std::string(text_.substr(at_, unit - at_));
      end = unit;
    } else if (token.text.find_first_of(".eE") == std::string::npos) {
      return ReadName();  // a name that begins with a digit, as `5xx`
    } else {
      Fail("unexpected symbol found " + std::string(text_.substr(at_, unit - at_)), {at_, unit});
    }
  }
  at_ = end;
  token.span.end = at_;
  return token;
}

Token Lexer::Read() {
  SkipBlanks();
  Token token;
  token.span = {at_, at_};
  if (at_ == text_.size()) {
    token.span.start = text_.empty() ? 0 : at_;
    return token;
  }
  const char c = text_[at_];
  if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
    return ReadNumberToken();
  }
  if (c == '"' || c == '\'') {
    token.kind = Token::Kind::kString;
    token.text = ReadQuoted(c);
    token.span.end = at_;
    return token;
  }
  if (c == '`' || IsWord(c)) return ReadName();
  token.kind = Token::Kind::kSymbol;
  static constexpr std::string_view kPairs[] = {
      "==", "!=", "<>", "<=", ">=", "=~", "~=", "!~", "&&", "||"};
  for (std::string_view pair : kPairs) {
    if (text_.substr(at_).starts_with(pair)) {
      token.text = pair;
      at_ += 2;
      token.span.end = at_;
      return token;
    }
  }
  token.text = c;
  token.span.end = ++at_;
  return token;
}

const Token& Lexer::Peek() {
  if (!has_peeked_) {
    const std::size_t at = at_;
    peeked_ = Read();
    peeked_end_ = at_;
    at_ = at;
    has_peeked_ = true;
  }
  return peeked_;
}

Token Lexer::Take() {
  Peek();
  has_peeked_ = false;
  at_ = peeked_end_;
  last_end_ = at_;
  return std::move(peeked_);
}

std::size_t Lexer::place() {
  SkipBlanks();
  return at_;
}

void Lexer::Return(std::size_t place) {
  at_ = place;
  has_peeked_ = false;
}

bool Lexer::AtRegex() { return place() < text_.size() && text_[at_] == '/'; }

Token Lexer::TakeRegex() {
  has_peeked_ = false;
  SkipBlanks();
  Token token;
  token.kind = Token::Kind::kString;
  token.span.start = at_;
  for (++at_; at_ < text_.size() && text_[at_] != '/'; ++at_) {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      if (text_[at_ + 1] != '/') token.text += '\\';
      ++at_;
    }
    token.text += text_[at_];
  }
  if (at_ == text_.size()) {
    Fail("the regular expression is not closed by a slash", {token.span.start, at_});
  }
  token.span.end = last_end_ = ++at_;
  return token;
}

Token Lexer::TakeAlias() {
  has_peeked_ = false;
  SkipBlanks();
  if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
    Token token = Take();
    token.kind = Token::Kind::kName;
    token.parts = {token.text};
    token.quoted = true;
    return token;
  }
  if (at_ == text_.size() || !(IsWord(text_[at_]) || text_[at_] == '`')) Unexpected("a name");
  Token token = ReadName();
  last_end_ = at_;
  return token;
}

Token Lexer::TakeWord() {
  has_peeked_ = false;
  SkipBlanks();
  Token token;
  token.kind = Token::Kind::kName;
  token.span.start = at_;
  if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) {
    token.text = ReadQuoted(text_[at_]);
  } else {
    while (at_ < text_.size() && !IsBlank(text_[at_]) &&
           std::string_view("|,()[]").find(text_[at_]) == std::string_view::npos) {
      token.text += text_[at_++];
    }
    if (token.text.empty()) Unexpected("a word");
  }
  token.parts = {token.text};
  token.span.end = last_end_ = at_;
  return token;
}

bool Lexer::PeekKeyword(std::string_view word) {
  const Token& token = Peek();
  return token.kind == Token::Kind::kName && !token.quoted && EqualsIgnoreCase(token.text, word);
}

bool Lexer::TakeKeyword(std::string_view word) {
  if (!PeekKeyword(word)) return false;
  Take();
  return true;
}

bool Lexer::TakeSymbol(std::string_view symbol) {
  if (!Peek().IsSymbol(symbol)) return false;
  Take();
  return true;
}

}  // namespace securebase::insights::internal
