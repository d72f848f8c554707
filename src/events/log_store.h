#pragma once

// Log groups, streams and their events: durable before acknowledged, readable at once, scanned as
// columns.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "query/predicate.h"
#include "query/source.h"

namespace securebase::events {

struct LogEvent {
  Instant time;
  std::string message;
  Instant ingested_at;
};

/// What the APIs keep with a group beside what the store itself reads: class, key, tags.
using LogAttributes = std::map<std::string, std::string, std::less<>>;

struct LogGroup {
  std::string name;
  Instant created_at;
  std::uint64_t stored_bytes = 0;  // of messages, 26 more an event
  int retention_days = 0;          // 0: for ever
  LogAttributes attributes;
};

struct LogStream {
  std::string name;
  Instant created_at;
  std::optional<Instant> first_event;
  std::optional<Instant> last_event;
  std::optional<Instant> last_ingestion;
};

/// Which groups to list, in the order of their names.
struct GroupListRequest {
  std::string prefix;
  std::string pattern;  // a substring of the name
  std::string after;    // those whose names are greater
  std::size_t groups_max = 10'000;
};

struct ReadRequest {
  std::string group;
  std::optional<std::string> stream;  // none: all streams, merged by time
  Instant start;                      // inclusive
  Instant end;                        // exclusive
  bool from_head = true;              // oldest first; else the newest `events_max`, newest first
  std::size_t events_max = 10'000;
  std::size_t skip = 0;  // for paging
  /// Only events that come after this one in the order of reading: ReadEvent::id, whether or not
  /// the event is still there.
  std::optional<std::string> after_id;
  /// The same by ReadEvent::ordinal; needs `stream`. An ordinal that is not there any more stands
  /// for the nearest one that comes later in the order of reading.
  std::optional<std::uint64_t> after_ordinal;
};

struct ReadEvent {
  std::string stream;
  LogEvent event;
  std::string id;             // 56 digits, unique within the group, stable, sorts as events do
  std::uint64_t ordinal = 0;  // how many events of its stream came before it, stable
  std::string ptr;            // names the event among all groups: @ptr
};

/// The system columns of a scan. All others are discovered names.
inline constexpr std::string_view kTimeColumn = "@timestamp";            // kTime
inline constexpr std::string_view kIngestionColumn = "@ingestionTime";   // kTime
inline constexpr std::string_view kMessageColumn = "@message";           // kString
inline constexpr std::string_view kStreamColumn = "@logStream";          // kString
inline constexpr std::string_view kLogColumn = "@log";                   // kString: account:group
inline constexpr std::string_view kPtrColumn = "@ptr";                   // kString
inline constexpr std::string_view kArrivalColumn = "@arrival";           // kInt64: order of arrival
inline constexpr std::string_view kMessageSizeColumn = "@messageBytes";  // kInt64: of UTF-8

struct LogScanRequest {
  std::vector<std::string> groups;   // each once
  std::vector<std::string> streams;  // empty: all
  Instant start;                     // inclusive
  Instant end;                       // exclusive
  /// Discovered columns come in the type that the values of the batch have, see query::Column on
  /// mixed ones; nulls and inner nodes are absent. A name that no event has is absent in all rows.
  std::vector<std::string> columns;
  /// Only to skip: rows that come may fail it. Read with the language's coercions, so that nothing
  /// is skipped wrongly: a literal (number, text or bool) equals a value when their texts or their
  /// numbers are equal, booleans also as 1 and 0; kLess and its like compare as numbers where both
  /// read as numbers, else nothing is skipped; kContains looks for its literals' text in a value's
  /// source text. Conditions on absent fields are false, but kNotExists. Not only whole chunks are
  /// skipped: a batch may come filtered.
  query::Predicate where;
  bool newest_first = true;
  /// So many sources that share the scan's work between them, one a thread.
  std::size_t sources = 1;
};

/// Batches of a scan. Rows within a batch ascend in (@timestamp, @arrival). Batches come in the
/// order of their newest (oldest) row but may overlap in time, as segments do. Where a batch comes
/// filtered, the values of rows that are not selected are placeholders.
class LogSource : public query::Source {
 public:
  /// No row that is still to come, from any source of the scan, is newer (newest_first) or older
  /// than this. Before the first Next: the request's bound.
  virtual Instant frontier() const = 0;
};

/// How many of the events of a time range have a field.
struct FieldCount {
  std::string name;
  std::uint64_t events = 0;
};
struct FieldCounts {
  std::uint64_t events = 0;
  std::vector<FieldCount> fields;  // most frequent first
};

/// Told of every append after it is durable, on the appending thread, before the caller is
/// answered. Must be quick and cannot fail.
class LogObserver {
 public:
  virtual ~LogObserver() = default;
  virtual void OnAppend(const Account& account, std::string_view group, std::string_view stream,
                        std::span<const LogEvent> events) = 0;
};

/// Thread-safe. Changes are durable when a call returns. Events older than a group's retention
/// are not seen by any call.
class LogStore {
 public:
  virtual ~LogStore() = default;

