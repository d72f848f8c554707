// Property: whatever the pattern and the message, parsing and matching end; a message that a
// pattern matches is one that it extracts from, and holds the texts that it requires.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securebase;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The pattern is the first line, the message the rest.
  const std::size_t cut = text.find('\n');
  const std::string_view message = cut == text.npos ? std::string_view() : text.substr(cut + 1);
  const auto pattern = logs::FilterPattern::Parse(text.substr(0, cut));
  if (!pattern.ok()) {
    SB_CHECK(pattern.error().message() == "Invalid filter pattern");
    return 0;
  }
  const bool matches = pattern->Matches(message);
  SB_CHECK(!pattern->MatchesEverything() || matches);
  const auto values = pattern->Extract(message);
  SB_CHECK(values.has_value() == matches);
  if (!matches) return 0;
  for (const std::string& required : pattern->RequiredTexts()) {
    SB_CHECK(message.find(required) != message.npos);
  }
  for (const auto& [name, value] : *values) {
    const auto field = logs::FieldReference::Parse(name, *pattern);
    SB_CHECK(!field.ok() || field->Read(message).has_value());
  }
  return 0;
}
