#include "documents/expression.h"

#include <fmt/format.h>

#include <algorithm>

namespace securebase::documents {
namespace {

constexpr std::size_t kNamesMax = 2000;

Error Validation(std::string message, std::string field) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "ValidationException");
}

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsPlaceholder(std::string_view key, char mark) {
  return key.size() > 1 && key[0] == mark && std::all_of(key.begin() + 1, key.end(), IsWord);
}

template <class Map>
Result<> CheckPlaceholders(const Map& map, char mark, const char* parameter) {
  if (map.empty()) return Validation(fmt::format("{} must not be empty", parameter), parameter);
  if (map.size() > kNamesMax) {
    return Validation(fmt::format("{} has more than {} entries", parameter, kNamesMax), parameter);
  }
  for (const auto& [key, value] : map) {
    if (IsPlaceholder(key, mark)) continue;
    return Validation(
        fmt::format("{} contains invalid key: Syntax error; key: \"{}\"", parameter, key),
        parameter);
  }
  return {};
}

template <class Map>
Result<> CheckUsed(const Map& map, const char* parameter) {
  std::string unused;
  for (const auto& [key, entry] : map) {
    if (entry.used) continue;
    if (!unused.empty()) unused += ", ";
    unused += key;
  }
  if (unused.empty()) return {};
  return Validation(
      fmt::format("Value provided in {} unused in expressions: keys: {{{}}}", parameter, unused),
      parameter);
}

/// The places that a projection keeps, as a tree over the paths.
struct Place {
  bool whole = false;
  std::map<PathStep, Place> below;
};

std::optional<Value> Keep(const Place& place, const Value& value) {
  if (place.whole) return value;
  if (const Item* map = value.map()) {
    Item kept;
    for (const auto& [step, below] : place.below) {
      const auto* name = std::get_if<std::string>(&step);
      auto found = name == nullptr ? map->end() : map->find(*name);
      if (found == map->end()) continue;
      if (auto part = Keep(below, found->second)) kept.emplace(*name, *std::move(part));
    }
    if (kept.empty()) return {};
    return Value(std::move(kept));
  }
  if (const List* list = value.list()) {
    List kept;
    for (const auto& [step, below] : place.below) {
      const auto* index = std::get_if<std::uint64_t>(&step);
      if (index == nullptr || *index >= list->size()) continue;
      if (auto part = Keep(below, (*list)[*index])) kept.push_back(*std::move(part));
    }
    if (kept.empty()) return {};
    return Value(std::move(kept));
  }
  return {};
}

}  // namespace

std::string_view ToText(ExpressionKind kind) {
  switch (kind) {
    case ExpressionKind::kCondition:
      return "ConditionExpression";
    case ExpressionKind::kFilter:
      return "FilterExpression";
    case ExpressionKind::kKeyCondition:
      return "KeyConditionExpression";
    case ExpressionKind::kProjection:
      return "ProjectionExpression";
    case ExpressionKind::kUpdate:
      return "UpdateExpression";
  }
  return "expression";
}

std::string ToText(const Path& path) {
  std::string text = "[";
  for (const PathStep& step : path) {
    if (text.size() > 1) text += ", ";
    if (const auto* name = std::get_if<std::string>(&step)) {
      text += *name;
    } else {
      text += fmt::format("[{}]", std::get<std::uint64_t>(step));
    }
  }
  return text + "]";
}

const Value* Resolve(const Item& item, const Path& path) {
  auto found = item.find(std::get<std::string>(path.front()));
  const Value* value = found == item.end() ? nullptr : &found->second;
  for (std::size_t i = 1; i < path.size() && value != nullptr; ++i) {
    if (const auto* name = std::get_if<std::string>(&path[i])) {
      const Item* map = value->map();
      auto member = map == nullptr ? Item::const_iterator() : map->find(*name);
      value = map == nullptr || member == map->end() ? nullptr : &member->second;
    } else {
      const List* list = value->list();
      auto index = std::get<std::uint64_t>(path[i]);
      value = list == nullptr || index >= list->size() ? nullptr : &(*list)[index];
    }
  }
  return value;
}

Result<ExpressionContext> ExpressionContext::Make(std::optional<Names> names,
                                                  std::optional<Item> values) {
  ExpressionContext context;
  if (names) {
    SB_TRY_OK(CheckPlaceholders(*names, '#', "ExpressionAttributeNames"));
    for (auto& [alias, name] : *names) {
      if (name.empty()) {
        return Validation(
            fmt::format("ExpressionAttributeNames contains invalid value: Attribute name must not "
                        "be empty; key: \"{}\"",
                        alias),
            "ExpressionAttributeNames");
      }
      context.names_[alias].value = std::move(name);
    }
  }
  if (values) {
    SB_TRY_OK(CheckPlaceholders(*values, ':', "ExpressionAttributeValues"));
    for (auto& [name, value] : *values) context.values_[name].value = std::move(value);
  }
  return context;
}

Result<> ExpressionContext::CheckAllUsed(std::string_view expression) const {
  if (expressions_ == 0 && !names_.empty()) {
    return Validation("ExpressionAttributeNames can only be specified when using expressions",
                      "ExpressionAttributeNames");
  }
  if (expressions_ == 0 && !values_.empty()) {
    return Validation(
        fmt::format("ExpressionAttributeValues can only be specified when using expressions: {} "
                    "is null",
                    expression),
        "ExpressionAttributeValues");
  }
  SB_TRY_OK(CheckUsed(values_, "ExpressionAttributeValues"));
  return CheckUsed(names_, "ExpressionAttributeNames");
}

const std::string* ExpressionContext::FindName(std::string_view alias) {
  auto found = names_.find(alias);
  if (found == names_.end()) return nullptr;
  found->second.used = true;
  return &found->second.value;
}

const Value* ExpressionContext::FindValue(std::string_view name) {
  auto found = values_.find(name);
  if (found == values_.end()) return nullptr;
  found->second.used = true;
  return &found->second.value;
}

Item Project(const Projection& projection, const Item& item) {
  std::map<std::string, Place, std::less<>> places;
  for (const Path& path : projection.paths) {
    Place* place = &places[std::get<std::string>(path.front())];
    for (std::size_t i = 1; i < path.size(); ++i) place = &place->below[path[i]];
    place->whole = true;
  }
  Item kept;
  for (const auto& [name, place] : places) {
    auto found = item.find(name);
    if (found == item.end()) continue;
    if (auto part = Keep(place, found->second)) kept.emplace(name, *std::move(part));
  }
  return kept;
}

}  // namespace securebase::documents