  /// Creates group and stream where they are missing. No events make an empty stream; an empty
  /// stream name and no events make the group alone.
  virtual Result<> Append(const Account& account, std::string_view group, std::string_view stream,
                          std::vector<LogEvent> events) = 0;
  /// One observer (null: none), set before any append; outlives the store's use.
  virtual void SetObserver(LogObserver* observer) = 0;

  /// kConflict: there is one of that name.
  virtual Result<> CreateGroup(const Account& account, std::string_view group,
                               const LogAttributes& attributes) = 0;
  /// kNotFound without the group. Its events, streams and attributes go at once, the disk is freed
  /// when no scan reads it any more.
  virtual Result<> DeleteGroup(const Account& account, std::string_view group) = 0;
  /// 0: keep for ever. kNotFound without the group.
  virtual Result<> SetRetention(const Account& account, std::string_view group, int days) = 0;
  /// Sets those with a value, removes those without. kNotFound without the group.
  virtual Result<> ChangeAttributes(
      const Account& account, std::string_view group,
      const std::map<std::string, std::optional<std::string>>& changes) = 0;
  virtual std::optional<LogGroup> FindGroup(const Account& account,
                                            std::string_view group) const = 0;
  virtual std::vector<LogGroup> ListGroups(const Account& account,
                                           const GroupListRequest& request) const = 0;
  /// All with the prefix.
  std::vector<LogGroup> Groups(const Account& account, std::string_view prefix) const {
    return ListGroups(account, {.prefix = std::string(prefix), .groups_max = 1'000'000'000});
  }

  /// kNotFound without the group, kConflict where the stream is there.
  virtual Result<> CreateStream(const Account& account, std::string_view group,
                                std::string_view stream) = 0;
  /// kNotFound without the group or stream.
  virtual Result<> DeleteStream(const Account& account, std::string_view group,
                                std::string_view stream) = 0;
  /// In the order of their names. kNotFound for an unknown group.
  virtual Result<std::vector<LogStream>> Streams(const Account& account, std::string_view group,
                                                 std::string_view prefix) const = 0;
  /// kNotFound for an unknown group.
  virtual Result<std::optional<LogStream>> FindStream(const Account& account,
                                                      std::string_view group,
                                                      std::string_view stream) const = 0;

  virtual Result<std::vector<ReadEvent>> Read(const Account& account,
                                              const ReadRequest& request) const = 0;
  /// One event and the group that it is in. kInvalidArgument: not a pointer; kNotFound: the event
  /// is gone.
  struct Located {
    std::string group;
    ReadEvent event;
  };
  virtual Result<Located> ReadOne(const Account& account, std::string_view ptr) const = 0;

  /// A consistent view: what commits later is not seen. kNotFound names the unknown group; unknown
  /// streams have no events. request.sources of them.
  virtual Result<std::vector<std::unique_ptr<LogSource>>> Scan(
      const Account& account, const LogScanRequest& request) const = 0;
  /// Drops what is wholly older than its group's retention and frees what scans have left. To be
  /// called now and then.
  virtual Result<> Maintain() { return {}; }
  virtual Result<FieldCounts> CountFields(const Account& account, std::string_view group,
                                          Instant start, Instant end) const = 0;
};

}  // namespace securebase::events
