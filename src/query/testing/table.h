#pragma once

// Small tables of rows for tests: made at random, cut into batches, and read row by row by an
// interpreter that shares no code with the vectorised one.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "query/aggregate.h"
#include "query/column.h"
#include "query/predicate.h"
#include "query/source.h"

namespace securebase::query::testing {

/// A row: the fields that it has.
using Row = std::map<std::string, Cell>;

struct TableColumn {
  std::string name;
  Type type;
};

struct Table {
  std::vector<TableColumn> columns;
  std::vector<Row> rows;
};

Cell BoolCell(bool value);
Cell IntCell(std::int64_t value);
Cell TimeCell(std::int64_t ms);
Cell DoubleCell(double value);
Cell TextCell(std::string value);
bool SameCell(const Cell& a, const Cell& b);
/// "-" for absent; for messages and as a key.
std::string ToText(const Cell& cell);
std::string ToText(const Predicate& predicate);

/// Fields bool, int, time, double, text and tag (text with many values), a fifth absent.
Table RandomTable(Random& random, std::size_t rows);
/// A predicate of up to `depth` levels over the fields of RandomTable and one it has not.
Predicate RandomPredicate(Random& random, int depth);

/// One condition or tree, by the words of predicate.h.
bool Matches(const Predicate& predicate, const Row& row);

/// The rows [first, first + count) as a batch. `sorted`: of the dictionaries.
Batch BatchOf(const Table& table, std::size_t first, std::size_t count, bool sorted);

/// Yields a table in batches of random lengths. Each batch has dictionaries of its own.
class TableSource final : public Source {
 public:
  TableSource(const Table& table, Random& random);
  const std::vector<std::string>& column_names() const override { return names_; }
  Result<bool> Next(Batch& batch) override;
  const ScanStatistics& statistics() const override { return statistics_; }

 private:
  const Table& table_;
  Random& random_;
  std::vector<std::string> names_;
  std::size_t next_ = 0;
  ScanStatistics statistics_;
};

}  // namespace securebase::query::testing
