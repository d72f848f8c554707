#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "insights/internal/binder.h"
#include "insights/internal/in_set.h"

namespace securebase::insights::internal {
namespace {

Comparison ComparisonOf(std::string_view op) {
  if (op == "=") return Comparison::kEqual;
  if (op == "!=") return Comparison::kNotEqual;
  if (op == "<") return Comparison::kLess;
  if (op == "<=") return Comparison::kLessOrEqual;
  if (op == ">") return Comparison::kGreater;
  return Comparison::kGreaterOrEqual;
}

const Function& Operator(std::string_view op) {
  switch (op[0]) {
    case '+':
      return kAddFunction;
    case '-':
      return kSubtractFunction;
    case '*':
      return kMultiplyFunction;
    case '/':
      return kDivideFunction;
    case '%':
      return kModuloFunction;
    default:
      return kPowerFunction;
  }
}

std::string WithoutBlanks(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  }
  return out;
}

// How many edits make one word the other, for "did you mean".
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

std::string Suggestion(std::string_view name) {
  std::string best;
  std::size_t best_distance = 3;
  const auto consider = [&](std::string_view candidate) {
    const std::size_t distance = Distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  };
  for (const std::string_view function : FunctionNames()) consider(function);
  for (const char* statistic : {"count", "sum", "avg", "min", "max", "pct", "median", "stddev"}) {
    consider(statistic);
  }
  return best.empty() ? "" : ", did you mean " + best + "?";
}

}  // namespace

NodePtr Binder::BindExpr(const Expr& expr) {
  switch (expr.op) {
    case Expr::Op::kNumber: {
      NodePtr node = NewNode(Node::Op::kConst);
      node->constant = Cell::Number(expr.number);
      // An integer that a double cannot hold keeps its digits.
      if (std::abs(expr.number) > 9e15) {
        node->text = expr.name;
        node->constant = Cell::Text(node->text, internal::Kind::kNumberText);
      }
      return node;
    }
    case Expr::Op::kString:
    case Expr::Op::kRegex:
      return TextNode(expr.name);
    case Expr::Op::kPeriod:
      // Where no period is wanted it is a name that begins with a digit.
      return ResolveName(expr.name, {expr.name}, expr.span);
    case Expr::Op::kName:
      return ResolveName(expr.name, expr.parts, expr.span);
    case Expr::Op::kCall:
      return BindCall(expr);
    case Expr::Op::kPath:
      return BindPath(expr);
    case Expr::Op::kMinus:
    case Expr::Op::kNot: {
      std::vector<NodePtr> args;
      args.push_back(BindExpr(*expr.args[0]));
      return CallNode(expr.op == Expr::Op::kNot ? kNotFunction : kMinusFunction, std::move(args));
    }
    case Expr::Op::kAnd:
    case Expr::Op::kOr: {
      NodePtr node = NewNode(expr.op == Expr::Op::kAnd ? Node::Op::kAnd : Node::Op::kOr);
      for (const ExprPtr& arg : expr.args) node->args.push_back(BindExpr(*arg));
      return node;
    }
    case Expr::Op::kBinary:
    case Expr::Op::kCompare: {
      std::vector<NodePtr> args;
      for (const ExprPtr& arg : expr.args) args.push_back(BindExpr(*arg));
      if (expr.op == Expr::Op::kBinary) return CallNode(Operator(expr.name), std::move(args));
      NodePtr node = CallNode(kCompareFunction, std::move(args));
      node->comparison = ComparisonOf(expr.name);
      return node;
    }
    case Expr::Op::kLike:
      return BindLike(expr);
    case Expr::Op::kIn:
      return BindIn(expr);
  }
  Fail("unexpected symbol found " + TextOfSpan(expr.span), expr.span);
}

NodePtr Binder::BindTree(const Expr& expr) {
  if (expr.op == Expr::Op::kName) return ResolveName(expr.name, expr.parts, expr.span, true);
  return BindExpr(expr);
}

NodePtr Binder::BindLabel(const Expr& expr) {
  // After stats, `sort count(*)` means the column of that label.
  const std::string label = WithoutBlanks(TextOfSpan(expr.span));
  for (const auto& [name, slot] : names_) {
    if (EqualsIgnoreCase(WithoutBlanks(name), label)) return SlotNode(slot);
  }
  return nullptr;
}

void Binder::CheckCount(const Expr& expr, int least, int most) const {
  const int count = static_cast<int>(expr.args.size());
  if (count >= least && count <= most && !expr.star) return;
  std::string wanted = std::to_string(least);
  if (most == kMany) {
    wanted += " or more";
  } else if (most != least) {
    wanted += " to " + std::to_string(most);
  }
  Fail("wrong number of arguments of " + expr.parts[0] + ": expected " + wanted + ", found " +
           (expr.star ? std::string("*") : std::to_string(count)),
       expr.span);
}

