#include "server/maintenance.h"

#include "base/log.h"

namespace securebase::server {

Maintenance::Maintenance(storage::Engine& engine, const MaintenanceOptions& options,
                         std::function<void()> chores)
    : engine_(engine), options_(options), chores_(std::move(chores)) {
  if (options_.interval.count() > 0) thread_ = std::thread([this] { Loop(); });
}

Maintenance::~Maintenance() { Stop(); }

void Maintenance::Run() {
  std::lock_guard run_lock(run_mutex_);
  const storage::EngineStatistics statistics = engine_.statistics();
  const bool failed = !status().ok();
  const bool time = ++looks_ >= options_.looks_per_checkpoint;
  const bool due = time || statistics.journal_bytes > options_.journal_bytes_max;
  if (time) {
    looks_ = 0;
    if (chores_) chores_();
  }
  if (!failed && (!due || statistics.commits == commits_written_)) return;
  Result<> result = engine_.Checkpoint();
  if (result.ok()) {
    commits_written_ = statistics.commits;
    if (failed) Log(LogLevel::kInfo, "data are written to files again");
  } else if (!failed) {
    Log(LogLevel::kError, "cannot write data to files; trying again until it works",
        {{"error", result.error().message()}});
  }
  std::lock_guard lock(mutex_);
  status_ = std::move(result);
}

Result<> Maintenance::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void Maintenance::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Maintenance::Loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, options_.interval, [this] { return stopping_; })) {
    lock.unlock();
    Run();
    lock.lock();
  }
}

}  // namespace securebase::server
