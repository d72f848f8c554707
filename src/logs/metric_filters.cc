#include "logs/metric_filters.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/text.h"

namespace securebase::logs {
namespace {

constexpr std::string_view kKind = "metric-filter";
// Larger in magnitude is no value of a metric (spec: cloudwatch-api 2).
constexpr double kValueMax = 2.3485425827738332e108;
constexpr std::size_t kDimensionValueMax = 1024;
constexpr std::size_t kMinutesMax = 100'000;
// How long a matched minute is remembered, so that an event that comes late makes no default of it.
constexpr Duration kMinutesKept = std::chrono::hours(1);

Error Invalid(std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               "InvalidParameterException");
}

Instant MinuteOf(Instant t) { return std::chrono::floor<std::chrono::minutes>(t); }

json::Value ToJson(const MetricFilter& filter) {
  json::Value out;
  out.Set("pattern", filter.pattern);
  out.Set("created_at", ToUnixMillis(filter.created_at));
  out.Set("namespace", filter.metric_namespace);
  out.Set("metric", filter.metric_name);
  out.Set("value", filter.metric_value);
  if (filter.default_value) out.Set("default", *filter.default_value);
  if (filter.unit_given) out.Set("unit", filter.unit);
  json::Array dimensions;
  for (const auto& [name, reference] : filter.dimensions) {
    dimensions.push_back(json::Array{name, reference});
  }
  out.Set("dimensions", std::move(dimensions));
  return out;
}

std::string TextOf(const json::Value& object, std::string_view name) {
  const json::Value* found = object.Find(name);
  return found != nullptr && found->IsString() ? found->AsString() : std::string();
}

MetricFilter FromDefinition(const Definition& definition) {
  const json::Value& body = definition.body;
  MetricFilter filter{.group = definition.group,
                      .name = definition.name,
                      .pattern = TextOf(body, "pattern"),
                      .metric_namespace = TextOf(body, "namespace"),
                      .metric_name = TextOf(body, "metric"),
                      .metric_value = TextOf(body, "value")};
  if (const auto* at = body.Find("created_at"); at != nullptr && at->IsInt()) {
    filter.created_at = FromUnixMillis(at->AsInt());
  }
  if (const auto* value = body.Find("default"); value != nullptr && value->IsNumber()) {
    filter.default_value = value->AsNumber();
  }
  if (const std::string unit = TextOf(body, "unit"); !unit.empty()) {
    filter.unit = unit;
    filter.unit_given = true;
  }
  if (const auto* dimensions = body.Find("dimensions");
      dimensions != nullptr && dimensions->IsArray()) {
    for (const json::Value& pair : dimensions->AsArray()) {
      filter.dimensions.emplace_back(pair.AsArray()[0].AsString(), pair.AsArray()[1].AsString());
    }
  }
  return filter;
}

}  // namespace

/// A filter, ready for events.
struct MetricFilters::Compiled {
  MetricFilter filter;
  FilterPattern pattern;
  double constant = 0;
  std::optional<FieldReference> value;
  std::vector<std::pair<std::string, FieldReference>> dimensions;

  static Result<std::shared_ptr<const Compiled>> Make(MetricFilter filter);
  std::optional<metrics::Datum> DatumOf(const events::LogEvent& event) const;
};

