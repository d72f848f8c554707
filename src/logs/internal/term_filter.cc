// Patterns of terms: `ERROR -timeout "access denied" ?a ?b %\d{3}%` (spec: logs-api 11.1).

#include <algorithm>
#include <utility>

#include "logs/internal/filter_value.h"
#include "logs/internal/matcher.h"

namespace securebase::logs {
namespace {

struct Term {
  std::string text;
  std::shared_ptr<const RE2> regex;

  bool Occurs(std::string_view message) const {
    if (regex == nullptr) return message.find(text) != message.npos;
    return RE2::PartialMatch(re2::StringPiece(message.data(), message.size()), *regex);
  }
};

class TermMatcher final : public FilterPattern::Matcher {
 public:
  TermMatcher(std::vector<Term> all, std::vector<Term> any, std::vector<Term> none)
      : all_(std::move(all)), any_(std::move(any)), none_(std::move(none)) {}

  FilterPattern::Kind kind() const override { return FilterPattern::Kind::kTerms; }
  std::size_t regex_count() const override {
    std::size_t count = 0;
    for (const auto* terms : {&all_, &any_, &none_}) {
      for (const Term& term : *terms) count += term.regex != nullptr ? 1 : 0;
    }
    return count;
  }
  bool MatchesEverything() const override { return all_.empty() && any_.empty() && none_.empty(); }
  bool Matches(std::string_view message) const override {
    const auto occurs = [&](const Term& term) { return term.Occurs(message); };
    if (!std::all_of(all_.begin(), all_.end(), occurs)) return false;
    if (std::any_of(none_.begin(), none_.end(), occurs)) return false;
    return any_.empty() || std::any_of(any_.begin(), any_.end(), occurs);
  }
  std::optional<ExtractedValues> Extract(std::string_view message) const override {
    if (!Matches(message)) return std::nullopt;
    return ExtractedValues();
  }
  std::vector<std::string> RequiredTexts() const override {
    std::vector<std::string> texts;
    for (const Term& term : all_) {
      if (term.regex == nullptr) texts.push_back(term.text);
    }
    return texts;
  }
  bool HasField(std::string_view) const override { return false; }
  std::optional<std::string> ReadField(std::string_view, std::string_view) const override {
    return std::nullopt;
  }

 private:
  std::vector<Term> all_, any_, none_;
};

Result<Term> ScanTerm(PatternScanner& scanner) {
  Term term;
  if (scanner.Peek() == '"') {
    SB_TRY(term.text, scanner.Quoted());
  } else if (scanner.Peek() == '%') {
    SB_TRY(term.regex, scanner.Regex());
  } else {
    const std::size_t start = scanner.position();
    while (!scanner.AtEnd() && !IsPatternBlank(scanner.Peek()) && scanner.Peek() != '"') {
      scanner.Advance();
    }
    term.text = scanner.Since(start);
  }
  // A mark right behind another would leave open what was meant.
  if (!scanner.AtEnd() && !IsPatternBlank(scanner.Peek())) {
    return InvalidFilterPattern();
  }
  return term;
}

}  // namespace

Result<MatcherPtr> ParseTerms(std::string_view text) {
  std::vector<Term> all, any, none;
  PatternScanner scanner(text);
  for (scanner.SkipBlanks(); !scanner.AtEnd(); scanner.SkipBlanks()) {
    const std::string_view rest = scanner.rest();
    // A mark alone is a word like any other.
    const bool marked =
        (rest[0] == '?' || rest[0] == '-') && rest.size() > 1 && !IsPatternBlank(rest[1]);
    if (marked) scanner.Advance();
    SB_TRY(Term term, ScanTerm(scanner));
    std::vector<Term>& terms = !marked ? all : rest[0] == '?' ? any : none;
    terms.push_back(std::move(term));
  }
  // Beside others, optional terms have no effect.
  if (!all.empty() || !none.empty()) any.clear();
  // "" and " " match everything, as no pattern does.
  const bool alone = all.size() == 1;
  std::erase_if(all, [&](const Term& term) {
    return term.regex == nullptr && (term.text.empty() || (term.text == " " && alone));
  });
  return MatcherPtr(
      std::make_shared<const TermMatcher>(std::move(all), std::move(any), std::move(none)));
}

}  // namespace securebase::logs
