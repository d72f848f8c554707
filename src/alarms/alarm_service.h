#pragma once

// Alarms as the server runs them: the store, the evaluation of everything that is due, and the
// actions, on a thread of their own.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "alarms/alarm_store.h"
#include "alarms/evaluator.h"
#include "alarms/scheduler.h"

namespace securebase::alarms {

/// All outlive the service.
struct ServiceDependencies {
  documents::DocumentStore& documents;
  const metrics::MetricStore& metrics;
  const Clock& clock;
  const metrics::math::AnomalyDetectors* detectors = nullptr;
};

/// Thread-safe.
class AlarmService {
 public:
  /// Reads the alarms; nothing is evaluated before Start or RunOnce.
  static Result<std::unique_ptr<AlarmService>> Open(const ServiceDependencies& dependencies,
                                                    Account home);
  ~AlarmService();

  AlarmStore& store() { return *store_; }
  const AlarmStore& store() const { return *store_; }
  const Evaluator& evaluator() const { return evaluator_; }
  const Clock& clock() const { return clock_; }

  /// Who runs actions; null (as at first): each fails with a text that says so.
  void SetSink(ActionSink* sink);

  /// Starts the thread. Stop ends it, after what it is at; twice is harmless.
  void Start();
  void Stop();
  /// Something was put: look soon rather than at the next boundary.
  void Wake();
  /// What the thread does each time: evaluates what is due, runs actions. For tests.
  void RunOnce();

  /// When RunOnce has something to do next, at the latest.
  Instant NextDue() const;
  SchedulerStatistics statistics() const;

 private:
  AlarmService(const ServiceDependencies& dependencies, std::unique_ptr<AlarmStore> store);
  void Loop();
  void RunActions();

  const Clock& clock_;
  std::unique_ptr<AlarmStore> store_;
  const Evaluator evaluator_;

  mutable std::mutex run_mutex_;
  Scheduler scheduler_;           // guarded by run_mutex_
  ActionSink* sink_ = nullptr;    // guarded by run_mutex_
  Instant actions_not_before_;    // guarded by run_mutex_; after a sink that was not available
  Instant prune_not_before_;      // guarded by run_mutex_

  std::mutex wake_mutex_;
  bool stopping_ = false;  // guarded by wake_mutex_
  bool woken_ = false;     // guarded by wake_mutex_
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace securebase::alarms
