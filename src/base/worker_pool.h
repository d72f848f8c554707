#pragma once

// Threads for work that may block or take long: queries, exports, imports, flushes. The I/O
// threads of server/ only move bytes.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace securebase {

/// A fixed number of threads over one bounded queue. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_max);
  /// Runs what was accepted, then joins.
  ~WorkerPool();

  /// Queues `work`. False when the queue is full or the pool stops: the caller answers with a
  /// throttling error, never waits.
  [[nodiscard]] bool Post(std::function<void()> work);

  /// Refuses new work, finishes what was accepted, joins. Stopping twice is harmless.
  void Stop();

  std::size_t queued() const;

 private:
  void Run();

  const std::size_t queue_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;  // guarded by mutex_
  bool stopping_ = false;                    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace securebase
