#pragma once

// Running a checked query over log events.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/worker_pool.h"
#include "insights/query.h"
#include "query/predicate.h"
#include "query/source.h"

namespace securebase::insights {

/// What a scan must yield. Columns come in the order of `fields`.
struct ScanField {
  std::string name;
  /// Wanted as the JSON text of an inner node (ValueKind::kTree) where it is no leaf; else such a
  /// field is absent.
  bool tree = false;
};

struct ScanRequest {
  std::vector<std::string> groups;  // empty: all that the input has
  std::int64_t start_ms = 0;  // both inclusive; rows outside may come, they are left out later
  std::int64_t end_ms = 0;
  /// @timestamp (kTime) first, then @arrival (kInt64: the order of ingestion), then any of
  /// @ingestionTime (kTime), @message, @logStream, @log, @ptr and the discovered ones.
  std::vector<ScanField> fields;
  /// Rows that fail it may be left out (the executor filters exactly), as events::LogScanRequest
  /// reads it: with the language's coercions.
  query::Predicate where;
  /// The caller wants few of the newest rows: read from the end where that is possible.
  bool newest_first = false;
};

/// A piece of the input that one thread reads.
struct ScanPart {
  std::unique_ptr<query::Source> source;
  std::int64_t time_min = INT64_MIN;  // bounds of its rows, where known
  std::int64_t time_max = INT64_MAX;
  std::uint64_t rows = 0;   // about, for progress
  std::uint64_t bytes = 0;  // of messages, about
  /// No row still to come of this part is newer; empty: not known.
  std::function<std::int64_t()> frontier;
};

/// Where events come from: a log store, files, memory. Thread-safe.
class Input {
 public:
  virtual ~Input() = default;
  /// Names of the groups that the selection means. kNotFound for a name that does not exist,
  /// kInvalidArgument for a selection that this input cannot evaluate (accounts, tags).
  virtual Result<std::vector<std::string>> Resolve(const GroupSelection& selection) const = 0;
  /// About `parts` parts, where the input can be divided so.
  virtual Result<std::vector<ScanPart>> Open(const ScanRequest& request,
                                             std::size_t parts) const = 0;
};

/// A lookup table: rows of text by column.
struct LookupTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

/// CSV with a header line, or a JSON array of objects.
Result<LookupTable> ReadLookupTable(std::string_view text);

struct Statistics {
  std::uint64_t records_matched = 0;
  std::uint64_t records_scanned = 0;
  std::uint64_t bytes_scanned = 0;
  std::uint64_t records_skipped = 0;
  std::uint64_t bytes_skipped = 0;
  std::uint64_t segments = 0;
  std::uint64_t segments_skipped = 0;
  // Why chunks of segments were skipped: time range, smallest and largest values, text filters.
  std::uint64_t chunks_skipped_by_time = 0;
  std::uint64_t chunks_skipped_by_zone = 0;
  std::uint64_t chunks_skipped_by_text = 0;
  std::uint64_t groups_scanned = 0;
};

/// Rows of text as GetQueryResults words the values; nothing where a field is missing.
struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::vector<std::string> pointers;  // @ptr of each row, or empty: the rows have none
};

struct Progress {
  double fraction = 0;  // 0 to 1
  Statistics statistics;
  /// The rows so far; costs a merge, so only when it is asked for. Valid during the call.
  std::function<Table()> partial;
};

struct RunOptions {
  std::vector<std::string> groups;  // those of the request, where the query names none
  std::int64_t start_ms = 0;        // both inclusive; see RangeOf
  std::int64_t end_ms = 0;
  std::optional<std::size_t> limit;  // the request's; the smaller of it and the query's wins
  std::int64_t now_ms = 0;           // for now()
  std::map<std::string, std::shared_ptr<const LookupTable>> lookups;
  query::Control control;  // deadline, cancellation, memory
  /// Threads that may help; null: the caller's alone.
  WorkerPool* workers = nullptr;
  std::size_t threads = 1;
  std::function<void(const Progress&)> on_progress;  // about ten times a second, any thread
};

/// The range of StartQuery: `start` and `end` in epoch seconds (10^11 and more: milliseconds),
/// both inclusive, the whole last second belongs to it. kInvalidArgument, wire code
/// MalformedQueryException, when the end is before the start.
struct Range {
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
};
Result<Range> RangeOf(std::int64_t start, std::int64_t end);

struct Answer {
  Table table;
  Statistics statistics;
  /// What would have made it cheaper, for a person; empty if nothing.
  std::string advice;
};

/// Runs the query. Errors: kCancelled, kDeadlineExceeded, kLimitExceeded (field `memory`),
/// kNotFound (group, lookup table), what the input reports. A value of the wrong kind never fails
/// a query: it yields a missing value.
Result<Answer> Run(const Query& query, const Input& input, const RunOptions& options);

}  // namespace securebase::insights
