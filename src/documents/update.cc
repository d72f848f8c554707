#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "documents/expression.h"
#include "documents/internal/expression_parser.h"

namespace securebase::documents {

struct UpdatePlan::Program {
  enum class Verb { kSet, kRemove, kAdd, kDelete };
  struct Term {
    enum class Kind { kPath, kValue, kAdd, kSubtract, kIfNotExists, kListAppend };
    Kind kind = Kind::kPath;
    Path path;  // of kPath and kIfNotExists
    Value value;
    std::vector<Term> terms;
  };
  struct Action {
    Verb verb = Verb::kSet;
    Path path;
    Term term;  // none for kRemove
  };
  std::vector<Action> actions;
};

namespace {

using Program = UpdatePlan::Program;
using Verb = Program::Verb;
using Term = Program::Term;
using Action = Program::Action;
using internal::ExpressionParser;
using internal::TokenKind;

struct Section {
  std::string_view keyword;
  Verb verb;
};
constexpr Section kSections[] = {
    {"SET", Verb::kSet}, {"REMOVE", Verb::kRemove}, {"ADD", Verb::kAdd}, {"DELETE", Verb::kDelete}};

Error Refused(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), "UpdateExpression",
               "ValidationException");
}
Error WrongDataType() {
  return Refused("An operand in the update expression has an incorrect data type");
}
Error InvalidPath() {
  return Refused("The document path provided in the update expression is invalid for update");
}

bool IsSet(const Value& value) { return value.type().size() == 2; }  // SS, NS, BS

/// What the service calls a type in the errors of ADD and DELETE.
std::string_view LongTypeName(const Value& value) {
  constexpr std::string_view kNames[] = {"NULL",       "STRING",    "NUMBER", "BINARY",
                                         "BOOLEAN",    "LIST",      "MAP",    "STRING_SET",
                                         "NUMBER_SET", "BINARY_SET"};
  static_assert(std::size(kNames) == std::variant_size_v<Value::Data>);
  return kNames[value.data().index()];
}

class UpdateParser {
 public:
  explicit UpdateParser(ExpressionParser& parser) : parser_(parser) {}

  Result<Program> Parse() {
    std::vector<Verb> seen;
    while (!parser_.AtEnd()) {
      auto section = std::find_if(std::begin(kSections), std::end(kSections),
                                  [&](const Section& s) { return parser_.AtKeyword(s.keyword); });
      if (section == std::end(kSections)) return parser_.SyntaxError();
      if (std::find(seen.begin(), seen.end(), section->verb) != seen.end()) {
        return parser_.Invalid(fmt::format(
            "The \"{}\" section can only be used once in an update expression;", section->keyword));
      }
      seen.push_back(section->verb);
      parser_.Take();
      SB_TRY_OK(ParseSection(*section));
    }
    return std::move(program_);
  }

 private:
  Result<> ParseSection(const Section& section) {
    do {
      Action action{.verb = section.verb};
      SB_TRY(action.path, parser_.ParsePath());
      if (section.verb == Verb::kSet) {
        SB_TRY_OK(parser_.ExpectSymbol("="));
        SB_TRY(action.term, ParseSum(0));
      } else if (section.verb != Verb::kRemove) {
        SB_TRY(action.term.value, parser_.ParseValue());
        action.term.kind = Term::Kind::kValue;
        SB_TRY_OK(CheckSetOperand(section, action.term.value));
      }
      program_.actions.push_back(std::move(action));
    } while (parser_.TakeSymbol(","));
    return {};
  }

  Result<> CheckSetOperand(const Section& section, const Value& value) {
    if (IsSet(value) || (section.verb == Verb::kAdd && value.number())) return {};
    return parser_.Invalid(fmt::format(
        "Incorrect operand type for operator or function; operator: {}, operand type: {}, "
        "typeSet: ALLOWED_FOR_{}_OPERAND",
        section.keyword, LongTypeName(value), section.keyword));
  }

  Result<Term> ParseSum(int depth) {
    SB_TRY(Term first, ParseTerm(depth));
    bool plus = parser_.AtSymbol("+");
    if (!plus && !parser_.AtSymbol("-")) return first;
    parser_.Take();
    Term sum{.kind = plus ? Term::Kind::kAdd : Term::Kind::kSubtract};
    SB_TRY(Term second, ParseTerm(depth));
    for (const Term* term : {&first, &second}) {
      if (term->kind == Term::Kind::kValue && !term->value.number()) {
        return parser_.WrongOperandType(plus ? "+" : "-", term->value.type());
      }
    }
    sum.terms.push_back(std::move(first));
    sum.terms.push_back(std::move(second));
    return sum;
  }

  Result<Term> ParseTerm(int depth) {
    if (depth > internal::kNestingMax) {
      return parser_.Invalid("The expression has too many nested functions");
    }
    Term term;
    if (parser_.Peek().kind == TokenKind::kValue) {
      term.kind = Term::Kind::kValue;
      SB_TRY(term.value, parser_.ParseValue());
      return term;
    }
    if (parser_.AtFunction()) return ParseFunction(depth);
    if (parser_.TakeSymbol("(")) {
      SB_TRY(term, ParseSum(depth + 1));
      SB_TRY_OK(parser_.ExpectSymbol(")"));
      return term;
    }
    SB_TRY(term.path, parser_.ParsePath());
    return term;
  }

