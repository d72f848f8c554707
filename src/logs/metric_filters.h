#pragma once

// Metric filters: patterns that turn log events into metrics as the events arrive (spec: logs-api
// 9).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/tenant.h"
#include "base/time.h"
#include "events/log_store.h"
#include "logs/definition_table.h"
#include "logs/filter_pattern.h"
#include "metrics/metric_store.h"

namespace securebase::logs {

struct MetricFilter {
  std::string group;
  std::string name;
  std::string pattern;  // as given
  Instant created_at;
  std::string metric_namespace;
  std::string metric_name;
  std::string metric_value;  // a number, "$.latency" or "$size"
  std::optional<double> default_value;
  std::string unit = "None";
  bool unit_given = false;
  std::vector<std::pair<std::string, std::string>> dimensions;  // name, reference
};

/// Thread-safe.
class MetricFilters {
 public:
  static constexpr std::size_t kFiltersMax = 100;  // of a group
  static constexpr std::size_t kDimensionsMax = 3;
  static constexpr std::size_t kRegexPatternsMax = 5;  // of a group

  static Result<std::unique_ptr<MetricFilters>> Open(DefinitionTable table);

  /// Checks and stores; one of the same name in the group is replaced. Errors: kInvalidArgument,
  /// kLimitExceeded.
  Result<> Put(const Account& account, MetricFilter filter);
  /// kNotFound: no such filter.
  Result<> Delete(const Account& account, std::string_view group, std::string_view name);
  /// All of a group that is deleted.
  Result<> DeleteGroup(const Account& account, std::string_view group);
  /// By group, then name. `group`: none, all groups.
  std::vector<MetricFilter> List(const Account& account,
                                 std::optional<std::string_view> group) const;
  std::size_t Count(const Account& account, std::string_view group) const;

  /// What events that are about to be stored publish. Remembers in which minutes a filter with a
  /// default value saw events and no match.
  std::vector<metrics::Datum> Evaluate(const Account& account, std::string_view group,
                                       std::span<const events::LogEvent> events);

  /// The default values of minutes that have ended, by account. Each is given once.
  std::vector<std::pair<Account, std::vector<metrics::Datum>>> TakeDefaults(Instant now);

 private:
  struct Compiled;
  using Group = std::vector<std::shared_ptr<const Compiled>>;
  using GroupKey = std::pair<Account, std::string>;
  struct MinuteKey {
    Account account;
    std::string group;
    std::string filter;
    Instant minute;
    auto operator<=>(const MinuteKey&) const = default;
  };

  explicit MetricFilters(DefinitionTable table) : table_(std::move(table)) {}
  std::shared_ptr<const Group> FiltersOf(const Account& account, std::string_view group) const;
  void Replace(const Account& account, const std::string& group, Group filters);

  DefinitionTable table_;
  std::mutex change_mutex_;  // one change at a time
  mutable std::shared_mutex mutex_;
  std::map<GroupKey, std::shared_ptr<const Group>> groups_;  // guarded by mutex_
  std::mutex minutes_mutex_;
  // Whether an event matched; guarded by minutes_mutex_. An entry goes when its default was given
  // or, with a match, when the minute is long over.
  std::map<MinuteKey, bool> minutes_;
};

}  // namespace securebase::logs
