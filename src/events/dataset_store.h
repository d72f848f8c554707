#pragma once

// Datasets of the analytics API (cost, usage, findings, controls): typed columns in immutable
// segments, one customer a segment, rows ordered by time, with zone maps per chunk.
// Format: docs/formats/segment.md.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "query/predicate.h"
#include "query/source.h"

namespace securebase::events {

/// A field of a dataset. Absent values are allowed for every field but the time.
struct Field {
  std::string name;
  query::Type type = query::Type::kString;
};

/// A dataset's fields; the first is its time (kTime) that rows are ordered by. Rows may carry
/// further string fields ("tags.team") that the schema does not list.
struct Schema {
  std::string dataset;
  std::vector<Field> fields;
};

/// Builds the rows of one import: set fields in any order, then EndRow. Not thread-safe.
/// Memory is bounded: rows beyond `memory_max` are spilled into segment files as they come.
class Import {
 public:
  virtual ~Import() = default;
  virtual void Time(std::size_t field, Instant value) = 0;
  virtual void String(std::size_t field, std::string_view value) = 0;
  virtual void Double(std::size_t field, double value) = 0;
  virtual void Int(std::size_t field, std::int64_t value) = 0;
  /// A string field that the schema does not list.
  virtual void Extra(std::string_view name, std::string_view value) = 0;
  /// Ends the row; `customer` owns it. kInvalidArgument and kLimitExceeded refuse this row only
  /// (no time, no customer, too many names of extra fields). Other errors (disk full) end the
  /// import.
  virtual Result<> EndRow(std::string_view customer) = 0;
  /// Drops the fields set since the last EndRow.
  virtual void DiscardRow() = 0;
  virtual std::uint64_t row_count() const = 0;

  /// Makes the rows visible and durable in one step and, in the same step, removes the rows of
  /// every earlier import with the same source key and customer: importing again replaces, never
  /// doubles. Destroying an import that was not committed leaves nothing behind.
  virtual Result<> Commit() = 0;
};

struct ScanRequest {
  std::string dataset;
  Instant start;  // inclusive
  Instant end;    // exclusive
  std::vector<std::string> columns;
  query::Predicate where;  // only used to skip; Filter decides
};

struct DatasetStatistics {
  std::uint64_t rows = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
  Instant first;  // of the rows, when there are any
  Instant last;
};

/// What a scan would come to, told from the catalogue alone.
struct ScanEstimate {
  std::uint64_t rows = 0;  // as if a segment's rows were spread evenly over its time
  bool warm = true;        // every segment is open already: likely no wait for the disk
};

/// Thread-safe.
class DatasetStore {
 public:
  virtual ~DatasetStore() = default;
  /// Registers a schema (at start, before any use). Calls below with a dataset that was not
  /// registered: kNotFound.
  virtual void Define(const Schema& schema) = 0;

  /// `source_key` names what is imported: the hash of a file, or a billing period. A key with
  /// prefix "append:" and a unique tail never replaces anything.
  virtual Result<std::unique_ptr<Import>> BeginImport(const Account& account,
                                                      std::string_view dataset,
                                                      std::string_view source_key) = 0;

  /// Scans one customer's rows. A consistent view: imports that commit later are not seen.
  virtual Result<std::unique_ptr<query::Source>> Scan(const Customer& customer,
                                                      const ScanRequest& request) const = 0;

  /// In microseconds: for I/O threads. A store that cannot tell calls everything cold.
  virtual ScanEstimate Estimate(const Customer& customer, std::string_view dataset,
                                Instant /*start*/, Instant /*end*/) const {
    return {.rows = Statistics(customer, dataset).rows, .warm = false};
  }

  virtual DatasetStatistics Statistics(const Customer& customer,
                                       std::string_view dataset) const = 0;
  /// Grows with every commit that touches the customer's dataset; a cached result is stale when
  /// it has changed.
  virtual std::uint64_t Generation(const Customer& customer, std::string_view dataset) const = 0;
  /// Names of all fields that occur in the customer's rows, extras included.
  virtual std::vector<std::string> FieldNames(const Customer& customer,
                                              std::string_view dataset) const = 0;
};

}  // namespace securebase::events
