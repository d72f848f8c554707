#include "ingest/totals.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace securebase::ingest {
namespace {

constexpr std::int64_t kIdleNs = 3'600'000'000'000;  // forgotten where room is needed

/// Whether `now` cannot have grown out of `before`.
bool BeganAnew(const Totals& before, const Totals& now) {
  if (before.powers != now.powers || before.bounds != now.bounds) return true;
  if (now.start_ns > before.time_ns && before.start_ns != 0) return true;
  if (now.count < before.count || now.zero_count < before.zero_count) return true;
  // A counter; the sum of a histogram may shrink where it has negative values.
  const bool counter = now.bins.empty() && now.count == 0;
  return counter && now.sum < before.sum;
}

/// `now` less `before`; false where a bin shrank.
bool Subtract(const Totals& before, Totals& now) {
  std::vector<std::pair<std::int64_t, double>> bins;
  auto old = before.bins.begin();
  for (const auto& [key, count] : now.bins) {
    if (old != before.bins.end() && old->first < key) return false;  // gone
    double less = 0;
    if (old != before.bins.end() && old->first == key) less = (old++)->second;
    if (count < less) return false;
    if (count > less) bins.emplace_back(key, count - less);
  }
  if (old != before.bins.end()) return false;
  now.bins = std::move(bins);
  now.count -= before.count;
  now.sum -= before.sum;
  now.zero_count -= before.zero_count;
  return true;
}

double PowerBound(std::int64_t index, int scale) {
  return std::exp2(std::ldexp(static_cast<double>(index), -scale));
}

HistogramBin PowerBin(std::int64_t key, double count, int scale) {
  const std::int64_t index = key >> 1;
  HistogramBin bin{PowerBound(index, scale), PowerBound(index + 1, scale), count, true};
  if ((key & 1) != 0) {
    std::swap(bin.low, bin.high);
    bin.low = -bin.low;
    bin.high = -bin.high;
  }
  return bin;
}

HistogramBin BoundBin(std::int64_t key, double count, const std::vector<double>& bounds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto index = static_cast<std::size_t>(key);
  return {index == 0 ? -kInfinity : bounds[index - 1],
          index < bounds.size() ? bounds[index] : kInfinity, count};
}

}  // namespace

std::int64_t PowerKey(std::int64_t index, bool negative) { return index * 2 + (negative ? 1 : 0); }

void Downscale(Totals& totals, int scale) {
  const int shift = std::min(totals.scale - scale, 62);
  totals.scale = scale;
  if (shift <= 0) return;
  std::vector<std::pair<std::int64_t, double>> bins;
  for (const auto& [key, count] : totals.bins) {
    bins.emplace_back(PowerKey((key >> 1) >> shift, (key & 1) != 0), count);
  }
  std::sort(bins.begin(), bins.end());
  totals.bins.clear();
  for (const auto& [key, count] : bins) {
    if (!totals.bins.empty() && totals.bins.back().first == key) {
      totals.bins.back().second += count;
    } else {
      totals.bins.emplace_back(key, count);
    }
  }
}

Histogram HistogramOf(const Totals& totals, std::optional<double> minimum,
                      std::optional<double> maximum) {
  Histogram out{.count = totals.count, .minimum = minimum, .maximum = maximum};
  if (totals.has_sum) out.sum = totals.sum;
  for (const auto& [key, count] : totals.bins) {
    out.bins.push_back(totals.powers ? PowerBin(key, count, totals.scale)
                                     : BoundBin(key, count, totals.bounds));
  }
  if (totals.zero_count > 0) out.bins.push_back({0, 0, totals.zero_count});
  return out;
}

void TotalsTracker::Undo::Roll() {
  std::lock_guard lock(tracker_.mutex_);
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const auto found = tracker_.series_.find(step->series);
    // Somebody reported newer totals meanwhile: those count what this one lost.
    if (found == tracker_.series_.end() || found->second.time_ns != step->time_ns) continue;
    if (step->before) {
      found->second = std::move(*step->before);
    } else {
      tracker_.series_.erase(found);
    }
  }
  steps_.clear();
}

void TotalsTracker::ForgetIdle(std::int64_t now_ns) {
  std::erase_if(series_,
                [&](const auto& entry) { return entry.second.time_ns < now_ns - kIdleNs; });
}

TotalsTracker::Outcome TotalsTracker::Advance(const std::string& series, Totals& totals,
                                              Undo& undo) {
  std::lock_guard lock(mutex_);
  auto found = series_.find(series);
  if (found == series_.end()) {
    if (series_.size() >= series_max_) ForgetIdle(totals.time_ns);
    if (series_.size() >= series_max_) return Outcome::kTooMany;
    series_.emplace(series, totals);
    undo.steps_.push_back({series, totals.time_ns, {}});
    const bool known_from_start =
        totals.start_ns != 0 && totals.start_ns / 1'000'000 >= ToUnixMillis(opened_at_);
    return known_from_start ? Outcome::kAdded : Outcome::kFirst;
  }
  if (totals.time_ns <= found->second.time_ns) return Outcome::kOld;
  Totals before = std::move(found->second);
  found->second = totals;
  Totals old = before;
  undo.steps_.push_back({series, totals.time_ns, std::move(before)});
  if (totals.powers && old.powers && totals.scale != old.scale) {
    const int scale = std::min(totals.scale, old.scale);
    Downscale(old, scale);
    Downscale(totals, scale);
  }
  if (BeganAnew(old, totals)) return Outcome::kAdded;
  Totals all = totals;
  if (!Subtract(old, totals)) totals = std::move(all);
  return Outcome::kAdded;
}

std::size_t TotalsTracker::size() const {
  std::lock_guard lock(mutex_);
  return series_.size();
}

}  // namespace securebase::ingest
