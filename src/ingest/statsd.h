#pragma once

// StatsD over UDP, with the tags of DogStatsD: lines are added up and written at an interval
// (docs/ingest.md).
// Source: the StatsD metric types document; the DogStatsD datagram format, protocol 1.3.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ingest/data_builder.h"
#include "ingest/metric_sink.h"
#include "ingest/settings.h"

namespace securebase::ingest {

struct StatsdLine {
  enum class Type { kCounter, kGauge, kTimer, kHistogram, kSet };
  std::string name;
  std::vector<std::string> values;  // of a set: what was seen; else numbers
  Type type = Type::kCounter;
  double rate = 1;  // of the sampling, above 0 up to 1
  Labels tags;      // a tag without a value has the value "true"
  std::optional<std::int64_t> time_s;
};

/// Reads "name:1|c|@0.1|#tag:value" with several values ("name:1:2|ms"). Errors: kInvalidArgument.
Result<StatsdLine> ParseStatsdLine(std::string_view line);

struct StatsdCounts {
  std::uint64_t lines = 0;
  std::uint64_t bad_lines = 0;  // malformed
  std::uint64_t dropped = 0;    // over the number of series, events and service checks
};

/// Thread-safe.
class StatsdAggregator {
 public:
  StatsdAggregator(StatsdSettings settings, const Account& home, MetricSink sink,
                   const Clock& clock, std::size_t series_max = 100'000)
      : settings_(std::move(settings)),
        home_(home),
        sink_(sink),
        clock_(clock),
        series_max_(series_max) {}

  /// One packet of lines.
  void Take(std::string_view packet);
  /// Writes what was added up since the last time, and waits until it is durable. What cannot be
  /// stored is dropped, as StatsD's senders expect.
  void Flush();
  StatsdCounts counts() const;

 private:
  struct Key {
    StatsdLine::Type type;
    std::string name;
    Labels tags;
    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    double counter = 0;
    double gauge = 0;
    metrics::Bucket samples;
    std::set<std::string> seen;
  };

  void Add(const StatsdLine& line);
  bool AddValue(const StatsdLine& line, const std::string& text, Sum& sum);
  std::vector<metrics::Datum> Collect();

  const StatsdSettings settings_;
  const Account home_;
  MetricSink sink_;
  const Clock& clock_;
  const std::size_t series_max_;
  mutable std::mutex mutex_;
  std::map<Key, Sum> sums_;       // guarded by mutex_
  std::map<Key, double> gauges_;  // guarded by mutex_; the last values, for "+1" and "-1"
  StatsdCounts counts_;           // guarded by mutex_
};

}  // namespace securebase::ingest
