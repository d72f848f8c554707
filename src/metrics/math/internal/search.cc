#include "metrics/math/internal/search.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "metrics/math/internal/token.h"

namespace securebase::metrics::math {
namespace {

constexpr int kNestingMax = 64;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return (c >= 'a' && c <= 'z') || (c & 0x80) != 0; }
bool IsAlphanumeric(char c) { return IsUpper(c) || IsDigit(c) || IsLower(c); }

bool IsBoundary(std::string_view text, std::size_t i) {
  const char before = text[i - 1], here = text[i];
  if (IsDigit(before) != IsDigit(here)) return true;
  if (IsLower(before) && IsUpper(here)) return true;
  // The last capital of a run begins the word after it.
  return IsUpper(before) && IsUpper(here) && i + 1 < text.size() && IsLower(text[i + 1]);
}

std::string JoinedAlphanumerics(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (IsAlphanumeric(c)) out += c;
  }
  return ToLower(out);
}

}  // namespace

std::vector<std::string_view> SearchTokens(std::string_view text) {
  std::vector<std::string_view> tokens;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool inside = i < text.size() && IsAlphanumeric(text[i]);
    if (inside && (i == start || !IsBoundary(text, i))) continue;
    if (i > start) tokens.push_back(text.substr(start, i - start));
    start = inside ? i : i + 1;
  }
  return tokens;
}

SearchWord::SearchWord(std::string_view text) : joined_(JoinedAlphanumerics(text)) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    while (end < text.size() && IsAlphanumeric(text[end])) ++end;
    const auto pieces = SearchTokens(text.substr(at, end - at));
    for (std::string_view piece : pieces) {
      tokens_.push_back({std::string(piece), pieces.size() > 1});
    }
    at = end + 1;
  }
}

bool SearchWord::Matches(std::string_view target) const {
  const std::vector<std::string_view> tokens = SearchTokens(target);
  auto same = [](const Part& part, std::string_view token) {
    return part.exact_case ? part.text == token : EqualsIgnoreCase(part.text, token);
  };
  for (std::size_t at = 0; at + tokens_.size() <= tokens.size(); ++at) {
    if (std::equal(tokens_.begin(), tokens_.end(), tokens.begin() + static_cast<long>(at), same)) {
      return true;
    }
  }
  return joined_ == JoinedAlphanumerics(target);
}

namespace {

using TermPtr = std::unique_ptr<SearchTerm>;

TermPtr MakeTerm(SearchTerm::Kind kind) {
  auto term = std::make_unique<SearchTerm>();
  term->kind = kind;
  return term;
}

class SearchParser {
 public:
  SearchParser(std::string_view text, std::string_view expression, std::size_t base)
      : text_(text), expression_(expression), base_(base) {}

  Result<Search> Run() {
    Search search;
    SkipBlanks();
    if (Peek() == '{') {
      SB_TRY_OK(Schema(search));
      SkipBlanks();
      if (Peek() == ',') ++at_;
    }
    SkipBlanks();
    if (at_ < text_.size()) {
      SB_TRY(search.term, Or(""));
      SkipBlanks();
      if (at_ < text_.size()) return Fault(at_, "the bracket was never opened");
    } else if (!search.namespace_name) {
      return Fault(0, "nothing to search for");
    }
    return search;
  }

 private:
  Error Fault(std::size_t at, std::string_view message) const {
    return FaultAt(expression_, base_ + at, "Invalid search: " + std::string(message));
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipBlanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != kNone) ++at_;
  }

  Result<> Schema(Search& search) {
    const std::size_t open = at_++;
    std::vector<std::string> names;
    for (;;) {
      SkipBlanks();
      std::string name;
      if (Peek() == '"') {
        SB_TRY(name, Quoted());
        SkipBlanks();
      } else {
        const std::size_t end = std::min(text_.find_first_of(",}", at_), text_.size());
        name = Trim(text_.substr(at_, end - at_));
        at_ = end;
      }
      if (name.empty()) return Fault(at_, "a name is missing between the braces");
      names.push_back(std::move(name));
      const char next = Peek();
      if (next == '\0') return Fault(open, "the brace is not closed");
      if (next != ',' && next != '}') return Fault(at_, "expected ',' or '}'");
      ++at_;
      if (next == '}') break;
    }
    search.namespace_name = names[0];
    if (names.size() > 1) {
      search.dimensions.emplace(names.begin() + 1, names.end());
      std::sort(search.dimensions->begin(), search.dimensions->end());
    }
    return {};
  }

