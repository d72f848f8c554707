#pragma once

// GET /analytics as data: what a client's parameters mean, checked and normalised.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/date_range.h"
#include "base/result.h"
#include "base/time.h"
#include "query/aggregate.h"
#include "query/predicate.h"

namespace securebase::analytics {

enum class Granularity { kNone, kDay, kWeek, kMonth };

/// A figure of a row, by the names that requests and answers use.
enum class Metric { kCost, kEffectiveCost, kUsage, kCount };

/// "cost", "effectiveCost", "usage", "count".
std::string_view ToText(Metric metric);

struct SortOrder {
  std::string column;  // a column of the answer: a key's name, "date", or a metric
  bool descending = false;
};

/// Rows of one dataset, grouped by `keys` (and by time, with a granularity).
struct AnalyticsQuery {
  std::string dataset = "cost";
  DateRange range;
  std::string dimension = "service";   // as asked; names the query's type in metrics
  std::vector<std::string> keys;       // fields of the dataset; empty with `all_tags`
  std::vector<std::string> key_names;  // what the answer calls them
  /// `dimension=tag` without a key: one row per "key=value" over all tags. A record counts once
  /// for each of its tags.
  bool all_tags = false;
  query::Predicate where;
  Granularity granularity = Granularity::kNone;
  std::vector<Metric> metrics;
  std::vector<SortOrder> sort;
  std::size_t limit = 1000;
  std::size_t offset = 0;         // from the cursor
  std::string cursor_generation;  // of the data when the cursor was made; empty without one
  std::string fingerprint;        // of all but limit and offset: ties a cursor to its query
};

struct ResultColumn {
  std::string name;  // as in the answer: "service", "date", "cost"
  query::Type type = query::Type::kString;
};

/// Rows by column. Absent keys are cells that are not present.
struct QueryResult {
  std::vector<ResultColumn> columns;
  std::vector<std::vector<query::Cell>> rows;
  std::size_t groups = 0;  // before offset and limit
  double total_cost = 0;
  double total_effective_cost = 0;
  double total_usage = 0;
  std::uint64_t record_count = 0;  // records that the rows stand for
  std::string next_cursor;         // empty at the end
};

/// Parameters: dateRange, startDate, endDate, dimension, tagKey, groupBy, filters, granularity,
/// metrics, sort, limit, cursor. Errors: kInvalidArgument naming the parameter (inside `filters`
/// as a path, "filters.cost.gt"); unknown and repeated parameters are refused.
Result<AnalyticsQuery> ParseQuery(
    const std::vector<std::pair<std::string, std::string>>& parameters, Instant now);

/// The value of a parameter, or null. Refusing unknown and repeated names is CheckNames' part.
const std::string* FindParameter(const std::vector<std::pair<std::string, std::string>>& parameters,
                                 std::string_view name);

/// kInvalidArgument naming the first parameter that is not in `allowed` or occurs twice.
Result<> CheckNames(const std::vector<std::pair<std::string, std::string>>& parameters,
                    std::initializer_list<std::string_view> allowed);

/// A cursor's text.
std::string EncodeCursor(const AnalyticsQuery& query, std::size_t offset,
                         std::string_view generation);

}  // namespace securebase::analytics
