#include "alarms/scheduler.h"

#include <algorithm>

#include "base/log.h"

namespace securebase::alarms {
namespace {

using std::chrono::seconds;

constexpr std::size_t kSliceMax = 1'000;
constexpr Duration kWatermarkEvery = seconds(60);
constexpr Duration kIdleMax = seconds(1);
constexpr Duration kRetryFirst = seconds(1);
constexpr int kRetryDoublings = 4;

}  // namespace

Scheduler::Scheduler(AlarmStore& store, const Evaluator& evaluator, const Clock& clock)
    : store_(store), evaluator_(evaluator), clock_(clock) {}

// After a start, the first window that was not evaluated before it; else the newest one, at once.
Instant Scheduler::FirstWindow(const Alarm& alarm, const Schedule& schedule, Instant now) const {
  const std::optional<Instant> mark = store_.Watermark();
  const Instant newest = schedule.WindowAt(now);
  if (started_ || !mark || alarm.configured_at > *mark) {
    if (alarm.evaluated_through <= alarm.configured_at) {
      return started_ ? newest : schedule.WindowAt(alarm.configured_at);
    }
    if (started_) return newest;
  }
  // Windows up to here were evaluated.
  Instant done = mark ? schedule.WindowAt(*mark - schedule.offset()) : schedule.WindowAt(now);
  if (alarm.evaluated_through > done) done = alarm.evaluated_through;
  return schedule.Next(done);
}

void Scheduler::Push(std::uint32_t index, Instant at) {
  due_.push({at, index, entries_[index].generation});
}

void Scheduler::Sync(Instant now) {
  for (const AlarmKey& key : store_.TakeChanged()) {
    if (const auto known = by_key_.find(key); known != by_key_.end()) {
      Entry& old = entries_[known->second];
      if (old.failures > 0) --failing_;
      old.generation = 0;  // what is queued for it is void
      old.definition.reset();
      free_.push_back(known->second);
      by_key_.erase(known);
    }
    const AlarmPtr alarm = store_.Find(key.account, key.name);
    if (alarm == nullptr || alarm->composite()) continue;
    const Schedule schedule(*alarm->definition->metric, key.account, key.name);
    Instant window = FirstWindow(*alarm, schedule, now);
    const Instant oldest = schedule.WindowAt(now - kCatchUpMax);
    if (window < oldest) window = oldest;
    Entry entry{key, alarm->definition, schedule, window, 0, next_generation_++};
    std::uint32_t index = 0;
    if (free_.empty()) {
      index = static_cast<std::uint32_t>(entries_.size());
      entries_.push_back(std::move(entry));
    } else {
      index = free_.back();
      free_.pop_back();
      entries_[index] = std::move(entry);
    }
    by_key_.emplace(key, index);
    // A definition that was put just now is evaluated at once.
    Push(index, started_ ? now : schedule.DueAt(window));
  }
  started_ = true;
}

std::vector<std::uint32_t> Scheduler::TakeSlice(Instant now) {
  std::vector<std::uint32_t> slice;
  while (!due_.empty() && due_.top().at <= now && slice.size() < kSliceMax) {
    const Due due = due_.top();
    due_.pop();
    if (entries_[due.entry].generation == due.generation) slice.push_back(due.entry);
  }
  return slice;
}

void Scheduler::Retry(std::uint32_t index, Instant now) {
  Entry& entry = entries_[index];
  if (entry.failures == 0) ++failing_;
  const int doublings = std::min(entry.failures++, kRetryDoublings);
  Push(index, now + kRetryFirst * (1 << doublings));
}

bool Scheduler::RunSlice(const std::vector<std::uint32_t>& slice, Instant now) {
  std::vector<Proposal> proposals;
  std::vector<std::uint32_t> good;
  good.reserve(slice.size());
  for (const std::uint32_t index : slice) {
    Entry& entry = entries_[index];
    const AlarmPtr alarm = store_.Find(entry.key.account, entry.key.name);
    if (alarm == nullptr || alarm->definition != entry.definition) continue;  // Sync follows
    ++statistics_.evaluations;
    Result<Outcome> outcome = evaluator_.Evaluate(*alarm, entry.window, now);
    if (!outcome.ok()) {
      ++statistics_.failures;
      const bool broken = outcome.error().code() == ErrorCode::kInvalidArgument;
      store_.SetEvaluationState(entry.key, broken ? "EVALUATION_ERROR" : "EVALUATION_FAILURE");
      if (broken) {
        good.push_back(index);
      } else {
        Retry(index, now);
      }
      continue;
    }
    if (!outcome->evaluation_state.empty() || !store_.EvaluationStateOf(entry.key).empty()) {
      store_.SetEvaluationState(entry.key, outcome->evaluation_state);
    }
    good.push_back(index);
    const bool changes = !outcome->kept && outcome->state != alarm->state.value;
    if (!changes && !outcome->contributors_changed) continue;
    if (changes) ++statistics_.transitions;
    proposals.push_back({alarm, changes ? outcome->state : alarm->state.value,
                         std::move(outcome->reason), std::move(outcome->reason_data), entry.window,
                         std::move(outcome->contributors)});
  }
  if (!proposals.empty()) {
    if (const Result<> applied = store_.Apply(proposals); !applied.ok()) {
      Log(LogLevel::kError, "cannot record alarm states: they are evaluated again",
          {{"error", applied.error().message()}});
      for (const std::uint32_t index : good) Retry(index, now);
      return false;
    }
  }
  for (const std::uint32_t index : good) {
    Entry& entry = entries_[index];
    if (entry.failures > 0) --failing_;
    entry.failures = 0;
    entry.window = entry.schedule.Next(entry.window);
    Push(index, entry.schedule.DueAt(entry.window));
  }
  return true;
}

void Scheduler::RunDue() {
  Instant now = clock_.Now();
  Sync(now);
  const std::optional<Instant> timer = store_.NextTimer();
  if ((timer && *timer <= now) || now >= timers_not_before_) {
    if (const Result<> run = store_.RunTimers(); !run.ok()) {
      Log(LogLevel::kError, "cannot end periods of suppression",
          {{"error", run.error().message()}});
    }
    timers_not_before_ = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
  }
  for (std::vector<std::uint32_t> slice = TakeSlice(now); !slice.empty(); slice = TakeSlice(now)) {
    if (!RunSlice(slice, now)) return;
    Sync(now);
  }
  const std::optional<Instant> mark = store_.Watermark();
  if (failing_ == 0 && (!mark || now - *mark >= kWatermarkEvery)) {
    if (const Result<> set = store_.SetWatermark(now); !set.ok()) {
      Log(LogLevel::kWarn, "cannot record how far alarms are evaluated",
          {{"error", set.error().message()}});
    }
  }
}

Instant Scheduler::NextDue() const {
  Instant next = clock_.Now() + kIdleMax;
  if (!due_.empty()) next = std::min(next, due_.top().at);
  if (const std::optional<Instant> timer = store_.NextTimer()) next = std::min(next, *timer);
  return next;
}

}  // namespace securebase::alarms
