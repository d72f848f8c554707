#include "documents/internal/expression_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace securebase::documents::internal {
namespace {

constexpr std::size_t kExpressionBytesMax = 4096;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsLetter(c) || IsDigit(c); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t SymbolSize(std::string_view rest) {
  for (std::string_view symbol : {"<>", "<=", ">="}) {
    if (rest.starts_with(symbol)) return 2;
  }
  return std::string_view("=<>()[].,+-").find(rest.front()) == std::string_view::npos ? 0 : 1;
}

}  // namespace

Result<ExpressionParser> ExpressionParser::Make(std::string_view text, ExpressionContext& context,
                                                ExpressionKind kind) {
  ExpressionParser parser(text, context, kind);
  context.CountExpression();
  if (text.size() > kExpressionBytesMax) {
    return parser.Invalid(fmt::format(
        "Expression size has exceeded the maximum allowed size; expression size: {}", text.size()));
  }
  SB_TRY_OK(parser.Tokenize());
  if (parser.AtEnd()) return parser.Invalid("The expression can not be empty;");
  return parser;
}

Result<> ExpressionParser::Tokenize() {
  std::size_t at = 0;
  while (true) {
    while (at < text_.size() && IsBlank(text_[at])) ++at;
    if (at == text_.size()) break;
    Token token{.kind = TokenKind::kSymbol, .text = {}, .start = at};
    std::size_t end = at + 1;
    char first = text_[at];
    if (IsLetter(first) || first == '#' || first == ':') {
      token.kind = first == '#'   ? TokenKind::kAlias
                   : first == ':' ? TokenKind::kValue
                                  : TokenKind::kName;
      while (end < text_.size() && IsWord(text_[end])) ++end;
    } else if (IsDigit(first)) {
      token.kind = TokenKind::kNumber;
      while (end < text_.size() && IsDigit(text_[end])) ++end;
    } else {
      end = at + SymbolSize(text_.substr(at));
    }
    bool bare_mark = end - at == 1 && (first == '#' || first == ':');
    token.text = text_.substr(at, std::max<std::size_t>(1, end - at));
    tokens_.push_back(token);
    if (end == at || bare_mark) {
      at_ = tokens_.size() - 1;
      tokens_.push_back({.kind = TokenKind::kEnd, .text = "<EOF>", .start = text_.size()});
      return SyntaxError();
    }
    at = end;
  }
  tokens_.push_back({.kind = TokenKind::kEnd, .text = "<EOF>", .start = text_.size()});
  return {};
}

