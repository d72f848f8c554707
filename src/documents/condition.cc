#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "documents/expression.h"
#include "documents/internal/condition_node.h"
#include "documents/internal/expression_parser.h"

namespace securebase::documents {
namespace {

using Node = Condition::Node;
using Op = Node::Op;
using NodePtr = std::unique_ptr<Node>;
using internal::ExpressionParser;
using internal::TokenKind;

constexpr std::size_t kInMax = 100;

struct Function {
  std::string_view name;
  Op op;
  std::size_t operands;
};
constexpr Function kFunctions[] = {
    {"attribute_exists", Op::kExists, 1}, {"attribute_not_exists", Op::kNotExists, 1},
    {"attribute_type", Op::kHasType, 2},  {"begins_with", Op::kBeginsWith, 2},
    {"contains", Op::kContains, 2},
};

struct Comparator {
  std::string_view symbol;
  Op op;
};
constexpr Comparator kComparators[] = {
    {"=", Op::kEqual},        {"<>", Op::kNotEqual}, {"<", Op::kLess},
    {"<=", Op::kLessOrEqual}, {">", Op::kGreater},   {">=", Op::kGreaterOrEqual},
};

constexpr std::array<std::string_view, 10> kTypeNames = {"B",  "NULL", "SS", "BOOL", "L",
                                                         "BS", "N",    "NS", "S",    "M"};

bool IsOrdered(const Value& value) {
  return value.type() == "S" || value.type() == "N" || value.type() == "B";
}

class ConditionParser {
 public:
  explicit ConditionParser(ExpressionParser& parser) : parser_(parser) {}

  Result<NodePtr> Parse() {
    SB_TRY(NodePtr root, ParseOr(0));
    SB_TRY_OK(parser_.ExpectEnd());
    return root;
  }

 private:
  using ParseLevel = Result<NodePtr> (ConditionParser::*)(int depth);

  Result<NodePtr> ParseOr(int depth) {
    return ParseJoined(depth, "OR", Op::kOr, &ConditionParser::ParseAnd);
  }
  Result<NodePtr> ParseAnd(int depth) {
    return ParseJoined(depth, "AND", Op::kAnd, &ConditionParser::ParseNot);
  }

  Result<NodePtr> ParseJoined(int depth, std::string_view keyword, Op op, ParseLevel level) {
    SB_TRY(NodePtr first, (this->*level)(depth));
    if (!parser_.AtKeyword(keyword)) return first;
    auto joined = std::make_unique<Node>();
    joined->op = op;
    joined->children.push_back(std::move(first));
    while (parser_.TakeKeyword(keyword)) {
      SB_TRY(NodePtr next, (this->*level)(depth));
      joined->children.push_back(std::move(next));
    }
    return joined;
  }

  Result<NodePtr> ParseNot(int depth) {
    if (depth > internal::kNestingMax) {
      return parser_.Invalid("The expression has too many nested conditions");
    }
    if (!parser_.TakeKeyword("NOT")) return ParsePrimary(depth);
    SB_TRY(NodePtr child, ParseNot(depth + 1));
    auto node = std::make_unique<Node>();
    node->op = Op::kNot;
    node->children.push_back(std::move(child));
    return node;
  }

  Result<NodePtr> ParsePrimary(int depth) {
    if (parser_.TakeSymbol("(")) {
      SB_TRY(NodePtr inner, ParseOr(depth + 1));
      SB_TRY_OK(parser_.ExpectSymbol(")"));
      if (inner->bracketed) {
        return parser_.Invalid("The expression has redundant parentheses;");
      }
      inner->bracketed = true;
      return inner;
    }
    if (parser_.AtFunction() && parser_.Peek().text != "size") return ParseFunction();
    return ParseComparison();
  }

  Result<NodePtr> ParseFunction() {
    std::string_view name = parser_.Peek().text;
    auto function = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                 [&](const Function& f) { return f.name == name; });
    if (function == std::end(kFunctions)) {
      return parser_.Invalid(fmt::format("Invalid function name; function: {}", name));
    }
    parser_.Take();
    parser_.Take();  // the bracket
    auto node = std::make_unique<Node>();
    node->op = function->op;
    do {
      SB_TRY(Node::Operand operand, ParseOperand());
      node->operands.push_back(std::move(operand));
    } while (parser_.TakeSymbol(","));
    SB_TRY_OK(parser_.ExpectSymbol(")"));
    if (node->operands.size() != function->operands) {
      return parser_.WrongOperandCount(name, node->operands.size());
    }
    SB_TRY_OK(CheckFunction(name, *node));
    return node;
  }

