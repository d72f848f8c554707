#include "dashboards/internal/reader.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace securebase::dashboards {

bool IsColor(std::string_view text) {
  if ((text.size() != 4 && text.size() != 7) || text[0] != '#') return false;
  return std::all_of(text.begin() + 1, text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

bool IsPeriod(std::int64_t seconds) {
  for (std::int64_t legal : {1, 5, 10, 20, 30}) {
    if (seconds == legal) return true;
  }
  return seconds > 0 && seconds % 60 == 0;
}

bool ObjectReader::Require(std::string_view name) const {
  if (Has(name)) return true;
  faults_.Error(path_, "Should have required property '" + std::string(name) + "'");
  return false;
}

void ObjectReader::ReadText(std::string_view name, std::string& into) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return;
  if (value->IsString()) {
    into = value->AsString();
  } else {
    faults_.Error(PathOf(name), "Should be string");
  }
}

void ObjectReader::ReadBool(std::string_view name, bool& into) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return;
  if (value->IsBool()) {
    into = value->AsBool();
  } else {
    faults_.Error(PathOf(name), "Should be boolean");
  }
}

std::optional<double> ObjectReader::Number(std::string_view name) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return {};
  if (value->IsNumber()) return value->AsNumber();
  faults_.Error(PathOf(name), "Should be number");
  return {};
}

std::optional<std::int64_t> ObjectReader::Int(std::string_view name, std::int64_t min,
                                              std::int64_t max) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return {};
  const bool whole = value->IsInt() || (value->IsDouble() && std::abs(value->AsNumber()) < 1e15 &&
                                        value->AsNumber() == std::trunc(value->AsNumber()));
  if (!whole) {
    faults_.Error(PathOf(name), "Should be integer");
    return {};
  }
  const auto number =
      value->IsInt() ? value->AsInt() : static_cast<std::int64_t>(value->AsNumber());
  if (number < min) {
    faults_.Error(PathOf(name), "Should be >= " + std::to_string(min));
    return {};
  }
  if (number > max) {
    faults_.Error(PathOf(name), "Should be <= " + std::to_string(max));
    return {};
  }
  return number;
}

void ObjectReader::ReadChoice(std::string_view name,
                              std::initializer_list<std::string_view> choices,
                              std::string& into) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return;
  if (value->IsString() &&
      std::find(choices.begin(), choices.end(), value->AsString()) != choices.end()) {
    into = value->AsString();
    return;
  }
  faults_.Error(PathOf(name), "Should be equal to one of the allowed values");
}

const json::Value* ObjectReader::Object(std::string_view name) const {
  const json::Value* value = Find(name);
  if (value == nullptr || value->IsObject()) return value;
  faults_.Error(PathOf(name), "Should be object");
  return nullptr;
}

const json::Array* ObjectReader::Array(std::string_view name) const {
  const json::Value* value = Find(name);
  if (value == nullptr) return nullptr;
  if (value->IsArray()) return &value->AsArray();
  faults_.Error(PathOf(name), "Should be array");
  return nullptr;
}

std::vector<std::string> ObjectReader::Texts(std::string_view name) const {
  std::vector<std::string> texts;
  const json::Array* array = Array(name);
  if (array == nullptr) return texts;
  for (std::size_t i = 0; i < array->size(); ++i) {
    if ((*array)[i].IsString()) {
      texts.push_back((*array)[i].AsString());
    } else {
      faults_.Error(PathOf(name) + "/" + std::to_string(i), "Should be string");
    }
  }
  return texts;
}

void ObjectReader::WarnUnknown(std::initializer_list<std::string_view> known) const {
  for (const auto& [name, value] : value_.AsObject()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    faults_.Warn(PathOf(name), "The property '" + name + "' is unknown and has no effect");
  }
}

void CheckRegion(const ObjectReader& properties, bool required, std::string& region) {
  properties.ReadText("region", region);
  if (properties.Has("region") || !required) return;
  Faults& faults = properties.faults();
  if (faults.options().strict) {
    faults.Error(properties.path(), "Should have required property 'region'");
  } else {
    faults.Warn(properties.path(), "Should have required property 'region': region is missing; " +
                                       faults.options().region + " is used");
  }
}

void CheckAlarmArn(const std::string& arn, const std::string& path, Faults& faults) {
  const auto parts = Split(arn, ':');
  const bool alarm =
      parts.size() >= 7 && parts[0] == "arn" && parts[2] == "cloudwatch" && parts[5] == "alarm";
  if (!alarm) {
    faults.Warn(path, "This is no ARN of an alarm");
  } else if (parts[4] != faults.options().account) {
    faults.Warn(path, "The alarm is of another account and will not be found");
  }
}

}  // namespace securebase::dashboards
