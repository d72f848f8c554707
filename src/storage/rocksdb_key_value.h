#pragma once

// KeyValue on RocksDB: one column family, its own log off.

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/key_value.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace securebase::storage {

class RocksDbKeyValue final : public KeyValue {
 public:
  /// `env`: for tests; null means the machine's.
  static Result<std::unique_ptr<RocksDbKeyValue>> Open(const std::string& folder,
                                                       rocksdb::Env* env = nullptr);
  ~RocksDbKeyValue() override;

  Result<std::optional<std::string>> Get(std::string_view key) const override;
  Result<> Write(const WriteBatch& batch) override;
  void Project(const WriteBatch& batch) override;
  Result<> Flush() override;
  Result<> Visit(std::string_view first, std::string_view end, bool descending,
                 const std::function<bool(std::string_view key, std::string_view value)>& visit)
      const override;

  /// Whether projected changes wait in memory because RocksDB refused them.
  bool behind() const { return behind_.load(std::memory_order_acquire); }
  /// Tries to write what waits.
  Result<> CatchUp();

 private:
  /// What waits, newest value per key; none: deleted.
  using Overlay = std::map<std::string, std::optional<std::string>, std::less<>>;

  class FlushListener;

  RocksDbKeyValue(std::unique_ptr<rocksdb::DB> db, std::shared_ptr<FlushListener> flushes);

  Result<> WriteToDb(const WriteBatch& batch);
  Result<> CatchUpLocked();

  std::unique_ptr<rocksdb::DB> db_;
  std::shared_ptr<FlushListener> flushes_;
  mutable std::shared_mutex overlay_mutex_;
  std::vector<WriteBatch> waiting_;  // guarded by overlay_mutex_; in order
  Overlay overlay_;                  // guarded by overlay_mutex_; the sum of waiting_
  std::atomic<bool> behind_ = false;
};

}  // namespace securebase::storage
