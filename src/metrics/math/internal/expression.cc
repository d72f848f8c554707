#include "metrics/math/internal/expression.h"

#include <array>
#include <utility>

#include "base/text.h"
#include "metrics/math/internal/token.h"

namespace securebase::metrics::math {
namespace {

struct OperatorSpelling {
  std::string_view text;
  Operator op;
  int binding;  // the tighter, the higher
};

constexpr int kUnaryBinding = 6;
constexpr std::array kOperators = {
    OperatorSpelling{"OR", Operator::kOr, 1},
    OperatorSpelling{"||", Operator::kOr, 1},
    OperatorSpelling{"AND", Operator::kAnd, 2},
    OperatorSpelling{"&&", Operator::kAnd, 2},
    OperatorSpelling{"==", Operator::kEqual, 3},
    OperatorSpelling{"!=", Operator::kNotEqual, 3},
    OperatorSpelling{"<=", Operator::kLessOrEqual, 3},
    OperatorSpelling{">=", Operator::kGreaterOrEqual, 3},
    OperatorSpelling{"<", Operator::kLess, 3},
    OperatorSpelling{">", Operator::kGreater, 3},
    OperatorSpelling{"+", Operator::kAdd, 4},
    OperatorSpelling{"-", Operator::kSubtract, 4},
    OperatorSpelling{"*", Operator::kMultiply, 5},
    OperatorSpelling{"/", Operator::kDivide, 5},
    OperatorSpelling{"^", Operator::kPower, 7},
};

/// Null where the token is no operator between two operands.
const OperatorSpelling* OperatorOf(const Token& token) {
  if (token.kind != Token::Kind::kSymbol && token.kind != Token::Kind::kName) return nullptr;
  for (const OperatorSpelling& one : kOperators) {
    if (one.text == token.text) return &one;
  }
  return nullptr;
}

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<NodePtr> Run() {
    SB_TRY(NodePtr root, Operand(0));
    if (Now().kind != Token::Kind::kEnd) return Unexpected("an operator");
    return root;
  }

 private:
  const Token& Now() const { return tokens_[place_]; }
  Token Take() { return tokens_[place_ + 1 < tokens_.size() ? place_++ : place_]; }

  Error Unexpected(std::string_view wanted) const {
    const Token& token = Now();
    const std::string found =
        token.kind == Token::Kind::kEnd ? "the end" : "'" + ToValidUtf8(token.text) + "'";
    return FaultAt(text_, token.at,
                   "Invalid syntax: expected " + std::string(wanted) + ", found " + found);
  }

  Result<> Expect(std::string_view symbol) {
    if (!Now().Is(symbol)) return Unexpected("'" + std::string(symbol) + "'");
    Take();
    return {};
  }

  static NodePtr Make(Node::Kind kind, std::size_t at) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->at = at;
    return node;
  }

  /// An operand and all operators after it that bind at least as tight as `binding`.
  Result<NodePtr> Operand(int binding) {
    const Nesting nesting(depth_);
    if (depth_ > kNestingMax) {
      return FaultAt(text_, Now().at, "Invalid syntax: nested more than 64 levels deep");
    }
    SB_TRY(NodePtr left, Unary());
    for (;;) {
      const OperatorSpelling* found = OperatorOf(Now());
      if (found == nullptr || found->binding < binding) return left;
      NodePtr node = Make(Node::Kind::kBinary, Take().at);
      node->op = found->op;
      // The power groups to the right, and its right side may carry a sign.
      const int next = found->op == Operator::kPower ? kUnaryBinding : found->binding + 1;
      SB_TRY(NodePtr right, Operand(next));
      node->children.push_back(std::move(left));
      node->children.push_back(std::move(right));
      left = std::move(node);
    }
  }

  Result<NodePtr> Unary() {
    if (!Now().Is("-")) return Atom();
    NodePtr node = Make(Node::Kind::kNegate, Take().at);
    SB_TRY(NodePtr operand, Operand(kUnaryBinding));
    node->children.push_back(std::move(operand));
    return node;
  }

