#include "logs/emf.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"

namespace securebase::logs {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMetricsMax = 100;
constexpr std::size_t kValuesMax = 100;
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kNameMax = 1024;
constexpr std::size_t kDimensionNameMax = 250;
constexpr std::size_t kDimensionValueMax = 1024;
constexpr double kValueMax = 2.3485425827738332e108;
constexpr Duration kPastMax = std::chrono::hours(24 * 14);
constexpr Duration kFutureMax = std::chrono::hours(2);

constexpr std::array<std::string_view, 27> kUnits = {"Seconds",
                                                     "Microseconds",
                                                     "Milliseconds",
                                                     "Bytes",
                                                     "Kilobytes",
                                                     "Megabytes",
                                                     "Gigabytes",
                                                     "Terabytes",
                                                     "Bits",
                                                     "Kilobits",
                                                     "Megabits",
                                                     "Gigabits",
                                                     "Terabits",
                                                     "Percent",
                                                     "Count",
                                                     "Bytes/Second",
                                                     "Kilobytes/Second",
                                                     "Megabytes/Second",
                                                     "Gigabytes/Second",
                                                     "Terabytes/Second",
                                                     "Bits/Second",
                                                     "Kilobits/Second",
                                                     "Megabits/Second",
                                                     "Gigabits/Second",
                                                     "Terabits/Second",
                                                     "Count/Second",
                                                     "None"};

std::optional<std::string_view> TextOf(dom::object object, std::string_view name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

bool IsName(std::string_view name, std::size_t length_max) {
  return !Trim(name).empty() && name.size() <= length_max && !ContainsControlCharacter(name);
}

std::optional<double> NumberOf(dom::element node) {
  double number = 0;
  if (node.get(number) != simdjson::SUCCESS) return std::nullopt;
  if (!(std::abs(number) <= kValueMax)) return std::nullopt;
  return number;
}

/// One dimension set, with the values that the root's members give.
std::optional<std::vector<metrics::Dimension>> DimensionsOf(dom::element set, dom::object root) {
  dom::array names;
  if (set.get(names) != simdjson::SUCCESS || names.size() > kDimensionsMax) return std::nullopt;
  std::vector<metrics::Dimension> dimensions;
  for (dom::element one : names) {
    std::string_view name;
    if (one.get(name) != simdjson::SUCCESS || !IsName(name, kDimensionNameMax)) {
      return std::nullopt;
    }
    const auto value = TextOf(root, name);
    if (!value || !IsName(*value, kDimensionValueMax)) return std::nullopt;
    dimensions.push_back({std::string(name), std::string(*value)});
  }
  std::sort(dimensions.begin(), dimensions.end());
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  if (std::adjacent_find(dimensions.begin(), dimensions.end(), same) != dimensions.end()) {
    return std::nullopt;
  }
  return dimensions;
}

/// A metric without its dimensions; none where the definition or its target is of no use.
std::optional<metrics::Datum> DatumOf(dom::element definition, dom::object root) {
  dom::object object;
  if (definition.get(object) != simdjson::SUCCESS) return std::nullopt;
  const auto name = TextOf(object, "Name");
  if (!name || !IsName(*name, kNameMax)) return std::nullopt;
  metrics::Datum datum;
  datum.metric.name = *name;
  if (dom::element unit; object["Unit"].get(unit) == simdjson::SUCCESS) {
    std::string_view text;
    if (unit.get(text) != simdjson::SUCCESS ||
        std::find(kUnits.begin(), kUnits.end(), text) == kUnits.end()) {
      return std::nullopt;
    }
    datum.unit = text;
  }
  if (dom::element resolution; object["StorageResolution"].get(resolution) == simdjson::SUCCESS) {
    std::int64_t seconds = 0;
    if (resolution.get(seconds) != simdjson::SUCCESS || (seconds != 1 && seconds != 60)) {
      return std::nullopt;
    }
    datum.resolution_s = static_cast<int>(seconds);
  }
  dom::element target;
  if (root[*name].get(target) != simdjson::SUCCESS) return std::nullopt;
  dom::array values;
  if (target.get(values) != simdjson::SUCCESS) {
    const auto number = NumberOf(target);
    if (!number) return std::nullopt;
    datum.values = {{*number, 1}};
    return datum;
  }
  if (values.size() == 0 || values.size() > kValuesMax) return std::nullopt;
  for (dom::element one : values) {
    const auto number = NumberOf(one);
    if (!number) return std::nullopt;
    datum.values.emplace_back(*number, 1);
  }
  return datum;
}

/// False: the directive is malformed and gives nothing.
bool AddDirective(dom::element element, dom::object root, Instant time, EmfMetrics& out) {
  dom::object directive;
  dom::array sets, definitions;
  if (element.get(directive) != simdjson::SUCCESS) return false;
  const auto name_space = TextOf(directive, "Namespace");
  if (!name_space || !IsName(*name_space, kNameMax) || name_space->starts_with(":")) return false;
  if (directive["Dimensions"].get(sets) != simdjson::SUCCESS || sets.size() == 0) return false;
  if (directive["Metrics"].get(definitions) != simdjson::SUCCESS ||
      definitions.size() > kMetricsMax) {
    return false;
  }
  std::vector<std::vector<metrics::Dimension>> dimension_sets;
  for (dom::element set : sets) {
    if (auto dimensions = DimensionsOf(set, root)) {
      dimension_sets.push_back(*std::move(dimensions));
    } else {
      out.validation_error = true;
    }
  }
  for (dom::element definition : definitions) {
    auto datum = DatumOf(definition, root);
    if (!datum) {
      out.validation_error = true;
      continue;
    }
    datum->metric.namespace_name = *name_space;
    datum->time = time;
    for (const auto& dimensions : dimension_sets) {
      datum->metric.dimensions = dimensions;
      out.data.push_back(*datum);
    }
  }
  return true;
}

}  // namespace

EmfMetrics ParseEmf(std::string_view message, Instant now) {
  EmfMetrics out;
  // Fast path: nearly every event is none.
  if (message.find("\"_aws\"") == message.npos) return out;
  const std::size_t start = message.find('{');
  if (start == message.npos) return out;
  const std::string_view text = Trim(message.substr(start));
  thread_local dom::parser parser;
  dom::element parsed;
  dom::object root, aws;
  dom::array directives;
  if (parser.parse(text.data(), text.size()).get(parsed) != simdjson::SUCCESS) {
    out.parsing_error = true;
    return out;
  }
  dom::element aws_element;
  if (parsed.get(root) != simdjson::SUCCESS || root["_aws"].get(aws_element) != simdjson::SUCCESS) {
    return out;  // the name stands somewhere deeper: an ordinary event
  }
  std::int64_t timestamp = 0;
  if (aws_element.get(aws) != simdjson::SUCCESS ||
      aws["CloudWatchMetrics"].get(directives) != simdjson::SUCCESS ||
      aws["Timestamp"].get(timestamp) != simdjson::SUCCESS) {
    out.parsing_error = true;
    return out;
  }
  if (timestamp < ToUnixMillis(now - kPastMax) || timestamp > ToUnixMillis(now + kFutureMax)) {
    out.validation_error = true;
    return out;
  }
  for (dom::element directive : directives) {
    if (!AddDirective(directive, root, FromUnixMillis(timestamp), out)) {
      out.validation_error = true;
    }
  }
  return out;
}

}  // namespace securebase::logs
