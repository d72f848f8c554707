#include "alarms/rule.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "alarms/definition.h"
#include "base/text.h"

namespace securebase::alarms {

struct Rule::Node {
  enum class Kind { kConstant, kState, kNot, kAnd, kOr, kAtLeast };
  Kind kind = Kind::kConstant;
  bool constant = false;                          // of kConstant; of kAtLeast: percent
  bool negated = false;                           // of kAtLeast: counts those not in `state`
  StateValue state = StateValue::kAlarm;          // of kState, kAtLeast
  int least = 0;                                  // of kAtLeast
  std::vector<std::string> names;                 // of kState (one), kAtLeast
  std::vector<std::shared_ptr<const Node>> terms;  // of kNot (one), kAnd, kOr
};

namespace {

using Node = Rule::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr std::size_t kLengthMax = 10'240;
constexpr int kDepthMax = 100;
constexpr std::size_t kAlarmsMax = 100;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> Parse() {
    SB_TRY(NodePtr root, Or(0));
    Skip();
    if (at_ != text_.size()) return Fault("unexpected '" + std::string(1, text_[at_]) + "'");
    return root;
  }

 private:
  Error Fault(const std::string& what) const {
    return ValidationFault("AlarmRule", "Invalid syntax in AlarmRule at position " +
                                            std::to_string(at_ + 1) + ": " + what);
  }

  void Skip() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  bool Take(char c) {
    Skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view Word() {
    Skip();
    std::size_t end = at_;
    while (end < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[end])) != 0 ||
                                  text_[end] == '_')) {
      ++end;
    }
    return text_.substr(at_, end - at_);
  }
  bool TakeWord(std::string_view word) {
    if (Word() != word) return false;
    at_ += word.size();
    return true;
  }

  Result<NodePtr> Series(int depth, std::string_view word, Node::Kind kind) {
    auto next = [&] { return kind == Node::Kind::kOr ? And(depth) : Not(depth); };
    SB_TRY(NodePtr first, next());
    if (Word() != word) return first;
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->terms.push_back(std::move(first));
    while (TakeWord(word)) {
      SB_TRY(NodePtr term, next());
      node->terms.push_back(std::move(term));
    }
    return NodePtr(std::move(node));
  }

  Result<NodePtr> Or(int depth) { return Series(depth, "OR", Node::Kind::kOr); }
  Result<NodePtr> And(int depth) { return Series(depth, "AND", Node::Kind::kAnd); }

  Result<NodePtr> Not(int depth) {
    if (depth > kDepthMax) return Fault("nested too deeply");
    if (!TakeWord("NOT")) return Primary(depth);
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::kNot;
    SB_TRY(NodePtr term, Not(depth + 1));
    node->terms.push_back(std::move(term));
    return NodePtr(std::move(node));
  }

  Result<NodePtr> Primary(int depth) {
    if (Take('(')) {
      SB_TRY(NodePtr inner, Or(depth + 1));
      if (!Take(')')) return Fault("')' expected");
      return inner;
    }
    const std::string_view word = Word();
    auto node = std::make_shared<Node>();
    if (EqualsIgnoreCase(word, "TRUE") || EqualsIgnoreCase(word, "FALSE")) {
      at_ += word.size();
      node->constant = EqualsIgnoreCase(word, "TRUE");
      return NodePtr(std::move(node));
    }
    if (word == "AT_LEAST") return AtLeast();
    const auto state = ParseStateValue(word);
    if (!state) {
      return Fault(word.empty() ? "ALARM, OK, INSUFFICIENT_DATA, AT_LEAST, TRUE, FALSE or '(' expected"
                                : "'" + std::string(word) + "' is no function");
    }
    at_ += word.size();
    node->kind = Node::Kind::kState;
    node->state = *state;
    if (!Take('(')) return Fault("'(' expected");
    SB_TRY(std::string name, Reference());
    node->names.push_back(std::move(name));
    if (!Take(')')) return Fault("')' expected");
    return NodePtr(std::move(node));
  }

  Result<NodePtr> AtLeast() {
    at_ += std::string_view("AT_LEAST").size();
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::kAtLeast;
    if (!Take('(')) return Fault("'(' expected");
    Skip();
    std::size_t end = at_;
    while (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end])) != 0) ++end;
    const auto least = ParseInt(text_.substr(at_, end - at_));
    if (!least || *least < 1) return Fault("a number of at least 1 expected");
    at_ = end;
    node->constant = Take('%');
    if (!Take(',')) return Fault("',' expected");
    node->negated = TakeWord("NOT");
    const std::string_view word = Word();
    const auto state = ParseStateValue(word);
    if (!state) return Fault("ALARM, OK or INSUFFICIENT_DATA expected");
    at_ += word.size();
    node->state = *state;
    if (!Take(',')) return Fault("',' expected");
    if (!Take('(')) return Fault("'(' expected");
    do {
      SB_TRY(std::string name, Reference());
      node->names.push_back(std::move(name));
    } while (Take(','));
    if (!Take(')') || !Take(')')) return Fault("')' expected");
    const std::int64_t most =
        node->constant ? 100 : static_cast<std::int64_t>(node->names.size());
    if (*least > most) {
      return Fault("AT_LEAST wants at most " + std::to_string(most) + (node->constant ? "%" : ""));
    }
    node->least = static_cast<int>(*least);
    return NodePtr(std::move(node));
  }

  Result<std::string> Reference() {
    Skip();
    std::string name;
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
        name += text_[at_++];
      }
      if (at_ >= text_.size()) return Fault("the quoted name does not end");
      ++at_;
    } else {
      while (at_ < text_.size() && !IsBlank(text_[at_]) && text_[at_] != '(' &&
             text_[at_] != ')' && text_[at_] != ',' && text_[at_] != '"') {
        name += text_[at_++];
      }
    }
    if (name.empty()) return Fault("the name of an alarm expected");
    return std::string(AlarmNameOf(name));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void Collect(const Node& node, std::vector<std::string>& out) {
  for (const std::string& name : node.names) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  for (const NodePtr& term : node.terms) Collect(*term, out);
}