NodePtr Binder::BindCall(const Expr& expr) {
  // Not in a later stats: its bin() is an error, as there is no @timestamp any more.
  if (grouped_ && !(strict_ && expr.name == "bin")) {
    if (NodePtr label = BindLabel(expr)) return label;
  }
  if (FindStatistic(expr.name) != nullptr) {
    Fail("the aggregate " + expr.parts[0] + " can only stand in stats", expr.span);
  }
  const Function* function = FindFunction(expr.name);
  if (function == nullptr) {
    Fail("unknown function " + expr.parts[0] + Suggestion(expr.name), expr.span);
  }
  CheckCount(expr, function->args_min, function->args_max);
  if (expr.distinct) Fail("distinct can only stand in count", expr.span);
  if (expr.name == "bin" || expr.name == "datefloor" || expr.name == "dateceil") {
    return BindPeriodCall(expr, *function);
  }
  std::vector<NodePtr> args;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const bool tree = i == 0 && function->traits.find('t') != std::string_view::npos;
    args.push_back(tree ? BindTree(*expr.args[i]) : BindExpr(*expr.args[i]));
  }
  NodePtr node = CallNode(*function, std::move(args));
  if (function->traits.find('r') != std::string_view::npos &&
      expr.args[1]->op == Expr::Op::kString) {
    node->regex = CompileRegex(expr.args[1]->name, expr.args[1]->span);
  }
  return node;
}

NodePtr Binder::BindPeriodCall(const Expr& expr, const Function& function) {
  const Expr& last = *expr.args.back();
  std::optional<Period> period;
  if (last.op == Expr::Op::kPeriod) {
    period = last.period;
  } else if (last.op == Expr::Op::kNumber && expr.args.size() == 1) {
    // bin(300): seconds are not a unit; only periods are allowed.
    period = std::nullopt;
  } else if (last.op == Expr::Op::kString) {
    // "5m" in quotes.
    Lexer lexer(last.name);
    const Token token = lexer.Take();
    if (token.kind == Token::Kind::kPeriod && lexer.Peek().kind == Token::Kind::kEnd) {
      period = token.period;
    }
  }
  if (!period) {
    Fail("a period such as 5m or 1h is wanted, found " + TextOfSpan(last.span), last.span);
  }
  std::vector<NodePtr> args;
  if (expr.args.size() == 2) {
    args.push_back(BindExpr(*expr.args[0]));
  } else {
    if (!open_) {
      Fail("Unknown symbols found in or after stats: @timestamp (" + TextOfSpan(expr.span) +
               " needs it)",
           expr.span);
    }
    args.push_back(ResolveName("@timestamp", {"@timestamp"}, expr.span));
  }
  if (bin_offset_ms_ != 0 && expr.name == "bin") {
    std::vector<NodePtr> sum;
    sum.push_back(std::move(args[0]));
    sum.push_back(NumberNode(static_cast<double>(bin_offset_ms_)));
    args[0] = CallNode(kAddFunction, std::move(sum));
  }
  NodePtr node = CallNode(expr.name == "dateceil" ? function : kBinFunction, std::move(args));
  node->period = *period;
  return node;
}

NodePtr Binder::BindLike(const Expr& expr) {
  std::vector<NodePtr> args;
  args.push_back(BindExpr(*expr.args[0]));
  const Expr& pattern = *expr.args[1];
  if (pattern.op != Expr::Op::kRegex && pattern.op != Expr::Op::kString) {
    args.push_back(BindExpr(pattern));
    NodePtr node = CallNode(kLikeFunction, std::move(args));
    node->negated = expr.negated;
    return node;
  }
  NodePtr node = CallNode(kLikeFunction, std::move(args));
  node->negated = expr.negated;
  if (pattern.op == Expr::Op::kString) {
    node->literal = pattern.name;
  } else {
    node->regex = CompileRegex(pattern.name, pattern.span);
    node->literal = RequiredLiteral(pattern.name);
    // Nothing but letters: a plain search.
    if (node->literal == pattern.name) node->regex = nullptr;
  }
  return node;
}

NodePtr Binder::BindIn(const Expr& expr) {
  std::vector<NodePtr> args;
  args.push_back(BindExpr(*expr.args[0]));
  if (expr.query) {
    if (nested_) Fail("a subquery within a subquery", expr.span);
    Binder binder(text_, true);
    std::shared_ptr<Plan> plan = BindNested(*expr.query, binder);
    NodePtr node = CallNode(kInFunction, std::move(args));
    node->negated = expr.negated;
    node->subquery = static_cast<int>(plan_->subqueries.size());
    plan_->subqueries.push_back({.plan = plan, .use = Subquery::Use::kSet});
    return node;
  }
  auto set = std::make_shared<InSet>();
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    NodePtr value = BindExpr(*expr.args[i]);
    if (value->op == Node::Op::kConst) {
      set->Add(value->constant);
    } else {
      args.push_back(std::move(value));
    }
  }
  NodePtr node = CallNode(kInFunction, std::move(args));
  node->negated = expr.negated;
  node->set = set;
  return node;
}

