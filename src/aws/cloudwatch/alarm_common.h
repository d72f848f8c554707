#pragma once

// What the alarm operations share: values to and from JSON, shapes, answers.

#include <string>
#include <vector>

#include "alarms/alarm_service.h"
#include "aws/operation.h"
#include "aws/shape.h"
#include "aws/value.h"
#include "documents/tag_store.h"

namespace securebase::aws::cloudwatch {

/// A decoded request as JSON with AWS's names; times as ISO 8601 texts.
json::Value ToJson(const Value& value);
/// JSON of ours as an answer; `Threshold` is a double whatever its text.
Value FromJson(const json::Value& json);

/// Metrics of PutMetricAlarm: metric data queries.
ShapePtr AlarmMetricsShape();
ShapePtr AlarmNamesShape(std::int64_t names_max = 100);
ShapePtr TagsShape();
ShapePtr AlarmTypesShape();
ShapePtr StateValueShape();

std::vector<std::string> TextsOf(const Value& request, std::string_view name);
/// Errors: a key given twice; AWS's own prefix.
Result<documents::Tags> TagsOf(const Value& request);

/// An alarm as DescribeAlarms shows it: MetricAlarm or CompositeAlarm.
Value AlarmValue(const alarms::Alarm& alarm, const alarms::AlarmStore& store);

}  // namespace securebase::aws::cloudwatch
