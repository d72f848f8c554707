#include "analytics/importer/tags.h"

#include "analytics/datasets.h"
#include "base/json.h"

namespace securebase::analytics {
namespace {

constexpr std::size_t kRememberedMax = 65'536;

bool Read(std::string_view text, TagParser::Tags& tags) {
  const auto parsed = json::Parse(text, {.depth_max = 8, .size_max = 32 << 10});
  if (!parsed.ok() || !parsed->IsObject()) return false;
  for (const auto& [key, value] : parsed->AsObject()) {
    std::string field = TagField(key);
    if (field.empty() || value.IsNull()) continue;
    tags.emplace_back(std::move(field), value.IsString() ? value.AsString() : json::Write(value));
  }
  return true;
}

}  // namespace

const TagParser::Tags* TagParser::Parse(std::string_view json) {
  const auto found = remembered_.find(std::string(json));
  if (found != remembered_.end()) return &found->second;
  Tags tags;
  const bool bare = json.starts_with('"');
  if (!Read(bare ? "{" + std::string(json) + "}" : std::string(json), tags)) return nullptr;
  if (remembered_.size() == kRememberedMax) remembered_.clear();
  return &remembered_.emplace(std::string(json), std::move(tags)).first->second;
}

std::string TagField(std::string_view key) {
  for (std::string_view prefix : {"resourceTags/", "resource_tags_", "user:", "user_"}) {
    if (key.starts_with(prefix)) key.remove_prefix(prefix.size());
  }
  std::string field = "tags." + std::string(key);
  return IsTagField(field) ? field : std::string();
}

}  // namespace securebase::analytics
