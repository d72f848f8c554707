// JSON patterns: `{ $.level = "ERROR" && ($.ms > 100 || $.tags[*] = x*) }` (spec: logs-api 11.3).

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "logs/internal/filter_value.h"
#include "logs/internal/matcher.h"

namespace securebase::logs {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kRegexMax = 2;
constexpr std::size_t kWildcardsMax = 3;
constexpr int kDepthMax = 64;  // of parentheses

struct Step {
  enum class Kind { kKey, kIndex, kAnyElement, kAnyField };
  Kind kind = Kind::kKey;
  std::string key;
  std::size_t index = 0;
  bool wildcard() const { return kind == Kind::kAnyElement || kind == Kind::kAnyField; }
};

struct Selector {
  std::string text;  // as written: "$.a[0]"
  std::vector<Step> steps;
};

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

Result<Step> ScanBracket(PatternScanner& scanner) {
  Step step;
  if (scanner.Take("*]")) {
    step.kind = Step::Kind::kAnyElement;
    return step;
  }
  if (scanner.Take("'")) {
    const std::size_t end = scanner.rest().find("']");
    if (end == std::string_view::npos) return InvalidFilterPattern();
    step.key = scanner.rest().substr(0, end);
    scanner.Advance(end + 2);
    return step;
  }
  const std::size_t start = scanner.position();
  while (scanner.Peek() >= '0' && scanner.Peek() <= '9') scanner.Advance();
  const std::optional<std::int64_t> index = ParseInt(scanner.Since(start));
  if (!index || !scanner.Take("]")) return InvalidFilterPattern();
  step.kind = Step::Kind::kIndex;
  step.index = static_cast<std::size_t>(*index);
  return step;
}

Result<Selector> ScanSelector(PatternScanner& scanner) {
  const std::size_t start = scanner.position();
  if (!scanner.Take("$")) return InvalidFilterPattern();
  Selector selector;
  for (;;) {
    if (scanner.Take(".[") || scanner.Take("[")) {
      SB_TRY(Step step, ScanBracket(scanner));
      selector.steps.push_back(std::move(step));
    } else if (scanner.Take(".*")) {
      selector.steps.push_back({.kind = Step::Kind::kAnyField});
    } else if (scanner.Take(".")) {
      const std::size_t key = scanner.position();
      while (!scanner.AtEnd() && IsKeyCharacter(scanner.Peek())) scanner.Advance();
      Step step{.key = std::string(scanner.Since(key))};
      if (step.key.empty()) return InvalidFilterPattern();
      selector.steps.push_back(std::move(step));
    } else {
      break;
    }
  }
  const auto wildcards = std::count_if(selector.steps.begin(), selector.steps.end(),
                                       [](const Step& step) { return step.wildcard(); });
  if (selector.steps.empty() || wildcards > 1) return InvalidFilterPattern();
  selector.text = scanner.Since(start);
  return selector;
}

/// Calls `visit` for the nodes that the steps lead to, until it says true.
template <class Visit>
bool AnyNode(dom::element node, const Step* step, const Step* end, const Visit& visit) {
  for (; step != end; ++step) {
    if (step->kind == Step::Kind::kAnyElement) {
      dom::array array;
      if (node.get(array) != simdjson::SUCCESS) return false;
      return std::any_of(array.begin(), array.end(),
                         [&](dom::element one) { return AnyNode(one, step + 1, end, visit); });
    }
    dom::object object;
    if (step->kind == Step::Kind::kIndex) {
      dom::array array;
      if (node.get(array) != simdjson::SUCCESS || array.at(step->index).get(node)) return false;
      continue;
    }
    if (node.get(object) != simdjson::SUCCESS) return false;
    if (step->kind == Step::Kind::kAnyField) {
      return std::any_of(object.begin(), object.end(), [&](const dom::key_value_pair& field) {
        return AnyNode(field.value, step + 1, end, visit);
      });
    }
    if (object.at_key(step->key).get(node)) return false;
  }
  return visit(node);
}

/// The text of a string or number; none of anything else.
std::optional<std::string> TextOf(dom::element node) {
  switch (node.type()) {
    case dom::element_type::STRING:
      return std::string(node.get_string().value_unsafe());
    case dom::element_type::INT64:
      return std::to_string(node.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return std::to_string(node.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return FormatDouble(node.get_double().value_unsafe());
    default:
      return std::nullopt;
  }
}

struct Condition {
  enum class Test { kAnd, kOr, kCompare, kIsNull, kIsTrue, kIsFalse, kNotExists };
  Test test = Test::kCompare;
  std::vector<Condition> parts;  // of kAnd and kOr
  Selector selector;
  CompareOp op = CompareOp::kEqual;
  FilterValue value;

  bool Holds(dom::element root) const;
  bool HoldsFor(dom::element node) const;
};

bool Condition::HoldsFor(dom::element node) const {
  switch (test) {
    case Test::kIsNull:
      return node.is_null();
    case Test::kIsTrue:
    case Test::kIsFalse: {
      bool value_of_node = false;
      return node.get(value_of_node) == simdjson::SUCCESS &&
             value_of_node == (test == Test::kIsTrue);
    }
    case Test::kNotExists:
      return true;  // it is there
    default:
      break;
  }
  if (bool flag = false; node.get(flag) == simdjson::SUCCESS) return value.CompareBool(op, flag);
  if (std::string_view text; node.get(text) == simdjson::SUCCESS) return value.Compare(op, text);
  const std::optional<std::string> text = TextOf(node);
  return text && value.Compare(op, *text);
}

bool Condition::Holds(dom::element root) const {
  const auto holds = [&](const Condition& part) { return part.Holds(root); };
  if (test == Test::kAnd) return std::all_of(parts.begin(), parts.end(), holds);
  if (test == Test::kOr) return std::any_of(parts.begin(), parts.end(), holds);
  const Step* first = selector.steps.data();
  const bool any = AnyNode(root, first, first + selector.steps.size(),
                           [&](dom::element node) { return HoldsFor(node); });
  return test == Test::kNotExists ? !any : any;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<Condition> Parse() {
    if (!scanner_.Take("{")) return InvalidFilterPattern();
    SB_TRY(Condition condition, Or(0));
    scanner_.SkipBlanks();
    if (!scanner_.Take("}") || !scanner_.AtEnd()) return InvalidFilterPattern();
    if (regex_count > kRegexMax || wildcards_ > kWildcardsMax) return InvalidFilterPattern();
    return condition;
  }

  std::size_t regex_count = 0;
  std::vector<Selector> selectors;

 private:
  Result<Condition> Or(int depth) { return Joined(Condition::Test::kOr, "||", depth); }

  Result<Condition> Joined(Condition::Test test, std::string_view mark, int depth) {
    Condition joined{.test = test};
    do {
      SB_TRY(Condition part, test == Condition::Test::kOr
                                 ? Joined(Condition::Test::kAnd, "&&", depth)
                                 : One(depth));
      joined.parts.push_back(std::move(part));
      scanner_.SkipBlanks();
    } while (scanner_.Take(mark));
    if (joined.parts.size() > 1) return joined;
    Condition only = std::move(joined.parts.front());
    return only;
  }

  Result<Condition> One(int depth) {
    scanner_.SkipBlanks();
    if (scanner_.Take("(")) {
      if (depth == kDepthMax) return InvalidFilterPattern();
      SB_TRY(Condition inner, Or(depth + 1));
      scanner_.SkipBlanks();
      if (!scanner_.Take(")")) return InvalidFilterPattern();
      return inner;
    }
    Condition condition;
    SB_TRY(condition.selector, ScanSelector(scanner_));
    for (const Step& step : condition.selector.steps) wildcards_ += step.wildcard() ? 1 : 0;
    selectors.push_back(condition.selector);
    scanner_.SkipBlanks();
    SB_TRY_OK(Test(condition));
    return condition;
  }

  Result<> Test(Condition& condition) {
    if (const auto op = TakeOperator(scanner_)) {
      condition.op = *op;
      scanner_.SkipBlanks();
      SB_TRY(condition.value, FilterValue::Scan(scanner_, *op, ")}"));
      regex_count += condition.value.is_regex() ? 1 : 0;
      return {};
    }
    if (scanner_.TakeWord("IS")) {
      scanner_.SkipBlanks();
      if (scanner_.TakeWord("NULL")) {
        condition.test = Condition::Test::kIsNull;
      } else if (scanner_.TakeWord("TRUE")) {
        condition.test = Condition::Test::kIsTrue;
      } else if (scanner_.TakeWord("FALSE")) {
        condition.test = Condition::Test::kIsFalse;
      } else {
        return InvalidFilterPattern();
      }
      return {};
    }
    if (!scanner_.TakeWord("NOT")) return InvalidFilterPattern();
    scanner_.SkipBlanks();
    if (!scanner_.TakeWord("EXISTS")) return InvalidFilterPattern();
    condition.test = Condition::Test::kNotExists;
    return {};
  }

  PatternScanner scanner_;
  std::size_t wildcards_ = 0;
};

class JsonMatcher final : public FilterPattern::Matcher {
 public:
  JsonMatcher(Condition condition, std::vector<Selector> selectors, std::size_t regex_count)
      : condition_(std::move(condition)),
        selectors_(std::move(selectors)),
        regex_count_(regex_count) {}

  FilterPattern::Kind kind() const override { return FilterPattern::Kind::kJson; }
  std::size_t regex_count() const override { return regex_count_; }

  bool Matches(std::string_view message) const override {
    const auto root = ParseObject(message);
    return root && condition_.Holds(*root);
  }

  std::optional<ExtractedValues> Extract(std::string_view message) const override {
    const auto root = ParseObject(message);
    if (!root || !condition_.Holds(*root)) return std::nullopt;
    ExtractedValues values;
    for (const Selector& selector : selectors_) {
      const auto named = [&](const auto& value) { return value.first == selector.text; };
      if (std::any_of(values.begin(), values.end(), named)) continue;
      if (auto text = Read(*root, selector)) values.emplace_back(selector.text, *std::move(text));
    }
    return values;
  }

  bool HasField(std::string_view reference) const override {
    return SelectorOf(reference).has_value();
  }
  std::optional<std::string> ReadField(std::string_view reference,
                                       std::string_view message) const override {
    const std::optional<Selector> selector = SelectorOf(reference);
    const auto root = ParseObject(message);
    return selector && root ? Read(*root, *selector) : std::nullopt;
  }

 private:
  /// The message's object. It lives until the thread parses the next one.
  static std::optional<dom::element> ParseObject(std::string_view message) {
    // Anything else is told apart without a parse.
    const std::size_t first = message.find_first_not_of(" \t\r\n");
    if (first == message.npos || message[first] != '{') return std::nullopt;
    thread_local dom::parser parser;
    dom::element root;
    if (parser.parse(message.data(), message.size()).get(root) || !root.is_object()) {
      return std::nullopt;
    }
    return root;
  }

  static std::optional<Selector> SelectorOf(std::string_view reference) {
    PatternScanner scanner(reference);
    Result<Selector> selector = ScanSelector(scanner);
    if (!selector.ok() || !scanner.AtEnd()) return std::nullopt;
    return *std::move(selector);
  }

  static std::optional<std::string> Read(dom::element root, const Selector& selector) {
    std::optional<std::string> text;
    const Step* first = selector.steps.data();
    AnyNode(root, first, first + selector.steps.size(), [&](dom::element node) {
      bool flag = false;
      text =
          node.get(flag) == simdjson::SUCCESS ? std::string(flag ? "true" : "false") : TextOf(node);
      return text.has_value();
    });
    return text;
  }

  const Condition condition_;
  const std::vector<Selector> selectors_;
  const std::size_t regex_count_;
};

}  // namespace

Result<MatcherPtr> ParseJsonPattern(std::string_view text) {
  Parser parser(text);
  SB_TRY(Condition condition, parser.Parse());
  return MatcherPtr(std::make_shared<const JsonMatcher>(
      std::move(condition), std::move(parser.selectors), parser.regex_count));
}

}  // namespace securebase::logs