NodePtr Binder::BindPath(const Expr& expr) {
  // Steps in a row are one path; an index in brackets may be any expression.
  if (expr.args.size() == 2 && expr.args[1]->op != Expr::Op::kNumber &&
      expr.args[1]->op != Expr::Op::kString) {
    std::vector<NodePtr> args;
    args.push_back(BindTree(*expr.args[0]));
    args.push_back(BindExpr(*expr.args[1]));
    return CallNode(kIndexFunction, std::move(args));
  }
  std::vector<std::string> steps;
  const Expr* at = &expr;
  while (at->op == Expr::Op::kPath &&
         (at->args.size() == 1 || at->args[1]->op == Expr::Op::kNumber ||
          at->args[1]->op == Expr::Op::kString)) {
    steps.insert(steps.begin(), at->args.size() == 1 ? at->name : at->args[1]->name);
    at = at->args[0].get();
  }
  // `items[0].id` of a discovered field is its path.
  if (at->op == Expr::Op::kName && open_) {
    std::vector<std::string> parts = at->parts;
    parts.insert(parts.end(), steps.begin(), steps.end());
    std::string name = at->name;
    for (const std::string& step : steps) name += '.' + step;
    return ResolveName(name, parts, expr.span);
  }
  std::vector<NodePtr> args;
  args.push_back(BindTree(*at));
  NodePtr node = CallNode(kPathFunction, std::move(args));
  node->steps = std::move(steps);
  return node;
}

std::shared_ptr<const re2::RE2> Binder::CompileRegex(const std::string& pattern, Span span,
                                                     std::vector<std::string>* names) {
  // `(?<name>…)` is RE2's `(?P<name>…)`; names with an @ or other characters become numbers.
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      text += pattern[i++];
      text += pattern[i];
      continue;
    }
    const std::string_view rest = std::string_view(pattern).substr(i);
    const std::size_t open = rest.starts_with("(?<") ? 3 : rest.starts_with("(?P<") ? 4 : 0;
    if (open > 0 && rest.size() > open && rest[open] != '=' && rest[open] != '!') {
      const std::size_t close = rest.find('>');
      if (close == std::string_view::npos) Fail("a group's name is not closed by >", span);
      const std::string name(rest.substr(open, close - open));
      if (name.empty()) Fail("a group's name is empty", span);
      if (names != nullptr) {
        text += "(?P<g" + std::to_string(names->size()) + ">";
        names->push_back(name);
      } else {
        text += "(";
      }
      i += close;
      continue;
    }
    text += pattern[i];
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  auto regex = std::make_shared<re2::RE2>(text, options);
  if (!regex->ok()) Fail("invalid regular expression: " + regex->error(), span);
  return regex;
}

std::string RequiredLiteral(std::string_view regex) {
  // The longest run of plain characters at the top level; none where branches or flags make it
  // unsure.
  std::string best, run;
  int depth = 0;
  const auto end_run = [&](bool drop_last) {
    if (drop_last && !run.empty()) {
      // A quantifier may make the last character vanish: a whole code point of it.
      while (!run.empty() && (static_cast<unsigned char>(run.back()) & 0xC0) == 0x80)
        run.pop_back();
      if (!run.empty()) run.pop_back();
    }
    if (run.size() > best.size()) best = run;
    run.clear();
  };
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    switch (c) {
      case '\\': {
        if (++i == regex.size()) return {};
        const char e = regex[i];
        const bool word =
            (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z') || (e >= '0' && e <= '9');
        if (word) {
          if (e == 'Q' || e == 'E' || e == 'x' || e == 'p' || e == 'P') return {};
          end_run(false);
        } else if (depth == 0) {
          run += e;
        }
        break;
      }
      case '(':
        if (regex.substr(i).starts_with("(?") && !regex.substr(i).starts_with("(?:") &&
            !regex.substr(i).starts_with("(?<") && !regex.substr(i).starts_with("(?P<")) {
          return {};  // flags: letters may match otherwise
        }
        end_run(false);
        ++depth;
        break;
      case ')':
        --depth;
        run.clear();
        break;
      case '[': {
        end_run(false);
        ++i;
        if (i < regex.size() && regex[i] == '^') ++i;
        if (i < regex.size() && regex[i] == ']') ++i;
        while (i < regex.size() && regex[i] != ']') i += regex[i] == '\\' ? 2 : 1;
        break;
      }
      case '|':
        if (depth == 0) return {};
        run.clear();
        break;
      case '*':
      case '?':
      case '{':
        end_run(true);
        if (c == '{') {
          while (i < regex.size() && regex[i] != '}') ++i;
        }
        break;
      case '+':
      case '.':
      case '^':
      case '$':
        end_run(false);
        break;
      default:
        if (depth == 0) run += c;
    }
  }
  end_run(false);
  return best;
}

}  // namespace securebase::insights::internal