  Result<Term> ParseFunction(int depth) {
    std::string_view name = parser_.Peek().text;
    Term term;
    if (name == "if_not_exists") {
      term.kind = Term::Kind::kIfNotExists;
    } else if (name == "list_append") {
      term.kind = Term::Kind::kListAppend;
    } else {
      bool of_conditions = name == "size" || name == "begins_with" || name == "contains" ||
                           name.starts_with("attribute_");
      return parser_.Invalid(
          of_conditions
              ? fmt::format("The function is not allowed in an update expression; function: {}",
                            name)
              : fmt::format("Invalid function name; function: {}", name));
    }
    parser_.Take();
    parser_.Take();  // the bracket
    std::vector<Term> arguments;
    do {
      SB_TRY(Term argument, ParseSum(depth + 1));
      arguments.push_back(std::move(argument));
    } while (parser_.TakeSymbol(","));
    SB_TRY_OK(parser_.ExpectSymbol(")"));
    if (arguments.size() != 2) return parser_.WrongOperandCount(name, arguments.size());
    if (term.kind == Term::Kind::kIfNotExists) {
      if (arguments[0].kind != Term::Kind::kPath) {
        return parser_.Invalid(fmt::format(
            "Operator or function requires a document path; operator or function: {}", name));
      }
      term.path = std::move(arguments[0].path);
      term.terms.push_back(std::move(arguments[1]));
      return term;
    }
    for (const Term& argument : arguments) {
      if (argument.kind == Term::Kind::kValue && !argument.value.list()) {
        return parser_.WrongOperandType(name, argument.value.type());
      }
    }
    term.terms = std::move(arguments);
    return term;
  }

  ExpressionParser& parser_;
  Program program_;
};

Result<Value> Calculate(const Term& term, const Item& before) {
  switch (term.kind) {
    case Term::Kind::kValue:
      return term.value;
    case Term::Kind::kPath: {
      if (const Value* value = Resolve(before, term.path)) return *value;
      return Refused(
          "The provided expression refers to an attribute that does not exist in the "
          "item");
    }
    case Term::Kind::kIfNotExists: {
      if (const Value* value = Resolve(before, term.path)) return *value;
      return Calculate(term.terms[0], before);
    }
    default:
      break;
  }
  SB_TRY(Value first, Calculate(term.terms[0], before));
  SB_TRY(Value second, Calculate(term.terms[1], before));
  if (term.kind == Term::Kind::kListAppend) {
    if (!first.list() || !second.list()) return WrongDataType();
    List joined = *first.list();
    joined.insert(joined.end(), second.list()->begin(), second.list()->end());
    return Value(std::move(joined));
  }
  if (!first.number() || !second.number()) return WrongDataType();
  SB_TRY(Number sum, term.kind == Term::Kind::kAdd ? Add(*first.number(), *second.number())
                                                   : Subtract(*first.number(), *second.number()));
  return Value(std::move(sum));
}

template <class Set>
std::optional<Value> Remaining(const Set& present, const Set& removed) {
  Set rest;
  std::set_difference(present.elements.begin(), present.elements.end(), removed.elements.begin(),
                      removed.elements.end(), std::back_inserter(rest.elements));
  if (rest.elements.empty()) return {};  // there are no empty sets
  return Value(Value::Data(std::move(rest)));
}

template <class Set>
Value Union(const Set& present, const Set& added) {
  Set all;
  std::set_union(present.elements.begin(), present.elements.end(), added.elements.begin(),
                 added.elements.end(), std::back_inserter(all.elements));
  return Value(Value::Data(std::move(all)));
}

Result<Value> AddTo(const Value* present, const Value& operand) {
  if (present == nullptr) return operand;
  if (present->data().index() != operand.data().index()) return WrongDataType();
  if (operand.number()) {
    SB_TRY(Number sum, Add(*present->number(), *operand.number()));
    return Value(std::move(sum));
  }
  if (auto* set = std::get_if<StringSet>(&operand.data())) {
    return Union(std::get<StringSet>(present->data()), *set);
  }
  if (auto* set = std::get_if<NumberSet>(&operand.data())) {
    return Union(std::get<NumberSet>(present->data()), *set);
  }
  return Union(std::get<BinarySet>(present->data()), std::get<BinarySet>(operand.data()));
}

/// None: the attribute goes.
Result<std::optional<Value>> DeleteFrom(const Value& present, const Value& operand) {
  if (present.data().index() != operand.data().index()) return WrongDataType();
  if (auto* set = std::get_if<StringSet>(&operand.data())) {
    return Remaining(std::get<StringSet>(present.data()), *set);
  }
  if (auto* set = std::get_if<NumberSet>(&operand.data())) {
    return Remaining(std::get<NumberSet>(present.data()), *set);
  }
  return Remaining(std::get<BinarySet>(present.data()), std::get<BinarySet>(operand.data()));
}

