#pragma once

// How long which resolution is kept, and what a bucket is by its age.

#include <cstdint>

#include "base/time.h"

namespace securebase::metrics {

/// For how long buckets of each period are kept (spec: cloudwatch-api 3.1).
struct Retention {
  Duration seconds = std::chrono::hours(3);
  Duration minutes = std::chrono::hours(24 * 15);
  Duration five_minutes = std::chrono::hours(24 * 63);
  Duration hours = std::chrono::hours(24 * 455);
};

/// The retention at one instant: from which start on each resolution is kept. Coarser buckets
/// begin on their own grid, so that an instant never parts one.
class Ages {
 public:
  Ages(Instant now, const Retention& retention)
      : seconds_from_(Floor(ToUnixSeconds(now - retention.seconds), 60)),
        minutes_from_(Floor(ToUnixSeconds(now - retention.minutes), 300)),
        base_from_(Floor(ToUnixSeconds(now - retention.five_minutes), 3600)),
        hours_from_(Floor(ToUnixSeconds(now - retention.hours), 3600)) {}

  /// The resolution that a bucket is seen in; 0 once it is in the hours only.
  std::int64_t ResolutionOf(std::int64_t start_s, std::int64_t resolution_s) const {
    if (start_s < base_from_) return 0;
    if (start_s < minutes_from_ && resolution_s < 300) return 300;
    if (start_s < seconds_from_ && resolution_s < 60) return 60;
    return resolution_s;
  }
  /// Buckets from here on are as they were written.
  std::int64_t seconds_from() const { return seconds_from_; }
  /// Before it there are hours only.
  std::int64_t base_from() const { return base_from_; }
  /// Before it there is nothing.
  std::int64_t hours_from() const { return hours_from_; }

  static std::int64_t Floor(std::int64_t seconds, std::int64_t grid) {
    const std::int64_t rest = seconds % grid;
    return seconds - (rest < 0 ? rest + grid : rest);
  }

 private:
  std::int64_t seconds_from_;
  std::int64_t minutes_from_;
  std::int64_t base_from_;
  std::int64_t hours_from_;
};

}  // namespace securebase::metrics
