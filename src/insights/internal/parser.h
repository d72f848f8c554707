#pragma once

// Recursive descent over the grammar. Throws SyntaxError.

#include <string>
#include <string_view>

#include "insights/internal/ast.h"
#include "insights/internal/lexer.h"

namespace securebase::insights::internal {

/// Expressions. Source: logs-insights, Grammar, expr.
class ExpressionParser {
 public:
  explicit ExpressionParser(std::string_view text) : lexer_(text) {}
  virtual ~ExpressionParser() = default;

 protected:
  ExprPtr ParseExpr();
  /// expr [as name]; the label is the alias or the text as typed.
  Item ParseItem();
  /// A name, call or string: what `parse` takes before its pattern.
  ExprPtr ParseOperand() { return ParsePostfix(); }
  Name ParseName();
  Period ParsePeriod();
  /// A query in parentheses, the opening one already taken.
  virtual std::unique_ptr<QueryAst> ParseSubquery() = 0;
  virtual bool AtSubquery() = 0;

  Lexer lexer_;

 private:
  ExprPtr ParseOr();
  ExprPtr ParseAnd();
  ExprPtr ParseNot();
  ExprPtr ParseComparison();
  ExprPtr ParseLike(ExprPtr left, bool negated);
  ExprPtr ParseMatch(ExprPtr left, bool negated);
  ExprPtr ParseIn(ExprPtr left, bool negated);
  ExprPtr ParseAdditive();
  ExprPtr ParseMultiplicative();
  ExprPtr ParsePower();
  ExprPtr ParseUnary();
  ExprPtr ParsePostfix();
  ExprPtr ParsePrimary();
  ExprPtr ParseCall(Token name);
  ExprPtr Binary(Expr::Op op, std::string name, ExprPtr left, ExprPtr right);

  int depth_ = 0;
};

/// Commands. Source: logs-insights, Grammar, query.
class Parser final : public ExpressionParser {
 public:
  explicit Parser(std::string_view text) : ExpressionParser(text) {}
  QueryAst ParseQuery();

 private:
  void ParseCommands(QueryAst& query, bool nested);
  void ParseSource(QueryAst& query);
  void ParseSourceSelector(QueryAst& query);
  void ParseTagSelector(QueryAst& query);
  void ParseSourceTimes(QueryAst& query);
  Command ParseCommand();
  static void AddExpr(Command& command, ExprPtr expr);
  void ParseArguments(Command& command);
  void ParseItems(std::vector<Item>& items);
  void ParseNames(std::vector<Name>& names);
  void ParseStats(Command& command);
  void ParseSort(Command& command);
  void ParseLimit(Command& command);
  void ParseExtend(Command& command);
  void ParseFilterIndex(Command& command);
  void ParseParse(Command& command);
  void ParseJsonField(Command& command);
  void ParseDiff(Command& command);
  void ParseLookup(Command& command);
  void ParseJoin(Command& command);
  void ParseOptions(Command& command, std::initializer_list<std::string_view> names);
  void ParseAutoRegress(Command& command);
  void ParseFillDown(Command& command);
  void ParseFillMissing(Command& command);
  void ParseSessionize(Command& command);
  void ParseSubqueryArgument(Command& command);
  std::unique_ptr<QueryAst> ParseSubquery() override;
  bool AtSubquery() override;
  bool AtEndOfCommand();
  std::vector<std::string> ParseStringList();

  int nesting_ = 0;
};

}  // namespace securebase::insights::internal
