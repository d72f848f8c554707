#pragma once

// What the readers of a body's parts share: members with their type and range checked, messages in
// the words of AWS's schema.

#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "dashboards/validation.h"

namespace securebase::dashboards {

/// Collects what is wrong, with the options that say how wrong it is.
class Faults {
 public:
  explicit Faults(const ValidationOptions& options, Reading& reading)
      : options_(options), reading_(reading) {}
  void Error(std::string path, std::string message) {
    reading_.errors.push_back({std::move(path), std::move(message)});
  }
  void Warn(std::string path, std::string message) {
    reading_.warnings.push_back({std::move(path), std::move(message)});
  }
  const ValidationOptions& options() const { return options_; }

 private:
  const ValidationOptions& options_;
  Reading& reading_;
};

/// An object at a path. The Read functions leave `into` as it is where the member is absent or
/// wrong; a wrong one is told.
class ObjectReader {
 public:
  /// `value` is an object.
  ObjectReader(const json::Value& value, std::string path, Faults& faults)
      : value_(value), path_(std::move(path)), faults_(faults) {}

  const json::Value* Find(std::string_view name) const { return value_.Find(name); }
  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::string& path() const { return path_; }
  std::string PathOf(std::string_view name) const { return path_ + "/" + std::string(name); }
  Faults& faults() const { return faults_; }

  /// Tells of a missing member; whether it is there.
  bool Require(std::string_view name) const;
  void ReadText(std::string_view name, std::string& into) const;
  void ReadBool(std::string_view name, bool& into) const;
  std::optional<double> Number(std::string_view name) const;
  std::optional<std::int64_t> Int(
      std::string_view name, std::int64_t min,
      std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  void ReadChoice(std::string_view name, std::initializer_list<std::string_view> choices,
                  std::string& into) const;
  /// The member as an object or array; null where it is absent or something else.
  const json::Value* Object(std::string_view name) const;
  const json::Array* Array(std::string_view name) const;
  std::vector<std::string> Texts(std::string_view name) const;
  /// Warns of members that nobody knows.
  void WarnUnknown(std::initializer_list<std::string_view> known) const;

 private:
  const json::Value& value_;
  const std::string path_;
  Faults& faults_;
};

/// "#rrggbb" or "#rgb".
bool IsColor(std::string_view text);
/// 1, 5, 10, 20, 30 or a multiple of 60.
bool IsPeriod(std::int64_t seconds);
inline constexpr std::string_view kColorPattern =
    "Should match pattern \"^#([0-9a-fA-F]{3}){1,2}$\"";

void ReadRange(const ObjectReader& object, TimeRange& range);
void CheckRegion(const ObjectReader& properties, bool required, std::string& region);

MetricWidget ReadMetricWidget(const ObjectReader& properties);
/// The metrics array, its shorthand expanded.
std::vector<MetricElement> ReadElements(const json::Value& metrics, const std::string& path,
                                        Faults& faults);
/// Warns of ids that occur twice, and of expressions that name one which nothing has.
void CheckIds(const std::vector<MetricElement>& elements, const std::string& path, Faults& faults);
LogWidget ReadLogWidget(const ObjectReader& properties);
TextWidget ReadTextWidget(const ObjectReader& properties);
AlarmWidget ReadAlarmWidget(const ObjectReader& properties);
OtherWidget ReadOtherWidget(const std::string& type, const ObjectReader& properties);
Variable ReadVariable(const ObjectReader& variable);
/// Warns of an alarm's ARN that is another account's or none.
void CheckAlarmArn(const std::string& arn, const std::string& path, Faults& faults);

}  // namespace securebase::dashboards