using StateOf = std::function<StateValue(const std::string&)>;

bool Holds(const Node& node, const StateOf& state_of) {
  auto holds = [&](const NodePtr& term) { return Holds(*term, state_of); };
  switch (node.kind) {
    case Node::Kind::kConstant:
      return node.constant;
    case Node::Kind::kState:
      return state_of(node.names.front()) == node.state;
    case Node::Kind::kNot:
      return !holds(node.terms.front());
    case Node::Kind::kAnd:
      return std::all_of(node.terms.begin(), node.terms.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.terms.begin(), node.terms.end(), holds);
    case Node::Kind::kAtLeast:
      break;
  }
  const auto count = std::count_if(node.names.begin(), node.names.end(), [&](const auto& name) {
    return (state_of(name) == node.state) != node.negated;
  });
  if (!node.constant) return count >= node.least;
  return count * 100 >= node.least * static_cast<std::int64_t>(node.names.size());
}

std::string Quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

void Print(const Node& node, std::string& out) {
  auto series = [&](std::string_view word) {
    out += '(';
    for (std::size_t i = 0; i < node.terms.size(); ++i) {
      if (i > 0) out.append(" ").append(word).append(" ");
      Print(*node.terms[i], out);
    }
    out += ')';
  };
  switch (node.kind) {
    case Node::Kind::kConstant:
      out += node.constant ? "TRUE" : "FALSE";
      return;
    case Node::Kind::kState:
      out.append(ToText(node.state)).append("(").append(Quoted(node.names.front())).append(")");
      return;
    case Node::Kind::kNot:
      out += "NOT ";
      Print(*node.terms.front(), out);
      return;
    case Node::Kind::kAnd:
      return series("AND");
    case Node::Kind::kOr:
      return series("OR");
    case Node::Kind::kAtLeast:
      break;
  }
  out.append("AT_LEAST(").append(std::to_string(node.least)).append(node.constant ? "%, " : ", ");
  out.append(node.negated ? "NOT " : "").append(ToText(node.state)).append(", (");
  for (std::size_t i = 0; i < node.names.size(); ++i) {
    out.append(i > 0 ? ", " : "").append(Quoted(node.names[i]));
  }
  out += "))";
}

}  // namespace

Rule::Rule(std::shared_ptr<const Node> root) : root_(std::move(root)) {
  Collect(*root_, children_);
}

bool Rule::Names(std::string_view alarm) const {
  return std::find(children_.begin(), children_.end(), alarm) != children_.end();
}

bool Rule::Evaluate(const StateOf& state_of) const {
  return root_ != nullptr && Holds(*root_, state_of);
}

std::string Rule::ToText() const {
  std::string out;
  if (root_ != nullptr) Print(*root_, out);
  return out;
}

Result<Rule> ParseRule(std::string_view text) {
  if (text.empty() || IsBlank(text.front()) || IsBlank(text.back())) {
    return ValidationFault("AlarmRule",
                           "AlarmRule must not contain leading or trailing whitespace or be null");
  }
  if (text.size() > kLengthMax) {
    return ValidationFault("AlarmRule", "AlarmRule must have length less than or equal to 10240");
  }
  SB_TRY(std::shared_ptr<const Rule::Node> root, Parser(text).Parse());
  Rule rule(std::move(root));
  if (rule.children().size() > kAlarmsMax) {
    return ValidationFault("AlarmRule", "AlarmRule must not name more than 100 alarms");
  }
  return rule;
}

}  // namespace securebase::alarms
