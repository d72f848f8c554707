#pragma once

// Grouping and aggregates over a stream of batches.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "query/column.h"
#include "query/predicate.h"
#include "query/source.h"

namespace securebase::query {

/// A key to group by: a field, or a field of type kTime cut to calendar units (UTC).
struct GroupKey {
  enum class Cut { kNone, kDay, kWeek, kMonth };  // weeks begin on Monday
  std::string field;
  Cut cut = Cut::kNone;
};

struct Aggregate {
  enum class Op { kCount, kSum, kMin, kMax, kAverage, kCountDistinct };
  Op op = Op::kCount;
  std::string field;  // empty for kCount of rows; else absent values do not count
};

struct SortKey {
  std::size_t column = 0;  // group keys first, then aggregates
  bool descending = false;
};

struct GroupQuery {
  Predicate where;
  std::vector<GroupKey> keys;
  std::vector<Aggregate> aggregates;
  std::vector<SortKey> order;          // ties are broken by the keys, so that paging is stable
  std::size_t groups_max = 1'000'000;  // more: kLimitExceeded
};

/// One value of a result row: absent, or as the column's type says.
struct Cell {
  bool present = false;
  Type type = Type::kInt64;
  std::int64_t integer = 0;  // kInt64, kTime, kBool
  double real = 0;           // kDouble; also the sum of integers that does not fit `integer`
  std::string text;
};

/// What a group query found. Absent values sort before all others; without group keys there is one
/// row, whatever matched. A count is 0 where nothing is counted, every other aggregate absent.
struct GroupResult {
  /// Key columns then aggregate columns, by row.
  std::vector<std::vector<Cell>> rows;
  std::uint64_t rows_scanned = 0;
  std::uint64_t rows_matched = 0;
};

/// Runs the query over all batches of the source. Checks `control` once per batch.
Result<GroupResult> RunGroupQuery(Source& source, const GroupQuery& query, const Control& control);

}  // namespace securebase::query
