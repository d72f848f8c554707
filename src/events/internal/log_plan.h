#pragma once

// The units of a scan of log groups, chunks of segments and stretches of the head, handed out
// newest (or oldest) first to one or more readers.

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/internal/log_file.h"
#include "events/internal/log_head.h"
#include "events/internal/log_match.h"
#include "events/log_store.h"

namespace securebase::events {

/// What a scan sees of one group.
struct LogSnapshot {
  std::uint32_t group_id = 0;
  std::string name;
  std::string log;  // account:group
  /// By number; empty: deleted.
  std::shared_ptr<const std::vector<std::string>> streams;
  std::vector<std::uint8_t> wanted;  // by number: 1 where asked for; empty: all
  std::vector<std::shared_ptr<LogFile>> files;
  HeadBatches head;
  std::int64_t start_ms = 0;  // inclusive
  std::int64_t end_ms = 0;    // exclusive

  bool Wants(std::int64_t stream) const {
    const auto at = static_cast<std::size_t>(stream);
    if (at >= streams->size() || (*streams)[at].empty()) return false;
    return wanted.empty() || (at < wanted.size() && wanted[at] != 0);
  }
};

/// One chunk of a segment, or up to kLogChunkRows rows of the head.
struct LogUnit {
  const LogSnapshot* group = nullptr;
  std::shared_ptr<const LogSegment> segment;  // null: of the head
  std::size_t chunk = 0;
  std::span<const LogRow> rows;  // of the head, ascending in (time, arrival)
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
};

/// Thread-safe.
class LogPlan {
 public:
  LogPlan(std::vector<LogSnapshot> groups, const query::Predicate& where, bool newest_first,
          std::size_t readers);

  /// The next unit; none at the end. What was taken before by this reader is done with then.
  /// Units that the predicate excludes are counted and skipped.
  Result<std::optional<LogUnit>> Take(std::size_t reader, query::ScanStatistics& statistics);
  /// Rows that this reader took have been handed on: they are not to come any more.
  void Deliver(std::size_t reader);
  /// See LogSource::frontier.
  std::int64_t frontier() const;
  const query::Predicate& where() const { return where_; }
  const std::vector<LogSnapshot>& groups() const { return groups_; }

 private:
  struct Item {
    std::int64_t bound = 0;  // newest time, or the oldest one negated: the largest comes first
    std::size_t group = 0;
    std::shared_ptr<LogFile> file;  // a segment that is not opened yet
    LogUnit unit;
    bool operator<(const Item& other) const { return bound < other.bound; }
  };

  std::int64_t BoundOf(std::int64_t first_ms, std::int64_t last_ms) const {
    return newest_first_ ? last_ms : -first_ms;
  }
  void AddHead(std::size_t group);
  Result<> Expand(const Item& item, query::ScanStatistics& statistics);

  const std::vector<LogSnapshot> groups_;
  const query::Predicate where_;
  const bool newest_first_;
  std::vector<std::vector<LogRow>> head_rows_;  // by group
  std::int64_t start_ms_ = 0;                   // of all groups
  std::int64_t end_ms_ = 0;

  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::priority_queue<Item> queue_;
  std::vector<std::optional<std::int64_t>> taken_;  // by reader: the bound of its unit
  query::ScanStatistics first_statistics_;          // of what was skipped when it was made
};

}  // namespace securebase::events