  Result<> CheckFunction(std::string_view name, const Node& node) {
    using Kind = Node::Operand::Kind;
    bool one_path = node.op == Op::kExists || node.op == Op::kNotExists;
    if (one_path && node.operands[0].kind != Kind::kPath) {
      return parser_.Invalid(fmt::format(
          "Operator or function requires a document path; operator or function: {}", name));
    }
    if (one_path) return {};
    SB_TRY_OK(CheckDistinct(name, node));
    const Node::Operand& argument = node.operands[1];
    if (node.op == Op::kHasType) {
      if (argument.kind != Kind::kValue || !argument.value.string()) {
        return parser_.WrongOperandType(
            name, argument.kind == Kind::kValue ? argument.value.type() : "path");
      }
      if (std::find(kTypeNames.begin(), kTypeNames.end(), *argument.value.string()) ==
          kTypeNames.end()) {
        return parser_.Invalid(
            fmt::format("Invalid attribute type name found; type: {}, valid "
                        "types: {{{}}}",
                        *argument.value.string(), fmt::join(kTypeNames, ",")));
      }
    }
    if (node.op == Op::kBeginsWith) {
      for (const Node::Operand& operand : node.operands) {
        if (operand.kind == Kind::kValue && operand.value.type() != "S" &&
            operand.value.type() != "B") {
          return parser_.WrongOperandType(name, operand.value.type());
        }
      }
    }
    return {};
  }

  Result<NodePtr> ParseComparison() {
    SB_TRY(Node::Operand left, ParseOperand());
    auto node = std::make_unique<Node>();
    node->operands.push_back(std::move(left));
    if (parser_.TakeKeyword("BETWEEN")) return ParseBetween(std::move(node));
    if (parser_.TakeKeyword("IN")) return ParseIn(std::move(node));
    auto comparator = std::find_if(std::begin(kComparators), std::end(kComparators),
                                   [&](const Comparator& c) { return parser_.AtSymbol(c.symbol); });
    if (comparator == std::end(kComparators)) return parser_.SyntaxError();
    parser_.Take();
    node->op = comparator->op;
    SB_TRY(Node::Operand right, ParseOperand());
    node->operands.push_back(std::move(right));
    SB_TRY_OK(CheckDistinct(comparator->symbol, *node));
    if (node->op != Op::kEqual && node->op != Op::kNotEqual) {
      SB_TRY_OK(CheckOrdered(comparator->symbol, *node));
    }
    return node;
  }

  Result<NodePtr> ParseBetween(NodePtr node) {
    node->op = Op::kBetween;
    SB_TRY(Node::Operand low, ParseOperand());
    SB_TRY_OK(parser_.ExpectKeyword("AND"));
    SB_TRY(Node::Operand high, ParseOperand());
    node->operands.push_back(std::move(low));
    node->operands.push_back(std::move(high));
    SB_TRY_OK(CheckOrdered("BETWEEN", *node));
    const Node::Operand& from = node->operands[1];
    const Node::Operand& to = node->operands[2];
    using Kind = Node::Operand::Kind;
    if (from.kind != Kind::kValue || to.kind != Kind::kValue) return node;
    std::string bounds = fmt::format(
        "lower bound operand: AttributeValue: {}, upper bound operand: AttributeValue: {}",
        internal::Describe(from.value), internal::Describe(to.value));
    if (from.value.type() != to.value.type()) {
      return parser_.Invalid(
          "The BETWEEN operator requires same data type for lower and upper "
          "bounds; " +
          bounds);
    }
    auto order = internal::Compare(from.value, to.value);
    if (order && *order > 0) {
      return parser_.Invalid(
          "The BETWEEN operator requires upper bound to be greater than or "
          "equal to lower bound; " +
          bounds);
    }
    return node;
  }

  Result<NodePtr> ParseIn(NodePtr node) {
    node->op = Op::kIn;
    SB_TRY_OK(parser_.ExpectSymbol("("));
    do {
      SB_TRY(Node::Operand candidate, ParseOperand());
      node->operands.push_back(std::move(candidate));
    } while (parser_.TakeSymbol(","));
    SB_TRY_OK(parser_.ExpectSymbol(")"));
    if (node->operands.size() > kInMax + 1) {
      return parser_.Invalid(
          fmt::format("The IN operator is provided with too many operands; "
                      "number of operands: {}",
                      node->operands.size() - 1));
    }
    return node;
  }

