#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "insights/internal/parser.h"

namespace securebase::insights::internal {
namespace {

constexpr int kDepthMax = 100;

ExprPtr Make(Expr::Op op, Span span) {
  auto expr = std::make_unique<Expr>();
  expr->op = op;
  expr->span = span;
  return expr;
}

std::string FunctionName(std::string_view typed) {
  std::string name = ToLower(typed);
  std::erase(name, '_');
  return name;
}

std::string_view Canonical(std::string_view op) {
  if (op == "==") return "=";
  if (op == "<>") return "!=";
  return op;
}

class Deeper {
 public:
  explicit Deeper(int& depth) : depth_(++depth) {}
  ~Deeper() { --depth_; }

 private:
  int& depth_;
};

}  // namespace

ExprPtr ExpressionParser::Binary(Expr::Op op, std::string name, ExprPtr left, ExprPtr right) {
  ExprPtr expr = Make(op, {left->span.start, right->span.end});
  expr->name = std::move(name);
  expr->args.push_back(std::move(left));
  expr->args.push_back(std::move(right));
  return expr;
}

ExprPtr ExpressionParser::ParseExpr() { return ParseOr(); }

ExprPtr ExpressionParser::ParseOr() {
  const Deeper deeper(depth_);
  if (depth_ > kDepthMax) lexer_.Fail("the expression is nested too deeply", lexer_.Peek().span);
  ExprPtr left = ParseAnd();
  while (lexer_.TakeKeyword("or") || lexer_.TakeSymbol("||")) {
    left = Binary(Expr::Op::kOr, "or", std::move(left), ParseAnd());
  }
  return left;
}

ExprPtr ExpressionParser::ParseAnd() {
  ExprPtr left = ParseNot();
  while (lexer_.TakeKeyword("and") || lexer_.TakeSymbol("&&")) {
    left = Binary(Expr::Op::kAnd, "and", std::move(left), ParseNot());
  }
  return left;
}

ExprPtr ExpressionParser::ParseNot() {
  const Deeper deeper(depth_);
  if (depth_ > kDepthMax) lexer_.Fail("the expression is nested too deeply", lexer_.Peek().span);
  const Span span = lexer_.Peek().span;
  if (lexer_.TakeKeyword("not") || lexer_.TakeSymbol("!")) {
    ExprPtr expr = Make(Expr::Op::kNot, span);
    expr->args.push_back(ParseNot());
    expr->span.end = expr->args[0]->span.end;
    return expr;
  }
  return ParseComparison();
}

ExprPtr ExpressionParser::ParseComparison() {
  ExprPtr left = ParseAdditive();
  const Token& next = lexer_.Peek();
  if (next.kind == Token::Kind::kSymbol) {
    static constexpr std::array<std::string_view, 8> kOps = {"=", "==", "!=", "<>",
                                                             "<", "<=", ">",  ">="};
    if (std::find(kOps.begin(), kOps.end(), next.text) != kOps.end()) {
      const std::string op(Canonical(lexer_.Take().text));
      return Binary(Expr::Op::kCompare, op, std::move(left), ParseAdditive());
    }
    if (next.text == "=~" || next.text == "~=" || next.text == "!~") {
      const bool negated = lexer_.Take().text == "!~";
      return ParseMatch(std::move(left), negated);
    }
    return left;
  }
  const std::size_t place = lexer_.place();
  const bool negated = lexer_.TakeKeyword("not");
  if (lexer_.TakeKeyword("like")) return ParseLike(std::move(left), negated);
  if (lexer_.TakeKeyword("in")) return ParseIn(std::move(left), negated);
  lexer_.Return(place);
  return left;
}

ExprPtr ExpressionParser::ParseLike(ExprPtr left, bool negated) {
  ExprPtr right;
  if (lexer_.AtRegex()) {
    Token regex = lexer_.TakeRegex();
    right = Make(Expr::Op::kRegex, regex.span);
    right->name = std::move(regex.text);
  } else {
    right = ParseAdditive();
  }
  ExprPtr expr = Binary(Expr::Op::kLike, "like", std::move(left), std::move(right));
  expr->negated = negated;
  return expr;
}

ExprPtr ExpressionParser::ParseMatch(ExprPtr left, bool negated) {
  Token regex;
  if (lexer_.AtRegex()) {
    regex = lexer_.TakeRegex();
  } else if (lexer_.Peek().kind == Token::Kind::kString) {
    regex = lexer_.Take();
  } else {
    lexer_.Unexpected("a regular expression /…/ or a string");
  }
  ExprPtr right = Make(Expr::Op::kRegex, regex.span);
  right->name = std::move(regex.text);
  ExprPtr expr = Binary(Expr::Op::kLike, "=~", std::move(left), std::move(right));
  expr->negated = negated;
  return expr;
}

ExprPtr ExpressionParser::ParseIn(ExprPtr left, bool negated) {
  ExprPtr expr = Make(Expr::Op::kIn, left->span);
  expr->negated = negated;
  expr->args.push_back(std::move(left));
  std::string_view close;
  if (lexer_.TakeSymbol("[")) {
    close = "]";
  } else if (lexer_.TakeSymbol("(")) {
    if (AtSubquery()) {
      expr->query = ParseSubquery();
      expr->span.end = lexer_.end_of_last();
      return expr;
    }
    close = ")";
  } else {
    lexer_.Unexpected("a list [ … ] or a subquery ( … )");
  }
  if (!lexer_.TakeSymbol(close)) {
    do {
      expr->args.push_back(ParseExpr());
    } while (lexer_.TakeSymbol(","));
    if (!lexer_.TakeSymbol(close)) lexer_.Unexpected(std::string("',' or '") + close[0] + "'");
  }
  expr->span.end = lexer_.end_of_last();
  return expr;
}

ExprPtr ExpressionParser::ParseAdditive() {
  ExprPtr left = ParseMultiplicative();
  while (lexer_.Peek().IsSymbol("+") || lexer_.Peek().IsSymbol("-")) {
    std::string op = lexer_.Take().text;
    left = Binary(Expr::Op::kBinary, std::move(op), std::move(left), ParseMultiplicative());
  }
  return left;
}

ExprPtr ExpressionParser::ParseMultiplicative() {
  ExprPtr left = ParsePower();
  while (lexer_.Peek().IsSymbol("*") || lexer_.Peek().IsSymbol("/") ||
         lexer_.Peek().IsSymbol("%")) {
    std::string op = lexer_.Take().text;
    left = Binary(Expr::Op::kBinary, std::move(op), std::move(left), ParsePower());
  }
  return left;
}

ExprPtr ExpressionParser::ParsePower() {
  const Deeper deeper(depth_);
  if (depth_ > kDepthMax) lexer_.Fail("the expression is nested too deeply", lexer_.Peek().span);
  ExprPtr left = ParseUnary();
  if (!lexer_.TakeSymbol("^")) return left;
  return Binary(Expr::Op::kBinary, "^", std::move(left), ParsePower());
}

ExprPtr ExpressionParser::ParseUnary() {
  const Deeper deeper(depth_);
  if (depth_ > kDepthMax) lexer_.Fail("the expression is nested too deeply", lexer_.Peek().span);
  const Span span = lexer_.Peek().span;
  const bool minus = lexer_.Peek().IsSymbol("-");
  if (!minus && !lexer_.Peek().IsSymbol("+")) return ParsePostfix();
  lexer_.Take();
  ExprPtr operand = ParseUnary();
  if (!minus) return operand;
  if (operand->op == Expr::Op::kNumber) {
    operand->number = -operand->number;
    operand->name = operand->name.starts_with('-') ? operand->name.substr(1) : "-" + operand->name;
    operand->span.start = span.start;
    return operand;
  }
  ExprPtr expr = Make(Expr::Op::kMinus, {span.start, operand->span.end});
  expr->args.push_back(std::move(operand));
  return expr;
}

ExprPtr ExpressionParser::ParsePostfix() {
  ExprPtr expr = ParsePrimary();
  while (expr->op == Expr::Op::kName || expr->op == Expr::Op::kCall ||
         expr->op == Expr::Op::kPath) {
    if (lexer_.TakeSymbol("[")) {
      ExprPtr step = Make(Expr::Op::kPath, expr->span);
      step->args.push_back(std::move(expr));
      step->args.push_back(ParseExpr());
      if (!lexer_.TakeSymbol("]")) lexer_.Unexpected("']'");
      step->span.end = lexer_.end_of_last();
      expr = std::move(step);
      continue;
    }
    if (!lexer_.TakeSymbol(".")) {
      // ".5" after a bracket is a step, not a number.
      if (expr->op == Expr::Op::kName || lexer_.Peek().kind != Token::Kind::kNumber ||
          !lexer_.Peek().text.starts_with('.')) {
        return expr;
      }
      const Token number = lexer_.Take();
      ExprPtr step = Make(Expr::Op::kPath, {expr->span.start, number.span.end});
      step->name = number.text.substr(1);
      step->args.push_back(std::move(expr));
      expr = std::move(step);
      continue;
    }
    for (const std::string& part : ParseName().parts) {
      ExprPtr step = Make(Expr::Op::kPath, {expr->span.start, lexer_.end_of_last()});
      step->name = part;
      step->args.push_back(std::move(expr));
      expr = std::move(step);
    }
  }
  return expr;
}

ExprPtr ExpressionParser::ParsePrimary() {
  if (lexer_.TakeSymbol("(")) {
    ExprPtr inner = ParseExpr();
    if (!lexer_.TakeSymbol(")")) lexer_.Unexpected("')'");
    return inner;
  }
  const Token& next = lexer_.Peek();
  switch (next.kind) {
    case Token::Kind::kNumber: {
      Token token = lexer_.Take();
      ExprPtr expr = Make(Expr::Op::kNumber, token.span);
      expr->number = token.number;
      expr->name = std::move(token.text);
      return expr;
    }
    case Token::Kind::kPeriod: {
      Token token = lexer_.Take();
      ExprPtr expr = Make(Expr::Op::kPeriod, token.span);
      expr->period = token.period;
      expr->name = std::move(token.text);
      return expr;
    }
    case Token::Kind::kString: {
      Token token = lexer_.Take();
      ExprPtr expr = Make(Expr::Op::kString, token.span);
      expr->name = std::move(token.text);
      return expr;
    }
    case Token::Kind::kName: {
      Token token = lexer_.Take();
      if (!token.quoted && lexer_.Peek().IsSymbol("(")) return ParseCall(std::move(token));
      ExprPtr expr = Make(Expr::Op::kName, token.span);
      expr->name = std::move(token.text);
      expr->parts = std::move(token.parts);
      return expr;
    }
    default:
      lexer_.Unexpected("an expression");
  }
}

ExprPtr ExpressionParser::ParseCall(Token name) {
  lexer_.Take();  // (
  ExprPtr expr = Make(Expr::Op::kCall, name.span);
  expr->name = FunctionName(name.text);
  expr->parts = {name.text};
  if (!lexer_.TakeSymbol(")")) {
    if (lexer_.Peek().IsSymbol("*")) {
      lexer_.Take();
      expr->star = true;
    } else {
      const std::size_t place = lexer_.place();
      if (lexer_.TakeKeyword("distinct")) {
        if (lexer_.Peek().IsSymbol(")") || lexer_.Peek().IsSymbol(",") ||
            lexer_.Peek().IsSymbol("(")) {
          lexer_.Return(place);
        } else {
          expr->distinct = true;
        }
      }
      do {
        expr->args.push_back(ParseExpr());
      } while (lexer_.TakeSymbol(","));
    }
    if (!lexer_.TakeSymbol(")")) lexer_.Unexpected("',' or ')'");
  }
  expr->span.end = lexer_.end_of_last();
  return expr;
}

Item ExpressionParser::ParseItem() {
  Item item;
  const std::size_t start = lexer_.place();
  const bool parenthesis = lexer_.Peek().IsSymbol("(");
  item.expr = ParseExpr();
  item.span = {start, lexer_.end_of_last()};
  if (lexer_.TakeKeyword("as")) {
    item.label = lexer_.TakeAlias().text;
    item.has_alias = true;
  } else if (item.expr->op == Expr::Op::kName && !parenthesis) {
    item.label = item.expr->name;
  } else {
    item.label = std::string(lexer_.text().substr(start, lexer_.end_of_last() - start));
  }
  return item;
}

Name ExpressionParser::ParseName() {
  const Token& next = lexer_.Peek();
  if (next.kind != Token::Kind::kName && next.kind != Token::Kind::kPeriod &&
      next.kind != Token::Kind::kNumber) {
    lexer_.Unexpected("a field name");
  }
  Token token = lexer_.Take();
  if (token.kind != Token::Kind::kName) {
    for (std::string_view part : Split(token.text, '.')) token.parts.emplace_back(part);
  }
  return {token.text, token.parts, token.span};
}

Period ExpressionParser::ParsePeriod() {
  if (lexer_.Peek().kind == Token::Kind::kNumber) {
    // "30 m", with a blank.
    const Token number = lexer_.Take();
    Period period;
    if (lexer_.Peek().kind == Token::Kind::kName &&
        ReadPeriod(number.number, lexer_.Peek().text, period)) {
      lexer_.Take();
      return period;
    }
    lexer_.Fail("a period such as 5m or 1h is wanted", number.span);
  }
  if (lexer_.Peek().kind != Token::Kind::kPeriod) {
    lexer_.Unexpected("a period such as 5m or 1h");
  }
  return lexer_.Take().period;
}

}  // namespace securebase::insights::internal
