#pragma once

// What several CloudWatch operations share: shapes, errors, the legal periods.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/shape.h"
#include "aws/value.h"
#include "base/result.h"
#include "metrics/metric_store.h"

namespace securebase::aws::cloudwatch {

/// The units of the model, in its order.
inline constexpr std::array<std::string_view, 27> kUnits = {"Seconds",
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

Error InvalidValue(std::string field, std::string message);
Error InvalidCombination(std::string field, std::string message);
Error ValidationFault(std::string field, std::string message);

ShapePtr UnitShape();
ShapePtr DimensionsShape();
/// The dimensions of a request, sorted by name. Errors: a name given twice.
Result<std::vector<metrics::Dimension>> DimensionsOf(const Value::List& list,
                                                     std::string_view field);
Value DimensionsValue(const std::vector<metrics::Dimension>& dimensions);

/// Checks a period in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
Result<> CheckPeriod(std::int64_t seconds, std::string_view field);

}  // namespace securebase::aws::cloudwatch
