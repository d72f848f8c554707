#include "analytics/query.h"

#include <algorithm>
#include <utility>

#include "analytics/datasets.h"
#include "analytics/filter.h"
#include "base/bytes.h"
#include "base/text.h"

namespace securebase::analytics {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kKeysMax = 8;
constexpr std::size_t kLimitMax = 10'000;

/// What the dimensions of the published reference mean.
struct Dimension {
  std::string_view name;
  std::string_view dataset;
  std::string_view field;
};
constexpr Dimension kDimensions[] = {
    {"service", kCost, "service"},
    {"region", kCost, "region"},
    {"account", kCost, "account"},
    {"resource_type", kCost, "resource_type"},
    {"compliance", kFindings, "compliance_status"},
    {"severity", kFindings, "severity"},
};

/// The schema's name of a text field or a tag; kInvalidArgument for anything else.
Result<std::string> KeyField(const events::Schema& schema, std::string_view name,
                             const char* parameter) {
  if (IsTagField(name)) return std::string(name);
  const auto index = FindField(schema, name);
  if (!index || schema.fields[*index].type != query::Type::kString) {
    return InvalidArgument(parameter,
                           "'" + std::string(name) + "' is no text field of " + schema.dataset);
  }
  return schema.fields[*index].name;
}

void AddKey(AnalyticsQuery& query, std::string field, std::string_view name) {
  query.keys.push_back(std::move(field));
  query.key_names.emplace_back(name);
}

Result<> ReadDimension(const Parameters& parameters, AnalyticsQuery& query) {
  const std::string* dimension = FindParameter(parameters, "dimension");
  const std::string* tag = FindParameter(parameters, "tagKey");
  const std::string* group_by = FindParameter(parameters, "groupBy");
  if (tag != nullptr && (dimension == nullptr || *dimension != "tag")) {
    return InvalidArgument("tagKey", "is allowed only with dimension=tag");
  }
  if (dimension != nullptr) {
    query.dimension = *dimension;
    const auto* known = std::find_if(std::begin(kDimensions), std::end(kDimensions),
                                     [&](const Dimension& d) { return d.name == *dimension; });
    if (*dimension == "tag") {
      if (tag == nullptr) {
        query.all_tags = true;
      } else if (IsTagField("tags." + *tag)) {
        AddKey(query, "tags." + *tag, "tag");
      } else {
        return InvalidArgument("tagKey", "must be the name of a tag");
      }
    } else if (known != std::end(kDimensions)) {
      query.dataset = known->dataset;
      AddKey(query, std::string(known->field), known->name);
    } else {
      auto field = KeyField(*FindSchema(kCost), *dimension, "dimension");
      if (!field.ok()) {
        return InvalidArgument("dimension",
                               "must be service, region, tag, account, compliance, "
                               "resource_type, severity, tags.NAME or a text field of cost");
      }
      AddKey(query, *field, *dimension);
    }
  } else if (group_by == nullptr) {
    AddKey(query, "service", "service");
  }
  if (group_by == nullptr) return {};
  if (query.all_tags) return InvalidArgument("groupBy", "needs tagKey with dimension=tag");
  for (std::string_view name : Split(*group_by, ',')) {
    SB_TRY(std::string field, KeyField(*FindSchema(query.dataset), Trim(name), "groupBy"));
    if (std::find(query.keys.begin(), query.keys.end(), field) == query.keys.end()) {
      const std::string shown = field;
      AddKey(query, std::move(field), shown);
    }
  }
  if (query.keys.size() > kKeysMax) return InvalidArgument("groupBy", "takes at most 8 fields");
  if (dimension == nullptr) query.dimension = query.keys.front();
  return {};
}

Result<Granularity> ParseGranularity(const std::string* text) {
  if (text == nullptr || *text == "none") return Granularity::kNone;
  if (*text == "day") return Granularity::kDay;
  if (*text == "week") return Granularity::kWeek;
  if (*text == "month") return Granularity::kMonth;
  return InvalidArgument("granularity", "must be none, day, week or month");
}

std::optional<Metric> MetricOf(std::string_view name) {
  if (name == "cost" || name == "billed_cost") return Metric::kCost;
  if (name == "effectiveCost" || name == "effective_cost") return Metric::kEffectiveCost;
  if (name == "usage" || name == "usage_quantity") return Metric::kUsage;
  if (name == "count") return Metric::kCount;
  return std::nullopt;
}

Result<> ReadMetrics(const std::string* text, AnalyticsQuery& query) {
  if (text == nullptr) {
    query.metrics = {Metric::kCost, Metric::kUsage, Metric::kCount};
    return {};
  }
  for (std::string_view name : Split(*text, ',')) {
    const auto metric = MetricOf(Trim(name));
    if (!metric) {
      return InvalidArgument(
          "metrics", "'" + std::string(name) + "' must be cost, effectiveCost, usage or count");
    }
    if (std::find(query.metrics.begin(), query.metrics.end(), *metric) == query.metrics.end()) {
      query.metrics.push_back(*metric);
    }
  }
  return {};
}

/// The name in the answer of the key that `name` means, by either of its names.
Result<std::string> KeyNamed(const AnalyticsQuery& query, std::string_view name) {
  if (query.all_tags && name == "tag") return std::string(name);
  for (std::size_t i = 0; i < query.keys.size(); ++i) {
    if (query.keys[i] == name || query.key_names[i] == name) return query.key_names[i];
  }
  return InvalidArgument(
      "sort", "'" + std::string(name) + "' is neither a key of the answer nor one of its metrics");
}

/// "-cost", "cost:desc", "service:asc,-cost".
Result<> ReadSort(const std::string* text, AnalyticsQuery& query) {
  if (text == nullptr) {
    if (query.granularity != Granularity::kNone) query.sort.push_back({"date", false});
    // Findings cost nothing: they are ordered by how many there are.
    const bool counted = query.dataset != kCost &&
                         std::find(query.metrics.begin(), query.metrics.end(), Metric::kCount) !=
                             query.metrics.end();
    const Metric first = counted ? Metric::kCount : query.metrics.front();
    query.sort.push_back({std::string(ToText(first)), true});
    return {};
  }
  for (std::string_view part : Split(*text, ',')) {
    SortOrder order;
    std::string_view name = Trim(part);
    if (name.starts_with('-') || name.starts_with('+')) {
      order.descending = name.front() == '-';
      name.remove_prefix(1);
    } else if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
      const std::string_view direction = name.substr(colon + 1);
      if (direction != "asc" && direction != "desc") {
        return InvalidArgument("sort", "'" + std::string(part) + "' must end in :asc or :desc");
      }
      order.descending = direction == "desc";
      name = name.substr(0, colon);
    }
    if (const auto metric = MetricOf(name)) {
      if (std::find(query.metrics.begin(), query.metrics.end(), *metric) == query.metrics.end()) {
        return InvalidArgument("sort", "'" + std::string(name) + "' is not among the metrics");
      }
      order.column = ToText(*metric);
    } else if (name == "date" && query.granularity != Granularity::kNone) {
      order.column = "date";
    } else {
      SB_TRY(order.column, KeyNamed(query, name));
    }
    query.sort.push_back(std::move(order));
  }
  return {};
}

