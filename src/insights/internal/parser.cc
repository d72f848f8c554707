#include "insights/internal/parser.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/time.h"

namespace securebase::insights::internal {
namespace {

using Kind = Command::Kind;

struct Keyword {
  std::string_view word;
  Kind kind;
};
constexpr Keyword kKeywords[] = {
    {"fields", Kind::kFields},
    {"field", Kind::kFields},
    {"display", Kind::kDisplay},
    {"extend", Kind::kExtend},
    {"eval", Kind::kExtend},
    {"filter", Kind::kFilter},
    {"where", Kind::kFilter},
    {"search", Kind::kFilter},
    {"filterindex", Kind::kFilter},
    {"stats", Kind::kStats},
    {"sort", Kind::kSort},
    {"order", Kind::kSort},
    {"limit", Kind::kLimit},
    {"head", Kind::kLimit},
    {"tail", Kind::kTail},
    {"parse", Kind::kParse},
    {"json", Kind::kJsonField},
    {"dedup", Kind::kDedup},
    {"pattern", Kind::kPattern},
    {"diff", Kind::kDiff},
    {"anomaly", Kind::kAnomaly},
    {"unmask", Kind::kUnmask},
    {"unnest", Kind::kUnnest},
    {"expand", Kind::kExpand},
    {"lookup", Kind::kLookup},
    {"cidrlookup", Kind::kCidrLookup},
    {"join", Kind::kJoin},
    {"appendcols", Kind::kAppendCols},
    {"addtotals", Kind::kAddTotals},
    {"accum", Kind::kAccum},
    {"autoregress", Kind::kAutoRegress},
    {"filldown", Kind::kFillDown},
    {"fillmissing", Kind::kFillMissing},
    {"outlier", Kind::kOutlier},
    {"sessionize", Kind::kSessionize},
    {"countfrequent", Kind::kCountFrequent},
    {"relevantfields", Kind::kRelevantFields},
    {"logcompare", Kind::kLogCompare},
    {"estimate", Kind::kEstimate},
};

const Keyword* FindKeyword(const Token& token) {
  if (token.kind != Token::Kind::kName || token.quoted) return nullptr;
  std::string word = ToLower(token.text);
  std::erase(word, '_');
  for (const Keyword& keyword : kKeywords) {
    if (keyword.word == word) return &keyword;
  }
  return nullptr;
}

}  // namespace

void Parser::AddExpr(Command& command, ExprPtr expr) {
  Item& item = command.items.emplace_back();
  item.span = expr->span;
  item.expr = std::move(expr);
}

QueryAst Parser::ParseQuery() {
  QueryAst query;
  if (lexer_.Peek().kind == Token::Kind::kEnd) {
    lexer_.Fail("the query is empty", lexer_.Peek().span);
  }
  ParseCommands(query, false);
  if (lexer_.Peek().kind != Token::Kind::kEnd) lexer_.Unexpected("'|' or the end of the query");
  if (query.commands.empty() && !query.has_source) {
    lexer_.Fail("the query is empty", {0, lexer_.text().size()});
  }
  return query;
}

void Parser::ParseCommands(QueryAst& query, bool nested) {
  for (;;) {
    while (lexer_.TakeSymbol("|")) {
    }
    const Token& next = lexer_.Peek();
    if (next.kind == Token::Kind::kEnd || (nested && next.IsSymbol(")"))) return;
    if (lexer_.PeekKeyword("source")) {
      if (!query.commands.empty()) {
        lexer_.Fail("SOURCE can only stand at the start of a query", next.span);
      }
      lexer_.Take();
      ParseSource(query);
    } else {
      query.commands.push_back(ParseCommand());
      if (query.commands.size() > 200) lexer_.Fail("too many commands", query.commands.back().span);
    }
    if (!AtEndOfCommand()) lexer_.Unexpected("'|' or the end of the query");
  }
}

bool Parser::AtEndOfCommand() {
  const Token& next = lexer_.Peek();
  return next.kind == Token::Kind::kEnd || next.IsSymbol("|") ||
         (nesting_ > 0 && next.IsSymbol(")"));
}

void Parser::ParseSource(QueryAst& query) {
  query.has_source = true;
  bool any = false;
  while (!AtEndOfCommand()) {
    const Token& next = lexer_.Peek();
    if (next.kind == Token::Kind::kName && !next.quoted &&
        (EqualsIgnoreCase(next.text, "start") || EqualsIgnoreCase(next.text, "end"))) {
      ParseSourceTimes(query);
    } else if (lexer_.PeekKeyword("loggroups")) {
      lexer_.Take();
      ParseSourceSelector(query);
    } else if (lexer_.PeekKeyword("loggrouptags")) {
      lexer_.Take();
      ParseTagSelector(query);
    } else if (lexer_.PeekKeyword("datasource")) {
      lexer_.Fail("SOURCE dataSource(…) is not supported", next.span);
    } else {
      query.groups.names.push_back(lexer_.TakeWord().text);
      lexer_.TakeSymbol(",");
    }
    any = true;
  }
  if (!any) lexer_.Unexpected("a log group");
}

std::vector<std::string> Parser::ParseStringList() {
  std::vector<std::string> list;
  if (!lexer_.TakeSymbol("[")) {
    list.push_back(lexer_.TakeWord().text);
    return list;
  }
  if (lexer_.TakeSymbol("]")) return list;
  do {
    list.push_back(lexer_.TakeWord().text);
  } while (lexer_.TakeSymbol(","));
  if (!lexer_.TakeSymbol("]")) lexer_.Unexpected("',' or ']'");
  return list;
}

void Parser::ParseSourceSelector(QueryAst& query) {
  if (!lexer_.TakeSymbol("(")) lexer_.Unexpected("'('");
  while (!lexer_.TakeSymbol(")")) {
    const Token key = lexer_.Take();
    if (!lexer_.TakeSymbol(":")) lexer_.Unexpected("':'");
    std::vector<std::string> list = ParseStringList();
    std::vector<std::string>* to = nullptr;
    std::size_t most = 20;
    if (EqualsIgnoreCase(key.text, "namePrefix")) {
      to = &query.groups.prefixes;
      most = 5;
    } else if (EqualsIgnoreCase(key.text, "accountIdentifier") ||
               EqualsIgnoreCase(key.text, "accountIdentifiers")) {
      to = &query.groups.accounts;
    } else if (EqualsIgnoreCase(key.text, "class") || EqualsIgnoreCase(key.text, "logGroupClass")) {
      to = &query.groups.classes;
    } else {
      lexer_.Fail("unexpected symbol found " + key.text +
                      ", expected namePrefix, accountIdentifiers or class",
                  key.span);
    }
    to->insert(to->end(), list.begin(), list.end());
    if (to->size() > most) {
      lexer_.Fail("at most " + std::to_string(most) + " values of " + key.text, key.span);
    }
    if (!lexer_.TakeSymbol(",") && !lexer_.Peek().IsSymbol(")")) lexer_.Unexpected("',' or ')'");
  }
  // logGroups() without a prefix means all groups.
  if (query.groups.prefixes.empty()) query.groups.prefixes.emplace_back();
}

void Parser::ParseTagSelector(QueryAst& query) {
  if (!lexer_.TakeSymbol("(") || !lexer_.TakeSymbol("[")) lexer_.Unexpected("([");
  do {
    GroupSelection::Tag tag;
    if (!lexer_.TakeSymbol("{")) lexer_.Unexpected("'{'");
    do {
      const Token key = lexer_.Take();
      if (!lexer_.TakeSymbol(":")) lexer_.Unexpected("':'");
      if (EqualsIgnoreCase(key.text, "key")) {
        tag.key = lexer_.TakeWord().text;
      } else if (EqualsIgnoreCase(key.text, "values")) {
        tag.values = ParseStringList();
      } else {
        lexer_.Fail("unexpected symbol found " + key.text + ", expected key or values", key.span);
      }
    } while (lexer_.TakeSymbol(","));
    if (!lexer_.TakeSymbol("}")) lexer_.Unexpected("'}'");
    query.groups.tags.push_back(std::move(tag));
  } while (lexer_.TakeSymbol(","));
  if (!lexer_.TakeSymbol("]") || !lexer_.TakeSymbol(")")) lexer_.Unexpected("'])'");
}

void Parser::ParseSourceTimes(QueryAst& query) {
  const Token key = lexer_.Take();
  const bool start = EqualsIgnoreCase(key.text, "start");
  if (!lexer_.TakeSymbol("=")) lexer_.Unexpected("'='");
  const Token value = lexer_.TakeWord();
  std::optional<std::int64_t> ms;
  if (const auto number = ParseInt(value.text)) {
    ms = *number >= 100'000'000'000 ? *number : *number * 1000 + (start ? 0 : 999);
  } else if (const auto time = ParseIso(value.text); time.ok()) {
    ms = ToUnixMillis(*time);
  }
  if (!ms) lexer_.Fail("a time in epoch seconds, milliseconds or ISO 8601 is wanted", value.span);
  (start ? query.groups.start_ms : query.groups.end_ms) = *ms;
}

Command Parser::ParseCommand() {
  const Token& next = lexer_.Peek();
  const Keyword* keyword = FindKeyword(next);
  if (keyword == nullptr) {
    std::string found(lexer_.text().substr(next.span.start, next.span.end - next.span.start));
    lexer_.Fail("unexpected symbol found " + found +
                    ", expected a command (fields, filter, stats, sort, limit, parse, …)",
                next.span);
  }
  Command command;
  command.kind = keyword->kind;
  command.keyword = next.span;
  const bool index = keyword->word == "filterindex";
  lexer_.Take();
  if (index) {
    ParseFilterIndex(command);
  } else {
    ParseArguments(command);
  }
  command.span = {command.keyword.start, lexer_.end_of_last()};
  return command;
}

void Parser::ParseArguments(Command& command) {
  switch (command.kind) {
    case Kind::kFields:
    case Kind::kDisplay:
      return ParseItems(command.items);
    case Kind::kFilter:
    case Kind::kPattern:
      AddExpr(command, ParseExpr());
      return;
    case Kind::kExtend:
      return ParseExtend(command);
    case Kind::kStats:
      return ParseStats(command);
    case Kind::kSort:
      return ParseSort(command);
    case Kind::kLimit:
    case Kind::kTail:
      return ParseLimit(command);
    case Kind::kParse:
      return ParseParse(command);
    case Kind::kJsonField:
      return ParseJsonField(command);
    case Kind::kDedup:
    case Kind::kUnmask:
    case Kind::kCountFrequent:
      return ParseItems(command.items);
    case Kind::kDiff:
      return ParseDiff(command);
    case Kind::kAnomaly:
    case Kind::kEstimate:
      return;
    case Kind::kUnnest:
      AddExpr(command, ParseExpr());
      if (!lexer_.TakeKeyword("into")) lexer_.Unexpected("into");
      command.names.push_back(ParseName());
      return;
    case Kind::kExpand:
      command.names.push_back(ParseName());
      return;
    case Kind::kLookup:
    case Kind::kCidrLookup:
      return ParseLookup(command);
    case Kind::kJoin:
      return ParseJoin(command);
    case Kind::kAppendCols:
      ParseOptions(command, {"override", "max"});
      return ParseSubqueryArgument(command);
    case Kind::kAddTotals:
      ParseOptions(command, {"fieldname", "row", "col"});
      if (!AtEndOfCommand()) ParseNames(command.names);
      return;
    case Kind::kAccum:
      command.items.push_back(ParseItem());
      return;
    case Kind::kAutoRegress:
      return ParseAutoRegress(command);
    case Kind::kFillDown:
      return ParseFillDown(command);
    case Kind::kFillMissing:
      return ParseFillMissing(command);
    case Kind::kOutlier:
      ParseOptions(command, {"action", "param", "uselower", "mark"});
      while (!AtEndOfCommand()) {
        command.names.push_back(ParseName());
        lexer_.TakeSymbol(",");
      }
      if (command.names.empty()) lexer_.Unexpected("a field name");
      return;
    case Kind::kSessionize:
      return ParseSessionize(command);
    case Kind::kRelevantFields:
    case Kind::kLogCompare:
      while (!AtEndOfCommand()) lexer_.Take();
      return;
  }
}

std::unique_ptr<QueryAst> Parser::ParseSubquery() {
  if (nesting_ > 0) lexer_.Fail("a subquery within a subquery", lexer_.Peek().span);
  ++nesting_;
  auto query = std::make_unique<QueryAst>();
  ParseCommands(*query, true);
  if (!lexer_.TakeSymbol(")")) lexer_.Unexpected("')'");
  --nesting_;
  return query;
}

bool Parser::AtSubquery() {
  if (lexer_.PeekKeyword("source")) return true;
  if (FindKeyword(lexer_.Peek()) == nullptr) return false;
  const std::size_t place = lexer_.place();
  lexer_.Take();
  const bool value = lexer_.Peek().IsSymbol(",") || lexer_.Peek().IsSymbol(")");
  lexer_.Return(place);
  return !value;
}

}  // namespace securebase::insights::internal
