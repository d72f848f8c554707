#include "aws/cloudwatch/common.h"

#include <algorithm>
#include <utility>

namespace securebase::aws::cloudwatch {
namespace {

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

}  // namespace securebase::aws::cloudwatch
