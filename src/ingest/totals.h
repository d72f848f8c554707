#pragma once

// Totals since a start ("cumulative") as what was added since they were last reported: counters and
// histograms of OpenTelemetry and Prometheus, whose senders count up until they restart.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "ingest/histogram.h"

namespace securebase::ingest {

/// The state of a counter (only `sum`) or a histogram at a time.
struct Totals {
  std::int64_t start_ns = 0;  // since when it counts; 0: unknown
  std::int64_t time_ns = 0;
  double count = 0;  // of a histogram
  double sum = 0;
  bool has_sum = true;
  double zero_count = 0;
  /// Explicit bounds, all but the last, which is +infinity; their number and values must stay.
  std::vector<double> bounds;
  /// Bins by key, ascending: the index of a bound, or of a power (see PowerKey).
  std::vector<std::pair<std::int64_t, double>> bins;
  int scale = 0;        // of powers: base 2^(2^-scale)
  bool powers = false;  // the bins are powers rather than bounds
};

/// Bins of powers: index i holds base^i < |v| <= base^(i+1).
std::int64_t PowerKey(std::int64_t index, bool negative);
/// Fewer, wider bins: `scale` at most the totals' own.
void Downscale(Totals& totals, int scale);
/// The histogram that the totals are.
Histogram HistogramOf(const Totals& totals, std::optional<double> minimum,
                      std::optional<double> maximum);

/// Remembers the last totals of each series. Thread-safe. In memory only: after a restart of the
/// server the first report of a series that counts longer sets the state and adds nothing.
class TotalsTracker {
 public:
  /// `opened_at`: what counts since later than this is known from its start.
  explicit TotalsTracker(Instant opened_at, std::size_t series_max = 500'000)
      : opened_at_(opened_at), series_max_(series_max) {}

  /// What Advance changed, to be undone where the data could not be stored: the sender reports the
  /// same totals again then.
  class Undo {
   public:
    explicit Undo(TotalsTracker& tracker) : tracker_(tracker) {}
    void Roll();

   private:
    friend class TotalsTracker;
    struct Step {
      std::string series;
      std::int64_t time_ns;  // of the state that Advance left
      std::optional<Totals> before;
    };
    TotalsTracker& tracker_;
    std::vector<Step> steps_;
  };

  enum class Outcome {
    kAdded,    // `totals` now is what was added
    kFirst,    // the state is new: nothing can be told yet
    kOld,      // not newer than the state: a repeat, or late
    kTooMany,  // the tracker is full
  };
  /// Compares with the state of `series` and makes `totals` the difference. Smaller figures, a
  /// later start or other bounds mean that the sender began anew: then all of it was added.
  Outcome Advance(const std::string& series, Totals& totals, Undo& undo);

  std::size_t size() const;

 private:
  void ForgetIdle(std::int64_t now_ns);

  const Instant opened_at_;
  const std::size_t series_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Totals> series_;  // guarded by mutex_
};

}  // namespace securebase::ingest