  Result<Node::Operand> ParseOperand() {
    Node::Operand operand;
    if (parser_.Peek().kind == TokenKind::kValue) {
      operand.kind = Node::Operand::Kind::kValue;
      SB_TRY(operand.value, parser_.ParseValue());
      return operand;
    }
    if (parser_.AtFunction()) {
      std::string_view name = parser_.Peek().text;
      if (name != "size") {
        bool known = std::any_of(std::begin(kFunctions), std::end(kFunctions),
                                 [&](const Function& f) { return f.name == name; });
        return parser_.Invalid(
            known ? fmt::format("The function is not allowed to be used this way in an "
                                "expression; function: {}",
                                name)
                  : fmt::format("Invalid function name; function: {}", name));
      }
      parser_.Take();
      parser_.Take();  // the bracket
      operand.kind = Node::Operand::Kind::kSize;
      SB_TRY(operand.path, parser_.ParsePath());
      SB_TRY_OK(parser_.ExpectSymbol(")"));
      return operand;
    }
    SB_TRY(operand.path, parser_.ParsePath());
    return operand;
  }

  Result<> CheckOrdered(std::string_view symbol, const Node& node) {
    for (const Node::Operand& operand : node.operands) {
      if (operand.kind == Node::Operand::Kind::kValue && !IsOrdered(operand.value)) {
        return parser_.WrongOperandType(symbol, operand.value.type());
      }
    }
    return {};
  }

  Result<> CheckDistinct(std::string_view symbol, const Node& node) {
    const Node::Operand& first = node.operands[0];
    if (first.kind != Node::Operand::Kind::kPath || !(first == node.operands[1])) return {};
    return parser_.Invalid(
        fmt::format("The first operand must be distinct from the remaining operands for this "
                    "operator or function; operator: {}, first operand: {}",
                    symbol, ToText(first.path)));
  }

  ExpressionParser& parser_;
};

/// What an operand stands for in an item; none where it is missing.
class Operands {
 public:
  Operands(const Node& node, const Item& item) : node_(node), item_(item) {}

  const Value* Get(std::size_t index) {
    const Node::Operand& operand = node_.operands[index];
    if (operand.kind == Node::Operand::Kind::kValue) return &operand.value;
    const Value* value = Resolve(item_, operand.path);
    if (value == nullptr || operand.kind == Node::Operand::Kind::kPath) return value;
    return SizeOf(*value);
  }

 private:
  const Value* SizeOf(const Value& value) {
    auto size = std::visit(
        [](const auto& data) -> std::optional<std::size_t> {
          using T = std::decay_t<decltype(data)>;
          if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, List> ||
                        std::is_same_v<T, Item>) {
            return data.size();
          } else if constexpr (std::is_same_v<T, Binary>) {
            return data.bytes.size();
          } else if constexpr (std::is_same_v<T, StringSet> || std::is_same_v<T, NumberSet> ||
                               std::is_same_v<T, BinarySet>) {
            return data.elements.size();
          } else {
            return {};
          }
        },
        value.data());
    if (!size) return nullptr;
    sizes_.push_back(std::make_unique<Value>(Number::FromInt(static_cast<std::int64_t>(*size))));
    return sizes_.back().get();
  }

  const Node& node_;
  const Item& item_;
  std::vector<std::unique_ptr<Value>> sizes_;
};

bool Contains(const Value& whole, const Value& part) {
  if (auto* text = whole.string()) {
    return part.string() && text->find(*part.string()) != std::string::npos;
  }
  auto* part_binary = std::get_if<Binary>(&part.data());
  if (auto* binary = std::get_if<Binary>(&whole.data())) {
    return part_binary && binary->bytes.find(part_binary->bytes) != std::string::npos;
  }
  auto has = [](const auto& elements, const auto& wanted) {
    return std::find(elements.begin(), elements.end(), wanted) != elements.end();
  };
  if (auto* set = std::get_if<StringSet>(&whole.data())) {
    return part.string() && has(set->elements, *part.string());
  }
  if (auto* set = std::get_if<NumberSet>(&whole.data())) {
    return part.number() && has(set->elements, *part.number());
  }
  if (auto* set = std::get_if<BinarySet>(&whole.data())) {
    return part_binary && has(set->elements, part_binary->bytes);
  }
  return whole.list() && has(*whole.list(), part);
}

bool BeginsWith(const Value& whole, const Value& prefix) {
  if (whole.string() && prefix.string()) return whole.string()->starts_with(*prefix.string());
  auto* binary = std::get_if<Binary>(&whole.data());
  auto* prefix_binary = std::get_if<Binary>(&prefix.data());
  return binary && prefix_binary && binary->bytes.starts_with(prefix_binary->bytes);
}

bool FitsOrder(Op op, std::strong_ordering order) {
  switch (op) {
    case Op::kLess:
      return order < 0;
    case Op::kLessOrEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    default:
      return order >= 0;
  }
}

