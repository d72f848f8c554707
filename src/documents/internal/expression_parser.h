#pragma once

// What all DynamoDB expressions share: words, paths, operands and the form of errors.

#include <string>
#include <string_view>
#include <vector>

#include "documents/expression.h"

namespace securebase::documents::internal {

enum class TokenKind { kName, kAlias, kValue, kNumber, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view text;
  std::size_t start = 0;
};

/// Deeper nesting than anybody writes; bounds the recursion of parser and evaluator.
inline constexpr int kNestingMax = 64;

/// A cursor over an expression's tokens with the errors of its kind. The text and the context
/// must outlive it.
class ExpressionParser {
 public:
  /// Refuses empty and overlong texts and characters that begin no token.
  static Result<ExpressionParser> Make(std::string_view text, ExpressionContext& context,
                                       ExpressionKind kind);

  const Token& Peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token Take();
  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  /// Keywords match in any case.
  bool AtKeyword(std::string_view keyword) const;
  bool TakeKeyword(std::string_view keyword);
  bool AtSymbol(std::string_view symbol) const;
  bool TakeSymbol(std::string_view symbol);
  Result<> ExpectSymbol(std::string_view symbol);
  Result<> ExpectKeyword(std::string_view keyword);
  Result<> ExpectEnd();
  /// A name that a bracket follows.
  bool AtFunction() const;

  Result<Path> ParsePath();
  Result<Value> ParseValue();

  /// "Invalid FilterExpression: <message>".
  Error Invalid(std::string_view message) const;
  /// The present token is not what the grammar wants.
  Error SyntaxError() const;
  Error WrongOperandType(std::string_view function, std::string_view type) const;
  Error WrongOperandCount(std::string_view function, std::size_t count) const;
  ExpressionKind kind() const { return kind_; }

 private:
  ExpressionParser(std::string_view text, ExpressionContext& context, ExpressionKind kind)
      : text_(text), context_(&context), kind_(kind) {}

  Result<> Tokenize();
  Result<std::string> ParseName();

  std::string_view text_;
  ExpressionContext* context_;
  ExpressionKind kind_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

/// Refuses paths of which one begins another, or that take one place for a map and a list.
Result<> CheckOverlap(const ExpressionParser& parser, const std::vector<Path>& paths);

}  // namespace securebase::documents::internal
