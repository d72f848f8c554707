#pragma once

// Runs cases of alarms: datapoints in, states and actions expected out. Two forms, one runner
// (docs/alarms.md, "Testing alarms"): JSON lines, one case a line, and test files in a notation
// that reads like a timing diagram.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace securebase::alarms {

struct CaseFailure {
  std::string name;  // of the case; with the line for test files
  std::string text;  // expected and got
};

struct CaseReport {
  std::size_t passed = 0;
  std::vector<CaseFailure> failures;
};

/// JSON lines as in testdata/alarm_cases.jsonl; a first line with "format" describes them. A line
/// that cannot be read is a failure.
CaseReport RunJsonCases(std::string_view text);

/// A test file: blocks of `alarm NAME` lines with `data`, `state` and `act` rows, and `decide`
/// tables.
CaseReport RunCaseFile(std::string_view text);

}  // namespace securebase::alarms
