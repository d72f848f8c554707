#include "insights/internal/pattern.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/text.h"
#include "insights/internal/cell.h"
#include "insights/internal/subnet.h"

namespace securebase::insights::internal {
namespace {

using Token = TemplateMiner::Template::Token;

// Groups closer than this share a template.
constexpr double kSimilarity = 0.5;
constexpr std::size_t kTokensMax = 200;
constexpr std::size_t kTemplatesMax = 100'000;

bool IsSeparator(char c) {
  static constexpr std::string_view kSeparators = " \t\r\n,;=()[]{}<>|\"'";
  return kSeparators.find(c) != std::string_view::npos;
}

bool All(std::string_view text, int (*test)(int)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return test(static_cast<unsigned char>(c)) != 0;
  });
}

bool IsUuid(std::string_view t) {
  if (t.size() != 36) return false;
  for (std::size_t i = 0; i < t.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? t[i] != '-' : std::isxdigit(static_cast<unsigned char>(t[i])) == 0) return false;
  }
  return true;
}

// "12ms", "1.5s", "300": a number with at most a short unit.
bool IsQuantity(std::string_view t) {
  std::size_t i = !t.empty() && (t[0] == '-' || t[0] == '+') ? 1 : 0;
  const std::size_t first = i;
  while (i < t.size() && (std::isdigit(static_cast<unsigned char>(t[i])) != 0 || t[i] == '.')) ++i;
  if (i == first) return false;
  static constexpr std::string_view kUnits[] = {"",   "ms", "s",   "us",  "ns", "m",
                                                "h",  "d",  "%",   "B",   "KB", "MB",
                                                "GB", "kB", "KiB", "MiB", "GiB"};
  return std::find(std::begin(kUnits), std::end(kUnits), t.substr(i)) != std::end(kUnits);
}

// What kind of value a token is; nothing for a word.
std::string_view TypeOf(std::string_view token) {
  std::string_view t = token;
  while (!t.empty() && (t.back() == ':' || t.back() == '.')) t.remove_suffix(1);
  if (t.empty()) return {};
  if (IsUuid(t)) return "UUID";
  if (ReadNumber(t)) return "Number";
  if (IsQuantity(t)) return "Number";
  if (std::isdigit(static_cast<unsigned char>(t[0])) != 0 && t.size() >= 8) {
    const auto count = [&](char c) { return std::count(t.begin(), t.end(), c); };
    if (count('-') >= 2 || (count(':') == 2 && All(t.substr(0, 2), std::isdigit))) return "Time";
    if (count('/') == 2) return "Time";
  }
  const std::size_t colon = t.rfind(':');
  const std::string_view host =
      colon == std::string_view::npos || t.find(':') != colon ? t : t.substr(0, colon);
  if (t.find_first_of(".:") != std::string_view::npos && (ReadAddress(t) || ReadAddress(host))) {
    return "IPAddress";
  }
  if (t.starts_with("0x") && All(t.substr(2), std::isxdigit)) return "Hex";
  if (t.size() >= 8 && All(t, std::isxdigit) &&
      std::any_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return "Hex";
  }
  if (t.starts_with("http://") || t.starts_with("https://")) return "URL";
  if (t.starts_with("arn:")) return "ARN";
  // Identifiers: words with digits in them ("rpt-00a1", "tag_17").
  const auto digits =
      std::count_if(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits >= 2 || (digits == 1 && t.find_first_of("-_/") != std::string_view::npos)) return "ID";
  return {};
}

// Where the quoted text that opens at `i` closes, if it is one value: short, ending at a separator,
// and no key of JSON.
std::optional<std::size_t> ClosingQuote(std::string_view text, std::size_t i) {
  if ((text[i] != '"' && text[i] != '\'') || (i > 0 && !IsSeparator(text[i - 1]))) return {};
  const std::size_t close = text.find(text[i], i + 1);
  if (close == std::string_view::npos || close == i + 1 || close - i > 120) return {};
  if (text.substr(i, close - i).find_first_of("{}[]=") != std::string_view::npos) return {};
  if (close + 1 < text.size() && (!IsSeparator(text[close + 1]))) return {};
  return close;
}

