#pragma once

// Evaluates every alarm once an interval, at its own place behind the boundary, and catches up in
// order after a pause (spec: cloudwatch-api 6.2).

#include <cstdint>
#include <map>
#include <queue>
#include <vector>

#include "alarms/alarm_store.h"
#include "alarms/evaluator.h"
#include "alarms/window.h"

namespace securebase::alarms {

/// Windows that ended longer ago than this are not made up for after a pause.
inline constexpr Duration kCatchUpMax = std::chrono::hours(3);

struct SchedulerStatistics {
  std::uint64_t evaluations = 0;
  std::uint64_t failures = 0;
  std::uint64_t transitions = 0;
};

/// One thread at a time.
class Scheduler {
 public:
  /// All outlive it.
  Scheduler(AlarmStore& store, const Evaluator& evaluator, const Clock& clock);

  /// Evaluates what is due, in the order in which it was due, and ends periods of suppression and
  /// muting. What fails (a store that cannot be read or written) stays due and is tried again.
  void RunDue();
  /// When there is something to do next, at the latest.
  Instant NextDue() const;
  const SchedulerStatistics& statistics() const { return statistics_; }

 private:
  struct Entry {
    AlarmKey key;
    std::shared_ptr<const Definition> definition;
    Schedule schedule;
    Instant window;  // its end
    int failures = 0;
    std::uint64_t generation = 0;
  };
  struct Due {
    Instant at;
    std::uint32_t entry;
    std::uint64_t generation;
    bool operator>(const Due& other) const {
      return at != other.at ? at > other.at : entry > other.entry;
    }
  };

  void Sync(Instant now);
  Instant FirstWindow(const Alarm& alarm, const Schedule& schedule, Instant now) const;
  void Push(std::uint32_t index, Instant at);
  std::vector<std::uint32_t> TakeSlice(Instant now);
  /// False when the store could not be written: the slice is due again.
  bool RunSlice(const std::vector<std::uint32_t>& slice, Instant now);
  void Retry(std::uint32_t index, Instant now);

  AlarmStore& store_;
  const Evaluator& evaluator_;
  const Clock& clock_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::map<AlarmKey, std::uint32_t> by_key_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t next_generation_ = 1;
  std::size_t failing_ = 0;
  bool started_ = false;
  Instant timers_not_before_;
  SchedulerStatistics statistics_;
};

}  // namespace securebase::alarms
