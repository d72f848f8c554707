#include "aws/cloudwatch/common.h"

#include <algorithm>
#include <utility>

namespace securebase::aws::cloudwatch {
namespace {

using std::chrono::hours;

// How long each stored period is kept (spec 3.1).
constexpr Duration kSecondsKept = hours(3);
constexpr Duration kMinutesKept = hours(24 * 15);
constexpr Duration kFiveMinutesKept = hours(24 * 63);

Instant FloorTo(Instant t, std::int64_t seconds) {
  const std::int64_t ms = ToUnixMillis(t);
  const std::int64_t step = seconds * 1000;
  std::int64_t rest = ms % step;
  if (rest < 0) rest += step;
  return FromUnixMillis(ms - rest);
}

Error Invalid(std::string wire_code, std::string field, std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message), std::move(field),
               std::move(wire_code));
}

}  // namespace

Error InvalidValue(std::string field, std::string message) {
  return Invalid("InvalidParameterValue", std::move(field), std::move(message));
}
Error InvalidCombination(std::string field, std::string message) {
  return Invalid("InvalidParameterCombination", std::move(field), std::move(message));
}
Error ValidationFault(std::string field, std::string message) {
  return Invalid("ValidationError", std::move(field), std::move(message));
}

ShapePtr UnitShape() { return OneOf(std::vector<std::string>(kUnits.begin(), kUnits.end())); }

ShapePtr DimensionsShape() {
  return ListOf(Struct({Required("Name", Text(1, 255)), Required("Value", Text(1, 1024))}), {}, 30);
}

Result<std::vector<metrics::Dimension>> DimensionsOf(const Value::List& list,
                                                     std::string_view field) {
  std::vector<metrics::Dimension> dimensions;
  for (const Value& one : list) {
    dimensions.push_back({one.TextOr("Name", ""), one.TextOr("Value", "")});
  }
  std::sort(dimensions.begin(), dimensions.end());
  const auto twice =
      std::adjacent_find(dimensions.begin(), dimensions.end(),
                         [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != dimensions.end()) {
    return InvalidValue(std::string(field), "The parameter " + std::string(field) +
                                                " names the dimension " + twice->name +
                                                " more than once.");
  }
  return dimensions;
}

Value DimensionsValue(const std::vector<metrics::Dimension>& dimensions) {
  Value::List list;
  for (const metrics::Dimension& one : dimensions) {
    list.push_back(Value::MakeStruct({{"Name", one.name}, {"Value", one.value}}));
  }
  return list;
}

Result<> CheckPeriod(std::int64_t seconds, std::string_view field) {
  for (std::int64_t legal : {1, 5, 10, 20, 30}) {
    if (seconds == legal) return {};
  }
  if (seconds > 0 && seconds % 60 == 0) return {};
  return InvalidValue(std::string(field),
                      "The parameter " + std::string(field) + " must be a multiple of 60.");
}

QueryRange RoundRange(Instant start, Instant end, std::int64_t period_s, Instant now) {
  const Duration age = now - start;
  if (period_s < 60) {
    return {FloorTo(start, period_s), FloorTo(end, period_s), age < kSecondsKept};
  }
  if (age < kMinutesKept) return {FloorTo(start, 60), end, true};
  if (age < kFiveMinutesKept) return {FloorTo(start, 300), end, period_s % 300 == 0};
  return {FloorTo(start, 3600), end, period_s % 3600 == 0};
}

}  // namespace securebase::aws::cloudwatch
