#include "api/internal/router.h"

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/text.h"

namespace securebase::api {
namespace {

using PathValues = std::vector<std::pair<std::string, std::string>>;

bool IsName(std::string_view segment) { return segment.size() > 2 && segment.front() == '{'; }

// Whether the path fits; adds the values of the {names} to `values` unless it is null.
bool Fits(const std::vector<std::string>& segments, std::string_view path, PathValues* values) {
  const std::vector<std::string_view> parts = Split(path, '/');
  if (parts.size() != segments.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (IsName(segments[i]) ? parts[i].empty() : parts[i] != segments[i]) return false;
  }
  for (std::size_t i = 0; values != nullptr && i < parts.size(); ++i) {
    if (!IsName(segments[i])) continue;
    values->emplace_back(segments[i].substr(1, segments[i].size() - 2), parts[i]);
  }
  return true;
}

}  // namespace

void Router::Add(Route route) {
  auto entry = std::find_if(entries_.begin(), entries_.end(),
                            [&](const Entry& e) { return e.pattern == route.pattern; });
  if (entry == entries_.end()) {
    const std::size_t index = entries_.size();
    Entry added{.pattern = route.pattern};
    for (std::string_view segment : Split(route.pattern, '/')) added.segments.emplace_back(segment);
    if (std::any_of(added.segments.begin(), added.segments.end(), IsName)) {
      patterns_.push_back(index);
    } else {
      by_path_.emplace(route.pattern, index);
    }
    entries_.push_back(std::move(added));
    entry = entries_.end() - 1;
  }
  for (const Route& present : entry->routes) {
    SB_CHECK(present.method != route.method, route.pattern);
  }
  entry->routes.push_back(std::move(route));
}

const Router::Entry* Router::FindEntry(std::string_view path, PathValues* values) const {
  if (const auto found = by_path_.find(path); found != by_path_.end()) {
    return &entries_[found->second];
  }
  for (const std::size_t index : patterns_) {
    if (Fits(entries_[index].segments, path, values)) return &entries_[index];
  }
  return nullptr;
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  const Entry* entry = FindEntry(path, &match.path_values);
  if (entry == nullptr) return match;
  for (const Route& route : entry->routes) {
    if (route.method == method) {
      match.route = &route;
      return match;
    }
  }
  for (const Route& route : entry->routes) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method;
  }
  return match;
}

std::string_view Router::PatternOf(std::string_view path) const {
  const Entry* entry = FindEntry(path, nullptr);
  return entry == nullptr ? std::string_view() : std::string_view(entry->pattern);
}

}  // namespace securebase::api
