#include "storage/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <thread>

#include "base/bytes.h"
#include "base/check.h"
#include "base/log.h"
#include "storage/journal.h"
#include "storage/rocksdb_key_value.h"

namespace securebase::storage {
namespace {

/// More than this waiting for the disk: writers are told to come back.
constexpr std::uint64_t kQueueBytesMax = 128ull << 20;
/// How long a commit waits for as many writers as the one before had.
constexpr std::chrono::microseconds kLingerMax{400};
/// From so many records on, one more hand-over to the writers costs each of them little.
constexpr std::size_t kManyRecords = 9;
/// After a failed checkpoint, and while the catalogue is behind.
constexpr std::chrono::seconds kRetryAfter{1};

std::string EncodeParts(const std::vector<Part>& parts) {
  std::string record;
  std::size_t bytes = 16;
  for (const Part& part : parts) bytes += part.payload.size() + 16;
  record.reserve(bytes);
  PutVarint(record, parts.size());
  for (const Part& part : parts) {
    record.push_back(static_cast<char>(part.store));
    PutBytes(record, part.payload);
  }
  return record;
}

struct PartView {
  StoreId store;
  std::string_view payload;
};

std::optional<std::vector<PartView>> DecodeParts(std::string_view record) {
  ByteReader reader(record);
  std::uint64_t count = reader.Varint();
  if (count > reader.remaining()) return {};
  std::vector<PartView> parts;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    auto store = static_cast<StoreId>(reader.Fixed<std::uint8_t>());
    parts.push_back({.store = store, .payload = reader.Bytes()});
  }
  if (!reader.ok() || !reader.empty()) return {};
  return parts;
}

class EngineImpl final : public Engine {
 public:
  EngineImpl(EngineOptions options, FileSystem& files, std::unique_ptr<FolderLock> lock,
             std::unique_ptr<RocksDbKeyValue> key_values, std::unique_ptr<Journal> journal)
      : options_(std::move(options)),
        files_(files),
        lock_(std::move(lock)),
        key_values_(std::move(key_values)),
        journal_(std::move(journal)) {}

  // Without Close this is what a crash leaves: recovery does the rest.
  ~EngineImpl() override { StopThreads(); }

  KeyValue& key_values() override { return *key_values_; }
  const std::string& folder() const override { return options_.folder; }
  FileSystem& files() override { return files_; }

  void Register(Participant& participant) override {
    SB_CHECK(!commit_thread_.joinable());
    SB_CHECK(Find(participant.store_id()) == nullptr);
    participants_.push_back(&participant);
  }

  Result<> Recover() override;
  Result<Sequence> Commit(std::vector<Part> parts) override;
  void CommitAsync(std::vector<Part> parts, Done done) override;
  Result<> Checkpoint() override;
  EngineStatistics statistics() const override;
  Result<> Close() override;

 private:
  struct Waiting {
    std::string record;
    Done done;
  };

  Participant* Find(StoreId store) const;
  Result<std::string> Encode(const std::vector<Part>& parts) const;

  // The commit thread.
  void RunCommits();
  void LingerForTheOthers(std::unique_lock<std::mutex>& lock);
  void CommitBatch(std::deque<Waiting> batch);
  void ApplyRecord(Sequence sequence, std::string_view record);
  void SealAll();

  // The maintenance thread.
  void RunMaintenance();
  Result<> Maintain();

  /// Seals on the commit thread, or here when that is gone; the last record of the sealed heads.
  Sequence SealAtBarrier();
  Result<> FinishCheckpoint();
  void StopThreads();

  const EngineOptions options_;
  FileSystem& files_;
  std::unique_ptr<FolderLock> lock_;
  std::unique_ptr<RocksDbKeyValue> key_values_;
  std::unique_ptr<Journal> journal_;
  std::vector<Participant*> participants_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Waiting> queue_;                     // guarded by mutex_
  std::uint64_t queue_bytes_ = 0;                 // guarded by mutex_
  std::size_t last_batch_records_ = 0;            // guarded by mutex_
  std::size_t linger_records_ = 0;                // awaited now; guarded by mutex_
  std::vector<std::promise<Sequence>> barriers_;  // guarded by mutex_
  bool recovered_ = false;                        // guarded by mutex_
  bool closing_ = false;                          // guarded by mutex_
  bool commits_stop_ = false;                     // guarded by mutex_