  Result<std::string> Quoted() {
    const std::size_t open = at_++;
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (at_ == text_.size()) return Fault(open, "the quote is not closed");
    ++at_;
    return out;
  }

  std::string_view PeekWord() const {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n()\"={}", at_), text_.size());
    return text_.substr(at_, end - at_);
  }

  bool TakeKeyword(std::string_view keyword) {
    SkipBlanks();
    if (PeekWord() != keyword) return false;
    // As a property's name it is none: AND="x".
    if (at_ + keyword.size() < text_.size() && text_[at_ + keyword.size()] == '=') return false;
    at_ += keyword.size();
    return true;
  }

  Result<TermPtr> Or(const std::string& property) {
    const Nesting nesting(depth_);
    if (depth_ > kNestingMax) return Fault(at_, "nested more than 64 levels deep");
    SB_TRY(TermPtr first, And(property));
    if (!TakeKeyword("OR")) return first;
    TermPtr all = MakeTerm(SearchTerm::Kind::kOr);
    all->children.push_back(std::move(first));
    do {
      SB_TRY(TermPtr next, And(property));
      all->children.push_back(std::move(next));
    } while (TakeKeyword("OR"));
    return all;
  }

  bool AtEndOfAnd() {
    SkipBlanks();
    if (at_ == text_.size() || Peek() == ')') return true;
    const std::size_t here = at_;
    const bool is_or = TakeKeyword("OR");
    at_ = here;
    return is_or;
  }

  Result<TermPtr> And(const std::string& property) {
    SB_TRY(TermPtr first, Not(property));
    if (AtEndOfAnd()) return first;
    TermPtr all = MakeTerm(SearchTerm::Kind::kAnd);
    all->children.push_back(std::move(first));
    while (!AtEndOfAnd()) {
      TakeKeyword("AND");
      SB_TRY(TermPtr next, Not(property));
      all->children.push_back(std::move(next));
    }
    return all;
  }

  Result<TermPtr> Not(const std::string& property) {
    bool negative = false;
    while (TakeKeyword("NOT")) negative = !negative;
    SB_TRY(TermPtr inner, Primary(property));
    if (!negative) return inner;
    TermPtr term = MakeTerm(SearchTerm::Kind::kNot);
    term->children.push_back(std::move(inner));
    return term;
  }

  Result<TermPtr> Primary(const std::string& property) {
    SkipBlanks();
    if (Peek() == '(') {
      const std::size_t open = at_++;
      SB_TRY(TermPtr inner, Or(property));
      SkipBlanks();
      if (Peek() != ')') return Fault(open, "the bracket is not closed");
      ++at_;
      return inner;
    }
    const std::size_t start = at_;
    const bool quoted = Peek() == '"';
    std::string text;
    if (quoted) {
      SB_TRY(text, Quoted());
    } else {
      text = PeekWord();
      at_ += text.size();
    }
    if (!quoted && (text.empty() || text == "AND" || text == "OR")) {
      return Fault(start, "expected a word");
    }
    SkipBlanks();
    if (Peek() != '=') return Atom(start, property, std::move(text), quoted);
    if (!property.empty()) return Fault(start, "a property within a property");
    ++at_;
    SkipBlanks();
    if (Peek() == '(') return Primary(text);
    const std::size_t value = at_;
    std::string exact;
    if (Peek() == '"') {
      SB_TRY(exact, Quoted());
      return Atom(value, text, std::move(exact), true);
    }
    std::string word(PeekWord());
    at_ += word.size();
    if (word.empty()) return Fault(value, "expected a value after '='");
    return Atom(value, text, std::move(word), false);
  }

  Result<TermPtr> Atom(std::size_t at, std::string property, std::string text, bool exact) {
    TermPtr term = MakeTerm(exact ? SearchTerm::Kind::kExact : SearchTerm::Kind::kWord);
    term->property = std::move(property);
    term->text = std::move(text);
    if (!exact) {
      term->word.emplace(term->text);
      if (!term->word->usable()) {
        return Fault(at, "'" + ToValidUtf8(term->text) + "' holds no letter and no digit");
      }
    }
    return term;
  }

  struct Nesting {
    explicit Nesting(int& depth) : depth_(depth) { ++depth_; }
    ~Nesting() { --depth_; }
    int& depth_;
  };

  static constexpr std::size_t kNone = std::string_view::npos;
  const std::string_view text_;
  const std::string_view expression_;
  const std::size_t base_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

