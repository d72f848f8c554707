#include "metrics/math/internal/insights.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "metrics/math/internal/token.h"

namespace securebase::metrics::math {
namespace {

constexpr int kNestingMax = 64;
constexpr std::size_t kValuesMax = 500;
constexpr std::array kFunctionNames = {"AVG", "COUNT", "MAX", "MIN", "SUM"};

struct SqlToken {
  enum class Kind { kEnd, kName, kQuotedName, kValue, kNumber, kSymbol };
  Kind kind = Kind::kEnd;
  std::size_t at = 0;
  std::string text;
};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class SqlTokenizer {
 public:
  explicit SqlTokenizer(std::string_view text) : text_(text) {}

  Result<SqlToken> Next() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != kNone) ++at_;
    SqlToken token;
    token.at = at_;
    if (at_ == text_.size()) return token;
    const char c = text_[at_];
    if (c == '\'' || c == '"') return Quoted(c);
    if (IsNameCharacter(c)) {
      while (at_ < text_.size() && IsNameCharacter(text_[at_])) token.text += text_[at_++];
      const bool number = std::all_of(token.text.begin(), token.text.end(),
                                      [](char d) { return d >= '0' && d <= '9'; });
      token.kind = number ? SqlToken::Kind::kNumber : SqlToken::Kind::kName;
      return token;
    }
    token.kind = SqlToken::Kind::kSymbol;
    token.text = c;
    ++at_;
    if (c == '!' && at_ < text_.size() && text_[at_] == '=') token.text += text_[at_++];
    if (token.text == "!" || std::string_view("!=(),.").find(c) == kNone) {
      return FaultAt(text_, token.at,
                     "Invalid syntax: unexpected '" + ToValidUtf8(token.text) + "'");
    }
    return token;
  }

 private:
  static constexpr std::size_t kNone = std::string_view::npos;

