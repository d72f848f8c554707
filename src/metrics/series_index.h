#pragma once

// Which series there are: by key for writes, by metric for queries, by namespace, name, schema
// and dimension for lists and searches. Lean: about 200 bytes a series of four dimensions, of
// which half are its key.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/head.h"
#include "metrics/metric_store.h"
#include "metrics/series_key.h"

namespace securebase::metrics {

/// Numbers by a hash of what they stand for: open addressing over 8 bytes a slot, so that growing
/// touches nothing but the table. Not thread-safe.
class IdTable {
 public:
  void Reserve(std::size_t count);
  /// The first number with that hash that `is_equal` accepts.
  template <class Equal>
  std::optional<SeriesId> Find(std::uint64_t hash, Equal&& is_equal) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint64_t tag = hash >> 32;
    for (std::size_t at = hash & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
      if (slots_[at] >> 32 != tag) continue;
      const auto id = static_cast<SeriesId>(slots_[at] & 0xFFFFFFFF) - 1;
      if (is_equal(id)) return id;
    }
    return std::nullopt;
  }
  /// Of a number that is not in the table yet. `hash_of(id)` gives the hash of any number that
  /// is: the table keeps the upper half only.
  template <class HashOf>
  void Insert(std::uint64_t hash, SeriesId id, HashOf&& hash_of) {
    if ((count_ + 1) * 4 > slots_.size() * 3)
      Grow(std::max<std::size_t>(64, slots_.size() * 2), hash_of);
    Place(hash, id);
    ++count_;
  }

 private:
  template <class HashOf>
  void Grow(std::size_t size, HashOf&& hash_of) {
    const std::vector<std::uint64_t> old = std::exchange(slots_, std::vector<std::uint64_t>(size));
    mask_ = size - 1;
    for (const std::uint64_t slot : old) {
      if (slot == 0) continue;
      const auto id = static_cast<SeriesId>(slot & 0xFFFFFFFF) - 1;
      Place(hash_of(id), id);
    }
  }
  void Place(std::uint64_t hash, SeriesId id) {
    std::size_t at = hash & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = (hash >> 32) << 32 | (std::uint64_t{id} + 1);
  }

  std::vector<std::uint64_t> slots_;  // hash's upper half, number + 1; 0: free
  std::size_t mask_ = 0;
  std::size_t count_ = 0;
};

/// Not thread-safe: the store locks it; const members may run concurrently.
class SeriesIndex {
 public:
  /// The number of the series with that key, given now where it is new. `key` must decode.
  SeriesId IdOf(std::string_view key);
  /// The same for a series that exists already; none for another.
  std::optional<SeriesId> Find(std::string_view key) const;
  /// Takes a series with the number that the catalogue gave it; numbers come in order.
  /// False when the key does not decode or the number is not the next one.
  bool Restore(SeriesId id, std::string_view key);
  /// Room for so many series.
  void Reserve(std::size_t count);

  struct UnitId {
    std::string_view unit;  // valid as long as the index
    SeriesId id;
  };
  /// The series of a metric, ascending by unit; empty for an unknown metric.
  std::vector<UnitId> Find(const Account& account, const Metric& metric) const;

  /// As MetricStore::VisitMetrics.
  void VisitMetrics(const Account& account, const MetricFilter& filter,
                    const MetricVisitor& visit) const;

  SeriesId size() const { return static_cast<SeriesId>(keys_.size()); }
  std::string_view KeyOf(SeriesId id) const { return {keys_[id].data, keys_[id].size}; }

  /// Newest bucket start that a series has, for RecentlyActive.
  std::int64_t LastActive(SeriesId id) const { return last_active_s_[id]; }
  void Touch(SeriesId id, std::int64_t start_s) {
    last_active_s_[id] = std::max(last_active_s_[id], start_s);
  }

 private:
  static constexpr SeriesId kNone = std::numeric_limits<SeriesId>::max();

  struct Key {
    const char* data;
    std::uint32_t size;
    SeriesId next_unit;  // of the same metric, or kNone
  };
  /// The metrics of one name, each by the number of its first series.
  struct NameEntry {
    std::vector<SeriesId> metrics;
    std::size_t sorted = 0;  // so many from the front are in order
  };
  using Names = std::map<std::string, NameEntry, std::less<>>;
  struct AccountEntry {
    std::map<std::string, Names, std::less<>> namespaces;
    /// Candidates by the hash of (dimension's name, value) and of (namespace, dimension names).
    boost::unordered_flat_map<std::uint64_t, std::vector<SeriesId>> postings;
  };
  struct Search;

  bool Insert(std::string_view key, std::uint64_t hash);
  std::string_view Keep(std::string_view key);
  SeriesKeyView View(SeriesId id) const;
  std::uint64_t MetricHash(SeriesId id) const;
  void Post(SeriesId id, const SeriesKeyView& key);
  bool IsActive(SeriesId metric, std::int64_t since_s) const;
  bool Passes(SeriesId metric, const SeriesKeyView& key, const Search& search) const;
  const std::vector<SeriesId>* SmallestPosting(const AccountEntry& account,
                                               const Search& search) const;
  void SortNames(const NameEntry& entry) const;
  bool VisitName(const NameEntry& entry, const Search& search, const MetricVisitor& visit) const;
  void VisitPosting(const std::vector<SeriesId>& posting, const Search& search,
                    const MetricVisitor& visit) const;

  std::vector<std::unique_ptr<char[]>> chunks_;  // the keys' bytes; never move
  std::size_t chunk_free_ = 0;
  std::vector<Key> keys_;  // by number
  std::vector<std::int64_t> last_active_s_;
  IdTable by_key_;
  IdTable by_metric_;  // first series of each metric
  std::map<Account, AccountEntry> accounts_;
  mutable std::mutex sort_mutex_;
};

}  // namespace securebase::metrics