bool Fits(const SearchTerm& term, std::string_view target) {
  return term.kind == SearchTerm::Kind::kExact ? term.text == target : term.word->Matches(target);
}

bool MatchesAtom(const SearchTerm& term, const Metric& metric, std::string_view account) {
  if (term.property == "MetricName") return Fits(term, metric.name);
  if (term.property == "Namespace") return Fits(term, metric.namespace_name);
  if (term.property == ":aws.AccountId") return term.text == "LOCAL" || term.text == account;
  if (!term.property.empty()) {
    return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& one) {
      return one.name == term.property && Fits(term, one.value);
    });
  }
  return Fits(term, metric.name) || Fits(term, metric.namespace_name) ||
         std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& one) {
           return Fits(term, one.name) || Fits(term, one.value);
         });
}

bool MatchesTerm(const SearchTerm& term, const Metric& metric, std::string_view account) {
  auto matches = [&](const TermPtr& child) { return MatchesTerm(*child, metric, account); };
  switch (term.kind) {
    case SearchTerm::Kind::kAnd:
      return std::all_of(term.children.begin(), term.children.end(), matches);
    case SearchTerm::Kind::kOr:
      return std::any_of(term.children.begin(), term.children.end(), matches);
    case SearchTerm::Kind::kNot:
      return !matches(term.children[0]);
    case SearchTerm::Kind::kExact:
    case SearchTerm::Kind::kWord:
      return MatchesAtom(term, metric, account);
  }
  return false;
}

/// What a store can look up in its index: conditions that every match fulfils.
void Narrow(const SearchTerm& term, MetricFilter& filter) {
  if (term.kind == SearchTerm::Kind::kAnd) {
    for (const TermPtr& child : term.children) Narrow(*child, filter);
  }
  if (term.kind != SearchTerm::Kind::kExact) return;
  if (term.property == "MetricName") {
    filter.name = term.text;
  } else if (term.property == "Namespace") {
    filter.namespace_name = term.text;
  } else if (!term.property.empty() && term.property[0] != ':' && !term.text.empty()) {
    filter.dimensions.push_back({term.property, term.text});
  }
}

}  // namespace

bool Search::Matches(const Metric& metric, std::string_view account) const {
  if (namespace_name && metric.namespace_name != *namespace_name) return false;
  if (dimensions) {
    const bool same = std::equal(
        metric.dimensions.begin(), metric.dimensions.end(), dimensions->begin(), dimensions->end(),
        [](const Dimension& a, const std::string& b) { return a.name == b; });
    if (!same) return false;
  }
  return term == nullptr || MatchesTerm(*term, metric, account);
}

MetricSelection Search::Selection(std::string account) const {
  MetricSelection selection;
  selection.filter.dimension_names = dimensions;
  if (term != nullptr) Narrow(*term, selection.filter);
  if (namespace_name) selection.filter.namespace_name = namespace_name;
  selection.accepts = [this, account = std::move(account)](const Metric& metric) {
    return Matches(metric, account);
  };
  return selection;
}

Result<Search> ParseSearch(std::string_view text, std::string_view expression, std::size_t base) {
  if (text.size() > kSearchBytesMax) {
    return FaultAt(expression, base, "Invalid search: longer than 1024 characters");
  }
  return SearchParser(text, expression, base).Run();
}

}  // namespace securebase::metrics::math
