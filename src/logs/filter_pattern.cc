#include "logs/filter_pattern.h"

#include "base/text.h"
#include "logs/internal/matcher.h"

namespace securebase::logs {

Error InvalidFilterPattern() {
  return Error(ErrorCode::kInvalidArgument, "Invalid filter pattern", "filterPattern",
               "InvalidParameterException");
}

Result<FilterPattern> FilterPattern::Parse(std::string_view text) {
  if (text.size() > kLengthMax * 4 || !IsValidUtf8(text)) return InvalidFilterPattern();
  const std::string_view trimmed = Trim(text);
  const char first = trimmed.empty() ? '\0' : trimmed.front();
  SB_TRY(MatcherPtr matcher, first == '{'   ? ParseJsonPattern(trimmed)
                             : first == '[' ? ParseSpacePattern(trimmed)
                                            : ParseTerms(trimmed));
  return FilterPattern(std::move(matcher));
}

FilterPattern::Kind FilterPattern::kind() const { return matcher_->kind(); }
std::size_t FilterPattern::regex_count() const { return matcher_->regex_count(); }
bool FilterPattern::MatchesEverything() const { return matcher_->MatchesEverything(); }
bool FilterPattern::Matches(std::string_view message) const { return matcher_->Matches(message); }
std::optional<ExtractedValues> FilterPattern::Extract(std::string_view message) const {
  return matcher_->Extract(message);
}
std::vector<std::string> FilterPattern::RequiredTexts() const { return matcher_->RequiredTexts(); }

Result<FieldReference> FieldReference::Parse(std::string_view text, const FilterPattern& pattern) {
  if (!pattern.matcher_->HasField(text)) {
    return InvalidArgument("", "'" + std::string(text) + "' is no field of the filter pattern");
  }
  return FieldReference(std::string(text), pattern.matcher_);
}

std::optional<std::string> FieldReference::Read(std::string_view message) const {
  return matcher_->ReadField(text_, message);
}

}  // namespace securebase::logs
