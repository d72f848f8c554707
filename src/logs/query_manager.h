#pragma once

// Insights queries that run in the background: started, polled, stopped, listed (spec: logs-api 8).

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/tenant.h"
#include "base/worker_pool.h"
#include "insights/run.h"

namespace securebase::logs {

enum class QueryStatus { kScheduled, kRunning, kComplete, kFailed, kCancelled, kTimeout };
/// "Scheduled", "Running", .. as the API has it.
std::string_view ToText(QueryStatus status);

struct QueryManagerOptions {
  std::size_t threads = 2;       // queries that run at once
  std::size_t active_max = 100;  // scheduled and running ones
  std::size_t groups_max = 50;   // that a request may name
  Duration timeout = std::chrono::minutes(60);
  std::uint64_t memory_max = 512ull << 20;         // of one query
  Duration kept = std::chrono::hours(24 * 7);      // results
  std::uint64_t results_bytes_max = 256ull << 20;  // of all results; the oldest go first
};

struct QueryRequest {
  std::string text;
  std::vector<std::string> groups;  // names; empty: the text's SOURCE says
  std::int64_t start = 0;           // as StartQuery has them, see insights::RangeOf
  std::int64_t end = 0;
  std::optional<std::size_t> limit;
};

struct QueryDescription {
  std::string id;
  std::string text;  // as given
  std::vector<std::string> groups;
  std::int64_t start = 0;  // as given
  std::int64_t end = 0;
  QueryStatus status = QueryStatus::kScheduled;
  Instant created_at;
  std::optional<Duration> duration;
  insights::Statistics statistics;
  std::string failure;  // of kFailed
};

/// Thread-safe.
class QueryManager {
 public:
  /// Makes the input that queries of an account read.
  using InputMaker = std::function<std::unique_ptr<insights::Input>(const Account&)>;

  QueryManager(QueryManagerOptions options, InputMaker input, const Clock& clock, Random& random);
  /// Cancels what runs.
  ~QueryManager();

  /// The query's id. Errors: MalformedQueryException (with `*malformed` filled),
  /// kNotFound for a group, InvalidParameterException, LimitExceededException.
  Result<std::string> Start(const Account& account, QueryRequest request,
                            std::optional<insights::MalformedQuery>* malformed = nullptr);

  struct Snapshot {
    QueryDescription description;
    /// The rows; while the query runs those that are there.
    std::shared_ptr<const insights::Table> table;
  };
  /// kNotFound.
  Result<Snapshot> Results(const Account& account, std::string_view id);

  /// Errors: kNotFound; InvalidParameterException for a query that has ended.
  Result<> Stop(const Account& account, std::string_view id);

  /// Newest first.
  std::vector<QueryDescription> List(const Account& account) const;

  /// Forgets what is older than its time.
  void Sweep();

  /// Refuses new queries, cancels those that run, waits for them.
  void Shutdown();

 private:
  struct Running;

  void Run(const std::shared_ptr<Running>& query);
  void Finish(Running& query, Result<insights::Answer> answer);
  std::shared_ptr<Running> Find(const Account& account, std::string_view id) const;
  void DropOldResults();

  const QueryManagerOptions options_;
  const InputMaker input_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Running>, std::less<>> queries_;  // guarded by mutex_
  std::uint64_t started_ = 0;                                             // guarded by mutex_
  std::atomic<bool> stopping_{false};
  WorkerPool workers_;
};

}  // namespace securebase::logs
