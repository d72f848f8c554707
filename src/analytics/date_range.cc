#include "analytics/date_range.h"

#include <chrono>
#include <optional>

namespace securebase::analytics {
namespace {

using std::chrono::days;

/// The same day of the month `months` earlier, or that month's last day.
Instant MonthsBefore(Instant day, int months) {
  const std::chrono::year_month_day date{std::chrono::floor<days>(day)};
  const auto month =
      std::chrono::year_month(date.year(), date.month()) - std::chrono::months(months);
  std::chrono::year_month_day moved{month.year(), month.month(), date.day()};
  if (!moved.ok()) moved = std::chrono::sys_days(month / std::chrono::last);
  return std::chrono::sys_days(moved);
}

Result<Instant> ParseBound(const std::string& text, const char* field) {
  auto parsed = ParseIso(text);
  if (!parsed.ok()) {
    return InvalidArgument(field, "must be an ISO 8601 date or time, such as 2026-01-31");
  }
  return *parsed;
}

Result<DateRange> CustomRange(const std::string* start, const std::string* end) {
  if (start == nullptr) return InvalidArgument("startDate", "is required with dateRange=custom");
  if (end == nullptr) return InvalidArgument("endDate", "is required with dateRange=custom");
  DateRange range{.name = "custom"};
  SB_TRY(range.start, ParseBound(*start, "startDate"));
  SB_TRY(range.end, ParseBound(*end, "endDate"));
  if (end->size() == 10) range.end += days(1);  // a date alone means the whole day
  if (range.end <= range.start) {
    return InvalidArgument("endDate", "must not be before startDate");
  }
  if (range.end - range.start > days(3660)) {
    return InvalidArgument("endDate", "must be within ten years of startDate");
  }
  return range;
}

}  // namespace

DateRange DateRange::Before() const {
  return DateRange{.name = name, .start = start - (end - start), .end = start};
}

Result<DateRange> ParseDateRange(const std::string* name, const std::string* start,
                                 const std::string* end, Instant now,
                                 std::string_view default_name) {
  const std::string_view range = name != nullptr ? std::string_view(*name) : default_name;
  if (range == "custom") return CustomRange(start, end);
  if (start != nullptr) {
    return InvalidArgument("startDate", "is allowed only with dateRange=custom");
  }
  if (end != nullptr) return InvalidArgument("endDate", "is allowed only with dateRange=custom");

  const Instant today = std::chrono::floor<days>(now);
  DateRange result{.name = std::string(range), .end = today + days(1)};
  if (range == "7d") {
    result.start = today - days(7);
  } else if (range == "30d") {
    result.start = today - days(30);
  } else if (range == "90d") {
    result.start = today - days(90);
  } else if (range == "12m") {
    result.start = MonthsBefore(today, 12);
  } else {
    return InvalidArgument("dateRange", "must be one of 7d, 30d, 90d, 12m, custom");
  }
  return result;
}

}  // namespace securebase::analytics
