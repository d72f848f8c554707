// The metrics array of a metric widget: its two forms, its shorthand, its ids
// (spec: dashboards 3).

#include <algorithm>
#include <set>

#include "base/text.h"
#include "dashboards/internal/reader.h"
#include "metrics/statistic.h"

namespace securebase::dashboards {
namespace {

constexpr std::string_view kRepeat = ".";
constexpr std::string_view kRepeatRun = "...";
constexpr std::size_t kDimensionsMax = 30;
constexpr std::size_t kElementsMax = 500;

bool IsId(std::string_view text) {
  if (text.empty() || !(text[0] >= 'a' && text[0] <= 'z')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Takes one member of a rendering object; the sentence that says what is wrong with it, or "".
std::string TakeText(const json::Value& value, std::string& into) {
  if (!value.IsString()) return "must be a text";
  into = value.AsString();
  return {};
}

std::string TakeBool(const json::Value& value, bool& into) {
  if (!value.IsBool()) return "must be true or false";
  into = value.AsBool();
  return {};
}

std::string TakePeriod(const json::Value& value, std::optional<std::int64_t>& into) {
  if (!value.IsInt() || !IsPeriod(value.AsInt())) {
    return "must be 1, 5, 10, 20, 30 or a multiple of 60";
  }
  into = value.AsInt();
  return {};
}

std::string TakeMember(const std::string& name, const json::Value& value, bool expression,
                       MetricElement& element) {
  if (name == "expression" && expression) return TakeText(value, element.expression);
  if (name == "id") {
    std::string fault = TakeText(value, element.id);
    if (fault.empty() && !IsId(element.id)) return "must begin with a lower-case letter";
    return fault;
  }
  if (name == "label") return TakeText(value, element.label.emplace());
  if (name == "color") {
    std::string fault = TakeText(value, element.color);
    if (fault.empty() && !IsColor(element.color)) return "must be a colour such as #1f77b4";
    return fault;
  }
  if (name == "stat") {
    std::string fault = TakeText(value, element.stat);
    if (fault.empty() && !expression && !metrics::ParseStatistic(element.stat).ok()) {
      return "is no statistic: " + element.stat;
    }
    return fault;
  }
  if (name == "period") return TakePeriod(value, element.period_s);
  if (name == "visible") return TakeBool(value, element.visible);
  if (name == "yAxis") {
    if (!value.IsString() || (value.AsString() != "left" && value.AsString() != "right")) {
      return "must be left or right";
    }
    element.right_axis = value.AsString() == "right";
    return {};
  }
  if (name == "region") return TakeText(value, element.region);
  if (name == "accountId") return TakeText(value, element.account_id);
  return "unknown";
}

/// AWS says of a bad rendering object only that there is one item too many; we add the reason.
void ReadRendering(const json::Value& object, std::size_t strings, const std::string& path,
                   MetricElement& element, Faults& faults) {
  const bool expression = strings == 0;
  bool told = false;
  auto tell = [&](std::string reason) {
    if (!told) {
      faults.Error(path, "Should NOT have more than " + std::to_string(strings) + " items");
    }
    told = true;
    faults.Error(path, std::move(reason));
  };
  for (const auto& [name, value] : object.AsObject()) {
    const std::string fault = TakeMember(name, value, expression, element);
    if (fault.empty()) continue;
    if (fault != "unknown") {
      tell("The rendering property '" + name + "' " + fault);
    } else if (name == "dimensions") {
      tell(
          "Unknown rendering property 'dimensions'; write dimensions as \"Name\",\"Value\" strings "
          "before the object");
    } else {
      tell("Unknown rendering property '" + name + "'");
    }
  }
  if (expression && !object.Find("expression")) {
    faults.Error(path, "Should have required property 'expression'");
  }
}

/// The strings of one element with "." and "..." resolved against the metric before.
class Expander {
 public:
  Expander(const std::vector<std::string>& previous, const std::string& path, Faults& faults)
      : previous_(previous), path_(path), faults_(faults) {}

  /// False where something could not be resolved, which was told.
  bool Expand(const std::vector<std::string>& written, std::vector<std::string>& fields) {
    const auto runs = std::count(written.begin(), written.end(), kRepeatRun);
    const std::size_t others = written.size() - static_cast<std::size_t>(runs);
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (written[i] == kRepeatRun) {
        if (runs > 1 || others > previous_.size() || previous_.empty()) return Tell(kRepeatRun, i);
        for (std::size_t n = previous_.size() - others; n > 0; --n) {
          fields.push_back(previous_[fields.size()]);
        }
      } else if (written[i] == kRepeat) {
        if (fields.size() >= previous_.size()) return Tell(kRepeat, i);
        fields.push_back(previous_[fields.size()]);
      } else {
        fields.push_back(written[i]);
      }
    }
    return true;
  }

 private:
  bool Tell(std::string_view marker, std::size_t at) {
    faults_.Error(path_ + "/" + std::to_string(at), "Repeat marker \"" + std::string(marker) +
                                                        "\" used but not enough fields in previous "
                                                        "metric");
    return false;
  }

  const std::vector<std::string>& previous_;
  const std::string& path_;
  Faults& faults_;
};

/// The strings before the rendering object; empty optional where one is no string.
std::optional<std::vector<std::string>> Strings(const json::Array& element, bool rendering,
                                                const std::string& path, Faults& faults) {
  std::vector<std::string> strings;
  bool good = true;
  const std::size_t count = element.size() - (rendering ? 1 : 0);
  for (std::size_t i = 0; i < count; ++i) {
    if (element[i].IsString() && !element[i].AsString().empty()) {
      strings.push_back(element[i].AsString());
    } else {
      faults.Error(path + "/" + std::to_string(i),
                   "Invalid metric field type, only \"String\" type is allowed");
      good = false;
    }
  }
  if (!good) return {};
  return strings;
}

void TakeFields(const std::vector<std::string>& fields, const std::string& path,
                MetricElement& element, Faults& faults) {
  if (fields.size() < 2 || fields.size() % 2 != 0) {
    faults.Error(path,
                 "A metric is a namespace, a name, and pairs of a dimension's name and value");
    return;
  }
  if (fields.size() > 2 + 2 * kDimensionsMax) {
    faults.Error(path, "A metric has at most 30 dimensions");
    return;
  }
  element.namespace_name = fields[0];
  element.metric_name = fields[1];
  for (std::size_t i = 2; i < fields.size(); i += 2) {
    element.dimensions.emplace_back(fields[i], fields[i + 1]);
  }
}

/// The ids that an expression names: words that begin with a lower-case letter, outside quotes, and
/// that are no functions.
std::set<std::string> NamesIn(std::string_view expression) {
  std::set<std::string> names;
  std::size_t i = 0;
  auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  while (i < expression.size()) {
    const char c = expression[i];
    if (c == '\'' || c == '"') {
      const std::size_t end = expression.find(c, i + 1);
      if (end == std::string_view::npos) break;
      i = end + 1;
    } else if (word(c)) {
      std::size_t end = i;
      while (end < expression.size() && word(expression[end])) ++end;
      if (c >= 'a' && c <= 'z') names.emplace(expression.substr(i, end - i));
      i = end;
    } else {
      ++i;
    }
  }
  return names;
}

bool IsMath(const std::string& expression) {
  const std::string start = ToLower(Trim(std::string_view(expression).substr(0, 32)));
  return !start.starts_with("select");
}

}  // namespace

std::vector<MetricElement> ReadElements(const json::Value& metrics, const std::string& path,
                                        Faults& faults) {
  std::vector<MetricElement> elements;
  if (!metrics.IsArray()) {
    faults.Error(path, "Should be array");
    return elements;
  }
  const json::Array& array = metrics.AsArray();
  if (array.size() > kElementsMax) faults.Error(path, "Should NOT have more than 500 items");
  std::vector<std::string> previous;
  for (std::size_t j = 0; j < array.size(); ++j) {
    const std::string at = path + "/" + std::to_string(j);
    MetricElement element;
    if (!array[j].IsArray()) {
      faults.Error(at, "Should be array");
      faults.Error(at,
                   "Field \"metrics\" has to be an array of array of strings, with an optional "
                   "metricRenderer object as last element");
      continue;
    }
    const json::Array& parts = array[j].AsArray();
    if (parts.empty()) {
      faults.Error(at, "Should NOT have less than 1 items");
      continue;
    }
    const bool rendering = parts.back().IsObject();
    const auto strings = Strings(parts, rendering, at, faults);
    if (!strings) continue;
    if (rendering) ReadRendering(parts.back(), strings->size(), at, element, faults);
    if (!strings->empty()) {
      std::vector<std::string> fields;
      if (!Expander(previous, at, faults).Expand(*strings, fields)) continue;
      TakeFields(fields, at, element, faults);
      previous = std::move(fields);
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

void CheckIds(const std::vector<MetricElement>& elements, const std::string& path, Faults& faults) {
  std::set<std::string> ids;
  for (std::size_t j = 0; j < elements.size(); ++j) {
    if (elements[j].id.empty() || ids.insert(elements[j].id).second) continue;
    faults.Warn(path + "/" + std::to_string(j), "The id '" + elements[j].id + "' occurs twice");
  }
  for (std::size_t j = 0; j < elements.size(); ++j) {
    if (!elements[j].is_expression() || !IsMath(elements[j].expression)) continue;
    for (const std::string& name : NamesIn(elements[j].expression)) {
      if (ids.contains(name)) continue;
      faults.Warn(path + "/" + std::to_string(j),
                  "The expression names '" + name + "', which is the id of no metric here");
    }
  }
}

}  // namespace securebase::dashboards
