// Space-delimited patterns: `[time, request_id, level = ERROR*, ...]` (spec: logs-api 11.4).

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "logs/internal/filter_value.h"
#include "logs/internal/matcher.h"

namespace securebase::logs {
namespace {

constexpr std::size_t kRegexMax = 2;
constexpr int kDepthMax = 64;

struct Field {
  std::string_view text;  // without quotes or brackets
  std::size_t start = 0;  // of the field in the message, its mark included
};

/// Where a field in quotes or brackets ends, its mark included: at the closing mark that a blank or
/// the end follows. `npos`: nowhere, so the mark is a character like any other.
std::size_t MarkedEnd(std::string_view message, std::size_t start) {
  const char close = message[start] == '"' ? '"' : ']';
  for (std::size_t i = start + 1; i < message.size(); ++i) {
    if (message[i] == '\\' && close == '"') {
      ++i;
    } else if (message[i] == close && (i + 1 == message.size() || IsPatternBlank(message[i + 1]))) {
      return i + 1;
    }
  }
  return message.npos;
}

void CutFields(std::string_view message, std::vector<Field>& fields) {
  fields.clear();
  // An opening mark that no closing one follows is looked for once, not at every field.
  bool quotes = true, brackets = true;
  for (std::size_t i = 0; i < message.size();) {
    if (IsPatternBlank(message[i])) {
      ++i;
      continue;
    }
    bool* marks = message[i] == '"' ? &quotes : message[i] == '[' ? &brackets : nullptr;
    if (marks != nullptr && *marks) {
      const std::size_t end = MarkedEnd(message, i);
      if (end != message.npos) {
        fields.push_back({message.substr(i + 1, end - i - 2), i});
        i = end;
        continue;
      }
      *marks = false;
    }
    std::size_t end = i;
    while (end < message.size() && !IsPatternBlank(message[end])) ++end;
    fields.push_back({message.substr(i, end - i), i});
    i = end;
  }
}

struct Condition {
  enum class Test { kNone, kAnd, kOr, kCompare };
  Test test = Test::kNone;
  std::vector<Condition> parts;
  CompareOp op = CompareOp::kEqual;
  FilterValue value;

  bool Holds(std::string_view text) const {
    const auto holds = [&](const Condition& part) { return part.Holds(text); };
    switch (test) {
      case Test::kNone:
        return true;
      case Test::kAnd:
        return std::all_of(parts.begin(), parts.end(), holds);
      case Test::kOr:
        return std::any_of(parts.begin(), parts.end(), holds);
      case Test::kCompare:
        return value.Compare(op, text);
    }
    return false;
  }
};

struct Part {
  std::string name;  // empty: unnamed
  bool ellipsis = false;
  Condition condition;
};

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text) {}

  Result<std::vector<Part>> Parse() {
    std::vector<Part> parts;
    if (!scanner_.Take("[")) return InvalidFilterPattern();
    scanner_.SkipBlanks();
    if (!scanner_.Take("]")) {
      do {
        SB_TRY(Part part, OnePart());
        parts.push_back(std::move(part));
        scanner_.SkipBlanks();
      } while (scanner_.Take(","));
      if (!scanner_.Take("]")) return InvalidFilterPattern();
    }
    if (!scanner_.AtEnd() || regex_count > kRegexMax) return InvalidFilterPattern();
    const auto ellipses =
        std::count_if(parts.begin(), parts.end(), [](const Part& part) { return part.ellipsis; });
    if (ellipses > 1) return InvalidFilterPattern();
    return parts;
  }

  std::size_t regex_count = 0;

 private:
  Result<Part> OnePart() {
    Part part;
    scanner_.SkipBlanks();
    if (scanner_.Take("...")) {
      part.ellipsis = true;
      return part;
    }
    if (scanner_.Peek() == ',' || scanner_.Peek() == ']') return part;
    SB_TRY(part.condition, Joined(Condition::Test::kOr, "||", part, 0));
    return part;
  }

  Result<Condition> Joined(Condition::Test test, std::string_view mark, Part& part, int depth) {
    Condition joined{.test = test};
    do {
      SB_TRY(Condition one, test == Condition::Test::kOr
                                ? Joined(Condition::Test::kAnd, "&&", part, depth)
                                : One(part, depth));
      joined.parts.push_back(std::move(one));
      scanner_.SkipBlanks();
    } while (scanner_.Take(mark));
    if (joined.parts.size() > 1) {
      const bool bare = std::any_of(joined.parts.begin(), joined.parts.end(), [](const auto& one) {
        return one.test == Condition::Test::kNone;
      });
      if (bare) return InvalidFilterPattern();
      return joined;
    }
    Condition only = std::move(joined.parts.front());
    return only;
  }

