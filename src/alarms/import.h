#pragma once

// Alarms out of other tools' files: CloudFormation (JSON, YAML), Terraform JSON, the AWS CLI's
// JSON, Prometheus rule files (docs/alarms.md, "Importing").

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/tenant.h"

namespace securebase::alarms {

struct Imported {
  /// Inputs of PutMetricAlarm and PutCompositeAlarm, composites last; each was checked.
  std::vector<json::Value> alarms;
  /// "NAME: why it does not map", one for each that was left out.
  std::vector<std::string> skipped;
};

/// Reads a whole file; what it is, is found by its content. Errors: kInvalidArgument for a file
/// that is none of these.
Result<Imported> ImportAlarms(std::string_view text, const Account& account);

/// YAML (or JSON, which is YAML) as JSON. CloudFormation's short forms (`!Ref x`) become
/// {"Ref": "x"}. Errors: kInvalidArgument with the line.
Result<json::Value> ParseYaml(std::string_view text);

}  // namespace securebase::alarms