Result<> ReadLimit(const std::string* text, AnalyticsQuery& query) {
  if (text == nullptr) return {};
  const auto limit = ParseInt(*text);
  if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(kLimitMax)) {
    return InvalidArgument("limit", "must be a whole number from 1 to 10000");
  }
  query.limit = static_cast<std::size_t>(*limit);
  return {};
}

std::string Fingerprint(const Parameters& parameters, const DateRange& range) {
  std::string text;
  for (const auto& [name, value] : parameters) {
    if (name == "limit" || name == "cursor") continue;
    PutBytes(text, name);
    PutBytes(text, value);
  }
  PutFixed(text, ToUnixMillis(range.start));
  PutFixed(text, ToUnixMillis(range.end));
  std::string fingerprint;
  PutFixed(fingerprint, Checksum(text));
  return fingerprint;
}

Result<> ReadCursor(const std::string* text, AnalyticsQuery& query) {
  if (text == nullptr) return {};
  const auto bytes = Base64UrlDecode(*text);
  if (!bytes) return InvalidArgument("cursor", "is not one that an answer gave");
  ByteReader reader(*bytes);
  const std::uint64_t offset = reader.Varint();
  const std::string_view fingerprint = reader.Bytes();
  const std::string_view generation = reader.Bytes();
  if (!reader.ok() || !reader.empty() || offset > 100'000'000 || generation.empty()) {
    return InvalidArgument("cursor", "is not one that an answer gave");
  }
  if (fingerprint != query.fingerprint) {
    return InvalidArgument("cursor", "belongs to another query or another day");
  }
  query.offset = offset;
  query.cursor_generation = generation;
  return {};
}

}  // namespace

std::string_view ToText(Metric metric) {
  switch (metric) {
    case Metric::kCost:
      return "cost";
    case Metric::kEffectiveCost:
      return "effectiveCost";
    case Metric::kUsage:
      return "usage";
    case Metric::kCount:
      break;
  }
  return "count";
}

const std::string* FindParameter(const Parameters& parameters, std::string_view name) {
  for (const auto& [key, value] : parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<> CheckNames(const Parameters& parameters, std::initializer_list<std::string_view> allowed) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::string& name = parameters[i].first;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      return InvalidArgument(name, "is no parameter of this request");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (parameters[j].first == name) return InvalidArgument(name, "is given twice");
    }
  }
  return {};
}

Result<AnalyticsQuery> ParseQuery(const Parameters& parameters, Instant now) {
  SB_TRY_OK(
      CheckNames(parameters, {"dateRange", "startDate", "endDate", "dimension", "tagKey", "groupBy",
                              "filters", "granularity", "metrics", "sort", "limit", "cursor"}));
  auto value = [&](std::string_view name) { return FindParameter(parameters, name); };
  AnalyticsQuery query;
  SB_TRY(query.range,
         ParseDateRange(value("dateRange"), value("startDate"), value("endDate"), now));
  SB_TRY_OK(ReadDimension(parameters, query));
  if (const std::string* filters = value("filters")) {
    SB_TRY(query.where, ParseFilters(*filters, *FindSchema(query.dataset)));
  }
  SB_TRY(query.granularity, ParseGranularity(value("granularity")));
  SB_TRY_OK(ReadMetrics(value("metrics"), query));
  SB_TRY_OK(ReadSort(value("sort"), query));
  SB_TRY_OK(ReadLimit(value("limit"), query));
  query.fingerprint = Fingerprint(parameters, query.range);
  SB_TRY_OK(ReadCursor(value("cursor"), query));
  return query;
}

std::string EncodeCursor(const AnalyticsQuery& query, std::size_t offset,
                         std::string_view generation) {
  std::string bytes;
  PutVarint(bytes, offset);
  PutBytes(bytes, query.fingerprint);
  PutBytes(bytes, generation);
  return Base64UrlEncode(bytes);
}

}  // namespace securebase::analytics
