#include "metrics/series_index.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace securebase::metrics {

SeriesId SeriesIndex::IdOf(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) return found->second;
  // Slow path: a series not seen before.
  SB_CHECK(Insert(key));
  return size() - 1;
}

std::optional<SeriesId> SeriesIndex::Find(std::string_view key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

bool SeriesIndex::Restore(SeriesId id, std::string_view key) {
  return id == size() && !by_key_.contains(key) && Insert(key);
}

bool SeriesIndex::Insert(std::string_view key) {
  std::optional<SeriesKey> decoded = DecodeSeriesKey(key);
  if (!decoded) return false;
  const SeriesId id = size();
  keys_.emplace_back(key);
  by_key_.emplace(keys_.back(), id);
  last_active_s_.push_back(std::numeric_limits<std::int64_t>::min());
  std::vector<UnitId>& units = by_account_[decoded->account][std::move(decoded->metric)];
  const auto at = std::lower_bound(
      units.begin(), units.end(), decoded->unit,
      [](const UnitId& unit, const std::string& wanted) { return unit.unit < wanted; });
  units.insert(at, UnitId{std::move(decoded->unit), id});
  return true;
}

const std::vector<SeriesIndex::UnitId>& SeriesIndex::Find(const Account& account,
                                                          const Metric& metric) const {
  static const std::vector<UnitId> none;
  const Metrics& metrics = Of(account);
  const auto found = metrics.find(metric);
  return found == metrics.end() ? none : found->second;
}

const SeriesIndex::Metrics& SeriesIndex::Of(const Account& account) const {
  static const Metrics none;
  const auto found = by_account_.find(account);
  return found == by_account_.end() ? none : found->second;
}

}  // namespace securebase::metrics