  std::mutex maintenance_mutex_;
  std::condition_variable maintenance_wake_;
  bool maintenance_due_ = false;   // guarded by maintenance_mutex_
  bool maintenance_stop_ = false;  // guarded by maintenance_mutex_

  std::mutex checkpoint_mutex_;
  // Written to the catalogue but not flushed there: to be finished before the next one.
  std::optional<Sequence> unfinished_checkpoint_;  // guarded by checkpoint_mutex_
  std::uint64_t bytes_at_seal_ = 0;                // guarded by checkpoint_mutex_

  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> bytes_appended_ = 0;  // all records so far, the replayed too
  std::atomic<std::uint64_t> bytes_cut_ = 0;       // of them, what a checkpoint covers
  std::atomic<std::uint64_t> replayed_ = 0;
  std::atomic<std::uint64_t> checkpoints_ = 0;

  std::thread commit_thread_;
  std::thread maintenance_thread_;
};

Participant* EngineImpl::Find(StoreId store) const {
  for (Participant* participant : participants_) {
    if (participant->store_id() == store) return participant;
  }
  return nullptr;
}

Result<> EngineImpl::Recover() {
  SB_CHECK(!commit_thread_.joinable());
  // A store's durable state cannot change during the replay: asked once.
  std::vector<std::pair<Participant*, Sequence>> durable;
  Sequence first = journal_->last_sequence();
  Sequence last = 0;
  for (Participant* participant : participants_) {
    durable.emplace_back(participant, participant->durable_sequence());
    first = std::min(first, durable.back().second);
    last = std::max(last, durable.back().second);
  }
  if (last > journal_->last_sequence()) {
    return Internal(
        fmt::format("{}/journal: records {} to {} are missing, which the catalogue holds",
                    options_.folder, journal_->last_sequence() + 1, last));
  }
  SB_TRY_OK(journal_->Replay(first, [&](Sequence sequence, std::string_view record) -> Result<> {
    auto parts = DecodeParts(record);
    if (!parts) return Internal(fmt::format("record {} does not decode", sequence));
    for (const PartView& part : *parts) {
      auto store = std::find_if(durable.begin(), durable.end(), [&](const auto& entry) {
        return entry.first->store_id() == part.store;
      });
      if (store == durable.end()) {
        return Internal(fmt::format("record {} is for store {}, which this program does not have",
                                    sequence, static_cast<int>(part.store)));
      }
      if (sequence > store->second) store->first->Apply(sequence, part.payload);
    }
    ++replayed_;
    bytes_appended_ += FrameBytes(record.size());
    return {};
  }));
  {
    std::lock_guard lock(mutex_);
    recovered_ = true;
  }
  commit_thread_ = std::thread([this] { RunCommits(); });
  maintenance_thread_ = std::thread([this] { RunMaintenance(); });
  return {};
}

Result<std::string> EngineImpl::Encode(const std::vector<Part>& parts) const {
  if (parts.empty()) return InvalidArgument("parts", "a commit needs at least one part");
  for (const Part& part : parts) SB_CHECK(Find(part.store) != nullptr);
  std::string record = EncodeParts(parts);
  std::uint64_t bytes_max = std::min(options_.record_bytes_max, journal_->record_bytes_max());
  if (record.size() > bytes_max) {
    return LimitExceeded("", fmt::format("one write of {} bytes: at most {} are possible",
                                         record.size(), bytes_max));
  }
  return record;
}

Result<Sequence> EngineImpl::Commit(std::vector<Part> parts) {
  std::promise<Result<Sequence>> promise;
  auto future = promise.get_future();
  CommitAsync(std::move(parts),
              [&promise](Result<Sequence> result) { promise.set_value(std::move(result)); });
  return future.get();
}

void EngineImpl::CommitAsync(std::vector<Part> parts, Done done) {
  auto record = Encode(parts);
  if (!record.ok()) return done(std::move(record).error());
  std::optional<Error> refused;
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    if (!recovered_ || closing_) {
      refused = Unavailable("the store is not open for writing");
    } else if (queue_bytes_ > kQueueBytesMax) {
      refused = Error(ErrorCode::kThrottled, "too many writes are waiting for the disk");
    } else {
      queue_bytes_ += record->size();
      queue_.push_back({.record = *std::move(record), .done = std::move(done)});
      // A commit that lingers is woken once, by the last of those it waits for.
      wake = queue_.size() >= linger_records_;
    }
  }
  if (refused) return done(*std::move(refused));
  if (wake) work_.notify_one();
}

