#pragma once

// Filter patterns of CloudWatch Logs: terms, JSON selectors, space-delimited fields (spec:
// logs-api 11). A pattern is compiled once and then matched against any number of messages.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace securebase::logs {

/// Name and text, in the order of the pattern (selectors) or of the message (fields).
using ExtractedValues = std::vector<std::pair<std::string, std::string>>;

/// A compiled pattern. Immutable, cheap to copy, thread-safe.
class FilterPattern {
 public:
  enum class Kind { kTerms, kJson, kSpaceDelimited };

  static constexpr std::size_t kLengthMax = 1024;

  /// Error: kInvalidArgument, InvalidParameterException "Invalid filter pattern".
  static Result<FilterPattern> Parse(std::string_view text);

  Kind kind() const;
  /// How many `%regex%` it has: they are limited per log group.
  std::size_t regex_count() const;
  /// Whether every message matches, without a look at it.
  bool MatchesEverything() const;

  bool Matches(std::string_view message) const;

  /// None where the message does not match. Else what TestMetricFilter shows: every field of a
  /// space-delimited pattern as "$name" or "$3", the selectors of a JSON one as "$.latency", and
  /// nothing for terms.
  std::optional<ExtractedValues> Extract(std::string_view message) const;

  /// Texts that every matching message contains: lets a store skip what lacks them.
  std::vector<std::string> RequiredTexts() const;

  /// A kind of pattern, compiled; see internal/.
  class Matcher;

 private:
  friend class FieldReference;
  explicit FilterPattern(std::shared_ptr<const Matcher> matcher) : matcher_(std::move(matcher)) {}

  std::shared_ptr<const Matcher> matcher_;
};

/// What a metric filter publishes or takes as a dimension: `$.latency` of a JSON pattern, `$size`
/// of a space-delimited one.
class FieldReference {
 public:
  /// Error: kInvalidArgument for a text that does not fit the pattern's kind, or names a field that
  /// the pattern has not.
  static Result<FieldReference> Parse(std::string_view text, const FilterPattern& pattern);

  /// The field's text in a message that the pattern matches; none where it is missing, an object,
  /// an array or null.
  std::optional<std::string> Read(std::string_view message) const;

  const std::string& text() const { return text_; }

 private:
  FieldReference(std::string text, std::shared_ptr<const FilterPattern::Matcher> matcher)
      : text_(std::move(text)), matcher_(std::move(matcher)) {}

  std::string text_;
  std::shared_ptr<const FilterPattern::Matcher> matcher_;
};

/// The error of a pattern that cannot be parsed.
Error InvalidFilterPattern();

}  // namespace securebase::logs
