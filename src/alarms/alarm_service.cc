#include "alarms/alarm_service.h"

#include <algorithm>
#include <set>

#include "base/log.h"

namespace securebase::alarms {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kActionsAtOnce = 1'000;
constexpr Duration kSinkRetry = seconds(2);
constexpr Duration kPruneEvery = std::chrono::hours(1);
constexpr Duration kSleepLeast{20};  // what becomes due meanwhile is evaluated together
constexpr std::string_view kNoSink =
    "No deliverer for topics is running on this server: the notification was not sent";

}  // namespace

Result<std::unique_ptr<AlarmService>> AlarmService::Open(const ServiceDependencies& dependencies,
                                                         Account home) {
  SB_TRY(std::unique_ptr<AlarmStore> store,
         AlarmStore::Open(dependencies.documents, std::move(home), dependencies.clock));
  return std::unique_ptr<AlarmService>(new AlarmService(dependencies, std::move(store)));
}

AlarmService::AlarmService(const ServiceDependencies& dependencies,
                           std::unique_ptr<AlarmStore> store)
    : clock_(dependencies.clock),
      store_(std::move(store)),
      evaluator_(dependencies.metrics, dependencies.detectors),
      scheduler_(*store_, evaluator_, clock_) {}

AlarmService::~AlarmService() { Stop(); }

void AlarmService::SetSink(ActionSink* sink) {
  std::lock_guard lock(run_mutex_);
  sink_ = sink;
}

void AlarmService::Start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Loop(); });
}

void AlarmService::Stop() {
  {
    std::lock_guard lock(wake_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AlarmService::Wake() {
  {
    std::lock_guard lock(wake_mutex_);
    woken_ = true;
  }
  wake_.notify_all();
}

void AlarmService::Loop() {
  std::unique_lock lock(wake_mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    RunOnce();
    const Duration sleep = std::max(kSleepLeast, NextDue() - clock_.Now());
    lock.lock();
    wake_.wait_for(lock, std::min<Duration>(sleep, seconds(1)),
                   [this] { return stopping_ || woken_; });
  }
}

void AlarmService::RunOnce() {
  std::lock_guard lock(run_mutex_);
  scheduler_.RunDue();
  RunActions();
  if (clock_.Now() < prune_not_before_) return;
  prune_not_before_ = clock_.Now() + kPruneEvery;
  if (const Result<std::size_t> pruned = store_->PruneHistory(); !pruned.ok()) {
    Log(LogLevel::kWarn, "cannot remove old alarm history", {{"error", pruned.error().message()}});
  }
}

void AlarmService::RunActions() {
  if (clock_.Now() < actions_not_before_ || !store_->HasPendingActions()) return;
  std::set<AlarmKey> held;  // the later actions of an alarm wait for the earlier ones
  std::vector<Action> actions = store_->PendingActions(kActionsAtOnce);
  for (const Action& action : actions) {
    const AlarmKey key{action.account, action.alarm_name};
    if (held.contains(key)) continue;
    std::optional<std::string> error;
    if (sink_ == nullptr) {
      error = std::string(kNoSink);
    } else if (const Result<> run = sink_->Run(action); !run.ok()) {
      if (run.error().code() == ErrorCode::kUnavailable) {
        held.insert(key);
        continue;
      }
      error = run.error().message();
    }
    if (const Result<> finished = store_->FinishAction(action, error); !finished.ok()) {
      // It was run and stays in the outbox: run again, with the same key.
      Log(LogLevel::kError, "cannot record the result of an alarm's action",
          {{"action", action.arn}, {"error", finished.error().message()}});
      held.insert(key);
    }
  }
  if (!held.empty()) actions_not_before_ = clock_.Now() + kSinkRetry;
}

Instant AlarmService::NextDue() const {
  std::lock_guard lock(run_mutex_);
  return scheduler_.NextDue();
}

SchedulerStatistics AlarmService::statistics() const {
  std::lock_guard lock(run_mutex_);
  return scheduler_.statistics();
}

}  // namespace securebase::alarms
