#pragma once

// Subscription filters: matching events go on to a receiver, in the form in which CloudWatch Logs
// hands them to a Lambda function (spec: logs-api 10; docs/decisions/0037).

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "events/log_store.h"
#include "logs/definition_table.h"
#include "logs/filter_pattern.h"

namespace securebase::logs {

struct SubscriptionFilter {
  std::string group;
  std::string name;
  std::string pattern;
  std::string destination;  // an ARN, stored alone; or an http(s) URL, which is delivered to
  std::string role_arn;     // may be empty
  std::string distribution = "ByLogStream";
  Instant created_at;
};

/// Posts a JSON body and gives the status; errors as HttpClient::Send.
using HttpPost = std::function<Result<int>(const std::string& url, const std::string& body)>;

/// Thread-safe.
class SubscriptionFilters {
 public:
  static constexpr std::size_t kFiltersMax = 5;  // of a group
  /// A payload that no receiver takes for so long is dropped.
  static constexpr Duration kRetriedFor = std::chrono::hours(24);

  static Result<std::unique_ptr<SubscriptionFilters>> Open(DefinitionTable table,
                                                           const Clock& clock, Random& random);

  Result<> Put(const Account& account, SubscriptionFilter filter);
  Result<> Delete(const Account& account, std::string_view group, std::string_view name);
  Result<> DeleteGroup(const Account& account, std::string_view group);
  std::vector<SubscriptionFilter> List(const Account& account, std::string_view group) const;

  /// Queues what the filters of the group match; durable when it returns.
  void Enqueue(const Account& account, std::string_view group, std::string_view stream,
               std::span<const events::LogEvent> events);

  struct Outcome {
    std::size_t delivered = 0;
    std::size_t failed = 0;   // will be tried again
    std::size_t dropped = 0;  // too old
  };
  /// Sends what is due, of each filter in order: a payload that fails keeps those behind it.
  Outcome Deliver(const HttpPost& post);
  std::size_t pending() const;

 private:
  struct Compiled {
    SubscriptionFilter filter;
    FilterPattern pattern;
  };
  struct Pending {
    std::string id;  // its key in the table, ascending
    std::string destination;
    std::string body;
    Instant created_at;
    int attempts = 0;
    Instant due;
  };
  using GroupKey = std::pair<Account, std::string>;
  /// Account, group and filter.
  using QueueKey = std::pair<GroupKey, std::string>;

  SubscriptionFilters(DefinitionTable table, const Clock& clock, Random& random)
      : table_(std::move(table)), clock_(clock), random_(random) {}
  Result<> Load();
  std::string PayloadOf(const Account& account, const SubscriptionFilter& filter,
                        std::string_view stream, std::span<const events::LogEvent* const> events);
  void Add(const QueueKey& key, const std::string& destination, std::string body);

  DefinitionTable table_;
  const Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::map<GroupKey, std::vector<std::shared_ptr<const Compiled>>> groups_;  // guarded by mutex_
  std::map<QueueKey, std::vector<Pending>> queues_;                          // guarded by mutex_
  std::uint64_t next_id_ = 1;                                                // guarded by mutex_
};

}  // namespace securebase::logs
