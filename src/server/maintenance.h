#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "storage/engine.h"

namespace securebase::server {

struct MaintenanceOptions {
  /// How often to look; 0: only Run() does anything.
  std::chrono::milliseconds interval{1'000};
  /// Looks between two checkpoints while there is little to write.
  int looks_per_checkpoint = 60;
  /// More in the journal than this is written at once: replay stays short.
  std::uint64_t journal_bytes_max = 128ull << 20;
};

/// The thread that flushes heads to files and cuts the journal. A checkpoint that fails (a full
/// disk) is logged once and tried again at every look.
class Maintenance {
 public:
  /// `chores` run beside the checkpoints, every `looks_per_checkpoint` looks.
  Maintenance(storage::Engine& engine, const MaintenanceOptions& options,
              std::function<void()> chores = {});
  ~Maintenance();

  /// One look: a checkpoint when it is due and there was a commit since the last one.
  void Run();
  /// Success, or why the last checkpoint failed.
  Result<> status() const;
  /// Ends the thread, after the checkpoint that it may be at. Stopping twice is harmless.
  void Stop();

 private:
  void Loop();

  storage::Engine& engine_;
  const MaintenanceOptions options_;
  const std::function<void()> chores_;
  std::mutex run_mutex_;
  int looks_ = 0;                      // guarded by run_mutex_
  std::uint64_t commits_written_ = 0;  // guarded by run_mutex_
  mutable std::mutex mutex_;
  Result<> status_;        // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace securebase::server
