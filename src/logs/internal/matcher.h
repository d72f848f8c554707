#pragma once

// What the three kinds of filter patterns have in common.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logs/filter_pattern.h"

namespace securebase::logs {

class FilterPattern::Matcher {
 public:
  virtual ~Matcher() = default;
  virtual Kind kind() const = 0;
  virtual std::size_t regex_count() const = 0;
  virtual bool MatchesEverything() const { return false; }
  virtual bool Matches(std::string_view message) const = 0;
  virtual std::optional<ExtractedValues> Extract(std::string_view message) const = 0;
  virtual std::vector<std::string> RequiredTexts() const { return {}; }
  /// Whether `reference` ("$.a", "$name") may be read from messages of this pattern.
  virtual bool HasField(std::string_view reference) const = 0;
  virtual std::optional<std::string> ReadField(std::string_view reference,
                                               std::string_view message) const = 0;
};

using MatcherPtr = std::shared_ptr<const FilterPattern::Matcher>;

// Each parses the whole text, blanks at its ends removed.
Result<MatcherPtr> ParseTerms(std::string_view text);
Result<MatcherPtr> ParseJsonPattern(std::string_view text);
Result<MatcherPtr> ParseSpacePattern(std::string_view text);

}  // namespace securebase::logs