  Result<Condition> One(Part& part, int depth) {
    scanner_.SkipBlanks();
    if (scanner_.Take("(")) {
      if (depth == kDepthMax) return InvalidFilterPattern();
      SB_TRY(Condition inner, Joined(Condition::Test::kOr, "||", part, depth + 1));
      scanner_.SkipBlanks();
      if (!scanner_.Take(")")) return InvalidFilterPattern();
      return inner;
    }
    const std::size_t start = scanner_.position();
    while (!scanner_.AtEnd() && IsNameCharacter(scanner_.Peek())) scanner_.Advance();
    const std::string_view name = scanner_.Since(start);
    if (name.empty()) return InvalidFilterPattern();
    if (part.name.empty()) part.name = name;
    if (!EqualsIgnoreCase(part.name, name)) return InvalidFilterPattern();
    scanner_.SkipBlanks();
    Condition condition;
    const auto op = TakeOperator(scanner_);
    if (!op) return condition;
    condition.test = Condition::Test::kCompare;
    condition.op = *op;
    scanner_.SkipBlanks();
    SB_TRY(condition.value, FilterValue::Scan(scanner_, *op, ",])"));
    regex_count += condition.value.is_regex() ? 1 : 0;
    return condition;
  }

  PatternScanner scanner_;
};

class SpaceMatcher final : public FilterPattern::Matcher {
 public:
  SpaceMatcher(std::vector<Part> parts, std::size_t regex_count)
      : parts_(std::move(parts)), regex_count_(regex_count) {
    const auto ellipsis =
        std::find_if(parts_.begin(), parts_.end(), [](const Part& part) { return part.ellipsis; });
    head_ = static_cast<std::size_t>(ellipsis - parts_.begin());
    tail_ = ellipsis == parts_.end() ? 0 : parts_.size() - head_ - 1;
    open_ = ellipsis != parts_.end();
  }

  FilterPattern::Kind kind() const override { return FilterPattern::Kind::kSpaceDelimited; }
  std::size_t regex_count() const override { return regex_count_; }
  bool MatchesEverything() const override { return parts_.empty(); }

  bool Matches(std::string_view message) const override { return Read(message).has_value(); }

  std::optional<ExtractedValues> Extract(std::string_view message) const override {
    const auto fields = Read(message);
    if (!fields) return std::nullopt;
    ExtractedValues values;
    for (std::size_t i = 0; i < fields->size(); ++i) {
      const Part* part = PartOf(i, fields->size());
      const bool named = part != nullptr && !part->name.empty();
      values.emplace_back(named ? "$" + part->name : "$" + std::to_string(i + 1),
                          (*fields)[i].text);
    }
    return values;
  }

  bool HasField(std::string_view reference) const override {
    if (!reference.starts_with("$")) return false;
    const std::string_view name = reference.substr(1);
    return ParseInt(name).value_or(0) > 0 || Named(name);
  }

  std::optional<std::string> ReadField(std::string_view reference,
                                       std::string_view message) const override {
    const auto values = Extract(message);
    if (!values) return std::nullopt;
    for (const auto& [name, text] : *values) {
      if (EqualsIgnoreCase(name, reference)) return text;
    }
    return std::nullopt;
  }

 private:
  bool Named(std::string_view name) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
      return !part.name.empty() && EqualsIgnoreCase(part.name, name);
    });
  }

  /// The part that stands for field `i` of `count`; null below "...".
  const Part* PartOf(std::size_t i, std::size_t count) const {
    if (i < head_) return &parts_[i];
    if (tail_ > 0 && i >= count - tail_) return &parts_[parts_.size() - (count - i)];
    return nullptr;
  }

  /// The fields where all conditions hold; a last plain part has taken the rest of the message.
  std::optional<std::vector<Field>> Read(std::string_view message) const {
    std::vector<Field> fields;
    CutFields(message, fields);
    if (parts_.empty()) return fields;
    if (fields.size() < head_ + tail_) return std::nullopt;
    if (!open_ && fields.size() > head_) {
      if (parts_.back().condition.test != Condition::Test::kNone) return std::nullopt;
      Field& last = fields[head_ - 1];
      last.text = Trim(message.substr(last.start));
      fields.resize(head_);
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const Part* part = PartOf(i, fields.size());
      if (part != nullptr && !part->condition.Holds(fields[i].text)) return std::nullopt;
    }
    return fields;
  }

  const std::vector<Part> parts_;
  const std::size_t regex_count_;
  std::size_t head_ = 0;  // parts before "...", or all
  std::size_t tail_ = 0;  // parts after it
  bool open_ = false;     // has "..."
};

}  // namespace

Result<MatcherPtr> ParseSpacePattern(std::string_view text) {
  Parser parser(text);
  SB_TRY(std::vector<Part> parts, parser.Parse());
  return MatcherPtr(std::make_shared<const SpaceMatcher>(std::move(parts), parser.regex_count));
}

}  // namespace securebase::logs