bool EvaluateNode(const Node& node, const Item& item);

bool EvaluateLeaf(const Node& node, const Item& item) {
  Operands operands(node, item);
  const Value* first = operands.Get(0);
  if (node.op == Op::kExists) return first != nullptr;
  if (node.op == Op::kNotExists) return first == nullptr;
  if (node.op == Op::kIn) {
    for (std::size_t i = 1; i < node.operands.size(); ++i) {
      const Value* candidate = operands.Get(i);
      if (first != nullptr && candidate != nullptr && *first == *candidate) return true;
    }
    return false;
  }
  const Value* second = operands.Get(1);
  // What is not there differs from everything.
  if (node.op == Op::kNotEqual) return first == nullptr || second == nullptr || *first != *second;
  if (first == nullptr || second == nullptr) return false;
  switch (node.op) {
    case Op::kEqual:
      return *first == *second;
    case Op::kHasType:
      return first->type() == *second->string();
    case Op::kBeginsWith:
      return BeginsWith(*first, *second);
    case Op::kContains:
      return Contains(*first, *second);
    case Op::kBetween: {
      const Value* third = operands.Get(2);
      if (third == nullptr) return false;
      auto low = internal::Compare(*first, *second);
      auto high = internal::Compare(*first, *third);
      return low && high && *low >= 0 && *high <= 0;
    }
    default: {
      auto order = internal::Compare(*first, *second);
      return order && FitsOrder(node.op, *order);
    }
  }
}

bool EvaluateNode(const Node& node, const Item& item) {
  auto holds = [&](const NodePtr& child) { return EvaluateNode(*child, item); };
  switch (node.op) {
    case Op::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Op::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case Op::kNot:
      return !EvaluateNode(*node.children[0], item);
    default:
      return EvaluateLeaf(node, item);
  }
}

void CollectAttributes(const Node& node, std::vector<std::string>& names) {
  for (const NodePtr& child : node.children) CollectAttributes(*child, names);
  for (const Node::Operand& operand : node.operands) {
    if (operand.kind == Node::Operand::Kind::kValue) continue;
    names.push_back(std::get<std::string>(operand.path.front()));
  }
}

}  // namespace

namespace internal {

std::string_view ToText(Condition::Node::Op op) {
  for (const Function& function : kFunctions) {
    if (function.op == op) return function.name;
  }
  for (const Comparator& comparator : kComparators) {
    if (comparator.op == op) return comparator.symbol;
  }
  switch (op) {
    case Op::kAnd:
      return "AND";
    case Op::kOr:
      return "OR";
    case Op::kNot:
      return "NOT";
    case Op::kBetween:
      return "BETWEEN";
    default:
      return "IN";
  }
}

std::optional<std::strong_ordering> Compare(const Value& a, const Value& b) {
  if (a.string() && b.string()) return a.string()->compare(*b.string()) <=> 0;
  if (a.number() && b.number()) return *a.number() <=> *b.number();
  auto* first = std::get_if<Binary>(&a.data());
  auto* second = std::get_if<Binary>(&b.data());
  if (first && second) return first->bytes.compare(second->bytes) <=> 0;
  return {};
}

std::string Describe(const Value& value) {
  if (auto* text = value.string()) return fmt::format("{{S:{}}}", *text);
  if (auto* number = value.number()) return fmt::format("{{N:{}}}", number->text());
  return fmt::format("{{{}}}", value.type());
}

}  // namespace internal

Condition::Condition(std::shared_ptr<const Node> root) : root_(std::move(root)) {
  CollectAttributes(*root_, attributes_);
  std::sort(attributes_.begin(), attributes_.end());
  attributes_.erase(std::unique(attributes_.begin(), attributes_.end()), attributes_.end());
}

Result<Condition> ParseCondition(std::string_view text, ExpressionContext& context,
                                 ExpressionKind kind) {
  SB_TRY(ExpressionParser parser, ExpressionParser::Make(text, context, kind));
  SB_TRY(NodePtr root, ConditionParser(parser).Parse());
  return Condition(std::shared_ptr<const Node>(std::move(root)));
}

bool Evaluate(const Condition& condition, const Item& item) {
  return EvaluateNode(condition.root(), item);
}

Result<> CheckFilterAttributes(const Condition& filter, const TableDescription& table) {
  for (const std::string& name : filter.attributes()) {
    if (name != table.partition_key.name && !(table.sort_key && name == table.sort_key->name)) {
      continue;
    }
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("Filter Expression can only contain non-primary key attributes: "
                             "Primary key attribute: {}",
                             name),
                 "FilterExpression", "ValidationException");
  }
  return {};
}

}  // namespace securebase::documents