  Result<SqlToken> Quoted(char quote) {
    SqlToken token;
    token.kind = quote == '"' ? SqlToken::Kind::kQuotedName : SqlToken::Kind::kValue;
    token.at = at_++;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      token.text += text_[at_++];
    }
    if (at_ == text_.size()) {
      return FaultAt(text_, token.at, "Invalid syntax: the quote is not closed");
    }
    ++at_;
    return token;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

using ConditionPtr = std::unique_ptr<InsightsCondition>;

class SqlParser {
 public:
  SqlParser(std::string_view text, std::vector<SqlToken> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Result<InsightsQuery> Run() {
    InsightsQuery query;
    SB_TRY_OK(Expect("SELECT"));
    SB_TRY(query.function, FunctionName());
    SB_TRY_OK(Expect("("));
    SB_TRY(query.metric, Identifier("a metric"));
    SB_TRY_OK(Expect(")"));
    SB_TRY_OK(Expect("FROM"));
    SB_TRY_OK(From(query));
    if (TakeWord("WHERE")) {
      SB_TRY(query.where, Or());
    }
    if (TakeWord("GROUP")) {
      SB_TRY_OK(Expect("BY"));
      do {
        SB_TRY(std::string key, Key());
        query.group_by.push_back(std::move(key));
      } while (TakeSymbol(","));
    }
    if (TakeWord("ORDER")) {
      SB_TRY_OK(Order(query));
    }
    if (TakeWord("LIMIT")) {
      SB_TRY_OK(Limit(query));
    }
    if (Now().kind != SqlToken::Kind::kEnd) return Unexpected("the end");
    return query;
  }

 private:
  const SqlToken& Now() const { return tokens_[place_]; }
  SqlToken Take() { return tokens_[place_ + 1 < tokens_.size() ? place_++ : place_]; }

  Error Unexpected(std::string_view wanted) const {
    const std::string found =
        Now().kind == SqlToken::Kind::kEnd ? "the end" : "'" + ToValidUtf8(Now().text) + "'";
    return FaultAt(text_, Now().at,
                   "Invalid syntax: expected " + std::string(wanted) + ", found " + found);
  }

  bool IsWord(std::string_view word) const {
    return Now().kind == SqlToken::Kind::kName && EqualsIgnoreCase(Now().text, word);
  }
  bool TakeWord(std::string_view word) {
    if (!IsWord(word)) return false;
    Take();
    return true;
  }
  bool TakeSymbol(std::string_view symbol) {
    if (Now().kind != SqlToken::Kind::kSymbol || Now().text != symbol) return false;
    Take();
    return true;
  }
  Result<> Expect(std::string_view what) {
    if (TakeWord(what) || TakeSymbol(what)) return {};
    return Unexpected(what.size() == 1 ? "'" + std::string(what) + "'" : std::string(what));
  }

  Result<InsightsFunction> FunctionName() {
    for (std::size_t i = 0; i < kFunctionNames.size(); ++i) {
      if (TakeWord(kFunctionNames[i])) return static_cast<InsightsFunction>(i);
    }
    return Unexpected("AVG, COUNT, MAX, MIN or SUM");
  }

  Result<std::string> Identifier(std::string_view wanted) {
    const bool is_name = Now().kind == SqlToken::Kind::kName ||
                         Now().kind == SqlToken::Kind::kQuotedName ||
                         Now().kind == SqlToken::Kind::kNumber;
    if (!is_name || Now().text.empty()) return Unexpected(wanted);
    return Take().text;
  }

  /// A dimension. AWS also has tags of resources and its own keys here (tag."x", AWS.AccountId).
  Result<std::string> Key() {
    const std::size_t at = Now().at;
    SB_TRY(std::string key, Identifier("a key"));
    if (TakeSymbol(".")) {
      SB_TRY(const std::string rest, Identifier("a key"));
      return FaultAt(text_, at, "'" + key + "." + rest + "' is not supported by this server");
    }
    return key;
  }

  Result<> From(InsightsQuery& query) {
    const bool call = IsWord("SCHEMA") && tokens_[place_ + 1].kind == SqlToken::Kind::kSymbol &&
                      tokens_[place_ + 1].text == "(";
    if (!call) {
      SB_TRY(query.namespace_name, Identifier("a namespace"));
      return {};
    }
    Take();
    Take();
    query.schema = true;
    SB_TRY(query.namespace_name, Identifier("a namespace"));
    while (TakeSymbol(",")) {
      SB_TRY(std::string key, Key());
      query.keys.push_back(std::move(key));
    }
    std::sort(query.keys.begin(), query.keys.end());
    return Expect(")");
  }

  static ConditionPtr Make(InsightsCondition::Kind kind) {
    auto condition = std::make_unique<InsightsCondition>();
    condition->kind = kind;
    return condition;
  }

  Result<ConditionPtr> Or() {
    const Nesting nesting(depth_);
    if (depth_ > kNestingMax) {
      return FaultAt(text_, Now().at, "Invalid syntax: nested more than 64 levels deep");
    }
    return Chain("OR", InsightsCondition::Kind::kOr, &SqlParser::And);
  }
  Result<ConditionPtr> And() {
    return Chain("AND", InsightsCondition::Kind::kAnd, &SqlParser::Primary);
  }
  Result<ConditionPtr> Chain(std::string_view word, InsightsCondition::Kind kind,
                             Result<ConditionPtr> (SqlParser::*part)()) {
    SB_TRY(ConditionPtr first, (this->*part)());
    if (!IsWord(word)) return first;
    ConditionPtr all = Make(kind);
    all->children.push_back(std::move(first));
    while (TakeWord(word)) {
      SB_TRY(ConditionPtr next, (this->*part)());
      all->children.push_back(std::move(next));
    }
    return all;
  }

  Result<ConditionPtr> Primary() {
    if (TakeSymbol("(")) {
      SB_TRY(ConditionPtr inner, Or());
      SB_TRY_OK(Expect(")"));
      return inner;
    }
    SB_TRY(std::string key, Key());
    ConditionPtr condition = Make(InsightsCondition::Kind::kIn);
    condition->key = std::move(key);
    if (TakeSymbol("=") || TakeSymbol("!=")) {
      if (tokens_[place_ - 1].text == "!=") condition->kind = InsightsCondition::Kind::kNotIn;
      SB_TRY_OK(ConditionValue(*condition));
      return condition;
    }
    if (TakeWord("NOT")) condition->kind = InsightsCondition::Kind::kNotIn;
    if (!TakeWord("IN")) return Unexpected("'=', '!=', IN or NOT IN");
    SB_TRY_OK(Expect("("));
    do {
      SB_TRY_OK(ConditionValue(*condition));
    } while (TakeSymbol(","));
    SB_TRY_OK(Expect(")"));
    return condition;
  }

  Result<> ConditionValue(InsightsCondition& condition) {
    if (Now().kind != SqlToken::Kind::kValue) return Unexpected("a value in single quotes");
    if (condition.values.size() == kValuesMax) return Unexpected("at most 500 values");
    condition.values.push_back(Take().text);
    return {};
  }

  Result<> Order(InsightsQuery& query) {
    SB_TRY_OK(Expect("BY"));
    SB_TRY(query.order_by, FunctionName());
    SB_TRY_OK(Expect("("));
    SB_TRY_OK(Expect(")"));
    query.descending = TakeWord("DESC");
    if (!query.descending) TakeWord("ASC");
    return {};
  }

  Result<> Limit(InsightsQuery& query) {
    const auto number = Now().kind == SqlToken::Kind::kNumber ? ParseInt(Now().text) : std::nullopt;
    if (!number || *number < 1 || *number > static_cast<std::int64_t>(kInsightsSeriesMax)) {
      return Unexpected("a number from 1 to 500");
    }
    Take();
    query.limit = static_cast<std::size_t>(*number);
    return {};
  }

  struct Nesting {
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    int& depth_;
  };

  const std::string_view text_;
  const std::vector<SqlToken> tokens_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

const std::string* ValueOf(const Metric& metric, std::string_view key) {
  for (const Dimension& dimension : metric.dimensions) {
    if (dimension.name == key) return &dimension.value;
  }
  return nullptr;
}

bool Holds(const InsightsCondition& condition, const Metric& metric) {
  auto holds = [&](const ConditionPtr& child) { return Holds(*child, metric); };
  switch (condition.kind) {
    case InsightsCondition::Kind::kAnd:
      return std::all_of(condition.children.begin(), condition.children.end(), holds);
    case InsightsCondition::Kind::kOr:
      return std::any_of(condition.children.begin(), condition.children.end(), holds);
    case InsightsCondition::Kind::kIn:
    case InsightsCondition::Kind::kNotIn:
      break;
  }
  const std::string* value = ValueOf(metric, condition.key);
  const bool among = value != nullptr && std::find(condition.values.begin(), condition.values.end(),
                                                   *value) != condition.values.end();
  return among == (condition.kind == InsightsCondition::Kind::kIn);
}

bool Accepts(const InsightsQuery& query, const Metric& metric) {
  if (query.schema &&
      !std::equal(metric.dimensions.begin(), metric.dimensions.end(), query.keys.begin(),
                  query.keys.end(),
                  [](const Dimension& a, const std::string& b) { return a.name == b; })) {
    return false;
  }
  return query.where == nullptr || Holds(*query.where, metric);
}

/// What a store can look up in its index: conditions that every match fulfils.
void Narrow(const InsightsCondition& condition, MetricFilter& filter) {
  if (condition.kind == InsightsCondition::Kind::kAnd) {
    for (const ConditionPtr& child : condition.children) Narrow(*child, filter);
  } else if (condition.kind == InsightsCondition::Kind::kIn && condition.values.size() == 1 &&
             !condition.values[0].empty()) {
    filter.dimensions.push_back({condition.key, condition.values[0]});
  }
}

std::string QuotedIn(std::string_view text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  return out + quote;
}

std::string JoinedNames(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + QuotedIn(name, '"');
  return out;
}

std::string ConditionText(const InsightsCondition& condition) {
  std::string out;
  if (!condition.children.empty()) {
    const char* word = condition.kind == InsightsCondition::Kind::kAnd ? " AND " : " OR ";
    for (const ConditionPtr& child : condition.children) {
      out += (out.empty() ? "(" : word) + ConditionText(*child);
    }
    return out + ")";
  }
  for (const std::string& value : condition.values) {
    out += (out.empty() ? "" : ", ") + QuotedIn(value, '\'');
  }
  const char* word = condition.kind == InsightsCondition::Kind::kIn ? " IN (" : " NOT IN (";
  return QuotedIn(condition.key, '"') + word + out + ")";
}

}  // namespace

std::string_view ToText(InsightsFunction function) {
  return kFunctionNames[static_cast<std::size_t>(function)];
}

MetricSelection InsightsQuery::Selection() const {
  MetricSelection selection;
  selection.filter.namespace_name = namespace_name;
  selection.filter.name = metric;
  if (schema) selection.filter.dimension_names = keys;
  if (where != nullptr) Narrow(*where, selection.filter);
  selection.accepts = [this](const Metric& one) { return Accepts(*this, one); };
  return selection;
}

Statistic InsightsQuery::statistic() const {
  Statistic statistic;
  switch (function) {
    case InsightsFunction::kAvg:
      statistic.kind = Statistic::Kind::kAverage;
      statistic.text = "Average";
      break;
    case InsightsFunction::kCount:
      statistic.kind = Statistic::Kind::kSampleCount;
      statistic.text = "SampleCount";
      break;
    case InsightsFunction::kMax:
      statistic.kind = Statistic::Kind::kMaximum;
      statistic.text = "Maximum";
      break;
    case InsightsFunction::kMin:
      statistic.kind = Statistic::Kind::kMinimum;
      statistic.text = "Minimum";
      break;
    case InsightsFunction::kSum:
      statistic.kind = Statistic::Kind::kSum;
      statistic.text = "Sum";
      break;
  }
  return statistic;
}

std::vector<std::string> InsightsQuery::GroupOf(const Metric& one) const {
  std::vector<std::string> group;
  group.reserve(group_by.size());
  for (const std::string& key : group_by) {
    const std::string* value = ValueOf(one, key);
    group.push_back(value != nullptr ? *value : "Other");
  }
  return group;
}

Result<InsightsQuery> ParseInsights(std::string_view text) {
  SqlTokenizer tokenizer(text);
  std::vector<SqlToken> tokens;
  do {
    SB_TRY(SqlToken token, tokenizer.Next());
    tokens.push_back(std::move(token));
  } while (tokens.back().kind != SqlToken::Kind::kEnd);
  return SqlParser(text, std::move(tokens)).Run();
}

std::string ToText(const InsightsQuery& query) {
  std::string out = "SELECT " + std::string(ToText(query.function)) + "(" +
                    QuotedIn(query.metric, '"') + ") FROM ";
  const std::string space = QuotedIn(query.namespace_name, '"');
  out += query.schema
             ? "SCHEMA(" + space + (query.keys.empty() ? "" : ", " + JoinedNames(query.keys)) + ")"
             : space;
  if (query.where != nullptr) out += " WHERE " + ConditionText(*query.where);
  if (!query.group_by.empty()) out += " GROUP BY " + JoinedNames(query.group_by);
  if (query.order_by) {
    out += " ORDER BY " + std::string(ToText(*query.order_by)) + "()" +
           (query.descending ? " DESC" : "");
  }
  if (query.limit) out += " LIMIT " + std::to_string(*query.limit);
  return out;
}

}  // namespace securebase::metrics::math
