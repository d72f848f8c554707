#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "insights/internal/parser.h"

// What stands behind the name of each command.

namespace securebase::insights::internal {

void Parser::ParseItems(std::vector<Item>& items) {
  do {
    items.push_back(ParseItem());
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseNames(std::vector<Name>& names) {
  do {
    names.push_back(ParseName());
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseExtend(Command& command) {
  do {
    Item item;
    const Token name = lexer_.TakeAlias();
    item.label = name.text;
    item.has_alias = true;
    if (!lexer_.TakeSymbol("=")) lexer_.Unexpected("'='");
    item.expr = ParseExpr();
    item.span = {name.span.start, lexer_.end_of_last()};
    command.items.push_back(std::move(item));
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseFilterIndex(Command& command) {
  Item item;
  item.expr = ParseExpr();
  if (item.expr->op != Expr::Op::kIn &&
      !(item.expr->op == Expr::Op::kCompare && item.expr->name == "=")) {
    lexer_.Fail("filterIndex takes a field with = or in", item.expr->span);
  }
  command.items.push_back(std::move(item));
}

void Parser::ParseStats(Command& command) {
  if (AtEndOfCommand()) lexer_.Unexpected("an aggregate such as count(*)");
  ParseItems(command.items);
  const bool by = lexer_.TakeKeyword("by") ||
                  (lexer_.TakeKeyword("group") && (lexer_.TakeKeyword("by") || true));
  if (!by) return;
  ParseItems(command.by);
  if (lexer_.TakeKeyword("offset")) command.period = ParsePeriod();
}

void Parser::ParseSort(Command& command) {
  lexer_.TakeKeyword("by");
  do {
    Item item;
    const std::size_t start = lexer_.place();
    item.expr = ParseExpr();
    item.span = {start, lexer_.end_of_last()};
    item.label = std::string(lexer_.text().substr(start, item.span.end - start));
    if (lexer_.TakeKeyword("desc")) {
      item.descending = true;
    } else {
      lexer_.TakeKeyword("asc");
    }
    command.items.push_back(std::move(item));
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseLimit(Command& command) {
  command.any = lexer_.TakeKeyword("any");
  const bool minus = lexer_.Peek().IsSymbol("-");
  const Span span = lexer_.Peek().span;
  if (minus) lexer_.Take();
  if (lexer_.Peek().kind != Token::Kind::kNumber) lexer_.Unexpected("a number of rows");
  const Token number = lexer_.Take();
  if (minus || number.number != std::floor(number.number) || number.number < 1 ||
      number.number > kResultRowsMax) {
    lexer_.Fail("a limit must be a whole number from 1 to 100000", {span.start, number.span.end});
  }
  command.count = static_cast<std::uint64_t>(number.number);
}

void Parser::ParseParse(Command& command) {
  const auto at_pattern = [&] {
    return lexer_.AtRegex() || lexer_.Peek().kind == Token::Kind::kString;
  };
  if (!lexer_.AtRegex()) {
    // A string alone is the pattern; before another pattern it is the text to parse.
    const std::size_t place = lexer_.place();
    if (lexer_.Peek().kind == Token::Kind::kString) {
      lexer_.Take();
      const bool subject =
          at_pattern() || lexer_.PeekKeyword("logfmt") || lexer_.PeekKeyword("csv");
      lexer_.Return(place);
      if (subject) AddExpr(command, ParseOperand());
    } else {
      AddExpr(command, ParseOperand());
    }
  }
  const auto take_names = [&](bool required) {
    lexer_.TakeKeyword("as");
    if (!required && AtEndOfCommand()) return;
    do {
      const Token name = lexer_.TakeAlias();
      command.names.push_back({name.text, name.parts, name.span});
    } while (lexer_.TakeSymbol(","));
  };
  if (lexer_.AtRegex()) {
    const Token regex = lexer_.TakeRegex();
    command.form = Command::ParseForm::kRegex;
    command.text = regex.text;
    command.text_span = regex.span;
    if (lexer_.TakeKeyword("as")) take_names(true);
    command.multi = lexer_.TakeKeyword("multi");
    return;
  }
  if (lexer_.TakeKeyword("logfmt")) {
    command.form = Command::ParseForm::kLogfmt;
    return take_names(true);
  }
  if (lexer_.TakeKeyword("csv")) {
    command.form = Command::ParseForm::kCsv;
    return take_names(true);
  }
  if (lexer_.Peek().kind != Token::Kind::kString) {
    lexer_.Unexpected("a pattern in quotes or slashes");
  }
  const Token glob = lexer_.Take();
  command.text = glob.text;
  command.text_span = glob.span;
  take_names(true);
}

void Parser::ParseJsonField(Command& command) {
  if (!lexer_.TakeKeyword("field") || !lexer_.TakeSymbol("=")) lexer_.Unexpected("field=");
  Item item;
  const Name field = ParseName();
  item.expr = std::make_unique<Expr>();
  item.expr->op = Expr::Op::kName;
  item.expr->name = field.text;
  item.expr->parts = field.parts;
  item.expr->span = field.span;
  command.items.push_back(std::move(item));
  if (lexer_.Peek().kind != Token::Kind::kString) lexer_.Unexpected("a path in quotes");
  const Token path = lexer_.Take();
  command.text = path.text;
  command.text_span = path.span;
  if (!lexer_.TakeKeyword("as")) lexer_.Unexpected("as");
  const Token name = lexer_.TakeAlias();
  command.names.push_back({name.text, name.parts, name.span});
}

void Parser::ParseDiff(Command& command) {
  if (AtEndOfCommand()) return;
  const Token word = lexer_.Take();
  static constexpr std::array<std::string_view, 3> kWords = {"previousday", "previousweek",
                                                             "previousmonth"};
  command.text = ToLower(word.text);
  if (std::find(kWords.begin(), kWords.end(), command.text) == kWords.end()) {
    lexer_.Fail("unexpected symbol found " + word.text +
                    ", expected previousDay, previousWeek or previousMonth",
                word.span);
  }
}

void Parser::ParseLookup(Command& command) {
  const Token table = lexer_.TakeWord();
  command.text = table.text;
  command.text_span = table.span;
  const auto at_output = [&] {
    return lexer_.PeekKeyword("output") || lexer_.PeekKeyword("outputnew");
  };
  while (!at_output()) {
    const Name key = ParseName();
    command.keys.push_back(key);
    command.fields.push_back(lexer_.TakeKeyword("as") ? ParseName() : key);
    if (!lexer_.TakeSymbol(",") && !at_output()) lexer_.Unexpected("',', OUTPUT or OUTPUTNEW");
  }
  if (command.keys.empty()) lexer_.Unexpected("a column of the table");
  command.any = lexer_.PeekKeyword("outputnew");
  lexer_.Take();
  do {
    const Name column = ParseName();
    Item item;
    item.label = column.text;
    item.span = column.span;
    command.items.push_back(std::move(item));
    if (lexer_.TakeKeyword("as")) {
      const Token name = lexer_.TakeAlias();
      command.names.push_back({name.text, name.parts, name.span});
    } else {
      command.names.push_back(column);
    }
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseOptions(Command& command, std::initializer_list<std::string_view> names) {
  for (;;) {
    const std::size_t place = lexer_.place();
    if (lexer_.Peek().kind != Token::Kind::kName) return;
    const Token key = lexer_.Take();
    const std::string lower = ToLower(key.text);
    if (std::find(names.begin(), names.end(), lower) == names.end() || !lexer_.TakeSymbol("=")) {
      lexer_.Return(place);
      return;
    }
    command.options[lower] = lexer_.TakeWord().text;
    lexer_.TakeSymbol(",");
  }
}

void Parser::ParseJoin(Command& command) {
  ParseOptions(command, {"type", "left", "right"});
  if (!lexer_.TakeKeyword("where")) lexer_.Unexpected("where");
  do {
    const Name left = ParseName();
    if (!lexer_.TakeSymbol("=") && !lexer_.TakeSymbol("==")) lexer_.Unexpected("'='");
    command.keys.push_back(left);
    command.fields.push_back(ParseName());
  } while (lexer_.TakeKeyword("and"));
  ParseSubqueryArgument(command);
}

void Parser::ParseSubqueryArgument(Command& command) {
  if (!lexer_.TakeSymbol("(")) lexer_.Unexpected("'(' and a query");
  command.query = ParseSubquery();
}

void Parser::ParseAutoRegress(Command& command) {
  command.items.push_back(ParseItem());
  command.count = command.count_to = 1;
  if (!lexer_.TakeKeyword("p")) return;
  if (!lexer_.TakeSymbol("=")) lexer_.Unexpected("'='");
  const auto lag = [&]() -> std::uint64_t {
    if (lexer_.Peek().kind != Token::Kind::kNumber) lexer_.Unexpected("a number of rows");
    const Token number = lexer_.Take();
    if (number.number != std::floor(number.number) || number.number < 1 || number.number > 1000) {
      lexer_.Fail("a lag must be a whole number from 1 to 1000", number.span);
    }
    return static_cast<std::uint64_t>(number.number);
  };
  command.count = command.count_to = lag();
  if (lexer_.TakeSymbol("-")) command.count_to = lag();
  if (command.count_to < command.count) {
    lexer_.Fail("the lags must ascend", {command.keyword.start, lexer_.end_of_last()});
  }
}

void Parser::ParseFillDown(Command& command) {
  while (!AtEndOfCommand()) {
    // Globs: names with stars, which are tokens of their own.
    const std::size_t start = lexer_.place();
    while (!AtEndOfCommand() && !lexer_.Peek().IsSymbol(",") &&
           (lexer_.place() == start || lexer_.place() == lexer_.end_of_last())) {
      lexer_.Take();
    }
    const std::size_t end = lexer_.end_of_last();
    std::string text(lexer_.text().substr(start, end - start));
    std::erase(text, '`');
    command.names.push_back({text, {text}, {start, end}});
    lexer_.TakeSymbol(",");
  }
}

void Parser::ParseFillMissing(Command& command) {
  if (!lexer_.TakeKeyword("with")) return;
  do {
    Item item;
    item.expr = ParseExpr();
    if (!lexer_.TakeKeyword("for")) lexer_.Unexpected("for");
    const Name name = ParseName();
    item.label = name.text;
    item.span = name.span;
    command.items.push_back(std::move(item));
  } while (lexer_.TakeSymbol(","));
}

void Parser::ParseSessionize(Command& command) {
  ParseNames(command.names);
  if (lexer_.TakeKeyword("maxspan")) {
    lexer_.TakeSymbol("=");
    command.period = ParsePeriod();
  }
  command.text = "session_id";
  if (lexer_.TakeKeyword("as")) command.text = lexer_.TakeAlias().text;
}

}  // namespace securebase::insights::internal
