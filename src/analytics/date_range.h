#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"

namespace securebase::analytics {

/// Whole UTC days, or the instants of a custom range.
struct DateRange {
  std::string name = "30d";
  Instant start;  // inclusive
  Instant end;    // exclusive

  /// The range of the same length that ends where this one starts.
  DateRange Before() const;
};

/// `name` is 7d, 30d, 90d, 12m or custom. The named ranges begin at midnight that many days (or
/// months) before today and end with today. A custom range takes ISO 8601 dates or instants; an
/// end that is a date alone includes that day. Null: the parameter was not given.
/// Errors: kInvalidArgument for dateRange, startDate or endDate.
Result<DateRange> ParseDateRange(const std::string* name, const std::string* start,
                                 const std::string* end, Instant now,
                                 std::string_view default_name = "30d");

}  // namespace securebase::analytics
