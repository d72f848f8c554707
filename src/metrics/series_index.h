#pragma once

// Which series there are: by key for writes, by metric in order for queries and lists.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/head.h"
#include "metrics/metric_store.h"
#include "metrics/series_key.h"

namespace securebase::metrics {

/// Not thread-safe: the store locks it.
class SeriesIndex {
 public:
  /// The number of the series with that key, given now where it is new. `key` must decode.
  SeriesId IdOf(std::string_view key);
  /// The same for a series that exists already; none for another.
  std::optional<SeriesId> Find(std::string_view key) const;
  /// Takes a series with the number that the catalogue gave it; numbers come in order.
  /// False when the key does not decode or the number is not the next one.
  bool Restore(SeriesId id, std::string_view key);

  struct UnitId {
    std::string unit;
    SeriesId id;
  };
  /// The series of a metric, ascending by unit; empty for an unknown metric.
  const std::vector<UnitId>& Find(const Account& account, const Metric& metric) const;

  using Metrics = std::map<Metric, std::vector<UnitId>>;
  /// All metrics of an account, in the order of Metric's <=>.
  const Metrics& Of(const Account& account) const;

  SeriesId size() const { return static_cast<SeriesId>(keys_.size()); }
  const std::string& KeyOf(SeriesId id) const { return keys_[id]; }

  /// Newest bucket start that a series has, for RecentlyActive.
  std::int64_t LastActive(SeriesId id) const { return last_active_s_[id]; }
  void Touch(SeriesId id, std::int64_t start_s) {
    last_active_s_[id] = std::max(last_active_s_[id], start_s);
  }

 private:
  bool Insert(std::string_view key);

  std::deque<std::string> keys_;  // by number; stable, so that views into them stay valid
  boost::unordered_flat_map<std::string_view, SeriesId> by_key_;
  std::map<Account, Metrics> by_account_;
  std::vector<std::int64_t> last_active_s_;
};

}  // namespace securebase::metrics
