#include "storage/rocksdb_key_value.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/log.h"

namespace securebase::storage {
namespace {

// The whole idle server is to stay under 100 MB.
constexpr std::size_t kBlockCacheBytes = 16u << 20;
constexpr std::size_t kWriteBufferBytes = 16u << 20;
constexpr int kOpenFilesMax = 256;
constexpr std::chrono::seconds kFlushPatience{30};

Error ToError(const rocksdb::Status& status, std::string_view doing) {
  std::string message = fmt::format("cannot {} the catalogue: {}", doing, status.ToString());
  // Whatever makes it refuse writes (a full disk, above all) may pass.
  if (status.IsNoSpace() || status.IsIncomplete() || status.IsBusy()) {
    return Unavailable(std::move(message));
  }
  return Internal(std::move(message));
}

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

rocksdb::Options MakeOptions(rocksdb::Env* env, std::shared_ptr<rocksdb::EventListener> listener) {
  rocksdb::Options options;
  options.listeners.push_back(std::move(listener));
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.max_write_buffer_number = 3;
  options.max_open_files = kOpenFilesMax;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1u << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // The journal is cut only after Flush: what Flush wrote must be on the disk.
  options.use_fsync = false;
  options.paranoid_checks = true;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// The keys of RocksDB in [first, end), forwards or backwards.
class Cursor {
 public:
  Cursor(rocksdb::DB& db, std::string_view first, std::string_view end, bool descending)
      : first_(first), end_(end), end_slice_(ToSlice(end_)), descending_(descending) {
    rocksdb::ReadOptions options;
    if (!end_.empty() && !descending) options.iterate_upper_bound = &end_slice_;
    iterator_.reset(db.NewIterator(options));
    if (!descending_) {
      iterator_->Seek(ToSlice(first_));
    } else if (end_.empty()) {
      iterator_->SeekToLast();
    } else {
      iterator_->SeekForPrev(end_slice_);
      if (iterator_->Valid() && iterator_->key() == end_slice_) iterator_->Prev();
    }
  }

  bool Valid() const {
    return iterator_->Valid() && (!descending_ || ToView(iterator_->key()) >= first_);
  }
  std::string_view key() const { return ToView(iterator_->key()); }
  std::string_view value() const { return ToView(iterator_->value()); }
  void Next() { descending_ ? iterator_->Prev() : iterator_->Next(); }
  rocksdb::Status status() const { return iterator_->status(); }

 private:
  const std::string first_;
  const std::string end_;
  const rocksdb::Slice end_slice_;
  const bool descending_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

}  // namespace

/// Learns which changes are in files. RocksDB 7.8 answers a Flush that follows a background error
/// with success before it has written anything (seen in rocksdb_key_value_test.cc): its word is
/// not enough to cut the journal.
class RocksDbKeyValue::FlushListener final : public rocksdb::EventListener {
 public:
  void Start(rocksdb::SequenceNumber flushed) { Raise(flushed); }

  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& job) override {
    Raise(job.largest_seqno);
  }

  /// False when it takes too long.
  bool WaitFor(rocksdb::SequenceNumber sequence) {
    std::unique_lock lock(mutex_);
    return raised_.wait_for(lock, kFlushPatience, [&] { return flushed_ >= sequence; });
  }

 private:
  void Raise(rocksdb::SequenceNumber sequence) {
    std::lock_guard lock(mutex_);
    flushed_ = std::max(flushed_, sequence);
    raised_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable raised_;
  rocksdb::SequenceNumber flushed_ = 0;  // guarded by mutex_
};

RocksDbKeyValue::RocksDbKeyValue(std::unique_ptr<rocksdb::DB> db,
                                 std::shared_ptr<FlushListener> flushes)
    : db_(std::move(db)), flushes_(std::move(flushes)) {
  // Its own log is off: what it opened with is in files.
  flushes_->Start(db_->GetLatestSequenceNumber());
}

RocksDbKeyValue::~RocksDbKeyValue() {
  // Nothing to lose: the journal holds what was not flushed.
  rocksdb::Status status = db_->Close();
  if (!status.ok()) Log(LogLevel::kWarn, "closing the catalogue", {{"error", status.ToString()}});
}

Result<std::unique_ptr<RocksDbKeyValue>> RocksDbKeyValue::Open(const std::string& folder,
                                                               rocksdb::Env* env) {
  rocksdb::DB* db = nullptr;
  auto flushes = std::make_shared<FlushListener>();
  rocksdb::Options options = MakeOptions(env, flushes);
  // A flush on close would only hide mistakes in the order of flush and cut.
  options.avoid_flush_during_shutdown = true;
  rocksdb::Status status = rocksdb::DB::Open(options, folder, &db);
  if (!status.ok()) return ToError(status, "open").Within(folder);
  return std::unique_ptr<RocksDbKeyValue>(
      new RocksDbKeyValue(std::unique_ptr<rocksdb::DB>(db), std::move(flushes)));
}

Result<std::optional<std::string>> RocksDbKeyValue::Get(std::string_view key) const {
  std::shared_lock lock(overlay_mutex_, std::defer_lock);
  if (behind()) {
    lock.lock();
    if (auto found = overlay_.find(key); found != overlay_.end()) return found->second;
  }
  std::string value;
  rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ToError(status, "read");
  return std::optional<std::string>(std::move(value));
}

Result<> RocksDbKeyValue::WriteToDb(const WriteBatch& batch) {
  rocksdb::WriteBatch changes;
  for (const WriteBatch::Change& change : batch.changes()) {
    if (change.value) {
      changes.Put(ToSlice(change.key), ToSlice(*change.value));
    } else {
      changes.Delete(ToSlice(change.key));
    }
  }
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  rocksdb::Status status = db_->Write(options, &changes);
  if (!status.ok()) return ToError(status, "write");
  return {};
}

Result<> RocksDbKeyValue::Write(const WriteBatch& batch) {
  if (behind()) SB_TRY_OK(CatchUp());
  return WriteToDb(batch);
}

void RocksDbKeyValue::Project(const WriteBatch& batch) {
  if (!behind()) {
    auto written = WriteToDb(batch);
    if (written.ok()) return;
    Log(LogLevel::kError, "the catalogue refuses writes; they wait in memory",
        {{"error", written.error().message()}});
  }
  std::unique_lock lock(overlay_mutex_);
  waiting_.push_back(batch);
  for (const WriteBatch::Change& change : batch.changes()) overlay_[change.key] = change.value;
  behind_.store(true, std::memory_order_release);
}

Result<> RocksDbKeyValue::CatchUp() {
  std::unique_lock lock(overlay_mutex_);
  return CatchUpLocked();
}

Result<> RocksDbKeyValue::CatchUpLocked() {
  if (waiting_.empty()) return {};
  rocksdb::Status status = db_->Resume();
  if (!status.ok()) return ToError(status, "resume");
  WriteBatch all;
  for (const WriteBatch& batch : waiting_) {
    for (const WriteBatch::Change& change : batch.changes()) {
      change.value ? all.Put(change.key, *change.value) : all.Delete(change.key);
    }
  }
  SB_TRY_OK(WriteToDb(all));
  waiting_.clear();
  overlay_.clear();
  behind_.store(false, std::memory_order_release);
  Log(LogLevel::kInfo, "the catalogue accepts writes again");
  return {};
}

Result<> RocksDbKeyValue::Flush() {
  SB_TRY_OK(CatchUp());
  const rocksdb::SequenceNumber newest = db_->GetLatestSequenceNumber();
  rocksdb::Status status = db_->Flush(rocksdb::FlushOptions());
  if (!status.ok()) {
    // A failed flush leaves RocksDB refusing writes until it is told that things may be better.
    rocksdb::Status resumed = db_->Resume();
    if (!resumed.ok()) return ToError(status, "flush");
    status = db_->Flush(rocksdb::FlushOptions());
  }
  if (!status.ok()) return ToError(status, "flush");
  if (!flushes_->WaitFor(newest)) return Unavailable("the catalogue's flush takes too long");
  return {};
}

Result<> RocksDbKeyValue::Visit(
    std::string_view first, std::string_view end, bool descending,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  if (!end.empty() && first >= end) return {};
  std::shared_lock lock(overlay_mutex_);
  Cursor cursor(*db_, first, end, descending);
  // A copy of the overlay's range: visits may be long, and the overlay is empty but in trouble.
  std::vector<std::pair<std::string, std::optional<std::string>>> waiting(
      overlay_.lower_bound(first), end.empty() ? overlay_.end() : overlay_.lower_bound(end));
  lock.unlock();
  if (descending) std::reverse(waiting.begin(), waiting.end());
  auto precedes = [&](std::string_view a, std::string_view b) {
    return descending ? b < a : a < b;
  };
  auto next = waiting.begin();
  while (cursor.Valid() || next != waiting.end()) {
    bool stored = cursor.Valid() && (next == waiting.end() || precedes(cursor.key(), next->first));
    if (stored) {
      if (!visit(cursor.key(), cursor.value())) return {};
      cursor.Next();
      continue;
    }
    if (cursor.Valid() && cursor.key() == next->first) cursor.Next();
    if (next->second && !visit(next->first, *next->second)) return {};
    ++next;
  }
  if (!cursor.status().ok()) return ToError(cursor.status(), "read");
  return {};
}

void WriteBatch::Put(std::string_view key, std::string_view value) {
  changes_.push_back({.key = std::string(key), .value = std::string(value)});
}

void WriteBatch::Delete(std::string_view key) {
  changes_.push_back({.key = std::string(key), .value = std::nullopt});
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace securebase::storage