/// The map or list that holds the path's last step; kInvalidArgument where there is none.
Result<Value*> ParentOf(Item& item, const Path& path) {
  auto found = item.find(std::get<std::string>(path.front()));
  if (found == item.end()) return InvalidPath();
  Value* value = &found->second;
  for (std::size_t i = 1; i + 1 < path.size(); ++i) {
    if (const auto* name = std::get_if<std::string>(&path[i])) {
      Item* map = std::get_if<Item>(&value->data());
      if (map == nullptr) return InvalidPath();
      auto member = map->find(*name);
      if (member == map->end()) return InvalidPath();
      value = &member->second;
    } else {
      List* list = std::get_if<List>(&value->data());
      auto index = std::get<std::uint64_t>(path[i]);
      if (list == nullptr || index >= list->size()) return InvalidPath();
      value = &(*list)[index];
    }
  }
  bool fits = std::holds_alternative<std::string>(path.back()) ? value->map() != nullptr
                                                               : value->list() != nullptr;
  if (!fits) return InvalidPath();
  return value;
}

Result<> Set(Item& item, const Path& path, Value value) {
  if (path.size() == 1) {
    item.insert_or_assign(std::get<std::string>(path.front()), std::move(value));
    return {};
  }
  SB_TRY(Value * parent, ParentOf(item, path));
  if (const auto* name = std::get_if<std::string>(&path.back())) {
    std::get<Item>(parent->data()).insert_or_assign(*name, std::move(value));
    return {};
  }
  List& list = std::get<List>(parent->data());
  auto index = std::get<std::uint64_t>(path.back());
  if (index < list.size()) {
    list[index] = std::move(value);
  } else {
    list.push_back(std::move(value));  // beyond the end means: at the end
  }
  return {};
}

Result<> Remove(Item& item, const Path& path) {
  if (path.size() == 1) {
    item.erase(std::get<std::string>(path.front()));
    return {};
  }
  SB_TRY(Value * parent, ParentOf(item, path));
  if (const auto* name = std::get_if<std::string>(&path.back())) {
    std::get<Item>(parent->data()).erase(*name);
    return {};
  }
  List& list = std::get<List>(parent->data());
  auto index = std::get<std::uint64_t>(path.back());
  if (index < list.size()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
  return {};
}

}  // namespace

UpdatePlan::UpdatePlan(std::shared_ptr<const Program> program) : program_(std::move(program)) {
  for (const Action& action : program_->actions) paths_.push_back(action.path);
}

Result<UpdatePlan> ParseUpdate(std::string_view text, ExpressionContext& context) {
  SB_TRY(ExpressionParser parser, ExpressionParser::Make(text, context, ExpressionKind::kUpdate));
  SB_TRY(Program program, UpdateParser(parser).Parse());
  UpdatePlan plan(std::make_shared<const Program>(std::move(program)));
  SB_TRY_OK(internal::CheckOverlap(parser, plan.paths()));
  return plan;
}

Result<> CheckUpdateAttributes(const UpdatePlan& plan, const TableDescription& table) {
  for (const Path& path : plan.paths()) {
    const std::string& name = std::get<std::string>(path.front());
    if (name != table.partition_key.name && !(table.sort_key && name == table.sort_key->name)) {
      continue;
    }
    return Refused(
        fmt::format("One or more parameter values were invalid: Cannot update attribute "
                    "{}. This attribute is part of the key",
                    name));
  }
  return {};
}

Result<Item> ApplyUpdate(const UpdatePlan& plan, const Item& before) {
  Item item = before;
  std::vector<const Path*> removals;
  for (const Action& action : plan.program().actions) {
    switch (action.verb) {
      case Verb::kSet: {
        SB_TRY(Value value, Calculate(action.term, before));
        SB_TRY_OK(Set(item, action.path, std::move(value)));
        break;
      }
      case Verb::kAdd: {
        SB_TRY(Value value, AddTo(Resolve(before, action.path), action.term.value));
        SB_TRY_OK(Set(item, action.path, std::move(value)));
        break;
      }
      case Verb::kDelete: {
        const Value* present = Resolve(before, action.path);
        if (present == nullptr) break;
        SB_TRY(std::optional<Value> rest, DeleteFrom(*present, action.term.value));
        if (rest) {
          SB_TRY_OK(Set(item, action.path, *std::move(rest)));
        } else {
          removals.push_back(&action.path);
        }
        break;
      }
      case Verb::kRemove:
        removals.push_back(&action.path);
        break;
    }
  }
  // From the back: indexes mean the list as it was, and a removal moves what is behind it.
  std::sort(removals.begin(), removals.end(), [](const Path* a, const Path* b) { return *b < *a; });
  for (const Path* path : removals) SB_TRY_OK(Remove(item, *path));
  return item;
}

}  // namespace securebase::documents
