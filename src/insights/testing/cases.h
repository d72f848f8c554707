#pragma once

// Cases of the specification: events, a query, and the rows that it must give.

#include <string>
#include <vector>

#include "base/json.h"
#include "insights/memory_input.h"

namespace securebase::insights::testing {

struct Case {
  std::string name, query, why;
  std::vector<MemoryEvent> events;
  std::int64_t start = 0, end = 0;
  std::vector<std::string> groups = {"case"};
  json::Value lookup, expect;
  std::string error;
  bool ordered = false;
};

/// One a line. Fails the test where a line cannot be read.
std::vector<Case> ReadCases(const std::string& path);
/// Runs it; what differs from the expected, for a person; empty: nothing.
std::string Check(const Case& c);
/// Runs a query over no events: the error's text, or nothing.
std::string RunOnNothing(const Query& query);
/// Rows as "name=value, ..." lines, for messages.
std::string ToText(const Table& table);

}  // namespace securebase::insights::testing