Token ExpressionParser::Take() {
  Token token = Peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool ExpressionParser::AtKeyword(std::string_view keyword) const {
  return Peek().kind == TokenKind::kName && EqualsIgnoreCase(Peek().text, keyword);
}

bool ExpressionParser::TakeKeyword(std::string_view keyword) {
  if (!AtKeyword(keyword)) return false;
  Take();
  return true;
}

bool ExpressionParser::AtSymbol(std::string_view symbol) const {
  return Peek().kind == TokenKind::kSymbol && Peek().text == symbol;
}

bool ExpressionParser::TakeSymbol(std::string_view symbol) {
  if (!AtSymbol(symbol)) return false;
  Take();
  return true;
}

Result<> ExpressionParser::ExpectSymbol(std::string_view symbol) {
  if (!TakeSymbol(symbol)) return SyntaxError();
  return {};
}

Result<> ExpressionParser::ExpectKeyword(std::string_view keyword) {
  if (!TakeKeyword(keyword)) return SyntaxError();
  return {};
}

Result<> ExpressionParser::ExpectEnd() {
  if (!AtEnd()) return SyntaxError();
  return {};
}

bool ExpressionParser::AtFunction() const {
  return Peek().kind == TokenKind::kName && Peek(1).kind == TokenKind::kSymbol &&
         Peek(1).text == "(";
}

Result<std::string> ExpressionParser::ParseName() {
  if (Peek().kind == TokenKind::kAlias) {
    const std::string* name = context_->FindName(Peek().text);
    if (name == nullptr) {
      return Invalid(
          fmt::format("An expression attribute name used in the document path is not "
                      "defined; attribute name: {}",
                      Peek().text));
    }
    Take();
    return *name;
  }
  if (Peek().kind != TokenKind::kName) return SyntaxError();
  if (IsReservedWord(Peek().text)) {
    return Invalid(
        fmt::format("Attribute name is a reserved keyword; reserved keyword: {}", Peek().text));
  }
  return std::string(Take().text);
}

Result<Path> ExpressionParser::ParsePath() {
  SB_TRY(std::string first, ParseName());
  Path path = {std::move(first)};
  while (true) {
    if (path.size() > static_cast<std::size_t>(kNestingMax)) {
      return Invalid("The document path has too many nesting elements");
    }
    if (TakeSymbol(".")) {
      SB_TRY(std::string name, ParseName());
      path.emplace_back(std::move(name));
    } else if (TakeSymbol("[")) {
      if (Peek().kind != TokenKind::kNumber) return SyntaxError();
      auto index = ParseInt(Peek().text);
      if (!index || *index > INT32_MAX) {
        return Invalid(
            fmt::format("List index is not within the allowable range; index: [{}]", Peek().text));
      }
      Take();
      path.emplace_back(static_cast<std::uint64_t>(*index));
      SB_TRY_OK(ExpectSymbol("]"));
    } else {
      return path;
    }
  }
}

Result<Value> ExpressionParser::ParseValue() {
  if (Peek().kind != TokenKind::kValue) return SyntaxError();
  const Value* value = context_->FindValue(Peek().text);
  if (value == nullptr) {
    return Invalid(
        fmt::format("An expression attribute value used in expression is not defined; "
                    "attribute value: {}",
                    Peek().text));
  }
  Take();
  return *value;
}

Error ExpressionParser::Invalid(std::string_view message) const {
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("Invalid {}: {}", documents::ToText(kind_), message),
               std::string(documents::ToText(kind_)), "ValidationException");
}

Error ExpressionParser::SyntaxError() const {
  std::size_t start = at_ > 0 ? tokens_[at_ - 1].start : tokens_[at_].start;
  const Token& next = Peek(1);
  std::size_t end = std::min(
      text_.size(), next.kind == TokenKind::kEnd ? text_.size() : next.start + next.text.size());
  return Invalid(fmt::format("Syntax error; token: \"{}\", near: \"{}\"", Peek().text,
                             Trim(text_.substr(start, end - start))));
}

Error ExpressionParser::WrongOperandType(std::string_view function, std::string_view type) const {
  return Invalid(
      fmt::format("Incorrect operand type for operator or function; operator or "
                  "function: {}, operand type: {}",
                  function, type));
}

Error ExpressionParser::WrongOperandCount(std::string_view function, std::size_t count) const {
  return Invalid(
      fmt::format("Incorrect number of operands for operator or function; operator or "
                  "function: {}, number of operands: {}",
                  function, count));
}

Result<> CheckOverlap(const ExpressionParser& parser, const std::vector<Path>& paths) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const Path& one = paths[j];
      const Path& two = paths[i];
      std::size_t shared = 0;
      std::size_t shorter = std::min(one.size(), two.size());
      while (shared < shorter && one[shared] == two[shared]) ++shared;
      bool overlap = shared == shorter;
      // One place cannot be a map and a list.
      if (!overlap && one[shared].index() == two[shared].index()) continue;
      return parser.Invalid(fmt::format(
          "Two document paths {} with each other; must remove or rewrite one of these paths; "
          "path one: {}, path two: {}",
          overlap ? "overlap" : "conflict", documents::ToText(one), documents::ToText(two)));
    }
  }
  return {};
}

}  // namespace securebase::documents::internal