void EngineImpl::RunCommits() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] { return !queue_.empty() || !barriers_.empty() || commits_stop_; });
    if (!queue_.empty()) {
      LingerForTheOthers(lock);
      std::deque<Waiting> batch = std::exchange(queue_, {});
      queue_bytes_ = 0;
      last_batch_records_ = batch.size();
      lock.unlock();
      CommitBatch(std::move(batch));
      lock.lock();
    }
    if (!barriers_.empty()) {
      auto barriers = std::exchange(barriers_, {});
      lock.unlock();
      SealAll();
      for (auto& barrier : barriers) barrier.set_value(journal_->last_sequence());
      lock.lock();
    }
    if (commits_stop_ && queue_.empty() && barriers_.empty()) return;
  }
}

// Those whom the last sync answered are likely to be back at once with their next record: waiting
// for them, briefly, puts all into one sync again. A lone writer never waits.
void EngineImpl::LingerForTheOthers(std::unique_lock<std::mutex>& lock) {
  if (queue_.size() < last_batch_records_) {
    linger_records_ = last_batch_records_;
    work_.wait_for(lock, kLingerMax, [&] {
      return queue_.size() >= linger_records_ || !barriers_.empty() || commits_stop_;
    });
    linger_records_ = 0;
  }
  if (queue_.size() >= kManyRecords) {
    // There are more than came back: on a busy core they run first, on an idle one this is free.
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
}

void EngineImpl::CommitBatch(std::deque<Waiting> batch) {
  std::vector<std::string_view> records;
  for (const Waiting& waiting : batch) records.push_back(waiting.record);
  std::span<const std::string_view> rest = records;
  while (!rest.empty()) {
    Result<std::size_t> appended =
        key_values_->behind()
            ? Result<std::size_t>(Unavailable("writes are refused until the disk has room"))
            : journal_->Append(rest);
    syncs_ = journal_->syncs();
    if (!appended.ok()) {
      // All that is left: its order is its writers' business, and they are told.
      for (std::size_t i = records.size() - rest.size(); i < records.size(); ++i) {
        batch[i].done(appended.error());
      }
      break;
    }
    std::size_t first = records.size() - rest.size();
    Sequence sequence = journal_->last_sequence() - *appended + 1;
    for (std::size_t i = 0; i < *appended; ++i) {
      ApplyRecord(sequence + i, records[first + i]);
      bytes_appended_ += FrameBytes(records[first + i].size());
    }
    commits_ += *appended;
    for (std::size_t i = 0; i < *appended; ++i) batch[first + i].done(sequence + i);
    rest = rest.subspan(*appended);
  }
  bool due = bytes_appended_ - bytes_cut_ > options_.journal_bytes_max || key_values_->behind();
  if (due || journal_->wants_spare()) {
    std::lock_guard lock(maintenance_mutex_);
    maintenance_due_ = true;
    maintenance_wake_.notify_one();
  }
}

void EngineImpl::ApplyRecord(Sequence sequence, std::string_view record) {
  auto parts = DecodeParts(record);
  SB_CHECK(parts.has_value());
  for (const PartView& part : *parts) {
    Participant* participant = Find(part.store);
    SB_CHECK(participant != nullptr);
    participant->Apply(sequence, part.payload);
  }
}

void EngineImpl::SealAll() {
  for (Participant* participant : participants_) participant->Seal(journal_->last_sequence());
}

void EngineImpl::RunMaintenance() {
  std::unique_lock lock(maintenance_mutex_);
  maintenance_due_ = true;  // the spare file
  bool failing = false;
  while (!maintenance_stop_) {
    if (!maintenance_due_) {
      maintenance_wake_.wait(lock, [&] { return maintenance_due_ || maintenance_stop_; });
      continue;
    }
    maintenance_due_ = false;
    lock.unlock();
    Result<> done = Maintain();
    lock.lock();
    if (!done.ok() && !failing) {
      Log(LogLevel::kWarn, "maintenance of the journal failed, trying again until it succeeds",
          {{"error", done.error().message()}});
    }
    failing = !done.ok();
    if (!failing) continue;
    maintenance_due_ = true;
    maintenance_wake_.wait_for(lock, kRetryAfter, [&] { return maintenance_stop_; });
  }
}

Result<> EngineImpl::Maintain() {
  if (key_values_->behind()) SB_TRY_OK(key_values_->CatchUp());
  SB_TRY_OK(journal_->PrepareSpare());
  if (bytes_appended_ - bytes_cut_ > options_.journal_bytes_max) SB_TRY_OK(Checkpoint());
  return {};
}

Sequence EngineImpl::SealAtBarrier() {
  std::future<Sequence> sealed;
  {
    std::lock_guard lock(mutex_);
    if (recovered_ && !commits_stop_) {
      sealed = barriers_.emplace_back().get_future();
      work_.notify_one();
    }
  }
  if (sealed.valid()) return sealed.get();
  SealAll();
  return journal_->last_sequence();
}

Result<> EngineImpl::Checkpoint() {
  std::lock_guard lock(checkpoint_mutex_);
  if (unfinished_checkpoint_) SB_TRY_OK(FinishCheckpoint());
  // Read before the seal: what is appended in between is counted as not covered.
  std::uint64_t bytes = bytes_appended_;
  Sequence sequence = SealAtBarrier();
  WriteBatch batch;
  for (Participant* participant : participants_) SB_TRY_OK(participant->WriteSealed(batch));
  SB_TRY_OK(key_values_->Write(batch));
  unfinished_checkpoint_ = sequence;
  bytes_at_seal_ = bytes;
  return FinishCheckpoint();
}

Result<> EngineImpl::FinishCheckpoint() {
  SB_TRY_OK(key_values_->Flush());
  for (Participant* participant : participants_) participant->DropSealed();
  Sequence sequence = *std::exchange(unfinished_checkpoint_, std::nullopt);
  bytes_cut_ = bytes_at_seal_;
  ++checkpoints_;
  return journal_->Cut(sequence);
}

EngineStatistics EngineImpl::statistics() const {
  return {.commits = commits_,
          .syncs = syncs_,
          .journal_bytes = bytes_appended_ - bytes_cut_,
          .replayed_records = replayed_,
          .checkpoints = checkpoints_};
}

void EngineImpl::StopThreads() {
  {
    std::lock_guard lock(maintenance_mutex_);
    maintenance_stop_ = true;
    maintenance_wake_.notify_one();
  }
  // First: it may be waiting for a barrier, which the commit thread must still serve.
  if (maintenance_thread_.joinable()) maintenance_thread_.join();
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    commits_stop_ = true;
  }
  work_.notify_one();
  if (commit_thread_.joinable()) commit_thread_.join();
}

Result<> EngineImpl::Close() {
  {
    std::lock_guard lock(mutex_);
    if (closing_) return {};
    closing_ = true;
    if (!recovered_) return {};
  }
  StopThreads();
  return Checkpoint();
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options, FileSystem& files) {
  if (options.folder.empty()) return InvalidArgument("folder", "is empty");
  if (options.journal_file_bytes < 4096) {
    return InvalidArgument("journal_file_bytes", "must be 4096 at least");
  }
  SB_TRY_OK(files.CreateFolders(options.folder));
  SB_TRY(std::unique_ptr<FolderLock> lock, files.Lock(options.folder));
  SB_TRY(std::unique_ptr<Journal> journal,
         Journal::Open(options.folder + "/journal", options.journal_file_bytes, files));
  SB_TRY_OK(files.CreateFolders(options.folder + "/catalogue"));
  SB_TRY(std::unique_ptr<RocksDbKeyValue> key_values,
         RocksDbKeyValue::Open(options.folder + "/catalogue"));
  return std::unique_ptr<Engine>(std::make_unique<EngineImpl>(
      options, files, std::move(lock), std::move(key_values), std::move(journal)));
}

}  // namespace securebase::storage