// A number before a unit of time, or right behind the word itself, is a time.
void MarkTimes(std::vector<Token>& tokens) {
  static constexpr std::string_view kUnits[] = {
      "ms", "s",       "sec",    "secs",  "seconds", "second", "us",
      "ns", "minutes", "minute", "hours", "hour",    "millis", "milliseconds"};
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].type != "Number") continue;
    std::string_view next = i + 1 < tokens.size() ? std::string_view(tokens[i + 1].text) : "";
    while (next.ends_with('.') || next.ends_with(':')) next.remove_suffix(1);
    const std::string_view own = tokens[i].text;
    const bool unit = std::find(std::begin(kUnits), std::end(kUnits), next) != std::end(kUnits) ||
                      (!own.empty() && own.back() == 's');
    if (unit) tokens[i].type = "Time";
  }
}

std::vector<Token> Tokenise(std::string_view text, std::string& after) {
  std::vector<Token> tokens;
  std::size_t i = 0, closed = std::string_view::npos;
  while (i < text.size()) {
    const std::size_t start = i;
    std::optional<std::size_t> close;
    while (i < text.size() && IsSeparator(text[i])) {
      if (i != closed) close = ClosingQuote(text, i);
      ++i;
      if (close) break;
    }
    if (i == text.size() || tokens.size() == kTokensMax) {
      after = text.substr(start);
      break;
    }
    Token token;
    token.before = text.substr(start, i - start);
    const std::size_t word = i;
    if (close) {
      token.type = "String";
      i = closed = *close;
    } else {
      while (i < text.size() && !IsSeparator(text[i])) ++i;
    }
    token.text = text.substr(word, i - word);
    if (!close) token.type = TypeOf(token.text);
    tokens.push_back(std::move(token));
  }
  MarkTimes(tokens);
  return tokens;
}

std::string SeverityOf(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"fatal", "FATAL"},     {"critical", "FATAL"}, {"panic", "FATAL"}, {"error", "ERROR"},
      {"exception", "ERROR"}, {"failed", "ERROR"},   {"warn", "WARN"},   {"debug", "DEBUG"},
      {"trace", "TRACE"},     {"info", "INFO"}};
  const std::string lower = ToLower(text);
  for (const auto& [word, label] : kWords) {
    if (lower.find(word) != std::string::npos) return std::string(label);
  }
  return {};
}

}  // namespace

std::string TemplateMiner::Template::ToText() const {
  std::string out;
  int number = 0;  // counts all variables of the pattern
  for (const Token& token : tokens) {
    out += token.before;
    if (token.type.empty()) {
      out += token.text;
      continue;
    }
    out += '<' + token.type + '-' + std::to_string(++number) + '>';
    // "12:" keeps its colon.
    if (!token.text.empty() && (token.text.back() == ':' || token.text.back() == '.')) {
      out += token.text.back();
    }
  }
  return out + after;
}

void TemplateMiner::Add(std::string_view text, std::uint64_t count) {
  std::string after;
  std::vector<Token> tokens = Tokenise(text.substr(0, 4096), after);
  // The leaf: how many tokens, and the first two words that are no values.
  std::string leaf = std::to_string(tokens.size());
  int depth = 0;
  for (const Token& token : tokens) {
    if (depth++ == 2) break;
    leaf += '\0' + (token.type.empty() ? token.text : "<" + token.type + ">");
  }
  std::vector<std::uint32_t>& groups = leaves_[leaf];
  std::optional<std::uint32_t> best;
  double best_share = -1;
  for (const std::uint32_t g : groups) {
    const Template& candidate = templates_[g];
    std::size_t equal = 0, variables = 0;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const Token& mine = tokens[i];
      const Token& theirs = candidate.tokens[i];
      const bool variable = !theirs.type.empty() && (!mine.type.empty() || theirs.type == "Token");
      if (variable) {
        ++variables;
      } else if (mine.type.empty() && theirs.type.empty() && mine.text == theirs.text) {
        ++equal;
      }
    }
    const double words = static_cast<double>(tokens.size() - variables);
    const double share = words == 0 ? 1 : static_cast<double>(equal) / words;
    if (share >= kSimilarity && share > best_share) {
      best = g;
      best_share = share;
    }
  }
  if (!best) {
    if (templates_.size() >= kTemplatesMax) return;
    best = static_cast<std::uint32_t>(templates_.size());
    groups.push_back(*best);
    Template made;
    made.tokens = std::move(tokens);
    made.after = std::move(after);
    made.severity = SeverityOf(text);
    bytes_ += 200 + text.size() * 3;
    templates_.push_back(std::move(made));
  } else {
    Template& group = templates_[*best];
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      Token& theirs = group.tokens[i];
      if (theirs.type == tokens[i].type &&
          (!theirs.type.empty() || theirs.text == tokens[i].text)) {
        continue;
      }
      theirs.type = "Token";
    }
  }
  templates_[*best].count += count;
}

}  // namespace securebase::insights::internal
