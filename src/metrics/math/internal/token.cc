#include "metrics/math/internal/token.h"

#include <algorithm>

#include "base/text.h"

namespace securebase::metrics::math {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    for (;;) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != kNone) ++at_;
      Token token;
      token.at = at_;
      if (at_ == text_.size()) {
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      SB_TRY_OK(Next(token));
      tokens_.push_back(std::move(token));
    }
  }

 private:
  static constexpr std::size_t kNone = std::string_view::npos;

  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  Result<> Next(Token& token) {
    const char c = Peek();
    if (IsDigit(c) || (c == '.' && IsDigit(Peek(1)))) return Number(token);
    if (IsLetter(c)) {
      token.kind = Token::Kind::kName;
      while (IsLetter(Peek()) || IsDigit(Peek())) token.text += text_[at_++];
      return {};
    }
    if (c == '\'' || c == '"') return Quoted(token);
    token.kind = Token::Kind::kSymbol;
    for (std::string_view two : {"==", "!=", "<=", ">=", "&&", "||"}) {
      if (text_.substr(at_, 2) == two) {
        token.text = two;
        at_ += 2;
        return {};
      }
    }
    if (std::string_view("+-*/^(),[]<>").find(c) == kNone) {
      const std::size_t length = ValidUtf8Prefix(text_.substr(at_, 4)) > 0 ? CharacterBytes() : 1;
      return FaultAt(text_, at_,
                     "Invalid syntax: unexpected '" + ToValidUtf8(text_.substr(at_, length)) + "'");
    }
    token.text = c;
    ++at_;
    return {};
  }

  std::size_t CharacterBytes() const {
    std::size_t length = 1;
    while (at_ + length < text_.size() && (text_[at_ + length] & 0xC0) == 0x80) ++length;
    return length;
  }

  Result<> Number(Token& token) {
    token.kind = Token::Kind::kNumber;
    while (IsDigit(Peek())) token.text += text_[at_++];
    if (Peek() == '.') {
      token.text += text_[at_++];
      while (IsDigit(Peek())) token.text += text_[at_++];
    }
    const std::size_t sign = Peek(1) == '+' || Peek(1) == '-' ? 1 : 0;
    if ((Peek() == 'e' || Peek() == 'E') && IsDigit(Peek(1 + sign))) {
      token.text += text_.substr(at_, 1 + sign);
      at_ += 1 + sign;
      while (IsDigit(Peek())) token.text += text_[at_++];
    }
    std::string padded = token.text[0] == '.' ? "0" + token.text : token.text;
    if (padded.back() == '.') padded += '0';
    const std::size_t bare = padded.find(".e");
    if (bare != kNone) padded.insert(bare + 1, "0");
    const auto number = ParseDouble(padded);
    if (!number || IsLetter(Peek()) || Peek() == '.') {
      return FaultAt(text_, token.at, "Invalid syntax: not a number");
    }
    token.number = *number;
    return {};
  }

  /// Only the quote itself can be escaped; what stands within is the business of who reads it.
  Result<> Quoted(Token& token) {
    token.kind = Token::Kind::kText;
    const char quote = text_[at_++];
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && Peek(1) == quote) {
        ++at_;
      } else if (text_[at_] == '\\' && Peek(1) == '\\') {
        token.text += text_[at_++];
      }
      token.text += text_[at_++];
    }
    if (at_ == text_.size()) {
      return FaultAt(text_, token.at, "Invalid syntax: the text is not closed");
    }
    ++at_;
    return {};
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view expression) {
  return Tokenizer(expression).Run();
}

Error FaultAt(std::string_view expression, std::size_t at, std::string_view message) {
  const std::string_view before = expression.substr(0, std::min(at, expression.size()));
  const auto characters =
      std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return InvalidArgument(
      "", std::string(message) + " (at character " + std::to_string(characters + 1) + ")");
}

}  // namespace securebase::metrics::math