Result<std::shared_ptr<const MetricFilters::Compiled>> MetricFilters::Compiled::Make(
    MetricFilter filter) {
  SB_TRY(FilterPattern pattern, FilterPattern::Parse(filter.pattern));
  Compiled compiled{.filter = std::move(filter), .pattern = std::move(pattern)};
  const MetricFilter& f = compiled.filter;
  if (const auto number = ParseDouble(f.metric_value)) {
    compiled.constant = *number;
  } else {
    auto reference = FieldReference::Parse(f.metric_value, compiled.pattern);
    if (!reference.ok()) {
      return Invalid("metricTransformations.1.member.metricValue",
                     "Invalid metric transformation: metricValue " + reference.error().message());
    }
    compiled.value = *std::move(reference);
  }
  if (!f.dimensions.empty() && f.default_value) {
    return Invalid("metricTransformations.1.member.defaultValue",
                   "Invalid metric transformation: dimensions and default value are mutually "
                   "exclusive properties.");
  }
  if (f.dimensions.size() > kDimensionsMax) {
    return Invalid("metricTransformations.1.member.dimensions",
                   "Invalid metric transformation: at most 3 dimensions are allowed.");
  }
  for (const auto& [name, text] : f.dimensions) {
    auto reference = FieldReference::Parse(text, compiled.pattern);
    if (!reference.ok()) {
      return Invalid(
          "metricTransformations.1.member.dimensions",
          "Invalid metric transformation: dimension " + name + ": " + reference.error().message());
    }
    compiled.dimensions.emplace_back(name, *std::move(reference));
  }
  std::sort(compiled.dimensions.begin(), compiled.dimensions.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::make_shared<const Compiled>(std::move(compiled));
}

std::optional<metrics::Datum> MetricFilters::Compiled::DatumOf(
    const events::LogEvent& event) const {
  metrics::Datum datum{.metric = {filter.metric_namespace, filter.metric_name, {}},
                       .unit = filter.unit,
                       .time = MinuteOf(event.time)};
  double number = constant;
  if (value) {
    const std::optional<std::string> text = value->Read(event.message);
    const std::optional<double> read = text ? ParseDouble(Trim(*text)) : std::nullopt;
    if (!read || !(std::abs(*read) <= kValueMax)) return std::nullopt;
    number = *read;
  }
  for (const auto& [name, reference] : dimensions) {
    std::optional<std::string> text = reference.Read(event.message);
    if (!text || Trim(*text).empty() || text->size() > kDimensionValueMax ||
        ContainsControlCharacter(*text)) {
      return std::nullopt;
    }
    datum.metric.dimensions.push_back({name, *std::move(text)});
  }
  datum.values = {{number, 1}};
  return datum;
}

Result<std::unique_ptr<MetricFilters>> MetricFilters::Open(DefinitionTable table) {
  std::unique_ptr<MetricFilters> filters(new MetricFilters(std::move(table)));
  SB_TRY(const std::vector<Definition> definitions, filters->table_.All(kKind));
  std::map<GroupKey, Group> groups;
  for (const Definition& definition : definitions) {
    auto compiled = Compiled::Make(FromDefinition(definition));
    if (!compiled.ok()) return compiled.error().Within("metric filter " + definition.name);
    groups[{definition.account, definition.group}].push_back(*std::move(compiled));
  }
  for (auto& [key, group] : groups) {
    filters->groups_[key] = std::make_shared<const Group>(std::move(group));
  }
  return filters;
}

std::shared_ptr<const MetricFilters::Group> MetricFilters::FiltersOf(const Account& account,
                                                                     std::string_view group) const {
  std::shared_lock lock(mutex_);
  if (groups_.empty()) return nullptr;  // fast path: most servers have none
  const auto found = groups_.find(GroupKey{account, std::string(group)});
  return found == groups_.end() ? nullptr : found->second;
}

void MetricFilters::Replace(const Account& account, const std::string& group, Group filters) {
  std::sort(filters.begin(), filters.end(),
            [](const auto& a, const auto& b) { return a->filter.name < b->filter.name; });
  std::unique_lock lock(mutex_);
  if (filters.empty()) {
    groups_.erase({account, group});
  } else {
    groups_[{account, group}] = std::make_shared<const Group>(std::move(filters));
  }
}

Result<> MetricFilters::Put(const Account& account, MetricFilter filter) {
  SB_TRY(const auto compiled, Compiled::Make(std::move(filter)));
  const MetricFilter& made = compiled->filter;
  std::lock_guard change(change_mutex_);
  const auto present = FiltersOf(account, made.group);
  Group group = present == nullptr ? Group() : *present;
  std::erase_if(group, [&](const auto& one) { return one->filter.name == made.name; });
  const auto with_regex = std::count_if(
      group.begin(), group.end(), [](const auto& one) { return one->pattern.regex_count() > 0; });
  if (group.size() >= kFiltersMax || (compiled->pattern.regex_count() > 0 &&
                                      static_cast<std::size_t>(with_regex) >= kRegexPatternsMax)) {
    return LimitExceeded("filterName", "Resource limit exceeded.");
  }
  SB_TRY_OK(table_.Put(kKind, {account, made.group, made.name, ToJson(made)}));
  const std::string name = made.group;
  group.push_back(compiled);
  Replace(account, name, std::move(group));
  return {};
}

Result<> MetricFilters::Delete(const Account& account, std::string_view group,
                               std::string_view name) {
  std::lock_guard change(change_mutex_);
  const auto present = FiltersOf(account, group);
  Group left = present == nullptr ? Group() : *present;
  if (std::erase_if(left, [&](const auto& one) { return one->filter.name == name; }) == 0) {
    return Error(ErrorCode::kNotFound, "The specified metric filter does not exist.", "filterName",
                 "ResourceNotFoundException");
  }
  SB_TRY_OK(table_.Delete(kKind, account, group, name));
  Replace(account, std::string(group), std::move(left));
  return {};
}

Result<> MetricFilters::DeleteGroup(const Account& account, std::string_view group) {
  std::lock_guard change(change_mutex_);
  const auto present = FiltersOf(account, group);
  if (present == nullptr) return {};
  for (const auto& one : *present) {
    SB_TRY_OK(table_.Delete(kKind, account, group, one->filter.name));
  }
  Replace(account, std::string(group), {});
  return {};
}

std::vector<MetricFilter> MetricFilters::List(const Account& account,
                                              std::optional<std::string_view> group) const {
  std::vector<MetricFilter> filters;
  std::shared_lock lock(mutex_);
  for (const auto& [key, members] : groups_) {
    if (key.first != account || (group && key.second != *group)) continue;
    for (const auto& one : *members) filters.push_back(one->filter);
  }
  return filters;
}

std::size_t MetricFilters::Count(const Account& account, std::string_view group) const {
  const auto filters = FiltersOf(account, group);
  return filters == nullptr ? 0 : filters->size();
}

std::vector<metrics::Datum> MetricFilters::Evaluate(const Account& account, std::string_view group,
                                                    std::span<const events::LogEvent> events) {
  std::vector<metrics::Datum> data;
  const auto filters = FiltersOf(account, group);
  if (filters == nullptr) return data;
  for (const auto& compiled : *filters) {
    const bool defaults = compiled->filter.default_value.has_value();
    std::map<Instant, bool> minutes;
    for (const events::LogEvent& event : events) {
      const bool matches = compiled->pattern.Matches(event.message);
      if (defaults) minutes[MinuteOf(event.time)] |= matches;
      if (!matches) continue;
      std::optional<metrics::Datum> datum = compiled->DatumOf(event);
      if (!datum) continue;
      // Values of one series and minute travel together.
      const bool same = !data.empty() && data.back().metric == datum->metric &&
                        data.back().time == datum->time && data.back().unit == datum->unit;
      if (!same) {
        data.push_back(*std::move(datum));
      } else if (data.back().values.back().first == datum->values.front().first) {
        data.back().values.back().second += 1;
      } else {
        data.back().values.push_back(datum->values.front());
      }
    }
    if (minutes.empty()) continue;
    std::lock_guard lock(minutes_mutex_);
    for (const auto& [minute, matched] : minutes) {
      const MinuteKey key{account, std::string(group), compiled->filter.name, minute};
      if (const auto found = minutes_.find(key); found != minutes_.end()) {
        found->second |= matched;
      } else if (minutes_.size() < kMinutesMax) {
        minutes_.emplace(key, matched);
      }
    }
  }
  return data;
}

std::vector<std::pair<Account, std::vector<metrics::Datum>>> MetricFilters::TakeDefaults(
    Instant now) {
  std::vector<std::pair<Account, std::vector<metrics::Datum>>> out;
  std::lock_guard lock(minutes_mutex_);
  for (auto at = minutes_.begin(); at != minutes_.end();) {
    const auto& [key, matched] = *at;
    if (key.minute + std::chrono::minutes(1) > now) {
      ++at;
      continue;
    }
    if (matched) {
      // Kept a while: an event that comes late must make no default of the minute.
      at = key.minute + kMinutesKept < now ? minutes_.erase(at) : std::next(at);
      continue;
    }
    const auto filters = FiltersOf(key.account, key.group);
    for (const auto& one : filters == nullptr ? Group() : *filters) {
      const MetricFilter& filter = one->filter;
      if (filter.name != key.filter || !filter.default_value) continue;
      if (out.empty() || out.back().first != key.account) out.push_back({key.account, {}});
      out.back().second.push_back({.metric = {filter.metric_namespace, filter.metric_name, {}},
                                   .unit = filter.unit,
                                   .time = key.minute,
                                   .values = {{*filter.default_value, 1}}});
    }
    at = minutes_.erase(at);
  }
  return out;
}

}  // namespace securebase::logs
