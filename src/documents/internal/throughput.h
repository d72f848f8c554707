#pragma once

// The limits of a provisioned table: what its throughput allows, with DynamoDB's burst.

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "documents/document_store.h"

namespace securebase::documents::internal {

/// Units come in at a constant rate, up to five minutes of them; a call may overdraw once.
class TokenBucket {
 public:
  using Time = std::chrono::nanoseconds;  // of Clock::Monotonic
  static constexpr double kBurstSeconds = 300;

  TokenBucket() = default;
  TokenBucket(double units_per_second, Time now)
      : rate_(units_per_second), tokens_(units_per_second * kBurstSeconds), at_(now) {}

  bool Admits(Time now) {
    Refill(now);
    return tokens_ > 0;
  }
  void Take(double units, Time now) {
    Refill(now);
    tokens_ -= units;
  }

 private:
  void Refill(Time now) {
    tokens_ = std::min(rate_ * kBurstSeconds,
                       tokens_ + rate_ * std::chrono::duration<double>(now - at_).count());
    at_ = now;
  }

  double rate_ = 0;
  double tokens_ = 0;
  Time at_{0};
};

/// Of one table and its global indexes. Thread-safe.
class ThroughputLimits {
 public:
  ThroughputLimits(const TableDescription& table, TokenBucket::Time now) {
    if (!table.provisioned) return;
    Add("", table.throughput, now);
    for (const SecondaryIndex& index : table.indexes) {
      if (index.global) Add(index.name, index.throughput, now);
    }
  }

  /// What has no limit of its own (a local index) falls under the table's.
  bool Admits(const std::string& index, Access access, TokenBucket::Time now) {
    std::lock_guard lock(mutex_);
    TokenBucket* bucket = Find(index, access);
    return bucket == nullptr || bucket->Admits(now);
  }
  void Take(const std::string& index, Access access, double units, TokenBucket::Time now) {
    std::lock_guard lock(mutex_);
    if (TokenBucket* bucket = Find(index, access)) bucket->Take(units, now);
  }

 private:
  using Key = std::pair<std::string, Access>;

  void Add(const std::string& index, const Throughput& throughput, TokenBucket::Time now) {
    if (throughput == Throughput()) return;
    buckets_[{index, Access::kRead}] = {static_cast<double>(throughput.read_units), now};
    buckets_[{index, Access::kWrite}] = {static_cast<double>(throughput.write_units), now};
  }
  TokenBucket* Find(const std::string& index, Access access) {
    auto found = buckets_.find({index, access});
    if (found == buckets_.end()) found = buckets_.find({"", access});
    return found == buckets_.end() ? nullptr : &found->second;
  }

  std::mutex mutex_;
  std::map<Key, TokenBucket> buckets_;  // guarded by mutex_
};

}  // namespace securebase::documents::internal