  Result<NodePtr> Atom() {
    const Token& token = Now();
    switch (token.kind) {
      case Token::Kind::kNumber: {
        NodePtr node = Make(Node::Kind::kNumber, token.at);
        node->number = Take().number;
        return node;
      }
      case Token::Kind::kText: {
        NodePtr node = Make(Node::Kind::kText, token.at);
        node->text = Take().text;
        return node;
      }
      case Token::Kind::kName:
        return Name();
      case Token::Kind::kSymbol:
        if (token.text == "(") {
          Take();
          SB_TRY(NodePtr inner, Operand(0));
          SB_TRY_OK(Expect(")"));
          return inner;
        }
        if (token.text == "[") {
          NodePtr node = Make(Node::Kind::kList, Take().at);
          SB_TRY_OK(Arguments("]", *node));
          return node;
        }
        break;
      case Token::Kind::kEnd:
        break;
    }
    return Unexpected("a value");
  }

  Result<NodePtr> Name() {
    if (OperatorOf(Now()) != nullptr) return Unexpected("a value");
    const Token token = Take();
    if (Now().Is("(")) {
      NodePtr node = Make(Node::Kind::kCall, token.at);
      node->text = token.text;
      node->function = FindFunction(token.text);
      if (node->function == nullptr) {
        return FaultAt(text_, token.at, "Function '" + token.text + "' not found");
      }
      Take();
      SB_TRY_OK(Arguments(")", *node));
      return node;
    }
    const bool is_id = token.text[0] >= 'a' && token.text[0] <= 'z';
    NodePtr node = Make(is_id ? Node::Kind::kReference : Node::Kind::kWord, token.at);
    node->text = token.text;
    return node;
  }

  /// Values separated by commas, to the closing symbol.
  Result<> Arguments(std::string_view close, Node& node) {
    if (Now().Is(close)) {
      Take();
      return {};
    }
    for (;;) {
      SB_TRY(NodePtr argument, Operand(0));
      node.children.push_back(std::move(argument));
      if (!Now().Is(",")) return Expect(close);
      Take();
    }
  }

  struct Nesting {
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    int& depth_;
  };

  const std::string_view text_;
  const std::vector<Token> tokens_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

bool StartsWithSelect(std::string_view text) {
  const std::string_view start = Trim(text).substr(0, 7);
  return EqualsIgnoreCase(start.substr(0, 6), "SELECT") &&
         (start.size() == 6 ||
          std::string_view(" \t\r\n").find(start[6]) != std::string_view::npos);
}

std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == quote) out += '\\';
    out += text[i];
    // A pair that the reader keeps as it is.
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') out += text[++i];
  }
  return out + quote;
}

/// A backslash before the one kind of quote is read otherwise than before the other.
std::string Quoted(std::string_view text) {
  std::string out = Quoted(text, '\'');
  const auto tokens = Tokenize(out);
  return tokens.ok() && tokens->size() == 2 && tokens->front().text == text ? out
                                                                            : Quoted(text, '"');
}

std::string Joined(const Node& node) {
  std::string out;
  for (const NodePtr& child : node.children) out += (out.empty() ? "" : ", ") + ToText(*child);
  return out;
}

}  // namespace

std::string_view ToText(Operator op) {
  for (const OperatorSpelling& one : kOperators) {
    if (one.op == op) return one.text;
  }
  return "";
}

Result<NodePtr> ParseExpression(std::string_view text) {
  if (text.size() > kExpressionBytesMax) {
    return FaultAt(text, kExpressionBytesMax, "Invalid syntax: longer than 2048 characters");
  }
  if (StartsWithSelect(text)) {
    SB_TRY(InsightsQuery query, ParseInsights(text));
    auto node = std::make_unique<Node>();
    node->kind = Node::Kind::kSelect;
    node->insights = std::make_shared<InsightsQuery>(std::move(query));
    return node;
  }
  SB_TRY(std::vector<Token> tokens, Tokenize(text));
  return Parser(text, std::move(tokens)).Run();
}

std::string ToText(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNumber:
      return FormatDouble(node.number);
    case Node::Kind::kText:
      return Quoted(node.text);
    case Node::Kind::kWord:
    case Node::Kind::kReference:
      return node.text;
    case Node::Kind::kNegate:
      return "(-" + ToText(*node.children[0]) + ")";
    case Node::Kind::kBinary:
      return "(" + ToText(*node.children[0]) + " " + std::string(ToText(node.op)) + " " +
             ToText(*node.children[1]) + ")";
    case Node::Kind::kCall:
      return std::string(node.function->name) + "(" + Joined(node) + ")";
    case Node::Kind::kList:
      return "[" + Joined(node) + "]";
    case Node::Kind::kSelect:
      return ToText(*node.insights);
  }
  return "";
}

}  // namespace securebase::metrics::math
